"""The numbers that define one model and its training."""

import dataclasses
import json
import math
import textwrap

from wae_tf.combinations import check_combinations
from wae_tf.costs import COSTS, PERCEPTUAL_COSTS, cost_terms
from wae_tf.divergences.adversarial import ADVERSARIAL
from wae_tf.divergences.build import DIVERGENCES as SAMPLE_DIVERGENCES
from wae_tf.divergences.named_kernels import KERNELS
from wae_tf.models.vae import LIKELIHOODS
from wae_tf.models.wae import REG_WEIGHT_SCHEDULES
from wae_tf.networks.build import DECODERS, ENCODERS
from wae_tf.networks.heads import CODES
from wae_tf.precision import PRECISIONS
from wae_tf.priors.named import PRIORS, check_prior
from wae_tf.schedules import SCHEDULES

__all__ = ["WAEConfig"]

LR_SCHEDULES = (*SCHEDULES, "plateau")  # The last is a callback, `wae_tf.training.plateau`.
MODELS = ("wae", "vae", "ae")
DIVERGENCES = (*SAMPLE_DIVERGENCES, *ADVERSARIAL)
LOWEST = dict.fromkeys(("batch_size", "pretrain_batch_size", "num_images"), 2)  # Else 1.
LOWEST |= dict.fromkeys(("max_shift", "critic_start"), 0)


