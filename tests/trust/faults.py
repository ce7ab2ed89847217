"""A crash, or a full disk, before and after each change that a training makes to a file."""

import hashlib
import itertools
import random
import re
import shutil

import write_points


class Faults:
    """All faults of all kinds of training, in an order by chance.

    Args:
        directory: What `kills.prepare` has filled.
        kinds: Kinds of training.
        ways: "crash", "full disk" or "failing after".
        seed: Fixes the order.
    """

    def __init__(self, directory, kinds, ways, seed):
        self.directory = directory
        self.points, self.states = {}, {}
        faults = []
        for kind in kinds:
            copies = directory / f"copies {kind}"
            self.points[kind] = write_points.read(copies / "list")
            self.states[kind] = _distinct(copies)
            places = [n for n, *_ in _worth_failing(self.points[kind])]
            for way in ways:
                numbers = self.states[kind] if way == "crash" else places
                faults += itertools.product([kind], [way], numbers)
        random.Random(seed).shuffle(faults)
        self.faults = faults

    def said(self):
        """Says how many there are."""
        return "\n".join(
            f"{kind}: {len(points)} changes of files, before and after which a crash leaves "
            f"{len(self.states[kind])} distinct states"
            for kind, points in self.points.items()
        )

    def __call__(self, index, faulty, compare, tally):
        """Lets one fault happen, and compares what the run that goes on ends in.

        Args:
            index: Place in the list of all.
            faulty: `Warm`, for the run with the fault.
            compare: `kills.compare`, with its first arguments.
            tally: `Tally`.
        """
        kind, way, number = self.faults[index]
        _, what, path = self.points[kind][number - 1]
        example = f"number {index}, {what} {path.rsplit('/', 1)[-1]} ({number})"
        name = f"{way}, {kind}"
        workdir = self.directory / f"faulty {index}"
        if way == "crash":
            shutil.copytree(self.directory / f"copies {kind}" / f"{number:06}", workdir)
        else:
            error = faulty(kind, workdir, [way, number])
            if error == "died":  # HDF5 may, of a file that failed in an attack before.
                shutil.rmtree(workdir, ignore_errors=True)
                error = faulty(kind, workdir, [way, number])
            example += f", which said {error!r}"
            if error == "hang" or (error and not error.startswith("clear: ")):
                tally.add(name, "hang" if error == "hang" else "unclear", example)
                faulty.stop()
                return
            if any(workdir.rglob(".tmp-*")):  # Only what the dead have left is removed.
                faulty.stop()
        compare(name, kind, workdir, tally, example)


def _distinct(copies):
    """Returns the number of the first copy of each distinct state."""
    found = {}
    for copy in sorted(path for path in copies.iterdir() if path.is_dir()):
        state = hashlib.sha256()
        for path in sorted(copy.rglob("*")):
            name = re.sub(r"\.tmp-\d+-", ".tmp-", str(path.relative_to(copy)))
            state.update(name.encode() + b"\0")
            if path.is_file() and ".tmp-" not in name and "tensorboard" not in name:
                state.update(path.read_bytes())
        found.setdefault(state.digest(), int(copy.name))
    return list(found.values())


def _worth_failing(points):
    """Returns all changes, but of writes to one file in a row the first, middle and last alone."""
    for (what, _), group in itertools.groupby(points, key=lambda point: point[1:]):
        group = list(group)
        some = {0, len(group) // 2, len(group) - 1} if what == "write" else range(len(group))
        yield from (group[i] for i in sorted(some))
