"""Tab "Directions": sliders along the principal axes of the codes."""

import gradio as gr

from wae_tf.explorer import markup

__all__ = ["SLIDERS", "build"]

SLIDERS = 8  # The widest directions; more would be lost in a list.


def build(page):
    """Puts the tab's parts on a `Page`."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            picture = gr.HTML(elem_id="wae-moved")
            with gr.Row():
                reset = gr.Button("Reset", min_width=100)
                take = gr.Button("Work on this image", min_width=160)
            about = gr.HTML()
        with gr.Column(scale=1, min_width=300):
            sliders = [
                gr.Slider(-3.0, 3.0, 0.0, step=0.05, label=f"Direction {i + 1}", min_width=240)
                for i in range(SLIDERS)
            ]

    def moved(opened, session, amounts):
        return opened.directions.move(session["code"], amounts[: len(opened.directions)])

    def show(opened, session, *amounts):
        image = opened.model.decode(moved(opened, session, amounts)[None])[0]
        return markup.figure(
            image, "The image, moved as the sliders say", session["what"], "moved.png"
        )

    def labels(opened, session):
        d = opened.directions
        source = (
            f"Principal axes of the codes, as the sampler {d.source!r} describes them."
            if d.source != "prior"
            else "Coordinate axes: no sampler is stored with this model, which would tell how its "
            "codes lie. wae_tf.samplers.fit makes one."
        )
        if "directions" in opened.entry and not d.names:
            source += " The entry's names are of another sampler's directions, and are left out."
        parts = [
            gr.Slider(label=d.label(i), value=0.0, visible=True)
            if i < len(d)
            else gr.Slider(value=0.0, visible=False)
            for i in range(SLIDERS)
        ]
        return [*parts, f"<p>{source} Sliders are in standard deviations.</p>"]

    def again(opened, session):
        return [*[0.0] * SLIDERS, show(opened, session, *[0.0] * SLIDERS)]

    def choose(opened, session, event, *amounts):
        what = session["what"]
        what = what if what.endswith(", moved") else f"{what}, moved"
        return moved(opened, session, amounts), what if any(amounts) else session["what"]

    page.shows([slider.input for slider in sliders], show, sliders, [picture])
    page.shows(reset.click, again, [], [*sliders, picture])
    page.chooses(take.click, choose, sliders)
    page.on_model(labels, [*sliders, about])
    page.on_code(again, [], [*sliders, picture])
