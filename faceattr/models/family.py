"""Family: one kind of model, and all that the rest of the house asks of it.

No other room asks which model it has. It asks the family: which options there are, what the terms
of the objective are called and drawn, which rows a batch is made of, in which phases it trains, how
it is built and completed, and which edits it exports as what network. This room needs no Keras: a
family imports its networks when they are to be built.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from faceattr.attributes import Attribute
from faceattr.edits import Edit

if TYPE_CHECKING:
    from faceattr.data.rows import Draws
    from faceattr.data.splits import AnySplit
    from faceattr.data.table import AttributeTable
    from faceattr.models.adversarial import AdversarialModel

IMAGE_SIZES = (32, 64, 128, 256)
"""Sides of the face crops that networks are made for."""

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

LEARNING_RATE = 2e-4
"""Section 5 of the paper, for all three networks."""

DECAYS = ("constant", "linear", "late", "cosine")
"""Shapes of the learning rate over a training; the paper's is constant."""


@dataclasses.dataclass(frozen=True)
class Term:
    """A number that each step gives: a key of `metrics.jsonl`, and how it is shown.

    Attributes:
        name: str, of the field of the model's terms.
        label: str, in the legend of its chart.
        chart: str, the title of the chart that it is drawn in.
        group: str, what TensorBoard files it under: a player, `"discriminator"` or `"residual"`.
        short: str, what the progress bar calls it; empty where it does not show it.
        percent: bool, whether it is a share, drawn from 0 to 100%.
        best_by: bool, whether lower is better, so that a checkpoint may be judged by it.
        heading: str, of its column in the table of several trainings; empty for none.
        edit: the one edit that it is of; None for all.
    """

    name: str
    label: str
    chart: str
    group: str
    short: str = ""
    percent: bool = False
    best_by: bool = False
    heading: str = ""
    edit: Edit | None = None


@dataclasses.dataclass(frozen=True)
class Alarm:
    """What a curve means that has fallen too low, and what helps.

    Attributes:
        terms: the terms all of which are below the bound.
        below: float, the bound.
        advice: str, a sentence for the user.
    """

    terms: tuple[str, ...]
    below: float
    advice: str


@dataclasses.dataclass(frozen=True)
class Phase:
    """Steps in which some of the players learn.

    Attributes:
        players: their names; empty for all.
        stop: int or None, the step that it ends before; None for the end of the training.
    """

    players: tuple[str, ...] = ()
    stop: int | None = None


