"""A process that trains again and again, with models that are built and traced once."""

import json
import os
import pathlib

import write_points
from kept_models import kept_models
from outcomes import clear
from processes import answer, start


class Warm:
    """Runs trainings one after another in a process of its own, each as if in a new one.

    What a training reads and writes is all in its directory, and its models begin with the values
    that building gives; only their graphs are traced once. A process that dies is replaced.

    Args:
        train: Callable `(kind, directory, workdir)`.
        directory: Where images are.
    """

    def __init__(self, train, directory):
        self.train, self.directory = train, directory
        self.pid = None

    def __call__(self, kind, workdir, fault=None):
        """Trains one kind to its end, and says how it ended.

        Args:
            kind: Kind of training.
            workdir: Where it begins or goes on.
            fault: Way and place of `write_points.begin`; None lets all changes of files be.

        Returns:
            "" if it ended well, "hang", "died", or the error, after "clear: " if it is.
        """
        if self.pid is None:
            self._start()
        self.requests.write(json.dumps([kind, str(workdir), fault]) + "\n")
        self.requests.flush()
        line = answer(self.pid, self.answers)
        if line:
            return json.loads(line)
        self.stop()
        return "hang" if line is None else "died"

    def stop(self):
        if self.pid is not None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
            self.requests.close()
            self.answers.close()
            self.pid = None

    def _start(self):
        requests, to = os.pipe()
        answers, back = os.pipe()
        self.pid = start(self._serve, requests, back, (to, answers))
        os.close(requests)
        os.close(back)
        self.requests = os.fdopen(to, "w", encoding="utf-8")
        self.answers = os.fdopen(answers, "rb", buffering=0)

    def _serve(self, requests, back, others):
        for descriptor in others:
            os.close(descriptor)
        with (
            kept_models(),
            open(requests, encoding="utf-8") as lines,
            open(back, "w", encoding="utf-8") as said,
        ):
            for line in lines:
                kind, workdir, fault = json.loads(line)
                error = self._train(kind, workdir, fault)
                said.write(json.dumps(error) + "\n")
                said.flush()

    def _train(self, kind, workdir, fault):
        if fault:
            write_points.begin(workdir, *fault)
        try:
            self.train(kind, self.directory, pathlib.Path(workdir))
        except BaseException as error:
            text = str(error)
            plain = isinstance(error, OSError) and os.strerror(28) in text and "\n" not in text
            return f"{'clear: ' * (clear(error) or plain)}{type(error).__name__}: {text}"[:600]
        finally:
            write_points.end()
        return ""
