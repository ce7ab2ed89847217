"""What a model makes of one's own images, as files that carry their names."""

import numpy as np

from wae_tf.plots import outputs, pictures

__all__ = ["save_codes", "save_interpolations", "save_reconstructions"]


def save_reconstructions(path, images, reconstructions, names, *, scale=2, overwrite=False):
    """Writes images beside what they come back as.

    Args:
        path: `.png` for one picture, rows of images above rows of reconstructions; `.npz` for
            arrays `images`, `reconstructions` and `files`; or a folder of PNG files, each with
            an image on the left and its reconstruction on the right.
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        reconstructions: Same shape, `model.reconstruct(images)`.
        names: A text for each.
        scale: Pixels of a picture to a pixel of an image, each way.
        overwrite: Whether a folder may hold files.

    Raises:
        ValueError: As `outputs.save_folder`.
    """
    images, reconstructions = map(pictures.to_uint8, (images, reconstructions))
    if path.suffix.lower() == ".png":
        columns = min(8, len(images))
        pictures.save(path, pictures.comparison(images, reconstructions, columns), scale)
    elif path.suffix.lower() == ".npz":
        outputs.save_arrays(path, images=images, reconstructions=reconstructions, files=names)
    else:
        pairs = [pictures.grid(np.stack(pair), columns=2) for pair in zip(images, reconstructions)]
        outputs.save_folder(path, pairs, scale, overwrite, names)


def save_codes(path, codes, names):
    """Writes codes `(n, latent_dim)` as `.npz`, arrays `codes` and `files`, or as `.csv`."""
    if path.suffix.lower() == ".npz":
        outputs.save_arrays(path, codes=codes, files=names)
    else:
        outputs.save_codes(path, codes, names)


def save_interpolations(path, images, ways, names, *, scale=2, fps=12, overwrite=False):
    """Writes the ways from each image to the next.

    Args:
        path: `.png` for a strip below the other, each between the two images that it joins;
            `.webp` for an animation of all ways after each other; `.npz` for arrays
            `interpolations` and `files`, the names of both ends; or a folder of strips.
        images: Shape `(n, height, width, channels)`, uint8 or floats in [0, 1].
        ways: Shape `(m, steps, height, width, channels)`: of an image and the next, and, if `m`
            is `n`, of the last and the first.
        names: A text for each image.
        scale, overwrite: As in `save_reconstructions`.
        fps: Frames of the animation a second.

    Raises:
        ValueError: As `outputs.save_folder`.
    """
    images, ways = pictures.to_uint8(images), pictures.to_uint8(ways)
    kind, shape = path.suffix.lower(), ways.shape[2:]
    following = np.roll(np.arange(len(images)), -1)[: len(ways)]
    if kind == ".webp":
        # The end of a way is the beginning of the next.
        frames = [
            *ways[:, :-1].reshape(-1, *shape),
            *([] if len(ways) == len(images) else ways[-1, -1:]),
        ]
        return pictures.save_animation(path, frames, scale, fps)
    if kind == ".npz":
        ends = np.stack([names[: len(ways)], names[following]], axis=1)
        return outputs.save_arrays(path, interpolations=ways, files=ends)
    ends = images[: len(ways), None], images[following][:, None]
    strips = np.concatenate([ends[0], ways, ends[1]], axis=1)
    columns = strips.shape[1]
    if kind == ".png":
        rows = strips.reshape(-1, *shape)
        return pictures.save(path, pictures.grid(rows, columns), scale)
    names = [f"{names[i]}" for i in range(len(ways))]
    grids = [pictures.grid(strip, columns) for strip in strips]
    return outputs.save_folder(path, grids, scale, overwrite, names)