def _field(default, text):
    return dataclasses.field(default=default, metadata={"help": text})


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

    Each field is also a flag of `wae-train`. `dataclasses.replace` changes a copy.

    Raises:
        ValueError: A value is out of its range, or values do not fit each other.

    Example:
        >>> config = WAEConfig(divergence="gan", latent_dim=2)
        >>> WAEConfig.from_json(config.to_json()) == config
        True
    """

    # Data.
    image_shape: tuple = _field((28, 28, 1), "Height, width and channels (1 or 3) of an image.")
    crop: tuple | None = _field(None, "Height and width of the centre that is cut out first.")
    horizontal_flip: bool = _field(False, "Whether training mirrors half of the images.")
    max_shift: int = _field(0, "Pixels by which training moves images at most, along both axes.")
    pixel_range: tuple = _field(
        (0.0, 1.0), "Range inside the model: 0,1 (sigmoid decoder) or -1,1 (tanh)."
    )
    # Objective, Eq. (4).
    model: str = _field("wae", f"Objective: one of {', '.join(MODELS)}.")
    divergence: str = _field("mmd", f"D_Z in Eq. (4): one of {', '.join(DIVERGENCES)}.")
    kernel: str = _field("imq", f"Kernel of the MMD: of {', '.join(KERNELS)}; + joins several.")
    reg_weight: float = _field(
        10.0, "lambda in Eq. (4), on the cost as scaled by cost_scale. Positive."
    )
    reg_weight_schedule: str = _field(
        "constant", f"How lambda changes: one of {', '.join(REG_WEIGHT_SCHEDULES)}."
    )
    num_images: int = _field(60_000, "Training images, which MMD++ must know the number of.")
    log_variance_weight: float = _field(
        0.0, "Factor on the L1 penalty on a Gaussian encoder's log variances."
    )
    cost: str = _field(
        "squared_error",
        f"c in Eq. (4): one of {', '.join((*COSTS, *PERCEPTUAL_COSTS))}; or several with factors, "
        "such as squared_error+0.5*focal_frequency.",
    )
    cost_scale: float = _field(
        1.0, "Factor on the cost; the authors' code has 0.05, unsaid in the paper."
    )
    critic_weight: float = _field(
        0.0, "Gradient of a critic of images, as a multiple of that of the cost; 0: no critic."
    )
    likelihood: str = _field("fixed", f"Pixels of a VAE: one of {', '.join(LIKELIHOODS)}.")
    pixel_stddev: float = _field(
        1.0, "Standard deviation of a VAE's pixels, at first if learned; in units of pixel_range."
    )
    beta: float = _field(1.0, "Factor on the KL of a VAE.")
    prior: str = _field("normal", f"P_Z: one of {', '.join((*PRIORS, 'vamp'))}.")
    prior_stddev: float = _field(1.0, "Standard deviation of the normal or mixture prior.")
    prior_components: int = _field(10, "Components of the mixture or vamp prior.")
    latent_dim: int = _field(8, "Dimension of the codes.")
    prior_log_prob: bool = _field(
        False, "Whether the prior's log density is added to the discriminator's logits."
    )
    # Networks.
    codes: str = _field("deterministic", f"The encoder's codes: one of {', '.join(CODES)}.")
    encoder: str = _field("dcgan", f"Architecture: one of {', '.join(ENCODERS)}.")
    encoder_width: int = _field(1024, "Filters of the encoder's widest layer.")
    encoder_layers: int = _field(4, "Layers of the encoder before its last, dense one.")
    decoder: str = _field("dcgan_mod", f"Architecture: one of {', '.join(DECODERS)}.")
    decoder_width: int = _field(1024, "Filters of the decoder's widest layer.")
    decoder_layers: int = _field(3, "Transposed convolutions of the decoder.")
    kernel_size: int = _field(4, "Height and width of convolution filters.")
    input_noise_stddev: float = _field(
        0.01, "Noise that training adds to the encoder's input, in units of pixel_range."
    )
    discriminator_width: int = _field(512, "Units of the discriminator's hidden layers.")
    discriminator_layers: int = _field(4, "Hidden layers of the discriminator.")
    critic_width: int = _field(48, "Filters of the critic's first layer.")
    critic_layers: int = _field(
        3, "Convolutions of stride 2 in the critic: 3 judge patches of 38 pixels a side, 2 of 18."
    )
    # Training.
    learning_rate: float = _field(1e-3, "Adam's rate for encoder and decoder.")
    discriminator_learning_rate: float = _field(5e-4, "Adam's rate for the discriminator.")
    critic_learning_rate: float = _field(4e-4, "Adam's rate for the critic.")
    critic_start: int = _field(0, "Epochs of training before the critic begins.")
    adam_beta_1: float = _field(0.5, "Adam's decay of the first moment.")
    lr_schedule: str = _field("manual", f"One of {', '.join(LR_SCHEDULES)}; see wae_tf.schedules.")
    lr_decay_epochs: float = _field(50.0, "Epochs in which 'exponential' falls to a tenth.")
    pretrain_encoder: bool = _field(
        False, "Whether the encoder first matches the prior's mean and covariance."
    )
    pretrain_batch_size: int = _field(1000, "Images in a step of that; at least 2.")
    batch_size: int = _field(100, "Images in a training step; at least 2.")
    epochs: int = _field(100, "Passes through the training images.")
    precision: str = _field(
        "auto",
        f"Compute type of the networks in training: one of {', '.join(PRECISIONS)}. auto is "
        "mixed_bfloat16 where the machine computes in bfloat16, else float32.",
    )
    seed: int = _field(0, "Fixes initial weights, order of images and noise.")

    def __post_init__(self):
        for field in dataclasses.fields(self):
            self._check_type(field)
        self._check_ranges()
        cost_terms(self.cost)
        for name, value, choices in (
            ("model", self.model, MODELS),
            ("divergence", self.divergence, DIVERGENCES),
            *(("kernel", part, KERNELS) for part in self.kernel.split("+")),
            ("reg_weight_schedule", self.reg_weight_schedule, REG_WEIGHT_SCHEDULES),
            ("likelihood", self.likelihood, LIKELIHOODS),
            ("prior", self.prior, (*PRIORS, "vamp")),
            ("codes", self.codes, CODES),
            ("encoder", self.encoder, ENCODERS),
            ("decoder", self.decoder, DECODERS),
            ("lr_schedule", self.lr_schedule, LR_SCHEDULES),
            ("precision", self.precision, PRECISIONS),
            ("pixel_range", self.pixel_range, ((0.0, 1.0), (-1.0, 1.0))),
        ):
            if value not in choices:
                raise ValueError(
                    f"`{name}` must be one of {list(choices)}. Received: {name}={value!r}"
                )
        if self.prior == "vamp":
            check_prior("normal", self.latent_dim, self.prior_stddev)
        else:
            check_prior(self.prior, self.latent_dim, self.prior_stddev)
        check_combinations(self)

    def _check_type(self, field):
        """Accepts JSON's types, and stores lists as tuples, integers as floats where due."""
        value, kind = getattr(self, field.name), getattr(field.type, "__name__", None)
        if field.type in (tuple, tuple | None):
            if value is None and field.type is not tuple:
                return
            number = float if field.name == "pixel_range" else int
            kind = f"list[{number.__name__}]"
            ok = isinstance(value, (list, tuple)) and all(
                isinstance(v, (int, number)) and not isinstance(v, bool) for v in value
            )
            value = tuple(number(v) for v in value) if ok else value
        elif field.type is float:
            ok = isinstance(value, (int, float)) and not isinstance(value, bool)
            value = float(value) if ok else value
        elif field.type is int:
            ok = isinstance(value, int) and not isinstance(value, bool)
        else:
            ok = isinstance(value, field.type)
        if not ok:
            raise ValueError(
                f"`{field.name}` must be of type {kind}. Received: {field.name}={value!r}"
            )
        object.__setattr__(self, field.name, value)

    def _check_ranges(self):
        if len(self.image_shape) != 3 or min(self.image_shape[:2]) < 1:
            raise ValueError(
                "`image_shape` must be (height, width, channels), all positive. "
                f"Received: image_shape={self.image_shape}"
            )
        if self.image_shape[2] not in (1, 3):
            raise ValueError(
                "`image_shape` must have 1 (grey) or 3 (RGB) channels. "
                f"Received: image_shape={self.image_shape}"
            )
        if self.max_shift >= min(self.image_shape[:2]):
            raise ValueError(
                "`max_shift` must be smaller than height and width of `image_shape`. "
                f"Received: max_shift={self.max_shift}, image_shape={self.image_shape}"
            )
        if self.crop is not None and (len(self.crop) != 2 or min(self.crop) < 1):
            raise ValueError(f"`crop` must be (height, width). Received: crop={self.crop}")
        if not (math.isfinite(self.reg_weight) and self.reg_weight > 0):
            raise ValueError(
                "`reg_weight` must be positive: at 0 nothing ties Q_Z to the prior, so samples "
                f"are noise. Received: reg_weight={self.reg_weight}"
            )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is int and field.name != "seed":
                lowest = LOWEST.get(field.name, 1)
                if value < lowest:
                    raise ValueError(
                        f"`{field.name}` must be at least {lowest}. Received: {field.name}={value}"
                    )
        for name in (
            "cost_scale",
            "learning_rate",
            "discriminator_learning_rate",
            "critic_learning_rate",
            "lr_decay_epochs",
            "pixel_stddev",
            "beta",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"`{name}` must be positive. Received: {name}={value}")
        if not 0 <= self.adam_beta_1 < 1:
            raise ValueError(
                f"`adam_beta_1` must be in [0, 1). Received: adam_beta_1={self.adam_beta_1}"
            )
        if not 0 <= self.seed < 2**31:
            raise ValueError(f"`seed` must be in [0, 2**31). Received: seed={self.seed}")
        for name in ("input_noise_stddev", "log_variance_weight", "critic_weight"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"`{name}` must not be negative. Received: {name}={value}")

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
            raise ValueError(f"A config must be a dict, in JSON an object. Received: {values!r}")
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(
                f"A config has the fields {sorted(known)}; a newer version of wae_tf may have "
                f"more. Received: unknown fields {unknown}"
            )
        return cls(**values)

    @classmethod
    def from_json(cls, text):
        """Makes a config from JSON text, such as `to_json` returns."""
        return cls.from_dict(json.loads(text))
