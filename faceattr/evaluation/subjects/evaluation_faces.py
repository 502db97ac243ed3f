"""EvaluationFaces: the held-out faces that edits are tried on, of the run's own or of others."""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np

from faceattr.attributes import find_attribute
from faceattr.bundles.manifest import Manifest
from faceattr.data import synthetic
from faceattr.data.sources import SyntheticFaces, draw_synthetic
from faceattr.data.splits import PAPER_TEST_PER_CLASS
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.evaluation.judge.classifier_data import read_crops
from faceattr.evaluation.measures.regions import in_crop
from faceattr.evaluation.subjects.subject import Subject, is_bundle
from faceattr.faces.crop import CELEBA_CROP, LFW_CROP, open_image
from faceattr.runs.run import Run
from faceattr.runs.settings import TrainConfig
from faceattr.training.data import TrainingData

# Width and height of the images that are aligned in a known frame.
_FRAMES = {CELEBA_CROP: (178, 218), LFW_CROP: (250, 250)}

Sides = tuple[np.ndarray, np.ndarray]

# Keeps these draws apart from other draws of the same seed.
_FACE_DRAWS = 0xFACE


@dataclasses.dataclass(frozen=True, eq=False)
class EvaluationFaces:
    """Faces that edits were not trained on.

    Attributes:
        source: str, such as `"celeba"`.
        table: all images of the source, with their labels.
        sides: column -> indices of the held-out faces without and with its attribute, int64 each.
        synthetic: drawn faces have true counterfactuals; None for photographs.
        notes: what a reader should know about the choice, a sentence each.
    """

    source: str
    table: AttributeTable
    sides: Mapping[str, Sides]
    synthetic: SyntheticFaces | None = None
    notes: tuple[str, ...] = ()

    def held_out(self, column: str) -> Sides:
        """Indices of the held-out faces without and with the attribute of a column."""
        return self.sides[column]

    def indices(self) -> np.ndarray:
        """The held-out faces of all columns, each once, in order: int64 [k]."""
        return np.unique(np.concatenate([each for sides in self.sides.values() for each in sides]))

    def crops(self, indices: np.ndarray, image_size: int) -> np.ndarray:
        """Face crops at the size of an edit: uint8 [k, image_size, image_size, 3].

        Raises:
            UserError: if an image cannot be read.
        """
        return read_crops(self.table, indices, image_size)

    def landmarks(self, indices: np.ndarray) -> np.ndarray | None:
        """Known landmarks of face crops: float64 [k, 5, 2], (x, y) as fractions of the side, in
        the order of `AttributeTable.landmarks`; None if the source has none.
        """
        if self.synthetic is not None:
            drawn = [self.synthetic.parameters[index] for index in indices]
            return np.array([synthetic.landmarks(face) for face in drawn], np.float64)
        if self.table.landmarks is None:
            return None
        return in_crop(self.table.landmarks[indices], self.table.crop, *_frame(self.table))

    def names(self) -> frozenset[str]:
        """The names of the held-out images."""
        return frozenset(self.table.names[index] for index in self.indices())


def own_faces(
    folder: pathlib.Path, subject: Subject, data_dir: pathlib.Path | None = None
) -> EvaluationFaces:
    """The held-out faces of a subject's own training.

    A run lists them. A bundle does not: its split is drawn again from its settings, and taken if
    the data count what they counted then.

    Args:
        folder: the run, or the bundle.
        subject: of the same folder.
        data_dir: where the data lie now; None for where they lay.

    Raises:
        UserError: if the data are gone or others, or test and training overlap.
    """
    # Not decoded here: of the training images only the classifier will read any.
    settings = {**subject.settings, "cache": "none"}
    if data_dir is not None and settings["data"] != "synthetic":
        settings["data_dir"] = str(data_dir)
    config = TrainConfig.of(**settings)
    bundle = is_bundle(folder)
    data = TrainingData.load(config, None if bundle else Run.open(folder).split_folder)
    if bundle:
        _refuse_other_data(folder, data, config)
    return EvaluationFaces(
        config.data,
        data.table,
        {column: data.split.held_out(column) for column in subject.columns},
        data.synthetic,
    )


