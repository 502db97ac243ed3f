"""The baseline that the paper compares with (its [17]) as a family."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from faceattr.edits import Edit
from faceattr.models.family import Task, Term, TrainingFaces
from faceattr.models.pair_family import DISCRIMINATOR_WINS, PairFamily, discriminator_terms

# Of each class; the authors of the VAE-GAN take 10,000 in all.
_VECTOR_FACES = 10_000


@dataclasses.dataclass(frozen=True)
class VAEGANOptions:
    """None: what the text does not give is chosen in `model`."""


class VAEGANFamily(PairFamily):
    """Encoder, decoder and discriminator; an edit moves a face's code (Larsen et al., 2016)."""

    name = "vae_gan"
    title = "VAE-GAN"
    summary = (
        "the baseline that the paper compares with, Larsen et al., 2016; learns from every "
        "training image"
    )
    options = VAEGANOptions
    presets: ClassVar = {
        "paper": {"image_size": 128, "width": 64, "batch_size": 64, "steps": 20_000},
        "quick": {"image_size": 64, "width": 32, "batch_size": 16, "steps": 600},
    }
    backends = ("tensorflow",)
    precisions = ("float32", "mixed_bfloat16")  # its losses are not scaled
    alarms = (DISCRIMINATOR_WINS,)
    # It learns faces, and its attribute vector is a difference of means: both want every image.
    balanced = False

    def terms(self, edits: Sequence[Edit] = ()) -> tuple[Term, ...]:
        """Larsen's Eq. 8 to 10, D's accuracy, and the error of reconstructions."""
        encoder = "Loss of the encoder"
        return (
            Term("encoder_loss", "whole", encoder, "encoder", best_by=True),
            Term("feature_loss", "features", encoder, "encoder", "feature", best_by=True),
            Term(
                "prior_loss",
                "nats",
                "Divergence of the codes from the prior",
                "encoder",
                "prior",
                best_by=True,
            ),
            Term("decoder_loss", "whole", "Loss of the decoder", "decoder", best_by=True),
            *discriminator_terms(
                {"real": "real", "reconstructed": "reconstructed", "sampled": "sampled"}
            ),
            Term(
                "reconstruction_error",
                "error",
                "Mean |reconstruction - image|",
                "decoder",
                "|x~-x|",
                best_by=True,
            ),
        )

    def model_class(self) -> type:
        from faceattr.models.vae_gan.model import VAEGAN

        return VAEGAN

    def build(self, task: Task) -> Any:
        """A `VAEGAN`."""
        return self.model_class()(
            image_size=task.image_size,
            width=task.width,
            synchronized=task.synchronized,
            dtype=task.precision,
        )

    def complete(self, model: Any, faces: TrainingFaces, edits: Sequence[Edit]) -> Any:
        """With the attribute vector of up to 10,000 images of each class.

        Until then it has one that followed the batches.
        """
        negatives, positives = (
            faces.train_crops(edit, model.image_size, _VECTOR_FACES) for edit in edits
        )
        model.set_vector(model.attribute_vector(negatives, positives))
        return model

    def exports(self, edits: Sequence[Edit]) -> tuple[Edit, ...]:
        """None: it is trained to be compared with."""
        return ()


FAMILY = VAEGANFamily()
