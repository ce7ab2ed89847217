"""The numbers that define one model and its training."""

import dataclasses
import json
import reprlib
import textwrap

from wae_tf.arguments import check_choice, check_integer, check_integers, check_number, check_short
from wae_tf.costs import COSTS, PERCEPTUAL_COSTS, cost_terms
from wae_tf.divergences import ADVERSARIAL, KERNELS
from wae_tf.divergences.build import DIVERGENCES as SAMPLE_DIVERGENCES
from wae_tf.divergences.named_kernels import check_kernel_name
from wae_tf.models.build import MODELS
from wae_tf.models.vae import LIKELIHOODS
from wae_tf.models.wae import REG_WEIGHT_SCHEDULES, WITHOUT_DIVERGENCE
from wae_tf.networks.build import DECODERS, ENCODERS
from wae_tf.networks.heads import CODES
from wae_tf.pixels import check_pixel_range
from wae_tf.priors.named import PRIORS
from wae_tf.runtime.precision import PRECISIONS
from wae_tf.schedules import SCHEDULES

__all__ = ["WAEConfig"]

LR_SCHEDULES = (*SCHEDULES, "plateau")  # The last is a callback, `wae_tf.training.plateau`.
DIVERGENCES = (*SAMPLE_DIVERGENCES, *ADVERSARIAL)
# What a machine could hold or do; what it will is for the user to say.
_SIDE, _SOURCE_SIDE = range(1, 2**12 + 1), range(1, 2**16)
_WIDTH, _LAYERS, _CODE = 2**14, 2**7, 2**16
_IMAGES, _BATCH, _EPOCHS = 10**9, 10**6, 10**6


def _field(default, text, *, choices=(), **rule):
    """Describes a field: help, in which `{}` are the choices, and its rule.

    The rule is what `_CHECKS` takes for the field's type beside name and value; or `check`, a
    function of the value that states it elsewhere. Integers are at least 1 unless it says more.
    """
    if choices and "check" not in rule:
        rule["choices"] = tuple(choices)
    if "highest" in rule:
        rule = {"lowest": 1, **rule}
    return dataclasses.field(
        default=default, metadata={"help": text.format(", ".join(choices)), "rule": rule}
    )


def _check_flag(name, value):
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be True or False. Received: {name}={value!r}")
    return value


_CHECKS = {
    bool: _check_flag,
    int: check_integer,
    float: check_number,
    str: check_choice,
    tuple: check_integers,
    tuple | None: check_integers,
}


def _documented(cls):
    """Adds to the docstring of a dataclass what the help of each field says."""
    lines = [
        textwrap.fill(
            f"{field.name}: {field.metadata['help']} Default: {field.default!r}.",
            width=92,
            initial_indent=" " * 8,
            subsequent_indent=" " * 12,
        )
        for field in dataclasses.fields(cls)
    ]
    if cls.__doc__:  # Which `python -OO` takes out.
        attributes = "\n".join(["Attributes:", *lines])
        cls.__doc__ = cls.__doc__.replace("Raises:", f"{attributes}\n\n    Raises:", 1)
    return cls


