"""What the diagnoses of an entry say, for its card."""

import html

from wae_tf.cards.markdown import code
from wae_tf.diagnosis import LIMITS, Findings
from wae_tf.evaluation.progress import number

__all__ = ["findings_part", "not_recommended"]


def not_recommended(entry):
    """Returns a line that says why a model is not to be recommended; None where it may be.

    Args:
        entry: What `zoo.read_entry` returns.
    """
    reasons = [_found(f, whose) for f, whose in _merged(entry) if f.failing]
    return f"**Not recommended, because {'; '.join(reasons)}.**" if reasons else None


def findings_part(entry):
    """Yields the paragraphs on findings, and on what was checked without one.

    Args:
        entry: As in `not_recommended`.
    """
    measured = _measured(entry)
    if not measured:
        return
    merged = _merged(entry)
    yield "## Findings"
    if merged:
        yield "\n".join(
            f"- {code(f.name)}, {'fails' if f.failing else 'warning'}: {_found(f, whose)} "
            f"({_limit(f.name, f.number)}). {_line(f.advice)}"
            for f, whose in merged
        )
    names = {f.name for f, _ in merged}
    passed = [
        f"{code(name)} {_limit(name, value)}"
        for name, value in measured.items()
        if name not in names
    ]
    if passed:
        start = "Checked beside these" if merged else "Nothing was found wrong with this model"
        yield f"{start}, by `wae_tf.diagnose`: {', '.join(passed)}."


def _diagnoses(entry):
    """Yields whose samples were looked at, and the `Findings`: those of evaluations first."""
    parts = {kind: part.get("diagnosis") for kind, part in entry.get("evaluation", {}).items()}
    for kind, values in {**parts, None: entry.get("diagnosis")}.items():
        if values is not None:
            yield kind, Findings.from_dict(values)


def _measured(entry):
    """Returns the number of each check: the first diagnosis that has it, or that it is one in."""
    found = {}
    for _, findings in _diagnoses(entry):
        found = {**findings.measured, **found}
    return {name: found[name] for name in LIMITS if name in found}


def _merged(entry):
    """Returns pairs of a finding and the samplers with it, where not all of them have it."""
    merged, checked = {}, {}
    for kind, findings in _diagnoses(entry):
        # What an evaluation measured counts, not what the end of the training saw.
        known = set(checked) if kind is None else ()
        for finding in findings:
            if finding.name not in known:
                merged.setdefault(finding.name, (finding, []))[1].append(kind)
        for name in findings.measured:
            if name not in known:
                checked.setdefault(name, []).append(kind)
    ordered = Findings([finding for finding, _ in merged.values()])
    return [
        (f, [] if merged[f.name][1] == checked.get(f.name) else merged[f.name][1]) for f in ordered
    ]


def _found(finding, kinds):
    text = _line(finding.found)
    return f"{text} (sampler {', '.join(kinds)})" if any(kinds) else text


def _line(text):
    """Returns a text of an entry in one line, without HTML."""
    return html.escape(" ".join(str(text).split()), quote=False)


def _limit(name, value):
    word = "at most" if LIMITS[name].worse == "above" else "at least"
    return f"{number(value)}, {word} {LIMITS[name].threshold:g}"
