"""Tab "Sample": draws, of which one can be chosen to work on."""

import random

import gradio as gr

from wae_tf.explorer import markup
from wae_tf.explorer.drawing import draw_codes, sampler_names
from wae_tf.explorer.look import TILES_SCRIPT

__all__ = ["build"]

_EXAMPLES = "your images"


def build(page):
    """Puts the tab's parts on a `Page`."""
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            sampler = gr.Radio(["prior"], value="prior", label="Draw from")
            number = gr.Slider(1, 64, 24, step=1, label="How many")
            temperature = gr.Slider(
                0.0,
                1.5,
                1.0,
                step=0.05,
                label="Temperature",
                info="Width of the draw: below 1 nearer to the mean, above 1 farther out.",
            )
            with gr.Row(elem_classes="wae-line"):
                seed = gr.Number(
                    0, label="Seed", precision=0, minimum=0, maximum=2**31 - 1, min_width=120
                )
                another = gr.Button("Another seed", min_width=120)
        with gr.Column(scale=2, min_width=320):
            gr.HTML("<p>Press an image to work on it in the other tabs.</p>")
            grid = gr.HTML(js_on_load=TILES_SCRIPT, elem_id="wae-samples")

    settings = [sampler, number, seed, temperature]

    def show(opened, session, *values):
        images, names = _images(page, opened, *values)
        return markup.tiles(images, names, file_name=f"{_file(opened)}_samples.png")

    def choose(opened, session, event, *values):
        index = event.index
        if values[0] == _EXAMPLES:
            return page.examples.of(opened).codes[index], f"Your image {index + 1}"
        code = _codes(opened, *values)[index]
        return code, f"Sample {index + 1} of seed {values[2]}, {values[0]}"

    def first(opened, session):
        names = sampler_names(opened.model)
        if page.examples.of(opened) is not None:
            names = [*names, _EXAMPLES]
        return [
            gr.Radio(choices=names, value=opened.sampler),
            show(opened, session, opened.sampler, 24, 0, 1.0),
            24,
            0,
            1.0,
        ]

    changes = [sampler.input, number.input, seed.input, temperature.input]
    page.shows(changes, show, settings, [grid])
    renewed = another.click(lambda: random.randrange(100_000), None, seed, **page.quick)
    page.shows(renewed.then, show, settings, [grid])
    page.chooses(grid.pick, choose, settings)
    page.on_model(first, [sampler, grid, number, seed, temperature])


def _codes(opened, sampler, number, seed, temperature):
    if seed is None:
        raise ValueError("The seed must be an integer. Received: none")
    return draw_codes(
        opened.model, int(number), seed=int(seed), sampler=sampler, temperature=float(temperature)
    )


def _images(page, opened, sampler, number, seed, temperature):
    if sampler == _EXAMPLES:
        images = page.examples.of(opened).images[: int(number)]
        return images, [f"Your image {i + 1}" for i in range(len(images))]
    images = opened.model.decode(_codes(opened, sampler, number, seed, temperature))
    return images, [f"Sample {i + 1}" for i in range(len(images))]


def _file(opened):
    return "".join(c if c.isalnum() else "_" for c in opened.name.rsplit("/", 1)[-1])
