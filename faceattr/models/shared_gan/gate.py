"""Whether a face needs an edit, as the transformation network itself sees."""

from typing import Any

import keras
from keras import layers, ops

from faceattr.models.shared_gan.networks import BOTTLENECK, Block, SharedTransformation, conv

_LEAST = 0.02  # never 0, so that whoever wants the edit always can divide it out
# From log-odds to the gate: even where it is in doubt, most of the edit is made, so that faces that
# need it are not left without.
_STEEP, _DOUBT = 3.0, 1.5


def opened(log_odds: Any) -> Any:
    """The gate in [0.02, 1], float32 [n], from the log-odds that a face needs an edit."""
    return _LEAST + (1 - _LEAST) * ops.sigmoid(_STEEP * log_odds + _DOUBT)


@keras.saving.register_keras_serializable(package="faceattr")
class Gate(keras.Model):
    """Reads from the smallest maps of the transformation network which attributes a face has.

    Places are kept to the last layer: a mean over them would be near chance.

    Args:
        channels: int, of the maps.
        width: int, of the transformation network; its layers have twice as many channels.
        attributes: int >= 1.
        synchronized: bool. Whether replicas normalise their shares of a batch together.
        **kwargs: of `keras.Model`; in half precision all but the last layer computes in it.

    Call arguments:
        maps: float [n, 8, 8, channels].
        training: bool. Whether batch normalisation uses the batch's own statistics.

    Returns:
        float32 [n, attributes]: log-odds that a face has the attribute; 0 before training.
    """

    def __init__(
        self,
        channels: int,
        width: int = 48,
        attributes: int = 1,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = channels
        self.width = width
        self.attributes = attributes
        self.synchronized = synchronized
        dtype = self.dtype_policy
        self.blocks = [
            Block(conv(2 * width, 3, dtype, strides=strides), synchronized, dtype=dtype)
            for strides in (1, 2)
        ]
        self.to_attributes = layers.Dense(attributes, dtype="float32", kernel_initializer="zeros")

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights; the shape is known from `channels`."""
        shape: tuple[int | None, ...] = (None, BOTTLENECK, BOTTLENECK, self.channels)
        for block in self.blocks:
            block.build(shape)
            shape = block.compute_output_shape(shape)
        self.to_attributes.build((None, BOTTLENECK**2 // 4 * 2 * self.width))
        self.built = True

    def freeze_shared(self) -> None:
        """Lets nothing learn but the outputs."""
        for block in self.blocks:
            block.trainable = False

    def call(self, maps: Any, training: bool = False) -> Any:
        for block in self.blocks:
            maps = block(maps, training=training)
        flat = ops.reshape(maps, (-1, BOTTLENECK**2 // 4 * 2 * self.width))
        return self.to_attributes(flat)

    def of_one(self, attribute: int, adds: bool) -> "Gate":
        """The gate of one edit in float32: log-odds that a face needs it.

        Args:
            attribute: int, its number.
            adds: bool, whether those need it who have not the attribute.
        """
        plain = Gate(self.channels, self.width, dtype="float32")
        plain.build()
        for block, twin in zip(self.blocks, plain.blocks, strict=True):
            twin.set_weights(block.get_weights())
        sign = -1.0 if adds else 1.0
        kernel, bias = self.to_attributes.get_weights()
        chosen = slice(attribute, attribute + 1)
        plain.to_attributes.set_weights([sign * kernel[:, chosen], sign * bias[chosen]])
        return plain

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "channels": self.channels,
            "width": self.width,
            "attributes": self.attributes,
            "synchronized": self.synchronized,
        }


@keras.saving.register_keras_serializable(package="faceattr")
class GatedTransformation(keras.Model):
    """The plain network of one edit that looks whether it is needed.

    Args:
        transformation: of one edit.
        gate: of the same edit, see `Gate.of_one`.
        **kwargs: of `keras.Model`.

    Call arguments:
        images: float32 [n, s, s, 3] in [-1, 1].

    Returns:
        (residual, needed): float32 [n, s, s, 3], not clipped, and float32 [n] in [0.02, 1], which
        the residual is multiplied by already.
    """

    def __init__(self, transformation: SharedTransformation, gate: Gate, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.transformation = transformation
        self.gate = gate
        side = transformation.image_size
        # What the residual is multiplied by besides.
        self.extent = self.add_weight(
            name="extent", shape=(side, side, 1), initializer="ones", trainable=False
        )
        self.built = True

    def call(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        passed = self.transformation.down_path(images, training=training)
        needed = opened(self.gate(passed[-1], training=training)[:, 0])
        residual = self.transformation.up_path(images, passed, training=training)
        return residual * ops.reshape(needed, (-1, 1, 1, 1)) * self.extent, needed

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "transformation": keras.saving.serialize_keras_object(self.transformation),
            "gate": keras.saving.serialize_keras_object(self.gate),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        parts = {
            name: keras.saving.deserialize_keras_object(config.pop(name), custom_objects)
            for name in ("transformation", "gate")
        }
        return cls(**parts, **config)
