"""What a training shows of its codes while it runs."""

import numpy as np
import tensorflow as tf

from wae_tf import plots, samplers
from wae_tf.divergences.kernels import imq_kernel
from wae_tf.divergences.mmd import mmd
from wae_tf.training import callbacks

__all__ = ["LatentMonitor"]

_FLOOR_PAIRS = 8


class LatentMonitor(callbacks.SampleGrid):
    """`SampleGrid`, and after the same epochs a picture of the codes and their MMD.

    `codes-0001.png` shows the codes of `images` against prior draws, the same each time.
    The logs of the epoch, for the callbacks after this one, get `latent_mmd`, the squared
    MMD between those codes and draws, and `latent_mmd_floor`, the root mean square of what
    it is between two sets of draws: below that, chance explains it.

    Args:
        directory: Where the PNG files go; made if it is not there.
        images: Images that training does not see, 1,000 or so; uint8 or floats in [0, 1].
            The first 32 are reconstructed.
        labels: Their classes, for the picture of the codes.
        **kwargs: `num_samples`, `every`, `seed` and `log_dir` of `SampleGrid`.

    Raises:
        ValueError: `directory` cannot be written to, or there are fewer than two images;
            or, from `fit` before it trains, `images` are none of the model.

    Example:
        >>> monitor = LatentMonitor("pictures", test_images[:1000], test_labels[:1000], every=5)
        >>> model.fit(images, epochs=100, callbacks=[monitor, Checkpoint("runs/mnist")])
    """

    def __init__(self, directory, images, labels=None, **kwargs):
        if len(images) < 2:
            raise ValueError(
                f"`images` must hold at least 2 images, for an MMD. Received: {len(images)}"
            )
        super().__init__(directory, images[:32], **kwargs)
        self.encoded, self.labels = images, labels

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if (epoch + 1) % self.every:
            return
        n = len(self.encoded)
        draws = [
            self.model.prior.sample(n, (self.seed, i)).numpy() for i in range(_FLOOR_PAIRS + 1)
        ]
        codes = samplers.draw_codes(self.model, self.encoded, seed=self.seed)
        divergence = self._mmd(codes, draws[0])
        floor = float(np.sqrt(np.mean([self._mmd(draw, draws[0]) ** 2 for draw in draws[1:]])))
        if logs is not None:
            logs["latent_mmd"], logs["latent_mmd_floor"] = divergence, floor
        figure = plots.latent_scatter(
            codes,
            draws[0],
            self.labels,
            title=f"Codes after epoch {epoch + 1}: MMD {divergence:.2g}, floor {floor:.2g}",
        )
        plots.save(self.directory / f"codes-{epoch + 1:04d}.png", figure)
        if self.log_dir is not None:
            self._summarize({"codes": plots.as_array(figure)}, epoch)
            with self._writer.as_default():
                tf.summary.scalar("latent_mmd", divergence, step=epoch)
                tf.summary.scalar("latent_mmd_floor", floor, step=epoch)
            self._writer.flush()

    def _mmd(self, a, b):
        return float(mmd(a, b, self._kernel, jit_compile=True))

    def _kernel(self, a, b):
        gram = getattr(self.model, "gram", None)
        return gram(a, b) if gram else imq_kernel(a, b, base=self.model.prior.squared_distance)
