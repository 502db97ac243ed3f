"""Two networks of a few layers: an editor with a gate, and a critic."""

from typing import Any, NamedTuple

import keras
from keras import ops

from faceattr.edits import Edit
from faceattr.models.adversarial import AdversarialModel


class Terms(NamedTuple):
    """Scalars of one batch."""

    critic_loss: Any
    critic_accuracy: Any
    editor_loss: Any
    change: Any
    needed: Any


@keras.saving.register_keras_serializable(package="dummy_family")
class Editor(keras.Model):
    """(images, edits) -> (residual, needed)."""

    def __init__(self, width, edits, **kwargs):
        super().__init__(**kwargs)
        self.width, self.edits = width, edits
        self.embedding = keras.layers.Embedding(edits, width)
        self.first = keras.layers.Conv2D(width, 3, padding="same")
        self.normalization = keras.layers.BatchNormalization()
        self.last = keras.layers.Conv2D(3, 3, padding="same")
        self.gate = keras.layers.Dense(1, activation="sigmoid")

    def build(self, shape):
        self.embedding.build((shape[0],))
        self.first.build(shape)
        inside = (*shape[:3], self.width)
        self.normalization.build(inside)
        self.last.build(inside)
        self.gate.build((shape[0], self.width))
        self.built = True

    def call(self, images, edits, training=False):
        wanted = self.embedding(edits)[:, None, None, :]
        x = self.normalization(ops.relu(self.first(images) + wanted), training=training)
        needed = self.gate(ops.mean(x, axis=(1, 2)))
        return needed[:, :, None, None] * ops.tanh(self.last(x)), needed[:, 0]

    def get_config(self):
        return {**super().get_config(), "width": self.width, "edits": self.edits}


class OneEdit(keras.Model):
    """An editor that makes one edit: what is exported."""

    def __init__(self, editor, number, **kwargs):
        super().__init__(**kwargs)
        self.editor, self.number = editor, number
        self.built = True

    def call(self, images, training=False):
        count = ops.shape(images)[0]
        return self.editor(images, ops.full((count,), self.number, "int32"), training=training)


@keras.saving.register_keras_serializable(package="dummy_family")
class Dummy(AdversarialModel):
    """Critic and editor; the critic says which attributes a face has."""

    terms_type = Terms

    def __init__(self, image_size, width, edits, penalty, pull, **kwargs):
        super().__init__(**kwargs)
        self.image_size, self.width, self.penalty, self.pull = image_size, width, penalty, pull
        self.edits = tuple(Edit(*edit) for edit in edits)
        self.critic = keras.Sequential(
            [
                keras.layers.Conv2D(width, 3, 2, activation="relu"),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(len(edits) // 2),
            ]
        )
        self.editor = Editor(width, len(edits))
        for network in (self.critic, self.editor):
            network.build((None, image_size, image_size, 3))
        self.count_steps()
        self.built = True

    @property
    def networks_of(self):
        return {"critic": [self.critic], "editor": [self.editor]}

    def objective(self, batch, training):
        images, labels, edits = batch
        labels = ops.cast(labels, "float32")
        wanted = ops.cast(edits >= 0, "float32")
        edits = ops.maximum(edits, 0)
        residual, needed = self.editor(images, edits, training=training)
        logits = self.critic(images, training=training)
        edited_logits = self.critic(images + residual, training=training)
        asked = ops.one_hot(edits // 2, labels.shape[1])
        sign = 1.0 - 2.0 * ops.cast(edits % 2, "float32")
        towards = ops.sum(edited_logits * asked, axis=1) * sign
        size = ops.abs(residual) if self.penalty == "absolute" else ops.square(residual)
        return Terms(
            critic_loss=ops.mean(ops.abs(labels) * ops.softplus(-labels * logits)),
            critic_accuracy=ops.mean(ops.cast(labels * logits > 0, "float32")),
            editor_loss=ops.mean(wanted * ops.softplus(-towards)) + self.pull * ops.mean(size),
            change=ops.mean(ops.abs(residual)),
            needed=ops.mean(needed),
        )

    def _of(self, images, edit):
        images = ops.convert_to_tensor(images)
        number = self.edits.index(edit)
        return self.editor(images, ops.full((images.shape[0],), number, "int32"))

    def residual_image(self, images, edit):
        return self._of(images, edit)[0]

    def shown(self, images):
        needed = self._of(images, self.edits[0])[1]
        return [("needed", ops.zeros_like(images) + 2.0 * needed[:, None, None, None] - 1.0)]

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "width": self.width,
            "edits": [(edit.name, edit.column, edit.adds) for edit in self.edits],
            "penalty": self.penalty,
            "pull": self.pull,
        }
