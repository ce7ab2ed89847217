"""Writes a model of the zoo for programs that have neither wae_tf nor Keras.

wae-export --model=mnist_wae_mmd --format=saved_model --output=served/mnist/1
wae-export --model=mnist_wae_mmd --format=litert --optimize=float16 --output=phone

saved_model has a signature for each thing a model does. onnx and litert are files for the encoder,
the decoder and each sampler. keras is Keras's own file, samplers and entry included, which needs
wae_tf to load: --output may be such a file, too.
"""

import pathlib

from wae_tf import export, zoo
from wae_tf.bin import common
from wae_tf.export import doors, litert

_FLAGS = common.Flags()
_MODEL = common.define_model_flag(_FLAGS)
_FORMAT = _FLAGS.enum("format", "saved_model", [*doors.FORMATS, "keras"], "What to write.")
_OUTPUT = _FLAGS.string(
    "output",
    None,
    "Directory, new or empty; of keras also a file that ends in .keras.",
    required=True,
)
_PARTS = _FLAGS.list(
    "parts", None, "Of onnx and litert: encoder, decoder, sampler. All by default."
)
_OPTIMIZE = _FLAGS.enum("optimize", None, litert.OPTIMIZATIONS, "Smaller weights; of litert.")
_OVERWRITE = _FLAGS.bool("overwrite", False, "Whether an earlier export may be replaced.")


def main():
    _check_flags()
    output, overwrite = _OUTPUT.value, _OVERWRITE.value
    if _FORMAT.value == "keras":
        doors.export_keras(_MODEL.value, output, overwrite=overwrite)
    elif _FORMAT.value == "saved_model":
        model = zoo.load(_MODEL.value, precision="float32")
        model.export(output, overwrite=overwrite, verbose="auto")
    else:
        export.export_parts(
            zoo.load(_MODEL.value, precision="float32"),
            output,
            _PARTS.value or doors.PARTS,
            format=_FORMAT.value,
            overwrite=overwrite,
            optimize=_OPTIMIZE.value,
            verbose="auto",
        )
    path = pathlib.Path(output).expanduser()
    names = sorted(part.name for part in path.iterdir()) if path.is_dir() else []
    print(f"Wrote {_MODEL.value} to {output}{': ' * bool(names)}{', '.join(names)}")


def _check_flags():
    for flag, formats in ((_PARTS, ("onnx", "litert")), (_OPTIMIZE, ("litert",))):
        if flag.value is not None and _FORMAT.value not in formats:
            raise ValueError(
                f"--{flag.name} is a flag of --format={' and '.join(formats)}. "
                f"Received: --format={_FORMAT.value}"
            )


run = common.program(main, __doc__, _FLAGS)

if __name__ == "__main__":
    run()
