"""Priors P_Z over codes: by name, or any TensorFlow Probability distribution."""

import functools

import numpy as np
import tensorflow as tf

from wae_tf.arguments import check_choice, check_number

__all__ = ["PRIORS", "Prior", "get_prior"]

PRIORS = ("normal", "uniform", "sphere", "mixture")


class Prior:
    """A distribution over codes, with what the models need to know of it.

    Args:
        distribution: TensorFlow Probability distribution with event shape
            `(latent_dim,)` and no batch shape; or a function that makes it, which is called
            where the distribution is first asked for.
        support: Maps unconstrained codes, shape `(n, latent_dim)`, to the support of
            the distribution. Identity by default.
        squared_distance: Typical squared distance between two draws, the base of kernel
            widths. By default the mean of it, `2 * sum(distribution.variance())`.
        spherical: Whether the support is the unit sphere, so that interpolations
            follow its arcs.
        constant_density: Whether the density is the same all over the support.
    """

    def __init__(
        self,
        distribution,
        *,
        support=tf.identity,
        squared_distance=None,
        spherical=False,
        constant_density=False,
    ):
        self._given = distribution
        self.to_support = support
        self.spherical = spherical
        self.constant_density = constant_density
        self._squared_distance = squared_distance

    @functools.cached_property
    def distribution(self):
        """TensorFlow Probability distribution."""
        with tf.init_scope():  # Its tensors outlast the step that is being traced.
            return self._given() if callable(self._given) else self._given

    @property
    def latent_dim(self):
        return self.distribution.event_shape[0]

    @property
    def squared_distance(self):
        if self._squared_distance is None:
            try:
                variance = np.asarray(self.distribution.variance())
            except NotImplementedError:
                variance = np.array(np.nan)
            if not np.all(np.isfinite(variance)):
                raise ValueError(
                    "A kernel given by name takes its width from the prior's variance, which must "
                    "be known and finite. Pass `kernel` as a callable, such as `lambda a, b: "
                    "wae_tf.imq_kernel(a, b, base=...)`. "
                    f"Received: prior={self.distribution}"
                )
            self._squared_distance = 2.0 * float(np.sum(variance))
        return self._squared_distance

    def sample(self, n, seed):
        """Draws codes.

        Args:
            n: How many, a Python integer or a scalar tensor.
            seed: Two integers, shape `(2,)`: the same seed gives the same draws. XLA has
                generators of its own, so compiled by it a seed gives other draws.

        Returns:
            Shape `(n, latent_dim)`, float32.
        """
        return tf.cast(self.distribution.sample(n, seed=tf.cast(seed, tf.int32)), tf.float32)

    def log_prob(self, z):
        """Returns the log density in nats of codes `(n, latent_dim)`, shape `(n,)`."""
        return tf.cast(self.distribution.log_prob(tf.cast(z, self.distribution.dtype)), tf.float32)


def get_prior(prior, latent_dim, stddev=1.0, components=10):
    """Makes a `Prior` for codes of one dimension.

    - `"normal"`: N(0, `stddev`**2 I).
    - `"uniform"`: uniform on `[-1, 1]**latent_dim`; codes get there by `tanh`.
    - `"sphere"`: uniform on the unit sphere; codes get there by division by their length.
    - `"mixture"`: `components` normals of equal weight and variance `stddev**2 / 4`, whose
      means are fixed draws from N(0, 3/4 `stddev`**2 I): together about as wide as
      `"normal"`.

    Args:
        prior: One of the names above, a TensorFlow Probability distribution over
            vectors of length `latent_dim`, or a `Prior`.
        latent_dim: Dimension of the codes, at least 1.
        stddev: Standard deviation of `"normal"` and `"mixture"`, from 1e-6 to below 1e6; the
            others have none.
        components: Normals in the `"mixture"`, at least 1.

    Raises:
        ValueError: The name is unknown, or the distribution does not fit `latent_dim`.

    Example:
        >>> get_prior("sphere", latent_dim=3).sample(5, seed=(0, 0)).shape
        TensorShape([5, 3])
    """
    if getattr(prior, "learned", False):  # `VampPrior`, which knows its own dimension.
        return prior
    if not isinstance(prior, str):
        return _given_prior(prior, latent_dim, stddev)
    check_prior(prior, latent_dim, stddev)
    named = functools.partial(Prior, lambda: _distribution(prior, latent_dim, stddev, components))
    if prior == "normal":
        return named(squared_distance=2.0 * latent_dim * stddev**2)
    if prior == "uniform":
        return named(
            support=tf.tanh,
            squared_distance=float(latent_dim),  # As in the authors' code; the mean is 2/3 of it.
            constant_density=True,
        )
    if prior == "mixture":
        return named()
    return named(
        support=lambda z: tf.math.l2_normalize(z, axis=-1),
        squared_distance=2.0,
        spherical=True,
        constant_density=True,
    )


