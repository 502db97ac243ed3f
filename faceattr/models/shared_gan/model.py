"""SharedGAN: one transformation network for all edits, and the objective that trains it."""

import collections
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from faceattr.edits import Edit
from faceattr.models import adversarial
from faceattr.models.shared_gan import losses
from faceattr.models.shared_gan.discriminator import SharedDiscriminator
from faceattr.models.shared_gan.draws import GLASSES
from faceattr.models.shared_gan.gate import Gate, opened
from faceattr.models.shared_gan.networks import SharedTransformation
from faceattr.models.shared_gan.painted_pairs import painted_pairs, pairs_loss
from faceattr.models.shared_gan.terms import change_term, terms_of

_SETTINGS = (
    *("sparsity", "image_size", "width", "patches", "cycle", "total_variation", "views", "leak"),
    *("pairs", "other_heads", "r1", "ema_decay", "added", "synchronized"),
)
_R1_EVERY = 8  # of so many real rows one is asked for D's gradient


@keras.saving.register_keras_serializable(package="faceattr")
class SharedGAN(adversarial.AdversarialModel):
    """One network that makes every edit, against a discriminator of all attributes.

    Args:
        edits: of each attribute the edit that adds it and the one that removes it, in turn; or
            (name, column, adds) of each.
        sparsity: float >= 0 of each attribute, weight of mean |r|.
        image_size: int, one of `IMAGE_SIZES`.
        width: int, channels of the first layer of each network.
        patches: float >= 0, weight of what D says of patches, for both players.
        cycle: float >= 0, weight of mean |x'' - x|, x'' the face brought back by the opposite edit.
        total_variation: float >= 0, weight of the residual's.
        views: float >= 0, weight of how far residuals of a face's views are apart.
        leak: float >= 0, weight of how much D's other attributes move.
        pairs: float >= 0, weight of how far painted glasses are from their truth.
        other_heads: float >= 0, weight of a real face under the attributes that its row is not for.
        r1: float >= 0, weight of the R1 penalty.
        ema_decay: float in [0, 1), of the averaged weights that edits are made with; 0 for none.
        added: int, how many attributes, the last ones, are added to a trained model: they alone
            learn, in what belongs to them alone, and batches are of them. 0 if all are new.
        synchronized: bool. Whether replicas normalise their shares of a batch together.
        **kwargs: of `keras.Model`; `dtype="mixed_bfloat16"` or `"mixed_float16"` computes the
            networks in half precision, outputs and losses still in float32.

    Call arguments:
        images: float32 [n, s, s, 3] in [-1, 1].
        edits: int32 [n], the number of each row's edit.

    Returns:
        the residuals, of the images' shape, not clipped.
    """

    def __init__(
        self,
        edits: Sequence[Any],
        sparsity: Sequence[float],
        image_size: int = 64,
        width: int = 48,
        patches: float = 1.0,
        cycle: float = 5.0,
        total_variation: float = 0.0,
        views: float = 0.0,
        leak: float = 0.2,
        pairs: float = 4.0,
        other_heads: float = 0.3,
        r1: float = 0.05,
        ema_decay: float = 0.998,
        added: int = 0,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        made = [each if isinstance(each, Edit) else Edit(*each) for each in edits]
        assert len(made) == 2 * len(sparsity), "two edits of each attribute"
        first = len(made) - 2 * added if added else 0
        names = (term.name for term in terms_of(made[first:]))
        self.terms_type = collections.namedtuple("Objective", names)  # type: ignore[misc]
        super().__init__(**kwargs)
        self.edits = made
        self.sparsity = list(sparsity)
        self.image_size = image_size
        self.width = width
        self.patches = patches
        self.cycle = cycle
        self.total_variation = total_variation
        self.views = views
        self.leak = leak
        self.pairs = pairs
        self.other_heads = other_heads
        self.r1 = r1
        self.ema_decay = ema_decay
        self.added = added
        self.first = first  # of the edits that learn
        self.synchronized = synchronized
        settings = self.network_settings
        self.transformation = SharedTransformation(
            name="transformation", edits=len(made), **settings
        )
        self.discriminator = SharedDiscriminator(
            name="discriminator", attributes=len(sparsity), **settings
        )
        channels = self.transformation.channels[-1]
        of_gate = settings | {"channels": channels, "attributes": len(sparsity)}
        del of_gate["image_size"]
        self.gate = Gate(name="gate", **of_gate)
        if ema_decay:
            average = SharedTransformation(name="average", edits=len(made), **settings)
            self.averages = {"transformation": average, "gate": Gate(name="gates", **of_gate)}
        columns = [edit.column for edit in made[first:]]
        # The edit that adds glasses, by painted ones of a known truth.
        self.glasses = first + columns.index(GLASSES) if pairs and GLASSES in columns else None
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights of the networks; the shape is known from `image_size`."""
        trained = (self.transformation, self.discriminator, self.gate)
        for network in (*trained, *self.averages.values()):
            network.build()
            if self.added:
                network.freeze_shared()
        for average in self.averages.values():
            average.trainable = False
        self.begin_averages()
        self.count_steps()
        # Saved with the model, and measured once it is finished: see `measured_extent`.
        shape = (len(self.edits), self.image_size, self.image_size)
        self.extents = self.add_weight(shape, "ones", trainable=False, name="extents")
        self.built = True

    def load_own_variables(self, store: Any) -> None:
        """Files of before edits had an extent have only the steps."""
        super().load_own_variables(store if "1" in store else {**store, "1": self.extents})

    @property
    def networks_of(self) -> dict[str, list[keras.Model]]:
        """The transformation network and D, one against the other, and the gate that looks on."""
        return {
            "generator": [self.transformation],
            "discriminator": [self.discriminator],
            "gate": [self.gate],
        }

    def finished(self, network: str) -> Any:
        """A network as edits are made with it: averaged, where weights are averaged."""
        return self.averages.get(network, getattr(self, network))

    def number(self, edit: Edit) -> int:
        """The number of an edit among those that the model was built for."""
        return self.edits.index(edit)

    def call(self, images: Any, edits: Any, training: bool = False) -> Any:
        return self.transformation(images, edits, training=training)

    def residual_image(self, images: Any, edit: Edit) -> Any:
        """The residual of the finished edit as its gate lets it through, see the base class."""
        number = self.number(edit)
        transformation = self.finished("transformation")
        passed = transformation.down_path(images, training=False)
        has = self.finished("gate")(passed[-1], training=False)[:, number // 2]
        needed = opened(-has if edit.adds else has)
        edits = ops.full((ops.shape(images)[0],), number, dtype="int32")
        residual = transformation.up_path(images, passed, edits, training=False)
        return residual * ops.reshape(needed, (-1, 1, 1, 1)) * self.extents[number, :, :, None]

    def objective(self, batch: Any, training: bool) -> Any:
        """Every term for one batch; while D learns alone, those of real faces and else 0.

        Args:
            batch: (images, labels, edits), of each a tuple of groups of rows: float32
                [n, s, s, 3] in [-1, 1], int8 [n, attributes] and int32 [n], of those that learn.
            training: bool.
        """
        groups, labels, edits = batch
        real = ops.concatenate(groups)
        labels = ops.cast(ops.concatenate(labels), "int32")
        # Of the others nothing is known.
        labels = ops.pad(labels, ((0, 0), (self.first // 2, 0)))
        edits = ops.concatenate(edits) + self.first
        own = ops.one_hot(edits // 2, len(self.sparsity), dtype="float32")
        known = ops.cast(ops.not_equal(labels, 0), "float32")
        classes = ops.cast(ops.greater(labels, 0), "int32")
        weights = own + self.other_heads * (1.0 - own) * known
        terms = dict.fromkeys(self.terms_type._fields, ops.zeros(()))  # type: ignore[attr-defined]
        if training and self.learning == ("discriminator",):
            logits = self.discriminator(real, training=True)
            terms |= self._of_real_faces(logits, classes, weights, own)
            return self.terms_type(**terms)

        if self.r1 and training:
            # Before D's pass, whose new running averages JAX would differentiate as well.
            terms["r1_penalty"] = self._r1_penalty(real[::_R1_EVERY], own[::_R1_EVERY])
        given = real
        if self.glasses is not None:
            pairs = painted_pairs(
                real, classes[:, self.glasses // 2], edits, self.glasses, self.steps
            )
            given = pairs.given
        passed = self.transformation.down_path(given, training=training)
        residual = self.transformation.up_path(given, passed, edits, training=training)
        edited = given + residual
        if self.views:
            terms["views_loss"] = losses.views_term(
                self.transformation, groups, residual, edits, self.steps, training
            )
        if self.glasses is not None:
            terms["pairs_loss"] = pairs_loss(edited, pairs)
        # One pass of both: what is normalised together cannot be told apart by its statistics.
        both = self.discriminator(ops.concatenate([real, edited]), training=training)
        real_logits, edited_logits = zip(*(ops.split(logits, 2) for logits in both), strict=True)
        terms |= self._of_real_faces(real_logits, classes, weights, own)
        terms |= self._of_discriminator(terms, edited_logits, own)
        terms |= self._of_edits(edits, residual, real_logits, edited_logits, own)
        terms |= self._of_generator(terms, groups[0], edited, edits, training)
        # A row is of a face that its edit is for, painted or not.
        log_odds = self.gate(ops.stop_gradient(passed[-1]), training=training)
        terms |= losses.gate_terms(log_odds, edits, own)
        return self.terms_type(**terms)

    def _of_real_faces(self, logits: Any, classes: Any, weights: Any, own: Any) -> dict[str, Any]:
        return {
            "discriminator_loss": self._classified(logits, classes, weights),
            "discriminator_accuracy_real": losses.accuracy(logits[0], classes, own),
        }

    def _r1_penalty(self, images: Any, own: Any) -> Any:
        # With inference statistics, so that a face's gradient is its own.
        def real(x: Any) -> Any:
            return losses.realness(self.discriminator(x, training=False)[0], own)

        return losses.r1_penalty(adversarial.input_gradient(real, images))

    def _of_discriminator(self, terms: dict[str, Any], logits: Any, own: Any) -> dict[str, Any]:
        generated = ops.full(ops.shape(own), losses.GENERATED, dtype="int32")
        # A mean over real and edited.
        loss = (terms["discriminator_loss"] + self._classified(logits, generated, own)) / 2.0
        return {
            "discriminator_loss": loss + self.r1 * terms["r1_penalty"],
            "discriminator_accuracy_generated": losses.accuracy(logits[0], generated, own),
        }

    def _of_edits(
        self, edits: Any, residual: Any, real_logits: Any, edited_logits: Any, own: Any
    ) -> dict[str, Any]:
        wanted = ops.broadcast_to(ops.expand_dims(1 - edits % 2, 1), ops.shape(own))
        faces, patches = edited_logits
        change = losses.mean_change(residual)
        learned = self.edits[self.first :]
        chosen = ops.one_hot(edits - self.first, len(learned), dtype="float32")
        # As many rows have each edit: so this is the mean over them, also over several batches.
        changes = ops.mean(ops.expand_dims(change, 1) * chosen, axis=0) * len(learned)
        sparsity = ops.matmul(own, ops.convert_to_tensor(self.sparsity, "float32")[:, None])[:, 0]
        return {
            "gan_loss": losses.classification_loss(faces, wanted, own),
            "patch_loss": losses.classification_loss(patches, wanted, own),
            "sparsity_loss": ops.mean(sparsity * change),
            "variation_loss": losses.total_variation(residual),
            "leak_loss": losses.leak_loss(real_logits[0], faces, 1.0 - own),
            "mean_change": ops.mean(change),
            **{change_term(number, edit): changes[number] for number, edit in enumerate(learned)},
        }

    def _of_generator(
        self, terms: dict[str, Any], faces: Any, edited: Any, edits: Any, training: bool
    ) -> dict[str, Any]:
        cycle = ops.zeros(())
        if self.cycle:
            count = ops.shape(faces)[0]
            # The opposite edit is the other one of the pair.
            there, opposite = edited[:count], edits[:count] + 1 - 2 * (edits[:count] % 2)
            back = there + self.transformation(there, opposite, training=training)
            cycle = ops.mean(ops.abs(back - faces))
        whole = (
            terms["gan_loss"]
            + self.patches * terms["patch_loss"]
            + self.cycle * cycle
            + terms["sparsity_loss"]
            + self.total_variation * terms["variation_loss"]
            + self.views * terms["views_loss"]
            + self.leak * terms["leak_loss"]
            + self.pairs * terms["pairs_loss"]
        )
        return {"cycle_loss": cycle, "generator_loss": whole}

    def _classified(self, logits: Any, classes: Any, weights: Any) -> Any:
        faces, patches = (losses.classification_loss(each, classes, weights) for each in logits)
        return faces + self.patches * patches

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "edits": [[edit.name, edit.column, edit.adds] for edit in self.edits],
            **{name: getattr(self, name) for name in _SETTINGS},
        }