@dataclasses.dataclass(frozen=True)
class Task:
    """What a model is built for.

    Attributes:
        attributes: what it learns to edit; one, unless the family learns several.
        options: of the family.
        image_size: int, one of `IMAGE_SIZES`.
        width: int >= 1, channels of the first layers.
        precision: one of `PRECISIONS`.
        synchronized: bool, whether replicas normalise their shares of a batch together.
    """

    attributes: tuple[Attribute, ...]
    options: Any
    image_size: int
    width: int
    precision: str = "float32"
    synchronized: bool = False

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of all attributes."""
        return tuple(edit for attribute in self.attributes for edit in attribute.edits)


class TrainingFaces(Protocol):
    """What a family sees of the data of a training, see `faceattr.training.data.TrainingData`."""

    def test_crops(self, edit: Edit, image_size: int, count: int | None = None) -> Any:
        """The first held-out faces that need an edit: uint8 [count, image_size, image_size, 3]."""

    def train_crops(self, edit: Edit, image_size: int, most: int) -> Iterator[Any]:
        """At most so many training faces that need an edit, spread over all: uint8 batches."""


class Family(abc.ABC):
    """One kind of model.

    Attributes:
        name: str, what `--model` calls it.
        title: str, what a page calls it.
        summary: str, what the help of `--model` says of it.
        options: the frozen data class of its options, see `faceattr.options`.
        presets: name -> settings, of a training and of the options.
        backends: Keras's backends that it trains on.
        precisions: those of `PRECISIONS` that it trains in.
        several: bool, whether one training learns several attributes.
        extends: bool, whether attributes can be added to a finished training.
        grows: bool, whether a training can begin with networks of half its size.
        beta_2: float, of Adam, the memory of the squares of gradients.
        alarms: what is said of its curves while all players learn.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[type]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    backends: ClassVar[tuple[str, ...]] = ("tensorflow", "jax")
    precisions: ClassVar[tuple[str, ...]] = PRECISIONS
    several: ClassVar[bool] = False
    extends: ClassVar[bool] = False
    grows: ClassVar[bool] = False
    beta_2: ClassVar[float] = 0.999
    alarms: ClassVar[tuple[Alarm, ...]] = ()

    @abc.abstractmethod
    def terms(self, edits: Sequence[Edit] = ()) -> tuple[Term, ...]:
        """Its terms, in the order of their charts; those of single edits only for `edits`."""

    def phases(self, options: Any, steps: int) -> tuple[Phase, ...]:
        """The phases of a training of so many steps one after the other; the last has no stop."""
        return (Phase(),)

    def learning_steps(self, player: str, options: Any, steps: int) -> int:
        """In how many of the steps of a training a player learns."""
        begin = found = 0
        for phase in self.phases(options, steps):
            end = steps if phase.stop is None else min(phase.stop, steps)
            if not phase.players or player in phase.players:
                found += end - begin
            begin = end
        return found

    @abc.abstractmethod
    def split(
        self,
        kind: str,
        table: AttributeTable,
        attributes: Sequence[Attribute],
        test_per_class: int | None,
        seed: int,
        bad: Mapping[int, str],
    ) -> AnySplit:
        """Training and test images; see `faceattr.data.splits`."""

    @abc.abstractmethod
    def draws(
        self,
        table: AttributeTable,
        split: AnySplit,
        attributes: Sequence[Attribute],
        options: Any,
        batch_size: int,
        seed: int,
    ) -> Draws:
        """How the batches of a training are drawn."""

    @abc.abstractmethod
    def model_class(self) -> type:
        """The class of its models, imported now: Keras then knows what their files hold."""

    @abc.abstractmethod
    def build(self, task: Task) -> AdversarialModel:
        """A model with new weights, not compiled."""

    def begin(self, model: Any, trained: Any) -> None:
        """Gives a new model the weights of a finished one.

        Args:
            model: new, not compiled.
            trained: of the same task, or, where the family grows, of half the size.
        """
        model.begin_with(trained)

    def extend(self, model: Any, task: Task) -> AdversarialModel:
        """A finished model with the edits of more attributes, not compiled.

        It learns these alone, and leaves all others as they are. Its batches, terms and exports are
        of the task's attributes, as if there were no others.

        Args:
            model: of a task of the same size and width.
            task: what is added, none of which the model has.
        """
        raise NotImplementedError(f"{self.name} cannot be added to")

    def complete(self, model: Any, faces: TrainingFaces, edits: Sequence[Edit]) -> Any:
        """The model as it is kept, with what it takes from the training faces at once.

        Args:
            model: with all steps of its training made.
            faces: that it learned from.
            edits: that it learned.
        """
        return model

    @abc.abstractmethod
    def held_out_batches(
        self, faces: TrainingFaces, edits: Sequence[Edit], image_size: int, most: int
    ) -> Iterator[tuple[int, Any]]:
        """(rows, batch) of the held-out faces, at most `most` of each group, for `objective`."""

    def exports(self, edits: Sequence[Edit]) -> tuple[Edit, ...]:
        """The edits of a training that become bundles."""
        return tuple(edits)

    def network(self, model: Any, edit: Edit) -> Any:
        """One of `exports` as a plain Keras network in float32.

        Returns:
            a built `keras.Model` from images, float32 [n, s, s, 3] in [-1, 1], to the residual,
            float32 of the same shape; or, where the network sees whether the edit is needed, to
            (residual, needed): needed is float32 [n] in [0, 1], and already in the residual.
        """
        raise NotImplementedError(f"{self.name} has nothing to export")
