"""What all programs share: flags from a config's fields, and errors without a traceback."""

import dataclasses
import functools
import pathlib
import re
import signal
import sys

import tensorflow as tf
from absl import app, flags

from wae_tf import data, files
from wae_tf.config import WAEConfig
from wae_tf.plots import outputs
from wae_tf.runtime import signals

_VERBOSITY = (
    "What TensorFlow says of itself and the machine: -1 its errors, 0 also warnings, 1 all. "
    "Nothing by default."
)


def _defined_by(define):
    """Returns a property: a function of absl for the flags that it is taken from.

    It is no method, as absl shows a flag under the module that calls.
    """
    return property(lambda values: functools.partial(define, flag_values=values))


class Flags(flags.FlagValues):
    """The flags of one program: several can be imported in one process though they share names.

    `string`, `integer` and so on are `absl.flags.DEFINE_string`, ..., and return holders.
    """

    string, integer = _defined_by(flags.DEFINE_string), _defined_by(flags.DEFINE_integer)
    float, bool = _defined_by(flags.DEFINE_float), _defined_by(flags.DEFINE_bool)
    enum, list = _defined_by(flags.DEFINE_enum), _defined_by(flags.DEFINE_list)


def define_config_flags(values):
    """Defines one flag for each field of `WAEConfig` among `Flags`; returns the holders by name."""
    define = {int: values.integer, float: values.float, bool: values.bool, str: values.string}
    holders = {}
    for field in dataclasses.fields(WAEConfig):
        text = f"{field.metadata['help']} By default as in --config."
        if field.type not in define:
            text += " Comma-separated."
        holders[field.name] = define.get(field.type, values.list)(field.name, None, text)
    return holders


def define_model_flag(values, required=True):
    """Defines --model, a trained entry, and returns its holder; arguments as of the others."""
    return values.string(
        "model", None, "Zoo entry, or a directory that wae-train wrote.", required=required
    )


@dataclasses.dataclass(frozen=True)
class ImageFlags:
    """Holders of the flags that say where images are."""

    data: flags.FlagHolder
    data_dir: flags.FlagHolder
    download: flags.FlagHolder

    def load(self, config, split, **kwargs):
        """Reads a split as a config has it; `kwargs` as in `wae_tf.data.load_images`."""
        return data.load_images(
            self.data.value,
            split,
            image_shape=config.image_shape,
            crop=config.crop,
            data_dir=self.data_dir.value,
            download=self.download.value,
            **kwargs,
        )


def sources(text):
    """Returns what --data names: a source, or a list where there are commas between several."""
    names = text.split(",")
    return text if len(names) == 1 or pathlib.Path(text).exists() else names


def define_image_flags(values, required=True, use=""):
    """Defines --data, --data_dir and --download, and returns their `ImageFlags`.

    Args:
        values: `Flags` of the program.
        required: Whether --data must be given.
        use: What to add to the help of --data.
    """
    text = "Images: an .npz file, a folder, a .zip file, or the name of a TensorFlow data set."
    return ImageFlags(
        values.string("data", None, f"{text} {use}".strip(), required=required),
        values.string("data_dir", None, "Where TensorFlow Datasets keeps its data."),
        values.bool("download", False, "Whether a data set may be downloaded."),
    )


def define_picture_flags(values):
    """Defines --fps, --scale and --overwrite, of pictures to write; returns their holders."""
    return (
        values.integer("fps", 12, "Frames of an animation a second.", 1, 1000),
        values.integer("scale", 2, "Screen pixels to a pixel.", lower_bound=1),
        values.bool(
            "overwrite",
            False,
            "Write into a folder that is not empty: files of the new names are replaced, others "
            "stay.",
        ),
    )


def output_path(text, kinds, overwrite=False):
    """Returns the path that --output names, and its suffix, in small letters.

    Args:
        text: Value of --output.
        kinds: Dict from suffix, "" for a folder, to what it is for.
        overwrite: Whether a folder may hold files.

    Raises:
        ValueError: It has another suffix, or lies where nothing can be written.
    """
    path = pathlib.Path(text).expanduser()
    suffix = path.suffix.lower()
    if suffix not in kinds:
        ends = [f"in {name} for {use}" for name, use in kinds.items() if name]
        folder = f", or have no suffix for {kinds['']}" if "" in kinds else ""
        raise ValueError(f"--output must end {', '.join(ends)}{folder}. Received: --output={text}")
    if not path.parent.is_dir():
        raise ValueError(
            f"--output must lie in a directory that is there: make {str(path.parent)!r}, or "
            f"choose another one. Received: --output={text}"
        )
    files.writable_directory(path.parent, "output")
    if not suffix:
        outputs.check_folder(path, overwrite)  # Before the work.
    return path, suffix


