"""What families have in common that learn one attribute from pairs (x0, x1), as the paper does."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from faceattr import pixels
from faceattr.attributes import Attribute
from faceattr.data.rows import Draws
from faceattr.data.splits import AnySplit, Split, make_split, unbalanced
from faceattr.data.table import AttributeTable
from faceattr.edits import Edit
from faceattr.models.family import Alarm, Family, Term, TrainingFaces
from faceattr.models.pairs import PairDraws

DISCRIMINATOR_WINS = Alarm(
    ("discriminator_loss",),
    0.01,
    "the discriminator tells real from edited without error, so the edits no longer learn from "
    "it; more images, --jitter 0.5 or another --seed help",
)


def discriminator_terms(kinds: Mapping[str, str]) -> tuple[Term, ...]:
    """D's loss, and `discriminator_accuracy_<kind>`: what it gets right of each kind of image.

    Args:
        kinds: kind -> what the legend calls it.
    """
    loss = Term(
        "discriminator_loss",
        "classification",
        "Loss of the discriminator",
        "discriminator",
        "D",
        best_by=True,
        heading="D",
    )
    accuracies = (
        Term(
            f"discriminator_accuracy_{kind}",
            label,
            "Accuracy of the discriminator",
            "discriminator",
            percent=True,
        )
        for kind, label in kinds.items()
    )
    return (loss, *accuracies)


class PairFamily(Family):
    """Learns one attribute; a batch is a pair of faces without and faces with it.

    Attributes:
        balanced: bool, whether it learns from as many faces of either class (section 4), or from
            all that are not held out.
    """

    balanced: ClassVar[bool] = True

    def split(
        self,
        kind: str,
        table: AttributeTable,
        attributes: Sequence[Attribute],
        test_per_class: int | None,
        seed: int,
        bad: Mapping[int, str],
    ) -> Split:
        """By the one attribute; the held-out images are the same, balanced or not."""
        column = attributes[0].column
        split = make_split(kind, table, column, test_per_class, seed, dict(bad))
        return split if self.balanced else unbalanced(split, kind, table, column)

    def draws(
        self,
        table: AttributeTable,
        split: AnySplit,
        attributes: Sequence[Attribute],
        options: Any,
        batch_size: int,
        seed: int,
    ) -> Draws:
        """`batch_size` pairs."""
        return PairDraws(split.training(attributes[0].column), batch_size, seed)

    def held_out_batches(
        self, faces: TrainingFaces, edits: Sequence[Edit], image_size: int, most: int
    ) -> Iterator[tuple[int, Any]]:
        """The pairs of the held-out faces."""
        crops = [faces.test_crops(edit, image_size) for edit in edits]
        for start in range(0, len(crops[0]), most):
            pair = tuple(pixels.to_float(images[start : start + most]) for images in crops)
            yield len(pair[0]), pair
