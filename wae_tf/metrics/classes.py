"""Which classes there are among samples, as a classifier sees it."""

import numpy as np

from wae_tf.metrics.inputs import check_same_dim, feature_array

__all__ = ["class_coverage", "class_shares"]


def class_shares(logits):
    """Returns the share of each class among images: each counts for its largest logit.

    Args:
        logits: Array, shape `(n, classes)`, data set or iterator of such batches, from any
            classifier; of several equal logits the first counts.

    Returns:
        Float array, shape `(classes,)`, in [0, 1], with sum 1.

    Raises:
        ValueError: There are none, they are not finite, or of fewer than two classes.

    Example:
        >>> extract = wae_tf.features.extractor("lenet")
        >>> class_shares(extract.logits(extract(samples)))  # Ten shares.
    """
    return _shares(logits, "logits")


def class_coverage(logits_real, logits_fake):
    """Compares the classes of fakes with those of real images.

    - `classes_found`: classes with at least one fake;
    - `rarest_class_share`: share of fakes in their rarest class;
    - `class_distance`: total variation `sum(abs(p - q)) / 2` between the shares of classes,
      from 0 where they are equal to 1 where no class has both.

    A classifier errs, most where fakes look like nothing: a class that it finds once may be
    such an error. All depend on n: compare with two sets of real images of the same n.

    Args:
        logits_real: As in `class_shares`.
        logits_fake: The same, with as many classes; its n may differ.

    Returns:
        Dict of numbers: `classes_found`, `rarest_class_share`, `class_distance`.

    Raises:
        ValueError: As in `class_shares`, or the numbers of classes differ.

    Example:
        A model of one digit alone has 1, 0.0, and about 0.9:
        >>> class_coverage(extract.logits(extract(digits)), extract.logits(extract(samples)))
    """
    real, fake = _shares(logits_real, "logits_real"), _shares(logits_fake, "logits_fake")
    check_same_dim(real, fake, ("logits_real", "logits_fake"))
    return {
        "classes_found": int(np.sum(fake > 0.0)),
        "rarest_class_share": float(fake.min()),
        "class_distance": float(np.sum(np.abs(fake - real)) / 2.0),
    }


def _shares(logits, name):
    logits = feature_array(logits, name, at_least=1, purpose="shares of classes")
    classes = logits.shape[1]
    if classes < 2:
        raise ValueError(
            f"`{name}` must have at least two classes: from one logit x of two classes, make "
            f"`[0, x]`. Received: shape={logits.shape}"
        )
    return np.bincount(logits.argmax(axis=1), minlength=classes) / len(logits)