@_documented
@dataclasses.dataclass(frozen=True, kw_only=True)
class WAEConfig:
    """Plain values that fix a model and its training; defaults are the paper's on MNIST.

    Each field is also a flag of `wae-train`. `dataclasses.replace` changes a copy. Values are
    checked one by one; what they mean together, `build_model` checks.

    Raises:
        ValueError: A value is of another type, or out of its range.

    Example:
        >>> config = WAEConfig(divergence="gan", latent_dim=2)
        >>> WAEConfig.from_json(config.to_json()) == config
        True
    """

    # Data.
    image_shape: tuple = _field(
        (28, 28, 1),
        "Height, width and channels (1 or 3) of an image.",
        form=f"(height, width, channels), 1 to {_SIDE[-1]} a side, 1 (grey) or 3 (RGB) channels",
        parts=(_SIDE, _SIDE, (1, 3)),
    )
    crop: tuple | None = _field(
        None,
        "Height and width of the centre that is cut out first.",
        form=f"(height, width), from 1 to {_SOURCE_SIDE[-1]}, or None",
        parts=(_SOURCE_SIDE, _SOURCE_SIDE),
    )
    horizontal_flip: bool = _field(False, "Whether training mirrors half of the images.")
    max_shift: int = _field(
        0, "Most pixels by which training moves images, each way.", lowest=0, highest=_SIDE[-1]
    )
    pixel_range: tuple = _field(
        (0.0, 1.0),
        "Range inside the model: 0,1 (sigmoid decoder) or -1,1 (tanh).",
        check=check_pixel_range,
    )
    # Objective, Eq. (4).
    model: str = _field("wae", "Objective: one of {}.", choices=MODELS)
    divergence: str = _field("mmd", "D_Z in Eq. (4): one of {}.", choices=DIVERGENCES)
    kernel: str = _field(
        "imq",
        "Kernel of the MMD: of {}; + joins several.",
        choices=KERNELS,
        check=check_kernel_name,
    )
    reg_weight: float = _field(
        10.0,
        "lambda in Eq. (4), on the cost as scaled by cost_scale. Positive.",
        why=WITHOUT_DIVERGENCE,
    )
    reg_weight_schedule: str = _field(
        "constant", "How lambda changes: one of {}.", choices=REG_WEIGHT_SCHEDULES
    )
    num_images: int = _field(
        60_000, "Training images, which MMD++ must know the number of.", lowest=2, highest=_IMAGES
    )
    log_variance_weight: float = _field(
        0.0, "Factor on the L1 penalty on a Gaussian encoder's log variances.", lowest=0.0
    )
    cost: str = _field(
        "squared_error",
        "c in Eq. (4): one of {}; or several with factors, such as "
        "squared_error+0.5*focal_frequency.",
        choices=(*COSTS, *PERCEPTUAL_COSTS),
        check=cost_terms,
    )
    cost_scale: float = _field(
        1.0, "Factor on the cost; the authors' code has 0.05, unsaid in the paper."
    )
    critic_weight: float = _field(
        0.0,
        "Gradient of a critic of images, as a multiple of that of the cost; 0: no critic.",
        lowest=0.0,
    )
    likelihood: str = _field("fixed", "Pixels of a VAE: one of {}.", choices=LIKELIHOODS)
    pixel_stddev: float = _field(
        1.0, "Standard deviation of a VAE's pixels, at first if learned; in units of pixel_range."
    )
    beta: float = _field(1.0, "Factor on the KL of a VAE.")
    prior: str = _field("normal", "P_Z: one of {}.", choices=(*PRIORS, "vamp"))
    prior_stddev: float = _field(1.0, "Standard deviation of the normal or mixture prior.")
    prior_components: int = _field(10, "Components of the mixture or vamp prior.", highest=_CODE)
    latent_dim: int = _field(8, "Dimension of the codes.", highest=_CODE)
    prior_log_prob: bool = _field(
        False, "Whether the prior's log density is added to the discriminator's logits."
    )
    # Networks.
    codes: str = _field("deterministic", "The encoder's codes: one of {}.", choices=CODES)
    encoder: str = _field("dcgan", "Architecture: one of {}.", choices=ENCODERS)
    encoder_width: int = _field(1024, "Filters of the encoder's widest layer.", highest=_WIDTH)
    encoder_layers: int = _field(
        4, "Layers of the encoder before its last, dense one.", highest=_LAYERS
    )
    decoder: str = _field("dcgan_mod", "Architecture: one of {}.", choices=DECODERS)
    decoder_width: int = _field(1024, "Filters of the decoder's widest layer.", highest=_WIDTH)
    decoder_layers: int = _field(3, "Transposed convolutions of the decoder.", highest=_LAYERS)
    kernel_size: int = _field(4, "Height and width of convolution filters.", highest=128)
    decoder_kernel_size: int = _field(
        0, "The same in the decoder; 0: kernel_size.", lowest=0, highest=128
    )
    input_noise_stddev: float = _field(
        0.01,
        "Noise that training adds to the encoder's input, in units of pixel_range.",
        lowest=0.0,
    )
    discriminator_width: int = _field(
        512, "Units of the discriminator's hidden layers.", highest=_WIDTH
    )
    discriminator_layers: int = _field(4, "Hidden layers of the discriminator.", highest=_LAYERS)
    critic_width: int = _field(48, "Filters of the critic's first layer.", highest=_WIDTH // 4)
    critic_layers: int = _field(
        3,
        "Convolutions of stride 2 in the critic: 3 judge patches of 38 pixels a side, 2 of 18.",
        highest=_LAYERS,
    )
    # Training.
    learning_rate: float = _field(1e-3, "Adam's rate for encoder and decoder.")
    discriminator_learning_rate: float = _field(5e-4, "Adam's rate for the discriminator.")
    critic_learning_rate: float = _field(4e-4, "Adam's rate for the critic.")
    critic_start: int = _field(
        0, "Epochs of training before the critic begins.", lowest=0, highest=_EPOCHS
    )
    adam_beta_1: float = _field(0.5, "Adam's decay of the first moment.", lowest=0.0, below=1.0)
    ema: float = _field(
        0.0,
        "Momentum, a step, of the moving average of the weights that is kept in the end, "
        "such as 0.999; 0: none.",
        lowest=0.0,
        below=1.0,
    )
    lr_schedule: str = _field("manual", "One of {}; see wae_tf.schedules.", choices=LR_SCHEDULES)
    lr_decay_epochs: float = _field(50.0, "Epochs in which 'exponential' falls to a tenth.")
    pretrain_encoder: bool = _field(
        False, "Whether the encoder first matches the prior's mean and covariance."
    )
    pretrain_batch_size: int = _field(
        1000, "Images in a step of that; at least 2.", lowest=2, highest=_BATCH
    )
    match_moments: bool = _field(
        False, "Whether codes get the prior's mean and covariance in the end; without 'gan'."
    )
    batch_size: int = _field(
        100, "Images in a training step; at least 2.", lowest=2, highest=_BATCH
    )
    epochs: int = _field(100, "Passes through the training images.", highest=_EPOCHS)
    precision: str = _field(
        "auto",
        "Compute type of the networks in training: one of {}. auto is mixed_bfloat16 where the "
        "machine is faster in bfloat16, else float32.",
        choices=PRECISIONS,
    )
    seed: int = _field(
        0, "Fixes initial weights, order of images and noise.", lowest=0, highest=2**31 - 1
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            name, value = field.name, getattr(self, field.name)
            rule = field.metadata["rule"]
            if value is None and field.default is None:
                continue
            if "check" in rule:
                checked = rule["check"](value)
                value = value if field.type is str else checked
            else:
                value = _CHECKS[field.type](name, value, **rule)
            object.__setattr__(self, name, value)

    def to_dict(self):
        """Returns the fields as JSON's types."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    def to_json(self):
        """Returns the fields as JSON text."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values):
        """Makes a config from a dict, such as `to_dict` returns.

        Raises:
            ValueError: A key is no field of a config, or a value is out of its range.
        """
        if not isinstance(values, dict):
            raise ValueError(
                f"A config must be a dict, in JSON an object. Received: {reprlib.repr(values)}"
            )
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(
                f"A config has the fields {sorted(known)}; a newer version of wae_tf may have "
                f"more. Received: unknown fields {reprlib.repr(unknown)}"
            )
        for name, value in values.items():
            check_short(name, value)
        return cls(**values)

    @classmethod
    def from_json(cls, text):
        """Makes a config from JSON text, such as `to_json` returns."""
        return cls.from_dict(json.loads(text))
