"""Walks from the codes of images in random directions."""

import numpy as np

__all__ = ["random_directions"]


def random_directions(model, x, *, steps=9, length=2.0, seed=0, batch_size=256):
    """Decodes a straight walk through the code of each image, in a random direction.

    Each walk has the code itself in its middle. On the sphere prior it follows a great
    circle; on the uniform prior it stops at the walls.

    Args:
        model: A trained model.
        x: Images, shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        steps: Points of a walk, odd, at least 3.
        length: How far it goes to each side, in standard deviations that the prior has
            in one dimension; on the sphere in radians.
        seed: Fixes the directions.
        batch_size: Images to encode and decode at a time.

    Returns:
        Shape `(n, steps, height, width, channels)`, float32 in [0, 1], to draw by
        `plots.interpolations`.

    Raises:
        ValueError: `steps` is even or less than 3.

    Example:
        >>> walks = plots.random_directions(model, images[:8])
        >>> plots.interpolations(walks, title="Random directions")
    """
    if steps < 3 or steps % 2 == 0:
        raise ValueError(f"`steps` must be odd and at least 3. Received: steps={steps}")
    z = model.encode(x, batch_size)[:, None].astype("float64")
    direction = np.random.default_rng(seed).standard_normal(z.shape)
    t = np.linspace(-length, length, steps)[None, :, None]
    if model.prior.spherical:
        direction -= np.sum(direction * z, axis=-1, keepdims=True) * z  # Along the sphere.
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    if model.prior.spherical:
        walk = np.cos(t) * z + np.sin(t) * direction
    else:
        draws = np.asarray(model.prior.sample(1000, seed=(seed, 1)))
        walk = z + t * float(np.sqrt(np.mean(np.var(draws, axis=0)))) * direction
        if model.prior.constant_density:
            walk = np.clip(walk, draws.min(), draws.max())
    y = model.decode(walk.reshape(-1, model.latent_dim).astype("float32"), batch_size)
    return y.reshape(len(z), steps, *model.image_shape)
