"""What of a model goes into a file: functions of named tensors, without Keras around them."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from wae_tf.export import draws
from wae_tf.models import generation

__all__ = ["Part", "check_float32", "parts", "reconstruction", "signatures"]


class Part(NamedTuple):
    """A function to export.

    Args:
        function: Takes tensors by name, and returns a dict of tensors.
        inputs: Dict from name to `tf.TensorSpec`.
        networks: Keras models in it, whose layers an error can name.
    """

    function: Callable
    inputs: dict
    networks: tuple = ()

    def traced(self):
        """Returns a `tf.function` of the inputs in their order."""
        return tf.function(lambda *tensors: self.function(**dict(zip(self.inputs, tensors))))


def parts(model, names=("encoder", "decoder", "sampler")):
    """Returns the parts of a model by the name of their file.

    - `encoder`: `images`, float32 in [0, 1], to `codes`.
    - `decoder`: `codes` to `images`.
    - `sampler`: `normal`, `uniform` or both (see `wae_tf.export.draws`) to `codes`: one part
      for the prior, `sampler_prior`, and one for each fitted sampler, such as `sampler_gmm`.

    Raises:
        ValueError: A name is unknown, or the prior is no map of noise.
    """
    makers = {"encoder": _encoder, "decoder": _decoder, "sampler": _samplers}
    if not names or not set(names) <= set(makers):
        raise ValueError(f"`parts` must be among {list(makers)}. Received: parts={list(names)}")
    made = {}
    for name in names:
        found = makers[name](model)
        made |= found if name == "sampler" else {name: found}
    return made


def reconstruction(model, dtype=tf.float32):
    """Returns the part from `images` to `reconstructions`: ONNX wants two names."""
    return Part(
        lambda images: {"reconstructions": generation.reconstruct_batch(model, images)},
        {"images": tf.TensorSpec((None, *model.image_shape), dtype, "images")},
        (model.encoder, model.decoder),
    )


def signatures(model):
    """Returns all that a SavedModel does, by signature: see docs/serving.md."""
    found = {
        "serving_default": reconstruction(model),
        "reconstruct_uint8": reconstruction(model, tf.uint8),
        "encode": _encoder(model),
        "encode_uint8": _encoder(model, tf.uint8),
        "decode": _decoder(model),
        "sample": _sample(model, lambda n, seed: model.prior.sample(n, seed=tf.stack([seed, 0]))),
    }
    for name, sampler in model.samplers.items():
        found[f"sample_{name}"] = _sample(model, draws.seeded(sampler))
        found[f"sample_{name}_from_noise"] = _decoded(model, draws.of_sampler(sampler))
    return found


def check_float32(model, format):
    """Raises a ValueError if layers compute in less than float32, which few formats know."""
    found = (layer for network in (model.encoder, model.decoder) for layer in layers(network))
    low = [layer for layer in found if layer.compute_dtype in ("float16", "bfloat16")]
    if low:
        raise ValueError(
            f"format={format!r} takes models that compute in float32: load with "
            f"`precision='float32'`. Received: layer {low[0].name!r} in {low[0].compute_dtype}"
        )


def layers(network):
    """Yields the layers of a network, those of networks within it included."""
    for layer in getattr(network, "layers", ()):
        yield layer
        yield from layers(layer)


def _encoder(model, dtype=tf.float32):
    return Part(
        lambda images: {"codes": generation.encode_batch(model, images)},
        {"images": tf.TensorSpec((None, *model.image_shape), dtype, "images")},
        (model.encoder,),
    )


def _decoder(model):
    return Part(
        lambda codes: {"images": generation.decode_batch(model, codes)},
        {"codes": tf.TensorSpec((None, model.latent_dim), tf.float32, "codes")},
        (model.decoder,),
    )


def _samplers(model):
    maps = {"prior": draws.of_prior(model.prior)}
    maps |= {name: draws.of_sampler(sampler) for name, sampler in model.samplers.items()}
    return {f"sampler_{name}": _sampler(noise_map) for name, noise_map in maps.items()}


def _sampler(noise_map):
    return Part(lambda **draws: {"codes": noise_map.function(**draws)}, noise_map.inputs)


def _decoded(model, noise_map):
    return Part(
        lambda **draws: {"images": generation.decode_batch(model, noise_map.function(**draws))},
        noise_map.inputs,
        (model.decoder,),
    )


def _sample(model, draw):
    scalar = {name: tf.TensorSpec((), tf.int32, name) for name in ("n", "seed")}
    return Part(
        lambda n, seed: {"images": generation.decode_batch(model, draw(n, seed))},
        scalar,
        (model.decoder,),
    )
