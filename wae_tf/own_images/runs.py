"""From a folder of images to a trained model, its numbers and its card."""

from wae_tf import training, zoo
from wae_tf.own_images import printing
from wae_tf.own_images.choosing import GIVEN, settle, with_given
from wae_tf.own_images.completion import complete
from wae_tf.own_images.machine import this_machine
from wae_tf.own_images.parts import OwnImages
from wae_tf.own_images.rules import precision_of
from wae_tf.runtime.requirements import need
from wae_tf.training import run_files
from wae_tf.training.alone import alone_in_workdir
from wae_tf.training.distribution import check_one_worker

__all__ = ["train"]


@alone_in_workdir
def train(
    source,
    workdir,
    *,
    image_size=None,
    config="image_folder",
    init_from=None,
    split=None,
    test_split=None,
    data_dir=None,
    download=False,
    cache="auto",
    jit_compile="auto",
    verbose="auto",
    distribute="auto",
    stop_on_failure=False,
    **given,
):
    """Chooses a config for images, trains and measures it, and writes a zoo entry with a card.

    Called again with the same arguments it goes on where it stopped, with the config that it
    chose the first time, whatever the machine looks like now. `workdir` gets what
    `wae_tf.training.train` writes, the reasons for the config, a Gaussian mixture fitted to
    the codes (`model.sample(16, sampler="gmm")`), `report/`, and the card, `README.md`.

    Args:
        source: As in `choose`, like `image_size`, `config`, `init_from`, `split`,
            `test_split`, `data_dir`, `download` and `given`. The name of a folder that is
            there stands for the folder, even without a slash.
        workdir: Directory of this run; made if it is not there.
        cache: As in `wae_tf.training.train`, like `jit_compile`.
        verbose: As in `keras.Model.fit`; 0 prints nothing at all.
        distribute: As in `wae_tf.training.train`, on one machine.
        stop_on_failure: As in `wae_tf.training.train`.

    Returns:
        The trained model as `wae_tf.load(workdir)` returns it, with its sampler.

    Raises:
        ValueError: As in `choose` and `wae_tf.training.train`.
        FileNotFoundError: `source` is not there.
        FloatingPointError: The loss became NaN or infinite, or a finding ended the run.
        ImportError: The extras `evaluate` or `plots` are missing, which what follows the training
            needs.

    Example:
        >>> model = wae_tf.own_images.train("photos", "runs/photos", image_size=16, epochs=1)
        >>> model.sample(16, seed=0, sampler="gmm").shape
        (16, 16, 16, 3)
    """
    check_one_worker(distribute)
    images = OwnImages(source, split, test_split, data_dir=data_dir, download=download, cache=cache)
    _need_extras(measured=images.facts.test_split is not None)
    say = print if verbose else (lambda line: None)
    say(images.facts)
    chosen, reasons = _settled(workdir, images, image_size, given, config, init_from, say)
    for line in printing.table(chosen, reasons):
        say(line)
    say(printing.duration(images.facts, this_machine(), chosen))
    training.train(
        chosen,
        images.source,
        workdir,
        split=images.facts.split,
        test_split=images.facts.test_split,
        data_dir=data_dir,
        download=download,
        cache=cache,
        jit_compile=jit_compile,
        verbose=verbose,
        provenance={"command": images.train_command(config, init_from, chosen, reasons)},
        init_from=init_from,
        distribute=distribute,
        stop_on_failure=stop_on_failure,
    )
    sources = {**zoo.read_entry(config).get("sources", {}), **reasons}
    return complete(workdir, images, sources=sources, verbose=verbose)


def _need_extras(measured):
    """Imports what is needed after the training, so that its lack does not show then."""
    need("sklearn.mixture", "The sampler that is fitted when the training is over")
    if measured:
        need("scipy.stats", "The evaluation that follows the training")
        need("matplotlib", "The report that follows the training")


def _settled(workdir, images, image_size, given, config, init_from, say):
    """Returns the config and its reasons: those that this run began with, if it did."""
    begun = run_files.stored_config(workdir)
    if begun is not None:
        say(f"{workdir} goes on with the config that it began with:")
        reasons = run_files.stored_reasons(workdir)
        if reasons.get("precision", GIVEN) != GIVEN and (
            note := run_files.precision_note(begun.precision, precision_of(this_machine()))
        ):
            say(note)
        return with_given(begun, image_size, given), reasons
    chosen, reasons = settle(
        images.facts, this_machine(), image_size, given, config=config, init_from=init_from
    )
    run_files.write_reasons(workdir, reasons)
    return chosen, reasons
