"""Draws the pictures of the README from the models of the zoo.

python docs/images/make.py

After a change of a model's weights, run it again.
"""

import pathlib

import numpy as np
from scipy.stats import norm

import wae_tf

HERE = pathlib.Path(__file__).resolve().parent


def faces():
    """Shows 64 samples, those of the README's first command but for its seed and size."""
    images = wae_tf.load("celeba_wae_mmd").sample(64, seed=0, sampler="gmm")
    wae_tf.pictures.save(HERE / "celeba_wae_mmd.jpg", wae_tf.pictures.grid(images, 8), 2)


def digit_interpolation():
    """Walks between digits that the model made: the ends are samples, each row is one walk."""
    model = wae_tf.load("mnist_wae_mmd")
    ends = model.sample(10, seed=3, sampler="gmm")
    walks = model.interpolate(ends[:5], ends[5:], steps=15)
    images = walks.reshape(-1, *model.image_shape)
    wae_tf.pictures.save(HERE / "mnist_interpolation.png", wae_tf.pictures.grid(images, 15), 1)


def latent_plane():
    """Decodes a grid over the plane of a model with two dimensions, even in the prior's mass."""
    model = wae_tf.load("mnist_wae_mmd_2d")
    deviation = float(np.std(np.asarray(model.prior.sample(100_000, seed=(0, 0)))))
    steps = norm.ppf(np.linspace(0.03, 0.97, 15)) * deviation
    codes = np.stack(np.meshgrid(steps, -steps), axis=-1).reshape(-1, 2).astype("float32")
    picture = wae_tf.pictures.grid(model.decode(codes), 15)
    wae_tf.pictures.save(HERE / "mnist_latent_plane.png", picture, 1)


def thumbnails():
    """Puts eight samples of each model into its entry, for the table of the zoo."""
    for name in wae_tf.list_models():
        model = wae_tf.load(name)
        kind = "jpg" if model.image_shape[-1] == 3 else "png"
        picture = wae_tf.pictures.grid(model.sample(8, seed=0, sampler="gmm"), 4)
        scale = 2 if picture.shape[1] < 200 else 1
        path = HERE.parents[1] / "zoo" / name / f"thumbnail.{kind}"
        wae_tf.pictures.save(path, picture, scale)


if __name__ == "__main__":
    faces()
    digit_interpolation()
    latent_plane()
    thumbnails()
