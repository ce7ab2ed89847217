"""The page: a model at the top, tabs to look at it below."""

import gradio as gr

from wae_tf.explorer.examples import ExampleSource
from wae_tf.explorer.session import Page
from wae_tf.explorer.tabs import directions, image, model, plane, sample, walk

__all__ = ["build_page"]

_TABS = (
    ("Sample", sample),
    ("Walk", walk),
    ("Directions", directions),
    ("Plane", plane),
    ("Your image", image),
    ("Model", model),
)
_HEAD = (
    '<div class="wae-head"><h1>wae_tf explorer</h1>'
    "<p>Look at what a Wasserstein Auto-Encoder has learned.</p></div>"
)


def build_page(shelf, first, examples=None):
    """Builds the page; `wae_tf.explorer.serving.serve` shows it.

    Args:
        shelf: `wae_tf.explorer.Shelf` of the models to choose from.
        first: Name of the one that is shown first.
        examples: `ExampleSource` of images of one's own; none by default.

    Returns:
        `gradio.Blocks`, which tell nobody that they run.

    Example:
        >>> page = build_page(Shelf(), "mnist_wae_mmd_2d")
    """
    hour = 3600
    with gr.Blocks(
        title="wae_tf explorer", analytics_enabled=False, delete_cache=(hour, hour)
    ) as blocks:
        with gr.Row(equal_height=True):
            gr.HTML(_HEAD, min_width=220)
            choice = gr.Dropdown(
                list(shelf.names),
                value=first,
                label="Model",
                info="Or type a run's directory or a .keras file." if shelf.paths else None,
                allow_custom_value=True,  # What is no choice is refused in our words.
                min_width=260,
                elem_id="wae-model",
            )
            chosen = gr.HTML(min_width=220, elem_id="wae-chosen")
        page = Page(shelf, examples or ExampleSource(), first, chosen)
        with gr.Tabs():
            for name, tab in _TABS:
                with gr.Tab(name):
                    tab.build(page)
        page.wire(blocks, choice)
    return blocks