def other_faces(
    subject: Subject,
    source: str,
    table: AttributeTable,
    synthetic: SyntheticFaces | None = None,
    test_per_class: int | None = None,
    seed: int = 0,
) -> EvaluationFaces:
    """All labelled faces of a source, as many of either class, but for those trained on.

    Args:
        subject: whose attributes they are.
        source: str, the source's name.
        table: of the source.
        synthetic: the drawn faces of `table`, if it holds such.
        test_per_class: int >= 1, the most faces of each class; None for the paper's 1,000.
        seed: int, of the draw.

    Raises:
        UserError: if the source lacks the column, or has no face of a class.
    """
    trained = _trained_on(subject, table)
    found = EvaluationFaces(
        source,
        table,
        {column: _usable(subject, source, table, column, ~trained) for column in subject.columns},
        synthetic,
        _notes(subject, table, trained),
    )
    return at_most(found, test_per_class or PAPER_TEST_PER_CLASS, seed, balanced=True)


def _usable(
    subject: Subject, source: str, table: AttributeTable, column: str, left: np.ndarray
) -> Sides:
    """All faces whose label is known, of those that are left: bool [n]; both kinds are there."""
    column = find_attribute(column, table.columns).column
    usable = table.known(column) & left
    positive = table.values(column)
    sides = np.flatnonzero(usable & ~positive), np.flatnonzero(usable & positive)
    if not all(map(len, sides)):
        raise UserError(
            f"--data {source}: {len(sides[1])} faces with {column} and {len(sides[0])} without "
            f"are left once those that {subject.name} was trained on are out; both kinds are needed"
        )
    return sides


def drawn_faces(subject: Subject, count: int, seed: int) -> SyntheticFaces:
    """Drawn faces at a subject's size, named so that a name is one face.

    The faces of a training on drawn faces have their number for a name. Those of another seed are
    other faces, and have the seed in their name as well.
    """
    drawn = draw_synthetic(count, subject.image_size, seed)
    if subject.settings.get("data") == "synthetic" and subject.settings.get("seed") == seed:
        return drawn
    names = tuple(f"seed {seed}, face {name}" for name in drawn.table.names)
    return dataclasses.replace(drawn, table=dataclasses.replace(drawn.table, names=names))


def at_most(
    faces: EvaluationFaces, per_class: int | None, seed: int, balanced: bool = False
) -> EvaluationFaces:
    """The same, with at most so many faces of each class of a column, drawn by the seed.

    Args:
        faces: of any number of columns; each is drawn by itself.
        per_class: int >= 1; None for all.
        seed: int, of the draw.
        balanced: bool, whether a column has as many faces of either class.
    """
    if per_class is None:
        return faces
    drawn: dict[str, Sides] = {}
    for column, sides in faces.sides.items():
        most = min(per_class, *map(len, sides)) if balanced else per_class
        random = np.random.default_rng([seed, _FACE_DRAWS])
        without, having = (np.sort(random.permutation(side)[:most]) for side in sides)
        drawn[column] = (without, having)
    return dataclasses.replace(faces, sides=drawn)


def _refuse_other_data(folder: pathlib.Path, data: TrainingData, config: TrainConfig) -> None:
    then = Manifest.read(folder).data
    now = data.describe(config)
    differing = [name for name, value in then.items() if now.get(name, value) != value]
    if differing:
        name = differing[0]
        raise UserError(
            f"--run {folder}: its test faces are not known: the data have {name} {now[name]}, "
            f"but {then[name]} when it was trained; name the run instead of the bundle, or other "
            "faces with --data"
        )


def _trained_on(subject: Subject, table: AttributeTable) -> np.ndarray:
    """Which images of a table the subject was trained on, by their names: bool [n]."""
    if subject.training is None:
        return np.zeros(len(table), bool)
    return np.array([name in subject.training for name in table.names], bool)


def _notes(subject: Subject, table: AttributeTable, trained: np.ndarray) -> tuple[str, ...]:
    if subject.training is None:
        return (f"{subject.name} does not tell what it was trained on: some faces may be of it.",)
    if not trained.any():
        return ()
    note = f"{trained.sum():,} faces of {len(table):,} were trained on, and are not used."
    if table.identities is not None:
        persons = np.unique(table.identities[trained])
        others = np.isin(table.identities, persons[persons >= 0]) & ~trained
        note += f" {others.sum():,} of the others show persons who are among these."
    return (note,)


def _frame(table: AttributeTable) -> tuple[int, int]:
    """Width and height of a table's images: packed crops do not say, their crop does."""
    if table.crop in _FRAMES:
        return _FRAMES[table.crop]
    if table.folder is None:
        return 1, 1
    image = open_image(table.path(0))
    return image.width, image.height
