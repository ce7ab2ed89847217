"""What an attack may end in, and counting it."""

import collections
import sys

OUTCOMES = ("right", "refused", "other file", "unclear", "hang", "different")
BAD = ("unclear", "hang", "different")
_LONGEST = 2500  # Characters of a sentence.


def clear(error):
    """Returns whether an error is one sentence that says what was received."""
    text = str(error)
    kinds = (ValueError, OSError, FloatingPointError, ConnectionError)
    return isinstance(error, kinds) and "Received: " in text and len(text) <= _LONGEST


class Tally:
    """Outcomes by kind of attack, with the first examples of the bad ones."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.examples = []

    def add(self, kind, outcome, example=""):
        self.counts[kind][outcome] += 1
        if outcome in BAD and len(self.examples) < 200:
            self.examples.append(f"{kind}: {outcome}: {example}"[:600])
            print(self.examples[-1], file=sys.stderr, flush=True)

    @property
    def bad(self):
        return sum(counts[outcome] for counts in self.counts.values() for outcome in BAD)

    def table(self):
        """Returns a Markdown table."""
        header = ["Attack", "Tried", *(name.capitalize() for name in OUTCOMES)]
        rows = [header, ["---", *["---:"] * (len(header) - 1)]]
        for kind, counts in self.counts.items():
            numbers = [sum(counts.values()), *(counts[outcome] for outcome in OUTCOMES)]
            rows.append([kind, *(f"{number:,}" for number in numbers)])
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
