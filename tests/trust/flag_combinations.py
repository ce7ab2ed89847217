"""Flags of the programs by chance: a model that works comes of them, or a sentence."""

import contextlib
import dataclasses
import io
import pathlib
import random
import sys

import numpy as np
import tiny

import wae_tf
from wae_tf import training
from wae_tf.bin import evaluate, sample, train

KINDS = ("wae-train", "wae-train", "wae-train", "wae-sample", "wae-evaluate")
_TEXTS = ("", "x", "-1", "0", "1e308", "nan", "inf", "9" * 30, "1,2", "a,b", "true", "../x", "\x00")
_ENUMS = {
    "model": ("wae", "vae", "ae"),
    "divergence": ("mmd", "gan", "wgan", "sinkhorn", "sliced_wasserstein", "cramer_wold", "mmdpp"),
    "kernel": ("imq", "rbf", "rbf_median", "imq+rbf", "laplace"),
    "prior": ("normal", "uniform", "sphere", "mixture", "vamp"),
    "codes": ("deterministic", "gaussian", "noise_matrix"),
    "cost": ("squared_error", "l1", "l2", "binary_cross_entropy", "squared_error+0.5*l1", "ssim"),
    "encoder": ("mlp", "dcgan", "ali", "resnet", "began"),
    "decoder": ("mlp", "dcgan", "dcgan_mod", "ali", "resnet", "began"),
    "lr_schedule": ("constant", "manual", "manual_smooth", "plateau", "exponential"),
    "reg_weight_schedule": ("constant", "adaptive", "linear"),
    "likelihood": ("fixed", "learned"),
    "precision": ("float32", "auto", "mixed_bfloat16", "mixed_float16"),
    "pixel_range": ("0,1", "-1,1", "0,255"),
    "image_shape": ("8,8,1", "8,8,3", "16,16,1", "7,5,3", "8,8", "0,8,1"),
}
_NUMBERS = (0, 1, 2, 3, 4, 7, 16, 64, 0.5, 1e-3, -1, 10**9, 10**30)


def prepare(directory):
    """Writes images and a trained entry."""
    directory = pathlib.Path(directory)
    np.savez(directory / "flags.npz", x_train=tiny.images(24), x_test=tiny.images(12, seed=1))
    config = tiny.config(epochs=1)
    training.train(config, directory / "flags.npz", directory / "tiny", verbose=0)


class FlagCombinations:
    """One command line for each number.

    Args:
        directory: What `prepare` has filled.
    """

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    @staticmethod
    def kind(number):
        return f"flags of {KINDS[number % len(KINDS)]}"

    def __call__(self, number):
        rng = random.Random(number)
        program = KINDS[number % len(KINDS)]
        arguments = getattr(self, f"_{program.split('-')[1]}")(rng, number)
        module = {"wae-train": train, "wae-sample": sample, "wae-evaluate": evaluate}[program]
        outcome, said = self._run(module, program, arguments)
        return self.kind(number), outcome, f"number {number}: {' '.join(arguments)}: {said}"

    def _train(self, rng, number):
        fields = [f.name for f in dataclasses.fields(wae_tf.WAEConfig)]
        arguments = [
            f"--config={self.directory / 'tiny'}",
            f"--data={self.directory / 'flags.npz'}",
        ]
        arguments.append(f"--workdir={self.directory / f'flags {number}'}")
        for name in rng.sample(fields, rng.choice((1, 2, 3, 5))):
            if name in _ENUMS and rng.random() < 0.9:
                value = rng.choice(_ENUMS[name])
            else:
                value = rng.choice(_NUMBERS) if rng.random() < 0.8 else rng.choice(_TEXTS)
            arguments.append(f"--{name}={value}")
        if rng.random() < 0.2:
            arguments.append(
                rng.choice(("--unknown=1", "stray", "--split=train[:9]", "--split=no"))
            )
        return arguments

    def _sample(self, rng, number):
        where = self.directory / f"out {number}"
        where.mkdir(exist_ok=True)
        output = _mostly(rng, ("a.png", "a.npz", "folder"), ("no/b.png", "a.gif", "/dev/null", ""))
        return [
            f"--model={_mostly(rng, (self.directory / 'tiny',), ('mnist_none', '', '/'))}",
            f"--output={output if output.startswith('/') else where / output}",
            f"--num={_mostly(rng, (1, 4, 9), (0, -1, 'x'))}",
            f"--seed={_mostly(rng, (0, 7), (-1, 10**20))}",
            f"--sampler={_mostly(rng, ('prior',), ('gmm', 'no'))}",
            f"--scale={_mostly(rng, (1, 2), (0,))}",
            f"--columns={_mostly(rng, (1, 3), (0, -2))}",
        ]

    def _evaluate(self, rng, number):
        return [
            f"--model={_mostly(rng, (self.directory / 'tiny',), ('none',))}",
            f"--data={_mostly(rng, (self.directory / 'flags.npz',), ('absent.npz', '/', ''))}",
            f"--split={_mostly(rng, ('test', 'train'), ('no', 'test[:0]', 'test[:1]'))}",
            f"--num={_mostly(rng, (2, 12), (0, -1, 1, 10**9))}",
            f"--seeds={_mostly(rng, (1, 2), (0, 'x'))}",
            "--features=none",
            f"--output={self.directory / f'report {number}'}",
        ]

    def _run(self, module, program, arguments):
        before, said = training.train, io.StringIO()
        training.train = _instead
        sys.argv = [program, *arguments]
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                module.run()
        except SystemExit as error:
            text = str(error.code or "")
            if error.code in (0, None):
                return "right", ""
            one = "\n" not in text and len(text) < 3000
            known = "Received" in text or "See --help" in text or "--help" in text
            return ("refused" if one and known else "unclear"), text
        except BaseException as error:
            return "unclear", f"{type(error).__name__}: {error}"
        finally:
            training.train = before
        return "right", ""


def _mostly(rng, good, bad):
    """Draws a value that is one of the bad ones seldom: several at once hide each other."""
    return rng.choice(good if rng.random() < 0.85 else bad)


def _instead(config, source, workdir, **arguments):
    """Builds the model of a config in place of its training, and takes its loss of a few images."""
    if config.batch_size > 24:
        raise ValueError(f"`batch_size` must not exceed the images. Received: {config.batch_size}")
    shape = config.image_shape
    if np.prod(shape) > 10**6 or max(config.encoder_width, config.decoder_width) > 4096:
        return
    model = wae_tf.build_model(config)
    losses = model.objective(tiny.images(8, shape=shape), training=False)
    assert all(np.isfinite(float(v)) for v in losses.values()) or config.learning_rate, losses
    images = model.sample(2, seed=0)
    assert images.shape == (2, *shape) and np.isfinite(images).all(), images
