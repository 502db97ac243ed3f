"""The family: several attributes, a first phase, a gate, terms and options of its own."""

import dataclasses

import numpy as np

from dummy_family.draws import Draws
from faceattr import pixels
from faceattr.data.splits import make_shared_split
from faceattr.models.family import Alarm, Family, Phase, Term
from faceattr.options import check, option


@dataclasses.dataclass(frozen=True)
class Options:
    penalty: str = option("absolute", "of the residual", choices=("absolute", "square"), group="X")
    pull: float = option(0.01, "its weight, 0 or more", at_least=0, group="X")
    warm_up: int = option(2, "steps of the critic alone", at_least=0, group="X")

    def __post_init__(self):
        check(self)


class DummyFamily(Family):
    name = "dummy"
    title = "A few layers"
    summary = "a test's"
    options = Options
    presets = {"tiny": {"image_size": 32, "width": 4, "batch_size": 4, "steps": 6}}  # noqa: RUF012
    precisions = ("float32",)
    several = True
    alarms = (Alarm(("change",), 100.0, "the dummy's advice"),)

    def terms(self, edits=()):
        return (
            Term("critic_loss", "whole", "Loss of the critic", "critic", "C", best_by=True),
            Term("critic_accuracy", "faces", "What the critic gets right", "critic", percent=True),
            Term("editor_loss", "whole", "Loss of the editor", "editor", "E", best_by=True),
            Term("change", "change", "Size of the change", "residual", heading="change"),
            Term("needed", "all edits", "What the gate lets through", "residual", percent=True),
        )

    def phases(self, options, steps):
        return (Phase(("critic",), stop=options.warm_up), Phase())

    def split(self, kind, table, attributes, test_per_class, seed, bad):
        columns = [attribute.column for attribute in attributes]
        return make_shared_split(kind, table, columns, test_per_class, seed, bad)

    def draws(self, table, split, attributes, options, batch_size, seed):
        labels = [
            np.where(table.known(one.column), 2 * table.values(one.column) - 1, 0)
            for one in attributes
        ]
        labels = np.stack(labels, axis=1)[split.train].astype(np.int8)
        return Draws(split.train, labels, batch_size, seed)

    def model_class(self):
        from dummy_family.model import Dummy

        return Dummy

    def build(self, task):
        return self.model_class()(
            task.image_size,
            task.width,
            [(edit.name, edit.column, edit.adds) for edit in task.edits],
            task.options.penalty,
            task.options.pull,
        )

    def held_out_batches(self, faces, edits, image_size, most):
        for number, edit in enumerate(edits):
            crops = faces.test_crops(edit, image_size)
            for start in range(0, len(crops), most):
                images = pixels.to_float(crops[start : start + most])
                labels = np.zeros((len(images), len(edits) // 2), np.int8)
                labels[:, number // 2] = -1 if edit.adds else 1
                yield len(images), (images, labels, np.full(len(images), number, np.int32))

    def exports(self, edits):
        """All but the last: what it edits need not be what it exports."""
        return tuple(edits[:-1])

    def network(self, model, edit):
        from dummy_family.model import OneEdit

        return OneEdit(model.editor, model.edits.index(edit))


FAMILY = DummyFamily()
