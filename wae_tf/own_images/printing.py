"""What a run of one's own images says before it trains."""

from wae_tf.own_images.choosing import GIVEN
from wae_tf.own_images.machine import images_per_second
from wae_tf.own_images.rules import RULES
from wae_tf.runtime.progress_bar import in_words

__all__ = ["duration", "flag_text", "table"]

_SECONDS_PER_EPOCH = 2.0  # Checkpoint, pictures and validation, on two cores.


def table(config, reasons):
    """Returns lines with name, value and reason of what was chosen or given.

    Those that weights to start from bring along, and no rule would have chosen, share a line.
    """
    lines, shared = [], {}
    for name, reason in reasons.items():
        if name in RULES or reason == GIVEN:
            lines.append((name, flag_text(getattr(config, name)) or "none", reason))
        else:
            shared.setdefault(reason, []).append(name)
    lines += [(f"{len(names)} others", "", reason) for reason, names in shared.items()]
    widths = [max((len(line[i]) for line in lines), default=0) for i in (0, 1)]
    return [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in lines]


def duration(facts, machine, config):
    """Returns a line with how long the training will take, as far as that was ever measured."""
    rate = images_per_second(machine, config.to_dict())
    if rate is None:
        return "Time: not known here; the progress bar shows the rest of an epoch"
    steps = facts.train_images // config.batch_size
    seconds = config.epochs * (steps * config.batch_size / rate + _SECONDS_PER_EPOCH)
    return f"Time: about {in_words(seconds)}, if this machine is as fast as the one measured"


def flag_text(value):
    """Returns a config's value as a flag of `wae-train` takes it."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ",".join(f"{v:g}" for v in value)
    return str(value)
