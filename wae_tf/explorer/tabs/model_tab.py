"""Tab "Model": the card."""

import gradio as gr

from wae_tf.explorer.shown_card import card_text

__all__ = ["build"]


def build(page):
    """Puts the tab's parts on a `Page`."""
    text = gr.Markdown(elem_classes="wae-card", elem_id="wae-card")
    page.on_model(lambda opened, session: card_text(opened), [text])
