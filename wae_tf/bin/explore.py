"""Serves a page to explore a model: samples, walks, directions, the plane, images of one's own.

wae-explore --model=celeba_wae_mmd

Needs the extra `explore`: pip install wae_tf[explore]
"""

from wae_tf.bin import common
from wae_tf.runtime.requirements import need

_FLAGS = common.Flags()
_MODEL = _FLAGS.string(
    "model",
    "mnist_wae_mmd_2d",
    "Model that is shown first: a zoo entry, a directory that wae-train wrote, a .keras file, or "
    "hf://user/name. The page lets one choose others.",
)
_HOST = _FLAGS.string(
    "host",
    "127.0.0.1",
    "Address to serve at. The default is for this machine alone; 0.0.0.0 is for whoever can "
    "reach it.",
)
_PORT = _FLAGS.integer(
    "port", 7860, "First port to try; the next free one is taken.", lower_bound=1, upper_bound=65535
)
_IMAGES = common.define_image_flags(
    _FLAGS, required=False, use="The page offers them, and shows their codes."
)
_SPLIT = _FLAGS.string(
    "split", "test", "Which of them, such as test[:500]; the first 1,000 at most."
)


def main():
    need("gradio", "The page")
    from wae_tf.explorer import examples, opening, page, serving

    shelf = opening.Shelf([_MODEL.value], paths=serving.is_local(_HOST.value))
    opened = shelf.get(_MODEL.value)
    source = examples.ExampleSource(_load if _IMAGES.data.value is not None else None)
    source.of(opened)  # What is wrong with --data is said now.
    serving.serve(page.build_page(shelf, _MODEL.value, source), _HOST.value, _PORT.value)


def _load(wanted):
    return _IMAGES.load(wanted, _SPLIT.value, labels=True)


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
