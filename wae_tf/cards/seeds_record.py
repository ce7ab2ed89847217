"""How far trainings of one config with different seeds differ, kept in its zoo entry."""

from wae_tf import zoo
from wae_tf.cards.record import metrics_of, rounded

__all__ = ["check_other_seed", "record_other_seed"]


def record_other_seed(name_or_directory, run, results):
    """Writes what `wae_tf.evaluate` returned for another training into a model's zoo entry.

    The entry's `other_seeds` has one part for each seed, a dict from metric to value; those
    of other seeds stay. `wae_tf.cards.write_card` shows them beside the entry's own.

    Args:
        name_or_directory: Zoo entry, whose `evaluation` of the prior was recorded.
        run: Entry of the other training: same config but for the seed, same images.
        results: What `wae_tf.evaluate` returned for `run`, measured as the entry was.

    Raises:
        ValueError: The trainings or the measurements differ in more than the seed, or a metric
            failed.

    Example:
        >>> results = wae_tf.evaluate(wae_tf.load("runs/seed1"), images, seeds=3)
        >>> record_other_seed("mnist_wae_mmd_2d", "runs/seed1", results)
    """
    check_other_seed(name_or_directory, run, results["sampler"]["kind"], results["seeds"])
    entry, other = zoo.read_entry(name_or_directory), zoo.read_entry(run)
    metrics, own = metrics_of(results), entry["evaluation"]["prior"]
    asked = {
        "training images": [
            e.get("provenance", {}).get("training_data_sha256") for e in (entry, other)
        ],
        "images": [own["data_sha256"], results["data"]["sha256"]],
        "n": [own["n"], results["n"]],
        "features": [own["features"], results["features"]],
    }
    if different := {name: pair for name, pair in asked.items() if pair[0] != pair[1]}:
        raise ValueError(
            "The other training must have seen the same images, and be measured as the entry was. "
            f"Received: entry and other differ in {different}"
        )
    values = rounded({name: metric["value"] for name, metric in metrics.items()})
    others = {**entry.get("other_seeds", {}), str(other["config"]["seed"]): values}
    in_order = {seed: others[seed] for seed in sorted(others, key=int)}
    zoo.update_entry(name_or_directory, other_seeds=in_order)


def check_other_seed(name_or_directory, run, sampler, seeds):
    """Checks, before anything is measured, that an entry and a run will compare.

    Args:
        name_or_directory, run: As in `record_other_seed`.
        sampler: What samples will be drawn from.
        seeds: List of their seeds.

    Raises:
        ValueError: Configs differ in more than `seed`, or in nothing; or samples will not be
            from the prior, with the seeds of the entry's evaluation of it.
    """
    own, other = (zoo.load_config(name).to_dict() for name in (name_or_directory, run))
    if own["seed"] == other["seed"]:
        raise ValueError(
            "The other training must have another seed than the entry. "
            f"Received: seed {own['seed']} in both"
        )
    different = [name for name in own if name != "seed" and own[name] != other[name]]
    if different:
        raise ValueError(
            "The other training must have the config of the entry, but for the seed. Received: "
            + ", ".join(f"{name}={other[name]!r} instead of {own[name]!r}" for name in different)
        )
    evaluation = zoo.read_entry(name_or_directory).get("evaluation", {})
    if sampler != "prior" or "prior" not in evaluation:
        raise ValueError(
            "Trainings are compared by samples from the prior, and the entry must have an "
            "evaluation of these: `wae-evaluate --record` writes it. Received: the sampler "
            f"{sampler!r}, and an entry with evaluations by {sorted(evaluation)}"
        )
    if seeds != evaluation["prior"]["seeds"]:
        raise ValueError(
            "Samples must be drawn with the seeds of the entry's evaluation, "
            f"{evaluation['prior']['seeds']}. Received: {seeds}"
        )
