"""Writes the card of a model, or the table of the zoo, from what the entries have.

python -m wae_tf.bin.card --model=mnist_wae_mmd

writes `README.md` into the entry, without measuring anything: `wae-evaluate --record` does that,
and writes the card too.

python -m wae_tf.bin.card --readme=README.md

writes the table of all trained entries between the two comments `zoo table` of that file.
"""

from wae_tf import cards
from wae_tf.bin import common

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS, required=False)
_README = _FLAGS.string("readme", None, "Markdown file that gets the table of the zoo.")


def main():
    if _MODEL.value is None and _README.value is None:
        raise ValueError("--model, --readme or both must be given. Received: neither")
    if _MODEL.value is not None:
        print(f"Wrote {cards.write_card(_MODEL.value)}")
    if _README.value is not None:
        cards.write_zoo_table(_README.value)
        print(f"Wrote the table of the zoo into {_README.value}")


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
