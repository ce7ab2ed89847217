"""What a diagnosis returns: findings, worst first, that print as text."""

import dataclasses
import textwrap

from wae_tf.diagnosis.limits import LIMITS

__all__ = ["Finding", "Findings"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something that is wrong with a model or its training.

    Args:
        name: One of `wae_tf.diagnosis.LIMITS`.
        number: What was measured; docs/diagnosis.md has the formulas.
        threshold: Beyond which it is a finding.
        found: What the number says, as a clause without a full stop.
        advice: What to do about it, in sentences.
        failing: Whether the model is not to be recommended for it.
    """

    name: str
    number: float
    threshold: float
    found: str
    advice: str
    failing: bool

    def __str__(self):
        word = "at most" if LIMITS[self.name].worse == "above" else "at least"
        level = "FAILS" if self.failing else "warning"
        return (
            f"{self.name}, {level}: {self.found} ({self.number:.3g}, should be {word} "
            f"{self.threshold:g}). {self.advice}"
        )


class Findings(list):
    """List of `Finding`, worst first, that prints as text.

    Those that fail a model come before those that only warn, and either are in the order of
    `LIMITS`: what spoils everything before what spoils a part.

    Args:
        findings: `Finding`s, in any order.
        measured: Dict from name to number of all that was checked, findings or not.

    Attributes:
        measured: That dict. What does not apply to a model, or could not be measured, is not
            in it.
    """

    def __init__(self, findings=(), measured=None):
        gravity = list(LIMITS)
        super().__init__(sorted(findings, key=lambda f: (not f.failing, gravity.index(f.name))))
        self.measured = dict(measured or {})

    @property
    def failing(self):
        """Those for which the model is not to be recommended, worst first."""
        return [finding for finding in self if finding.failing]

    def __str__(self):
        if not self:
            return f"No finding in {len(self.measured)} checks: {', '.join(self.measured)}."
        return "\n".join(
            textwrap.fill(f"{i}. {finding}", 100, subsequent_indent="   ")
            for i, finding in enumerate(self, 1)
        )

    __repr__ = __str__

    def to_dict(self):
        """Returns `findings` and `measured` as JSON's types, with six digits."""
        return {
            "findings": [{**dataclasses.asdict(f), "number": _rounded(f.number)} for f in self],
            "measured": {name: _rounded(number) for name, number in self.measured.items()},
        }

    @classmethod
    def from_dict(cls, values):
        """Returns what `to_dict` was of; findings of other versions that are unknown are left out.

        Raises:
            ValueError: It has another form.
        """
        try:
            known = [Finding(**f) for f in values["findings"] if f["name"] in LIMITS]
            numbers = [(f.number, f.threshold, f.failing) for f in known]
            if not all(isinstance(n, (int, float)) for row in numbers for n in row):
                raise TypeError("a number is none")
            return cls(known, {name: float(n) for name, n in values["measured"].items()})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                "A diagnosis must have `findings` and `measured`, as `to_dict` makes them. "
                f"Received: {values!r} ({type(error).__name__}: {error})"
            ) from error


def _rounded(number):
    return float(f"{number:.6g}")
