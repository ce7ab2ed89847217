"""The page: a model at the top, tabs to look at it below."""

import gradio as gr

from wae_tf.explorer.examples import ExampleSource
from wae_tf.explorer.session import Page
from wae_tf.explorer.tabs import (
    directions_tab,
    image_tab,
    model_tab,
    plane_tab,
    sample_tab,
    walk_tab,
)

__all__ = ["build_page"]

_TABS = (
    ("Sample", sample_tab),
    ("Walk", walk_tab),
    ("Directions", directions_tab),
    ("Plane", plane_tab),
    ("Your image", image_tab),
    ("Model", model_tab),
)
_HEAD = (
    '<div class="wae-head"><h1>wae_tf explorer</h1>'
    "<p>Look at what a Wasserstein Auto-Encoder has learned.</p></div>"
)

_OTHERS = "Or type a run's directory, a .keras file, or hf://user/name."


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
            with gr.Column(min_width=220):
                gr.HTML(_HEAD)
            with gr.Column(min_width=260):
                choice = gr.Dropdown(
                    list(shelf.names),
                    value=first,
                    label="Model",
                    info=_OTHERS if shelf.paths else None,
                    allow_custom_value=True,  # What is no choice is refused in our words.
                    elem_id="wae-model",
                )
            with gr.Column(min_width=220):
                chosen = gr.HTML(elem_id="wae-chosen")
        notice = gr.HTML(elem_id="wae-notice", render=False)
        page = Page(shelf, examples or ExampleSource(), first, chosen, notice)
        with gr.Tabs():
            for name, tab in _TABS:
                with gr.Tab(name):
                    tab.build(page)
        notice.render()  # Over the page, wherever it stands.
        page.wire(blocks, choice)
    return blocks
