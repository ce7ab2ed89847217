"""Networks of the classifiers: images to a layer `"features"`, and from it to logits."""

import keras

__all__ = ["build_convnet", "build_lenet"]


def build_lenet(*, filters=(32, 64), kernel_size=5, features=128, classes=10, dropout=0.4, seed=0):
    """Builds an untrained classifier after LeNet-5 ([1], Fig. 2), wider and with ReLU.

    Convolution and max-pooling for each of `filters`, a dense layer of `features` with
    ReLU, named `"features"`, and a dense layer of logits.

    Args:
        filters: Filters of each convolution.
        kernel_size: Height and width of the convolutions.
        features: Width of the layer of that name.
        classes: Number of logits.
        dropout: Share of features that training leaves out.
        seed: Integer that fixes the initial weights.

    Returns:
        Keras model, images `(n, 28, 28, 1)`, floats in [0, 1], to logits `(n, classes)`.

    [1] LeCun et al., *Gradient-Based Learning Applied to Document Recognition*, 1998.
    """

    def initializer(layer):
        return keras.initializers.HeUniform(seed=seed * 100 + layer)

    model = keras.Sequential([keras.Input((28, 28, 1))], name="lenet")
    for i, width in enumerate(filters):
        model.add(
            keras.layers.Conv2D(
                width, kernel_size, activation="relu", kernel_initializer=initializer(i)
            )
        )
        model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.Flatten())
    model.add(
        keras.layers.Dense(
            features,
            activation="relu",
            kernel_initializer=initializer(len(filters)),
            name="features",
        )
    )
    model.add(keras.layers.Dropout(dropout, seed=seed))
    model.add(
        keras.layers.Dense(classes, kernel_initializer=initializer(len(filters) + 1), name="logits")
    )
    return model


def build_convnet(*, filters=((32,), (48,), (64, 96), (128, 128)), classes=10, seed=0):
    """Builds an untrained classifier of 3x3 convolutions with batch normalisation and ReLU.

    Each tuple of `filters` is a stage of one resolution, with the widths of its convolutions;
    max-pooling halves the resolution between stages. The mean over the last stage's pixels
    is the layer `"features"`, as wide as its last convolution, and a dense layer of logits
    follows.

    Args:
        filters: Tuples of integers, as above.
        classes: Number of logits.
        seed: Integer that fixes the initial weights.

    Returns:
        Keras model, images `(n, 32, 32, 3)`, floats in [0, 1], to logits `(n, classes)`.
    """
    model = keras.Sequential([keras.Input((32, 32, 3))], name="convnet")
    model.add(keras.layers.Rescaling(4.0, offset=-2.0))  # Photographs: mean 0, variance 1, about.
    widths = [(width, stage) for stage, widths in enumerate(filters) for width in widths]
    for i, (width, stage) in enumerate(widths):
        initializer = keras.initializers.HeNormal(seed=seed * 100 + i)
        model.add(
            keras.layers.Conv2D(
                width, 3, padding="same", use_bias=False, kernel_initializer=initializer
            )
        )
        if i + 1 < len(widths) and widths[i + 1][1] != stage:
            model.add(keras.layers.MaxPooling2D())  # Before what follows, to save its time.
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.ReLU())
    model.add(keras.layers.GlobalAveragePooling2D(name="features"))
    initializer = keras.initializers.GlorotUniform(seed=seed * 100 + len(widths))
    model.add(keras.layers.Dense(classes, kernel_initializer=initializer, name="logits"))
    return model
