"""What makes a trained run a zoo entry with numbers, sampler and card."""

import warnings

from wae_tf import cards, features, files, samplers, zoo
from wae_tf.cards.card_findings import not_recommended
from wae_tf.cards.model_card import CARD
from wae_tf.cards.record import record
from wae_tf.evaluation import evaluate
from wae_tf.features.inception import cached_weights

__all__ = ["complete"]

_SEEDS = 3
_COMPONENTS = 10  # Of the mixture, as in the zoo.
_CODES_PER_DIMENSION = 10  # For each component, whose covariance must be estimated.
_FEW_HELD_OUT = 1000
_NAMES = {"WAEMMD": "WAE-MMD", "WAEGAN": "WAE-GAN", "AE": "auto-encoder"}
_LICENCE = (
    "Yours to decide, within the terms of the images: the authors of wae_tf claim nothing in "
    "these weights. The code that made them is under Apache-2.0."
)


def complete(workdir, images, *, sources, verbose="auto"):
    """Measures a trained run, fits its sampler, and writes its card.

    What is done already is left alone. Nothing is downloaded: FID and KID are measured where
    the weights of Inception-v3 lie on this machine. A metric that fails, or a whole
    evaluation, is named in the card and costs nothing else. A disk that fails ends it: called
    again, it goes on from there.

    Args:
        workdir: Path of the run, an entry that `wae_tf.training.train` has written.
        images: `OwnImages`.
        sources: Where the config's values come from: a text for each field.
        verbose: 0 prints nothing.

    Returns:
        The model as `wae_tf.load(workdir)` returns it.

    Raises:
        OSError: The disk is full, or gone.
    """
    say = print if verbose else (lambda line: None)
    model, entry = zoo.load(workdir), zoo.read_entry(workdir)
    if "description" in entry and (workdir / CARD).is_file():
        return model
    config = zoo.load_config(workdir)
    train = images.train(config, workdir)
    if "gmm" not in model.samplers:
        _fit(model, train, say, "auto" if verbose else False)
        zoo.save_samplers(workdir, model)
    limits = _limits(images.facts, entry)
    if images.facts.test_split is not None:
        test = images.test(config, workdir)
        for kind in ("prior", "gmm"):
            if kind not in entry.get("evaluation", {}):
                errors = _measure(workdir, images, model, kind, train, *test, verbose)
                limits += [f"Not measured: {what} ({why})." for what, why in errors.items()]
        if cached_weights() is None:
            say(
                "Without FID and KID: the weights of Inception-v3 are not on this machine. Where "
                "they can be downloaded, `wae-evaluate --features=inception --record` adds the two"
            )
    name = type(model).__name__
    zoo.update_entry(
        workdir,
        description=f"{_NAMES.get(name, name)} of a user's own images",
        sources=sources,
        provenance={
            **entry["provenance"],
            "data": _data(images.facts, entry),
            "license": _LICENCE,
        },
        limits=limits,
    )
    say(f"Wrote the card, {cards.write_card(workdir)}")
    if reasons := not_recommended(zoo.read_entry(workdir)):
        say(f"{reasons.strip('*')} What to do is in the card, under Findings.")
    return model


def _fit(model, train, say, verbose):
    """Fits a mixture of as many Gaussians as the codes are enough for."""
    enough = len(train) // (_CODES_PER_DIMENSION * model.latent_dim)
    components = min(max(enough, 1), _COMPONENTS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        sampler = samplers.fit(model, train, kind="gmm", components=components, verbose=verbose)
    for text in [f"Fitted {sampler}", *(str(warning.message) for warning in caught)]:
        say(text)


def _measure(workdir, images, model, kind, train, held_out, labels, verbose):
    """Evaluates samples of one kind into the entry, and returns what failed, with the reason."""
    if verbose:
        print(f"Measuring samples of {kind!r} next to {len(held_out):,} held-out images")
    try:
        results = evaluate(
            model,
            held_out,
            train=train,
            labels=labels,
            sampler=kind,
            features=_network(),
            seeds=_SEEDS,
            history=workdir / "history.csv",
            output=workdir / "report" / kind,
            name=workdir.name,
            verbose=bool(verbose),
        )
    except Exception as error:
        if isinstance(error, OSError) or files.full(error):
            raise
        return {f"samples of {kind}": f"{type(error).__name__}: {error}"}
    command = images.evaluate_command(workdir.name, sampler=kind, seeds=_SEEDS)
    record(workdir, {**results, "errors": {}}, command, workdir / "report" / kind / "pictures")
    return results["errors"]


def _network():
    """Returns the extractor of Inception-v3 where its weights are on this machine, or None."""
    path = cached_weights()
    return None if path is None else features.extractor("inception", weights_path=path)


def _data(facts, entry):
    """Says what the model saw, without saying where on a machine it lay."""
    provenance = entry["provenance"]
    text = (
        f"{facts.name}, {provenance['training_images']:,} images, SHA-256 of their pixels "
        f"{provenance['training_data_sha256'][:16]}..."
    )
    if facts.test_split is None:
        return f"{text}; none held out"
    return (
        f"{text}; results on {entry['results']['test_images']:,} others, held out {facts.division}"
    )


def _limits(facts, entry):
    limits = ["One training, with settings that rules chose for these images and this machine."]
    if facts.test_split is None:
        return [*limits, "No images were held out, so nothing was measured."]
    if facts.hashed:
        limits.append(
            "Images were held out by a hash of their names: a picture that is there under two "
            "names may be on both sides."
        )
    held_out = entry["results"]["test_images"]
    if held_out < _FEW_HELD_OUT:
        limits.append(
            f"Numbers of {held_out:,} held-out images are rough: compare each with its floor, the "
            "same number of as many real images."
        )
    return limits
