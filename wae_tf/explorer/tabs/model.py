"""Tab "Model": the card."""

import gradio as gr

from wae_tf.explorer.card import card_pictures, card_text

__all__ = ["build"]


def build(page):
    """Puts the tab's parts on a `Page`."""
    text = gr.Markdown(elem_classes="wae-card", elem_id="wae-card")
    gallery = gr.HTML(elem_classes="wae-card-pictures")
    page.on_model(
        lambda opened, session: [card_text(opened), card_pictures(opened)], [text, gallery]
    )
