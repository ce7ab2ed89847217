"""Planes to look at codes of more than two dimensions."""

import numpy as np

from wae_tf.arguments import check_finite
from wae_tf.runtime.requirements import need

__all__ = ["least_gaussian_plane", "principal_plane"]

_STARTS = 8  # Random starts beside the eigenvectors; each costs milliseconds.
# Without the full matrix of BFGS, whose products wait for each other's threads on a busy machine.
_SEARCH = {"method": "L-BFGS-B", "options": {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-7}}


def least_gaussian_plane(codes, variance=1.0, seed=0):
    """Finds the plane in which codes look least like N(0, `variance` I).

    Maximises `||A^T C A - variance * I||**2 + ||A^T m||**2` over orthonormal pairs `A`,
    where `m` and `C` are mean and covariance of the codes: the criterion of the WAE
    authors' code, which runs Adam from three random starts. Here L-BFGS, from the
    eigenvectors of `C` that stand out most and from random starts.

    Args:
        codes: Shape `(n, latent_dim)`, `n >= 2`, `latent_dim >= 2`.
        variance: Variance of the prior in each dimension.
        seed: Fixes the random starts.

    Returns:
        Shape `(latent_dim, 2)`, orthonormal columns; `codes @ plane` are the coordinates.

    Raises:
        ValueError: `codes` has another shape.
    """
    optimize = need("scipy.optimize", "`least_gaussian_plane`")
    codes = _checked(codes)
    d = codes.shape[1]
    mean, spread = codes.mean(axis=0), np.cov(codes, rowvar=False) - variance * np.eye(d)

    def loss(flat):
        """Minus the criterion of the plane that the columns span, and its gradient."""
        plane, triangle = np.linalg.qr(flat.reshape(d, 2))
        inner = plane.T @ spread @ plane
        shift = plane.T @ mean
        gradient = 4.0 * spread @ plane @ inner + 2.0 * np.outer(mean, shift)
        gradient -= plane @ (plane.T @ gradient)  # Moves within the plane change nothing.
        value = np.sum(inner**2) + np.sum(shift**2)
        return -value, -np.linalg.solve(triangle, gradient.T).T.ravel()

    values, vectors = np.linalg.eigh(spread)
    extreme = vectors[:, np.argsort(-np.abs(values))]
    starts = [extreme[:, :2], np.stack([extreme[:, 0] + 0.1 * extreme[:, 1], mean + 1e-9], 1)]
    starts += list(np.random.default_rng(seed).normal(size=(_STARTS, d, 2)))
    found = [optimize.minimize(loss, start.ravel(), jac=True, **_SEARCH) for start in starts]
    best = min(found, key=lambda result: result.fun)
    return _turned(np.linalg.qr(best.x.reshape(d, 2))[0], codes)


def principal_plane(codes):
    """Returns the plane of the two largest principal components, shape `(latent_dim, 2)`.

    Arguments and errors as in `least_gaussian_plane`.
    """
    codes = _checked(codes)
    _, vectors = np.linalg.eigh(np.cov(codes, rowvar=False))
    return _turned(vectors[:, -1:-3:-1], codes)


def _turned(plane, codes):
    """Turns a basis of a plane to the principal axes in it, so that it does not depend on luck."""
    _, vectors = np.linalg.eigh(np.cov(codes @ plane, rowvar=False))
    plane = plane @ vectors[:, ::-1]
    return plane * np.sign(plane[np.argmax(np.abs(plane), axis=0), [0, 1]])


def _checked(codes):
    codes = np.asarray(codes, "float64")
    if codes.ndim != 2 or codes.shape[0] < 2 or codes.shape[1] < 2:
        raise ValueError(
            "`codes` must have shape (n, latent_dim), both at least 2. "
            f"Received: shape={codes.shape}"
        )
    check_finite("codes", codes)
    return codes
