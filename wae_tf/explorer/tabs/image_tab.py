"""Tab "Your image": what a model makes of a picture that somebody brings."""

import html

import gradio as gr
import numpy as np

from wae_tf.explorer import markup
from wae_tf.explorer.analysis import analyse, nearest
from wae_tf.explorer.uploads import MAX_BYTES, crop_box, prepare, read_image

__all__ = ["build"]


def build(page):
    """Puts the tab's parts on a `Page`."""
    upload = gr.State(None)
    with gr.Row():
        with gr.Column(scale=1, min_width=260):
            file = gr.File(
                label=f"Your picture, at most {MAX_BYTES // 2**20} MB",
                file_types=["image"],
                type="filepath",
                height=170,
                elem_id="wae-upload",
            )
            zoom = gr.Slider(1.0, 4.0, 1.0, step=0.05, label="Zoom")
            across = gr.Slider(0.0, 1.0, 0.5, step=0.01, label="Left to right")
            down = gr.Slider(0.0, 1.0, 0.5, step=0.01, label="Top to bottom")
            invert = gr.Checkbox(
                label="Swap dark and light",
                info="For ink on paper: MNIST's digits are white on black.",
                elem_id="wae-invert",
            )
            take = gr.Button("Work on this image")
        with gr.Column(scale=2, min_width=320):
            frame = gr.HTML(elem_id="wae-frame")
            result = gr.HTML(elem_id="wae-analysis")

    settings = [upload, zoom, across, down, invert]

    def pixels(opened, upload, zoom, across, down, invert):
        shape = opened.model.image_shape
        box = crop_box(upload.size, shape, zoom, across, down)
        return box, prepare(upload, shape, box, invert)

    def show(opened, session, upload, *values):
        if upload is None:
            return [
                "<p>Drop a picture into the box, or press the box to choose one. It stays on "
                "the machine that serves this page.</p>",
                "",
            ]
        box, image = pixels(opened, upload, *values)
        shown = np.asarray(upload)
        shown = shown[..., None] if shown.ndim == 2 else shown
        return [
            markup.framed(shown, box, "Your picture, with the part that the model sees"),
            _words(opened, image),
        ]

    def received(opened, session, path, *values):
        try:
            upload = None if path is None else read_image(path)
        except ValueError as error:  # Said in its place, where it stays.
            return [None, f'<p role="alert">{html.escape(str(error))}</p>', ""]
        return [upload, *show(opened, session, upload, *values)]

    def choose(opened, session, event, upload, *values):
        if upload is None:
            raise ValueError("There must be a picture: drop one first. Received: none")
        _, image = pixels(opened, upload, *values)
        return opened.model.encode(image[None])[0], "Your picture"

    page.shows(file.change, received, [file, *settings[1:]], [upload, frame, result])
    changes = [zoom.input, across.input, down.input, invert.input]
    page.shows(changes, show, settings, [frame, result])
    page.chooses(take.click, choose, settings)
    page.after_model(show, settings, [frame, result])


def _words(opened, image):
    """Returns pictures and numbers of one prepared image, as HTML."""
    found = analyse(opened.model, image)
    codes, images = opened.bank
    index, distance = nearest(image, images)
    difference = np.abs(image / 255.0 - found.reconstruction)
    figures = [
        markup.figure(image, "What the model sees", "What the model sees"),
        markup.figure(
            found.reconstruction, "Its reconstruction", "Reconstruction", "reconstruction.png"
        ),
        markup.figure(difference, "The absolute difference", "Difference"),
        markup.figure(images[index], "The nearest sample", "Nearest sample"),
    ]
    usual = _recorded(opened.entry, "squared_error")
    typical = found.typicality
    pairs = [
        ("Squared error", f"{found.squared_error:.4g}", f"summed over the image{usual}"),
        ("Variance explained", f"{found.explained:.1%}", "of the pixels; 0% is an even colour"),
        ("PSNR", f"{found.psnr:.2f} dB", "higher is closer"),
        ("SSIM", f"{found.ssim:.3f}", "1 is the same image"),
        ("Length of the code", f"{typical.length:.2f}", f"prior draws: about {typical.usual:.2f}"),
        ("Typicality", _share(typical.less_likely_share), typical.words()),
        (
            "Nearest sample",
            f"{distance:.4g}",
            f"squared error to sample {index + 1} of {len(codes)} from {opened.sampler}",
        ),
    ]
    return markup.row(figures) + markup.facts(pairs)


def _share(share):
    return "not defined" if share is None else f"{share:.0%}"


def _recorded(entry, metric):
    for part in entry.get("evaluation", {}).values():
        value = part.get("metrics", {}).get(metric, {}).get("value")
        if value is not None:
            return f"; held-out images of its data have {value:.4g} on average"
    return ""
