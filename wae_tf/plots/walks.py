"""Walks through the space of codes: between two, in random directions, round and back."""

import itertools

import numpy as np

from wae_tf.arguments import check_integer

__all__ = ["closed_walk", "great_circle", "random_directions", "straight_line"]


def straight_line(a, b, t):
    """Returns `(1 - t) a + t b` for each of `t`, shape `(len(t), latent_dim)`, float64."""
    a, b, t = _ends(a, b, t)
    return (1.0 - t) * a + t * b


def great_circle(a, b, t):
    """Turns from one code to another at even speed, while the length goes evenly from its to its.

    With `u` the unit vector that completes `a` to the plane of both and `w` the angle between
    them, the direction at `t` is `cos(t w) a/|a| + sin(t w) u` (spherical linear
    interpolation, Shoemake 1985). Draws of a normal prior in many dimensions lie near a sphere,
    which this way does not leave. Opposite codes are joined by one of their many half circles.

    Args:
        a: Code at the start, shape `(latent_dim,)`.
        b: Code at the end.
        t: Where on the way, numbers in [0, 1].

    Returns:
        Shape `(len(t), latent_dim)`, float64. Where an end is zero, a straight line.
    """
    a, b, t = _ends(a, b, t)
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    if min(length_a, length_b) < 1e-12 or len(a) < 2:
        return straight_line(a, b, t)
    a, b = a / length_a, b / length_b
    across = b - (a @ b) * a
    angle = np.arctan2(np.linalg.norm(across), a @ b)
    if np.linalg.norm(across) < 1e-9:  # The same direction, or opposite ones.
        across = np.eye(len(a))[np.argmin(np.abs(a))]
        across = across - (a @ across) * a
    across = across / np.linalg.norm(across)
    length = (1.0 - t) * length_a + t * length_b
    return length * (np.cos(t * angle) * a + np.sin(t * angle) * across)


def closed_walk(model, n, *, stops=4, steps=16, sampler="prior", seed=0, batch_size=256):
    """Decodes walks from draw to draw and back to the first, the frames of an animation.

    Codes turn along great circles between draws, their length going evenly from one's to the
    other's: straight lines between draws in many dimensions pass near the origin, where there
    are hardly any codes. In the cube of the uniform prior they go straight.

    Args:
        model: A trained model.
        n: Walks, of which each frame has one image.
        stops: Draws that a walk passes, at least 2.
        steps: Frames from one draw to the next, at least 1.
        sampler: `"prior"`, or a name in `model.samplers`.
        seed: Fixes the draws; the first frame is `model.sample(n, seed, sampler=sampler)`.
        batch_size: Images to decode at a time.

    Returns:
        Shape `(stops * steps, n, height, width, channels)`, float32 in [0, 1].

    Raises:
        ValueError: A number is out of its range, or the model has no such sampler.

    Example:
        >>> frames = plots.closed_walk(model, 16)
        >>> pictures.save_animation("walk.webp", [pictures.grid(frame) for frame in frames])
    """
    check_integer("stops", stops, 2)
    check_integer("steps", steps, 1)
    first = model.sample_codes(n, seed, sampler)
    others = np.random.default_rng([seed, 1]).integers(2**31, size=stops - 1)
    codes = [first, *(model.sample_codes(n, int(other), sampler) for other in others), first]
    way = (
        straight_line
        if model.prior.constant_density and not model.prior.spherical
        else great_circle
    )
    t = np.linspace(0.0, 1.0, steps, endpoint=False)
    walks = [
        [np.concatenate([a[None], way(a, b, t[1:])]) for a, b in zip(*ends)]
        for ends in itertools.pairwise(codes)
    ]
    z = np.asarray(walks, "float32")  # (stops, n, steps, latent_dim)
    z = z.transpose(0, 2, 1, 3).reshape(-1, model.latent_dim)
    y = model.decode(z, batch_size)
    return y.reshape(stops * steps, n, *model.image_shape)


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


def _ends(a, b, t):
    return np.asarray(a, "float64"), np.asarray(b, "float64"), np.reshape(t, (-1, 1))
