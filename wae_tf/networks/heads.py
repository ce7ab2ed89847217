"""The ends of encoders: one code for an image, or a distribution over codes."""

import keras

from wae_tf.arguments import check_choice

__all__ = ["CODES", "code_head"]

CODES = ("deterministic", "gaussian", "implicit")


def code_head(make, features, latent_dim, codes="deterministic"):
    """Adds an encoder's last layers.

    - `"deterministic"`: a dense layer to the code.
    - `"gaussian"`: two of them, to mean and log-variance.
    - `"implicit"`: a dense layer to the code `c`, and from there three tanh layers of
      `d**2 / 8`, `d**2 / 4`, `d**2 / 2` units and a dense one to the noise matrix `A(x)`;
      the model's codes are `c + eps A(x)`, `eps` standard normal
      (`transform_noise` in the authors' models.py).

    Args:
        make: `LayerFactory` of the network.
        features: Tensor, shape `(n, units)`.
        latent_dim: Length `d` of the codes.
        codes: One of the names above.

    Returns:
        A tensor `(n, d)`; or two, the second `(n, d)` for Gaussian and `(n, d, d)` for
        implicit codes. All float32.

    Raises:
        ValueError: `codes` is none of the names.
    """
    if check_choice("codes", codes, CODES) == "deterministic":
        return make.codes()(make.dense(latent_dim, name="dense")(features))
    mean = make.dense(latent_dim, name="mean")(features)
    if codes == "gaussian":
        log_variance = make.dense(latent_dim, name="log_variance")(features)
        return [make.codes()(mean), make.codes("log_variances")(log_variance)]
    x = mean
    for i, divisor in enumerate((8, 4, 2)):
        x = make.dense(max(latent_dim**2 // divisor, 2), name=f"noise_{i}")(x)
        x = keras.layers.Activation("tanh", dtype=x.dtype, name=f"noise_tanh_{i}")(x)
    x = make.dense(latent_dim**2, name="noise_matrix")(x)
    x = keras.layers.Reshape((latent_dim, latent_dim), dtype=x.dtype, name="matrix")(x)
    return [make.codes()(mean), make.codes("noise_matrices")(x)]
