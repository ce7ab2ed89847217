"""Tab "Plane": a map of code space to point at."""

import gradio as gr
import numpy as np

from wae_tf.explorer import markup
from wae_tf.explorer.analysis import typicality
from wae_tf.explorer.drawing import draw_codes, to_support
from wae_tf.explorer.look import MAP_SCRIPT

__all__ = ["build"]

_CODES = 600


def build(page):
    """Puts the tab's parts on a `Page`."""
    point = gr.State((0.0, 0.0))
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            plane = gr.HTML(js_on_load=MAP_SCRIPT, elem_id="wae-plane")
        with gr.Column(scale=1, min_width=240):
            picture = gr.HTML(elem_id="wae-at-point")
            take = gr.Button("Work on this image")
            layers = gr.CheckboxGroup(
                ["images", "codes"], value=["images", "codes"], label="Show on the map"
            )
            about = gr.HTML()

    def code_at(opened, point):
        where = opened.plane.extent * np.asarray([point], "float64")
        return to_support(opened.model, opened.plane.codes(where))[0]

    def decoded(opened, session, event):
        code = code_at(opened, (event.x, event.y))
        image = opened.model.decode(code[None])[0]
        u, v = (opened.plane.extent * value for value in (event.x, event.y))
        caption = f"At ({u:.2f}, {v:.2f})"
        text = typicality(opened.model, code).words()
        figure = markup.figure(image, f"The image at ({u:.2f}, {v:.2f})", caption, "point.png")
        return [(event.x, event.y), figure + f"<p>{text}</p>"]

    def mapped(opened, session, layers):
        examples = page.examples.of(opened)
        labels = None
        if "codes" not in layers:
            points = None
        elif examples is None:
            points = draw_codes(opened.model, _CODES, sampler=opened.sampler)
        else:
            points, labels = examples.codes[:_CODES], examples.labels
            labels = None if labels is None else labels[:_CODES]
        if points is not None:
            points = opened.plane.points(points) / opened.plane.extent
        names = [] if labels is None else list(range(int(labels.max()) + 1))
        tiles = opened.tiles if "images" in layers else None
        source = f"draws from {opened.sampler}" if examples is None else "codes of your images"
        words = f"<p>{opened.plane.about}. Points are {source}. Click or drag on the map.</p>"
        return [markup.map_of(tiles, points, labels, names), words]

    def start(opened, session, layers):
        origin = gr.EventData(None, {"x": 0.0, "y": 0.0})
        return [*mapped(opened, session, layers), *decoded(opened, session, origin)]

    page.shows_event(plane.point, decoded, [], [point, picture])
    page.shows(layers.input, mapped, [layers], [plane, about])
    page.chooses(
        take.click,
        lambda opened, session, event, point: (code_at(opened, point), "A point of the plane"),
        [point],
    )
    page.after_model(start, [layers], [plane, about, point, picture])
