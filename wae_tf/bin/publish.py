"""Publishes a trained model in a repository of a Hugging Face hub.

wae-publish --model=runs/mnist --repository=ada/digits --license=mit

Log in before, by `hf auth login` or the environment variable HF_TOKEN. Others then load it by
`wae_tf.load("hf://ada/digits")`; as long as it is private, only you do.
"""

from wae_tf import cards
from wae_tf.bin import common

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS)
_REPOSITORY = _FLAGS.string("repository", None, "Where to: user/name; made if new.", required=True)
_PRIVATE = _FLAGS.bool("private", True, "Whether only you can see it; --noprivate for all.")
_LICENSE = _FLAGS.string("license", None, "Such as mit, where the entry records none.")
_DATASETS = _FLAGS.list(
    "datasets",
    None,
    "Names on the hub of the training data, such as ylecun/mnist; by default as the entry has it.",
)
_OVERWRITE = _FLAGS.bool(
    "overwrite",
    False,
    "Whether the repository may hold an earlier model, which stays in its history.",
)


def main():
    address = cards.push_to_hub(
        _MODEL.value,
        _REPOSITORY.value,
        private=_PRIVATE.value,
        license=_LICENSE.value,
        datasets=_DATASETS.value,
        overwrite=_OVERWRITE.value,
    )
    print(f'Published {_MODEL.value}; wae_tf.load("{address}") returns it')


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
