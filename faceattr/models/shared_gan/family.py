"""One network for many edits as a family: its options, terms, phases, and what it exports."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from faceattr import pixels
from faceattr.attributes import Attribute
from faceattr.data.rows import Draws
from faceattr.data.splits import AnySplit, SharedSplit, make_shared_split
from faceattr.data.table import AttributeTable
from faceattr.edits import Edit
from faceattr.models.family import Alarm, Family, Phase, Task, Term, TrainingFaces
from faceattr.models.pair_family import DISCRIMINATOR_WINS
from faceattr.models.shared_gan.draws import shared_draws
from faceattr.models.shared_gan.terms import terms_of
from faceattr.options import check, documented, option

_OBJECTIVE = "networks and objective"
_REGULARISERS = "regularisers, off in the paper"
# As the shipped edits began.
_BEST = {
    "image_size": 64,
    "width": 32,
    "batch_size": 16,
    "steps": 4000,
    "learning_rate": 1e-3,
    "learning_rate_decay": "late",
    "head_start": 400,
    "ema_decay": 0.999,
    "total_variation": 0.1,
    "views": 2.0,
}
_HEAD_START = 3  # D alone has no more than one step of so many
_MEASURED_ON = 128  # training faces that need an edit, and as many that have what it brings
_MEASURED = 100  # held-out faces of each edit, at the end of a training


def _weight(default: float, of: str) -> Any:
    return option(default, f"weight of {of}, 0 or more", group=_OBJECTIVE, at_least=0)


@documented
@dataclasses.dataclass(frozen=True)
class SharedGANOptions:
    """What is the model's own of a training's settings.

    Raises:
        UserError: if an option is of another type or out of its range.
    """

    patches: float = _weight(
        1.0, "what the discriminator says of patches of a face, for both players"
    )
    cycle: float = _weight(5.0, "the mean difference of faces that the opposite edit brings back")
    sparsity_local: float = _weight(0.7, "the mean |residual| of local attributes")
    sparsity_global: float = _weight(0.2, "the mean |residual| of young and male")
    leak: float = _weight(0.2, "how far an edit moves other attributes, as the discriminator sees")
    pairs: float = _weight(
        4.0, "how far glasses that are put on or taken off are from painted ones, of a known truth"
    )
    other_heads: float = _weight(
        0.3, "a real face under the attributes that it was not drawn for, in the discriminator"
    )
    head_start: int = option(
        1000,
        "first steps in which the discriminator alone learns, 0 or more; at most a third of "
        "--steps",
        group="optimisation",
        at_least=0,
    )
    ema_decay: float = option(
        0.998,
        "edits are made with averages of the weights over about 1 / (1 - X) steps, 0 (none) to "
        "below 1",
        group="optimisation",
        at_least=0,
        below=1,
    )
    total_variation: float = option(
        0.0,
        "weight of how much the residual differs from pixel to pixel, against coloured specks, "
        "0 or more",
        group=_REGULARISERS,
        at_least=0,
    )
    views: float = option(
        0.0,
        "weight of how far the residual of a face that is mirrored or a pixel aside is from the "
        "face's own, against coloured specks, 0 or more",
        group=_REGULARISERS,
        at_least=0,
    )
    r1: float = option(
        0.05,
        "weight of the squared gradient of the discriminator at real images (Mescheder et al., "
        "2018), 0 or more; at 0 the discriminator runs away",
        group=_REGULARISERS,
        at_least=0,
        metavar="GAMMA",
    )

    def __post_init__(self) -> None:
        check(self)


class SharedGANFamily(Family):
    """One transformation network with what little each edit has of its own."""

    name = "shared_gan"
    title = "One network for many edits"
    summary = "one network for all of --attr"
    options = SharedGANOptions
    presets: ClassVar = {
        # On drawn faces: minutes of two CPU cores.
        "quick": {
            **_BEST,
            **{"batch_size": 8, "steps": 1000, "learning_rate": 2e-3},
            **{"head_start": 200, "ema_decay": 0.99},
        },
        "best": _BEST,
        # For phones: the network of an edit has 40% of the multiplications.
        "mobile": {**_BEST, "width": 20},
    }
    several = True
    extends = True
    grows = True
    beta_2 = 0.99
    alarms = (
        Alarm(
            ("mean_change",),
            2e-3,
            "the edits have collapsed to nothing; a longer --head_start, or smaller "
            "--sparsity_local and --sparsity_global, help",
        ),
        DISCRIMINATOR_WINS,
    )

    def terms(self, edits: Sequence[Edit] = ()) -> tuple[Term, ...]:
        """Those of either player, D's accuracy, and the mean |residual| of each edit."""
        return terms_of(edits)

    def phases(self, options: Any, steps: int) -> tuple[Phase, ...]:
        """D alone on real faces, so that there is something to learn from; then both."""
        alone = min(options.head_start, steps // _HEAD_START)
        return (Phase(("discriminator",), alone), Phase()) if alone else (Phase(),)

    def split(
        self,
        kind: str,
        table: AttributeTable,
        attributes: Sequence[Attribute],
        test_per_class: int | None,
        seed: int,
        bad: Mapping[int, str],
    ) -> SharedSplit:
        """One for all attributes."""
        columns = [attribute.column for attribute in attributes]
        return make_shared_split(kind, table, columns, test_per_class, seed, bad)

    def draws(
        self,
        table: AttributeTable,
        split: AnySplit,
        attributes: Sequence[Attribute],
        options: Any,
        batch_size: int,
        seed: int,
    ) -> Draws:
        """Three groups of `batch_size` rows; the edits take turns in each."""
        pairs = bool(options.pairs)
        return shared_draws(table, split, attributes, batch_size, seed, pairs)

    def model_class(self) -> type:
        from faceattr.models.shared_gan.model import SharedGAN

        return SharedGAN

    def build(self, task: Task) -> Any:
        """A `SharedGAN` of all edits of the task."""
        return self.model_class()(**_arguments(task))

    def begin(self, model: Any, trained: Any) -> None:
        """Networks of twice the size begin as the trained ones on halved pictures."""
        from faceattr.models.shared_gan.growing import grow

        if trained.image_size == model.image_size:
            model.begin_with(trained)
        else:
            grow(trained, model)

    def extend(self, model: Any, task: Task) -> Any:
        """A `SharedGAN` whose shared weights stay: the new edits have only what is their own."""
        from faceattr.models.shared_gan.extending import take_over

        of_task = _arguments(task)
        larger = self.model_class()(
            edits=[*model.edits, *of_task.pop("edits")],
            sparsity=[*model.sparsity, *of_task.pop("sparsity")],
            added=len(task.attributes),
            **of_task,
        )
        take_over(model, larger)
        return larger

    def complete(self, model: Any, faces: TrainingFaces, edits: Sequence[Edit]) -> Any:
        """With the extent of each edit, by up to 128 training faces of either class."""
        from faceattr.models.shared_gan.extents import measure_extents

        crops = {
            (edit.column, edit.adds): np.concatenate(
                [*faces.train_crops(edit, model.image_size, _MEASURED_ON)]
            )
            for edit in edits
        }
        measure_extents(model, edits, crops)
        return model

    def held_out_batches(
        self, faces: TrainingFaces, edits: Sequence[Edit], image_size: int, most: int
    ) -> Iterator[tuple[int, Any]]:
        """As many held-out faces of each edit, 100 at most; of labels what they are drawn for."""
        crops = [faces.test_crops(edit, image_size) for edit in edits]
        of_each = min(_MEASURED, *map(len, crops))
        images = np.stack([each[:of_each] for each in crops], axis=1)
        numbers = np.arange(len(edits), dtype=np.int32)
        labels = np.zeros((len(edits), len(edits) // 2), np.int8)
        labels[numbers, numbers // 2] = 2 * (numbers % 2) - 1
        at_once = max(1, most // len(edits))
        for start in range(0, len(images), at_once):
            some = images[start : start + at_once]
            count = len(some) * len(edits)
            group = (
                pixels.to_float(some.reshape(count, *some.shape[2:])),
                np.tile(labels, (len(some), 1)),
                np.tile(numbers, len(some)),
            )
            yield count, tuple((each,) for each in group)

    def network(self, model: Any, edit: Edit) -> Any:
        """The plain network of one edit with its gate; what it has of its own is folded in."""
        from faceattr.models.shared_gan.gate import GatedTransformation

        number = model.number(edit)
        network = GatedTransformation(
            model.finished("transformation").of_one(number),
            model.finished("gate").of_one(number // 2, edit.adds),
        )
        network.extent.assign(model.extents[number, :, :, None])
        return network


def _arguments(task: Task) -> dict[str, Any]:
    """Of a `SharedGAN`."""
    options = dataclasses.asdict(task.options)
    options.pop("head_start")  # the training's alone
    sparsity = {scope: options.pop(f"sparsity_{scope}") for scope in ("local", "global")}
    return {
        "edits": task.edits,
        "sparsity": [sparsity[attribute.scope] for attribute in task.attributes],
        "image_size": task.image_size,
        "width": task.width,
        "synchronized": task.synchronized,
        "dtype": task.precision,
        **options,
    }


FAMILY = SharedGANFamily()
