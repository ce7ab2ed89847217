"""What all programs share: flags from a config's fields, and errors without a traceback."""

import dataclasses
import sys

from absl import app, flags

from wae_tf.config import WAEConfig


def define_config_flags():
    """Defines one flag for each field of `WAEConfig`, and returns the holders by name."""
    define = {int: flags.DEFINE_integer, float: flags.DEFINE_float, bool: flags.DEFINE_bool}
    holders = {}
    for field in dataclasses.fields(WAEConfig):
        text = f"{field.metadata['help']} By default as in --config."
        if field.type in define:
            holders[field.name] = define[field.type](field.name, None, text)
        elif field.type is str:
            holders[field.name] = flags.DEFINE_string(field.name, None, text)
        else:
            holders[field.name] = flags.DEFINE_list(field.name, None, text + " Comma-separated.")
    return holders


def changed_config(config, holders):
    """Returns a config with the values of those flags that were given."""
    changes = {name: flag.value for name, flag in holders.items() if flag.present}
    for name, value in changes.items():
        if isinstance(value, list):
            number = float if name == "pixel_range" else int
            try:
                changes[name] = tuple(number(v) for v in value)
            except ValueError as error:
                raise ValueError(
                    f"--{name} must be numbers with commas between. Received: --{name}={value}"
                ) from error
    return dataclasses.replace(config, **changes)


def given(holders):
    """Returns the flags that were given, as they would be typed."""
    return [
        f"--{name}={','.join(f.value) if isinstance(f.value, list) else f.value}"
        for name, f in holders.items()
        if f.present
    ]


def run(main, doc):
    """Runs a program; bad input ends in one line and status 1, `--help` shows `doc`."""

    def checked(argv):
        if len(argv) > 1:
            raise app.UsageError(f"Only flags are accepted. Received: {argv[1:]}")
        try:
            main()
        except (ValueError, FileNotFoundError) as error:
            sys.exit(f"{type(error).__name__}: {error}")

    if {"--help", "-help", "-h"} & set(sys.argv[1:]):
        # absl's own help shows the flags of `__main__`, which a console script has not.
        modules = flags.FLAGS.flags_by_module_dict()
        ours = [name for name in modules if name.startswith("wae_tf.") or name == sys.argv[0]]
        print("\n".join([doc, *(flags.FLAGS.module_help(name) for name in sorted(ours))]))
        sys.exit(0)
    app.run(checked)