def changes(holders):
    """Returns the values of those flags that were given, as a config has them, by name."""
    changes = {name: flag.value for name, flag in holders.items() if flag.present}
    for name, value in changes.items():
        if isinstance(value, list):
            number = float if name == "pixel_range" else int
            try:
                changes[name] = tuple(number(v) for v in value) or None
            except ValueError as error:
                raise ValueError(
                    f"--{name} must be numbers with commas between. "
                    f"Received: --{name}={','.join(value)}"
                ) from error
    return changes


def given(holders):
    """Returns those flags that were given, as they would be typed: a dict from name to text."""
    return {
        name: ",".join(f.value) if isinstance(f.value, list) else str(f.value)
        for name, f in holders.items()
        if f.present
    }


def with_flags(text, names):
    """Says `--name` where an error names an argument that is a flag of the program.

    Example:
        >>> with_flags("`epochs` must be positive. Received: epochs=0", ["epochs"])
        '`--epochs` must be positive. Received: --epochs=0'
    """
    # The library's word for an entry; with --config, --model is a field of the config.
    entry = "config" if "config" in names else "model"
    if "init_from" in names and "zoo model" in text:
        entry = "init_from"
    text = text.replace("name_or_directory", entry)
    if "data" in names:
        text = re.sub(r"(?<![\w.(-])source(?=[`=])", _images_flag(text, names), text)
    names = "|".join(names)
    text = re.sub(rf"(?<![\w.(-])(?=(?:{names})[`=])", "--", text)
    return re.sub(  # Of a tuple, what is typed.
        rf"(--(?:{names})=)\(([^()]*)\)", lambda m: m[1] + m[2].replace(" ", ""), text
    )


def _images_flag(text, names):
    """Returns the flag of the images that an error, which calls them `source`, speaks of."""
    critic = names["critic_data"].value if "critic_data" in names else None
    given = sources(critic) if critic else []
    given = given if isinstance(given, list) else [given]
    return "critic_data" if any(name in text for name in given) else "data"


_OF_MACHINE = (  # Files and memory that it has not.
    tf.errors.DataLossError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    tf.errors.ResourceExhaustedError,
)


def _sentence(error, names):
    """Says an error in one line, with flags for arguments, and of a full disk what to do."""
    text = with_flags(" ".join(str(error).split()), names)
    if files.full(error) and "free space" not in text.lower():
        text += ". Free space on the disk, or choose another one, and run the same command again"
    return f"{type(error).__name__}: {text}"


def program(main, doc, values):
    """Returns the function that runs a program; arguments as of `run`."""
    return functools.partial(run, main, doc, values)


def run(main, doc, values):
    """Runs a program; bad input ends in one line and status 1, signals in one and 128 + theirs.

    So Ctrl-C gives 130, SIGTERM 143. A full disk, or one that is gone, is bad input.

    `--help` shows `doc`.

    Args:
        main: Function without arguments.
        doc: What the program does.
        values: Its `Flags`.
    """

    if "verbosity" not in values:
        values.integer("verbosity", None, _VERBOSITY)

    def checked(argv):
        if len(argv) > 1:
            sys.exit(f"Only flags are accepted; see --help. Received: {' '.join(argv[1:])}")
        try:
            with signals.raised():
                main()
        except (ValueError, OSError, ImportError, FloatingPointError) as error:
            sys.exit(_sentence(error, values))
        except tf.errors.OpError as error:
            if not isinstance(error, _OF_MACHINE) and not files.full(error):
                raise
            sys.exit(_sentence(error, values))
        except MemoryError as error:
            sys.exit(f"{_sentence(error, values)}. Take smaller images, batches or networks")
        except KeyboardInterrupt as error:
            print("; ".join(["\nInterrupted", *map(str, error.args)]), file=sys.stderr)
            # As shells say it of what a signal ended.
            sys.exit(128 + getattr(error, "number", signal.SIGINT))

    def parse(argv):
        flags.FLAGS.mark_as_parsed()  # Absl's own, which have their defaults.
        values.unparse_flags()  # An earlier run in this process leaves nothing behind.
        try:
            return values(argv)
        except flags.Error as error:
            missing = re.findall(r"Flag --(\w+) must have a value", str(error))
            lines = [f"--{name} is required: {values[name].help}" for name in missing]
            sys.exit(f"{' '.join(' '.join(lines or [str(error)]).split())} See --help.")

    if {"--help", "-help", "-h"} & set(sys.argv[1:]):
        print(f"{doc}\n{values.get_help(include_special_flags=False)}")
        sys.exit(0)
    app.run(checked, flags_parser=parse)
