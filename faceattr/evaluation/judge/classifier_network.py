"""The network and the loss of the attribute classifier: a small residual CNN on Keras alone."""

from typing import Any

import keras
from keras import layers, ops

FEATURES = 128
"""Length of the penultimate layer, which the realism distances compare images by."""

_MOMENTUM = 0.9  # a short training: the statistics must follow the weights
_DROPOUT = 0.2


def build_classifier(
    image_size: int, columns: int, seed: int, widths: tuple[int, ...] = (24, 48, 96, 160, 256)
) -> keras.Model:
    """Builds the classifier, untrained.

    A stem at the full size, where the frames of glasses are a pixel wide; then for each further
    width a stage of two 3x3 convolutions with a shortcut, at half the side of the one before it;
    then the mean over the map, `FEATURES` features, and a logit for each column.

    Args:
        image_size: int, side of the face crops, divisible by 2 ** (len(widths) - 1).
        columns: int, attributes that are told apart at once.
        seed: int, of the initial weights and of dropout.
        widths: channels of the stem and of each stage.

    Returns:
        a model from float32 [n, image_size, image_size, 3] in [-1, 1] to a dict of `logits`
        float32 [n, columns] and `features` float32 [n, FEATURES], not negative.
    """
    seeds = iter(range(seed * 1000, seed * 1000 + 1000))

    def conv(x: Any, filters: int, kernel_size: int, strides: int = 1) -> Any:
        return layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=next(seeds)),
        )(x)

    def normalized(x: Any) -> Any:
        return layers.BatchNormalization(momentum=_MOMENTUM)(x)

    images = keras.Input((image_size, image_size, 3))
    x = layers.ReLU()(normalized(conv(images, widths[0], 3)))
    for width in widths[1:]:
        inner = layers.ReLU()(normalized(conv(x, width, 3, strides=2)))
        inner = normalized(conv(inner, width, 3))
        shortcut = normalized(conv(layers.AveragePooling2D(2)(x), width, 1))
        x = layers.ReLU()(layers.Add()([inner, shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    features = layers.Dense(
        FEATURES,
        activation="relu",
        kernel_initializer=keras.initializers.HeNormal(seed=next(seeds)),
        name="features",
    )(x)
    dropped = layers.Dropout(_DROPOUT, seed=next(seeds))(features)
    logits = layers.Dense(
        columns,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        name="logits",
    )(dropped)
    return keras.Model(images, {"logits": logits, "features": features})


def masked_loss(smoothing: float) -> Any:
    """The loss of weighted labels: the weighted mean of the cross-entropy of each known label.

    Args:
        smoothing: float in [0, 1). A label above 0 asks for probability 1 - smoothing / 2, one
            below for smoothing / 2.

    Returns:
        a function of (labels [n, c], logits [n, c]) to a scalar; the sign of a label says which
        it is and its size how much it weighs, so that an unknown one, 0, does not count.
    """

    def loss(labels: Any, logits: Any) -> Any:
        labels = ops.cast(labels, logits.dtype)
        weights = ops.abs(labels)
        target = 0.5 + 0.5 * (1.0 - smoothing) * ops.sign(labels)
        entropy = ops.binary_crossentropy(target, logits, from_logits=True)
        return ops.sum(weights * entropy) / ops.maximum(ops.sum(weights), 1e-6)

    return loss
