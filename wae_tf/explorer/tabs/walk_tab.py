"""Tab "Walk": from one image to another, and around one."""

import random

import gradio as gr
import numpy as np

from wae_tf.explorer import markup
from wae_tf.explorer.drawing import draw_codes
from wae_tf.explorer.look import TILES_SCRIPT
from wae_tf.explorer.paths import ROUTES, neighbourhood, way

__all__ = ["build"]

_STEPS = 9


def build(page):
    """Puts the tab's parts on a `Page`."""
    ends = gr.State(None)
    with gr.Row(elem_classes="wae-ends"):
        with gr.Column(scale=1, min_width=110):
            left = gr.HTML(elem_id="wae-walk-from")
            set_left = gr.Button("Chosen image here", size="sm")
        with gr.Column(scale=2, min_width=220):
            picture = gr.HTML(elem_id="wae-walk")
        with gr.Column(scale=1, min_width=110):
            right = gr.HTML(elem_id="wae-walk-to")
            set_right = gr.Button("Chosen image here", size="sm")
    t = gr.Slider(0.0, 1.0, 0.5, step=0.01, label="Way", info="0: the left image, 1: the right.")
    band = gr.HTML(elem_id="wae-walk-strip")
    with gr.Row(elem_classes="wae-line"):
        route = gr.Radio(list(ROUTES), value=ROUTES[0], label="Route")
        swap = gr.Button("Swap the two", min_width=120)
        renew = gr.Button("Two new samples", min_width=120)
    gr.HTML(
        "<h3>Around the chosen image</h3><p>One step along its two widest directions, across "
        "and down. Press a neighbour to go there.</p>"
    )
    with gr.Row():
        with gr.Column(scale=1, min_width=240):
            step = gr.Slider(0.1, 3.0, 1.0, step=0.1, label="Step, standard deviations")
        with gr.Column(scale=2, min_width=300):
            around = gr.HTML(js_on_load=TILES_SCRIPT, elem_id="wae-around")

    def place(opened, session, ends, t, route):
        code = way(opened.model, *ends, [t], route)
        return markup.figure(
            opened.model.decode(code)[0],
            f"Image at {t:.2f} of the way",
            f"At {t:.2f} of the way",
            "walk.png",
        )

    def whole(opened, ends, t, route):
        codes = way(opened.model, *ends, np.linspace(0.0, 1.0, _STEPS), route)
        images = opened.model.decode(codes)
        return [
            ends,
            markup.figure(images[0], "Image at the start", "From"),
            markup.figure(images[-1], "Image at the end", "To"),
            place(opened, None, ends, t, route),
            markup.strip(images, f"{_STEPS} images on the way"),
        ]

    parts = [ends, left, right, picture, band]

    def start(opened, session):
        new = ROUTES[1] if opened.model.prior.spherical else ROUTES[0]
        return [new, 0.5, *whole(opened, _pair(opened, 0), 0.5, new)]

    def replaced(change):
        def handler(opened, session, ends, t, route):
            return whole(opened, change(opened, session, ends), t, route)

        return handler

    def neighbours(opened, session, step):
        images = opened.model.decode(neighbourhood(opened.directions, session["code"], step))
        names = [f"Neighbour {i + 1}" for i in range(9)]
        names[4] = "The chosen image"
        return markup.tiles(images, names, columns=3, pressed=4)

    def go(opened, session, event, step):
        codes = neighbourhood(opened.directions, session["code"], step)
        return codes[event.index], "A neighbour" if event.index != 4 else session["what"]

    inputs = [ends, t, route]
    page.shows(t.input, place, inputs, [picture])
    changes = (
        (set_left.click, lambda opened, session, ends: (session["code"], ends[1])),
        (set_right.click, lambda opened, session, ends: (ends[0], session["code"])),
        (swap.click, lambda opened, session, ends: ends[::-1]),
        (renew.click, lambda opened, session, ends: _pair(opened, random.randrange(2**31))),
        (route.input, lambda opened, session, ends: ends),
    )
    for listener, change in changes:
        page.shows(listener, replaced(change), inputs, parts)
    page.shows(step.input, neighbours, [step], [around])
    page.chooses(around.pick, go, [step])
    page.on_model(start, [route, t, *parts])
    page.on_code(neighbours, [step], [around])


def _pair(opened, seed):
    codes = draw_codes(opened.model, 2, seed=seed, sampler=opened.sampler)
    return tuple(map(tuple, codes.tolist()))
