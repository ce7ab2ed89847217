"""Power spectra next to that of real images."""

import numpy as np

from wae_tf.plots.style import GREY, new_figure, styled

__all__ = ["power_spectra"]


@styled
def power_spectra(ratios, *, title="Power by frequency", caption=None):
    """Shows the power of sets of images, as ratio to that of real ones, by frequency.

    Args:
        ratios: Dict from a label to what `wae_tf.metrics.power_spectrum_ratio` returned.
        title: Text above.
        caption: Text below.

    Returns:
        matplotlib `Figure`.

    Raises:
        ValueError: There is no set.

    Example:
        >>> ratio = metrics.power_spectrum_ratio(model.sample(1000), test_images)
        >>> plots.power_spectra({"samples": ratio})
    """
    if not ratios:
        raise ValueError("`ratios` must have at least one set of images. Received: none")
    if caption is None:
        caption = "On the line: as much as real images. Below it at high frequencies: blur."
    figure = new_figure((6.4, 3.6), title, caption, h_pad=0.1)
    axes = figure.subplots()
    axes.axhline(1.0, c=GREY, lw=1.0, ls="dotted", label="real images")
    for label, ratio in ratios.items():
        axes.plot(np.arange(1, len(ratio) + 1), ratio, marker="o", ms=3.0, label=label)
    axes.set_yscale("log")
    axes.set_xlabel("cycles along the shorter side")
    axes.set_ylabel("power, as ratio to real")
    axes.legend(fontsize=9)
    return figure
