"""The last layer of a classifier, apart from the network before it."""

import dataclasses

import numpy as np

__all__ = ["Head"]


@dataclasses.dataclass(frozen=True, eq=False)
class Head:
    """A dense layer from features to logits, in NumPy: `features @ kernel + bias`.

    Attributes:
        kernel: Shape `(dim, classes)`.
        bias: Shape `(classes,)`.
        class_names: What each class is called.

    Raises:
        ValueError: The numbers of classes differ.
    """

    kernel: np.ndarray
    bias: np.ndarray
    class_names: tuple[str, ...]

    def __post_init__(self):
        shapes = {np.shape(self.kernel)[1:], np.shape(self.bias), (len(self.class_names),)}
        if len(shapes) > 1:
            raise ValueError(
                "`kernel`, `bias` and `class_names` must be of as many classes. Received: shapes "
                f"{np.shape(self.kernel)}, {np.shape(self.bias)}, {len(self.class_names)} names"
            )

    def __call__(self, features):
        """Returns logits, shape `(n, classes)`, of features, shape `(n, dim)`."""
        features = np.asarray(features)
        if features.ndim != 2 or features.shape[1] != len(self.kernel):
            raise ValueError(
                f"`features` must have shape (n, {len(self.kernel)}), as this classifier's "
                f"extractor returns them. Received: shape={features.shape}"
            )
        return features @ self.kernel + self.bias