def _given_prior(prior, latent_dim, stddev):
    """Returns a user's own prior as a `Prior`, checked."""
    import tensorflow_probability as tfp

    if isinstance(prior, tfp.distributions.Distribution):
        prior = Prior(prior)
    if not isinstance(prior, Prior):
        check_prior(prior, latent_dim, stddev)  # Which refuses it.
    distribution = prior.distribution
    if distribution.batch_shape.rank != 0 or distribution.event_shape != [latent_dim]:
        raise ValueError(
            "`prior` must be one distribution over vectors of the encoder's output, with batch "
            f"shape () and event shape ({latent_dim},); `tfp.distributions.Independent` turns "
            f"batch dimensions into event dimensions. Received: prior={distribution}"
        )
    _check_no_stddev(stddev, distribution)
    return prior


def _distribution(name, latent_dim, stddev, components):
    """Makes the distribution of a named prior."""
    import tensorflow_probability as tfp  # Takes over a second: only where one is used.

    tfd = tfp.distributions
    if name == "normal":
        return tfd.MultivariateNormalDiag(
            loc=np.zeros(latent_dim, "float32"),
            scale_diag=np.full(latent_dim, stddev, "float32"),
        )
    if name == "uniform":
        low = np.full(latent_dim, -1.0, "float32")
        return tfd.Independent(tfd.Uniform(low, -low), reinterpreted_batch_ndims=1)
    if name == "mixture":
        rng = np.random.default_rng([latent_dim, components])
        means = 0.75**0.5 * stddev * rng.normal(size=(components, latent_dim))
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=np.zeros(components, "float32")),
            tfd.MultivariateNormalDiag(
                loc=means.astype("float32"),
                scale_diag=np.full((components, latent_dim), 0.5 * stddev, "float32"),
            ),
        )
    return tfd.SphericalUniform(latent_dim)


def check_prior(prior, latent_dim, stddev):
    """Checks what makes a named prior.

    Args:
        prior: Name.
        latent_dim: Dimension.
        stddev: Standard deviation of `"normal"`, or of each part of `"mixture"`.

    Raises:
        ValueError: There is no such prior, or none with these numbers.
    """
    others = f"or a tensorflow_probability distribution over vectors of length {latent_dim}"
    check_choice("prior", prior, PRIORS, others)
    check_number("prior_stddev", stddev)
    check_number("prior_stddev", stddev, lowest=1e-6, below=1e6, why="kernels square it")
    if prior not in ("normal", "mixture"):
        _check_no_stddev(stddev, repr(prior))
    if prior == "sphere" and latent_dim < 2:
        raise ValueError(
            "The 'sphere' prior needs `latent_dim` >= 2: in one dimension it has two points. "
            f"Received: latent_dim={latent_dim}"
        )


def _check_no_stddev(stddev, prior):
    if stddev != 1.0:
        raise ValueError(
            "`prior_stddev` belongs to the 'normal' prior and the 'mixture'; the others have a "
            "fixed scale. "
            f"Received: prior={prior}, prior_stddev={stddev}"
        )
