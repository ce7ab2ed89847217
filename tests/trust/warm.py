"""A process that trains again and again, with models that are built and traced once."""

import json
import os
import pathlib
import sys

import numpy as np
import write_points
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
        _keep_models()
        with open(requests, encoding="utf-8") as lines, open(back, "w", encoding="utf-8") as said:
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


def _keep_models():
    """Has models that were built for the same config before be taken again.

    Those that `wae_tf.training.train` trains, that it measures, and that `wae_tf.load` returns.
    """
    train, results, entries = (
        sys.modules[f"wae_tf.{name}"] for name in ("training.train", "zoo.results", "zoo.entries")
    )
    build, compile_model, kept, first = train.build_model, train.compile_model, {}, {}
    build_trained, trained, loaded = results.build_trained, {}, {}

    def build_once(config):
        key = config.to_json()
        if key not in kept:
            kept[key] = build(config)
        return kept[key]

    def compile_once(model, config, *args, **kwargs):
        key = config.to_json()
        if key not in first:
            compile_model(model, config, *args, **kwargs)
            names = ("optimizer", "discriminator_optimizer", "critic_optimizer")
            optimizers = [getattr(model, name, None) for name in names]
            variables = [*model.variables, *model.metrics_variables]
            variables += [v for o in optimizers if o is not None for v in o.variables]
            first[key] = [(variable, np.array(variable)) for variable in variables]
        for variable, value in first[key]:
            variable.assign(value)
        return model

    def build_trained_once(config, model):
        key = config.to_json()
        if key not in trained:
            trained[key] = build_trained(config, model)
        trained[key].set_weights([np.array(w) for w in model.weights_without_critic()])
        return trained[key]

    def build_loaded_once(config, name, critic):
        key = config.to_json()
        if key not in loaded:
            loaded[key] = build(config, name=name, critic=critic)
        model = loaded[key]
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        model.samplers.clear()
        return model

    train.build_model, train.compile_model = build_once, compile_once
    results.build_trained, entries.build_model = build_trained_once, build_loaded_once
