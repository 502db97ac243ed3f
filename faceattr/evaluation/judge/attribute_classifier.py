"""AttributeClassifier: a judge of attributes, trained apart from the networks that it judges.

It is trained on real faces of the training side alone, by person where persons are known, and its
own mistakes on held-out faces come with it: an edit cannot be judged better than the judge is.
"""

import dataclasses
import json
import logging
import pathlib
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from faceattr.errors import UserError
from faceattr.evaluation.json_values import of_type
from faceattr.evaluation.judge.classifier_data import (
    LabelledFaces,
    TrainingBatches,
    common_columns,
    fingerprint,
    labels_of,
    read_crops,
    resized,
    weighted_labels,
)
from faceattr.evaluation.judge.classifier_network import FEATURES, build_classifier, masked_loss
from faceattr.evaluation.judge.scores import ColumnScore, ReliabilityBin, column_score, reliability
from faceattr.evaluation.settings import ClassifierSettings
from faceattr.files import replacing, write_text
from faceattr.progress import progress_bar
from faceattr.training.devices.strategy import compiles

_logger = logging.getLogger(__name__)

# Changes with the network, the loss, the schedule or what is kept of it, so that an older cache is
# not taken up.
_VERSION = 3
_FACES_AT_ONCE = 64
_WARM_UP_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class SourceCounts:
    """Of one source: how many images there are, and how many of them the classifier never saw."""

    images: int
    held_out: int


@dataclasses.dataclass(frozen=True, eq=False)
class Seen:
    """What a classifier sees in images.

    Attributes:
        probabilities: float64 [n, columns] in [0, 1], how sure it is that each face has each
            attribute.
        features: float64 [n, FEATURES], its penultimate layer, for distances between sets of
            faces.
    """

    probabilities: np.ndarray
    features: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class AttributeClassifier:
    """A trained classifier and how good it is.

    Attributes:
        columns: the attributes that it tells.
        settings: how it was trained.
        scores: source -> column -> its scores on that source's held-out faces.
        reliability: source -> column -> what it says against what is true, on the same faces.
        sources: source -> its counts.
        model: see `build_classifier`.
    """

    columns: tuple[str, ...]
    settings: ClassifierSettings
    scores: dict[str, dict[str, ColumnScore]]
    reliability: dict[str, dict[str, list[ReliabilityBin]]]
    sources: dict[str, SourceCounts]
    model: keras.Model

    @property
    def image_size(self) -> int:
        """Side of the crops that it sees; images of other sizes are resized."""
        return self.settings.image_size

    def look(self, images: np.ndarray) -> Seen:
        """Probabilities and features of the same images at once.

        A face and its mirror image have the same attributes: the mean of both logits counts.

        Args:
            images: uint8 [n, s, s, 3], face crops of any size s.
        """
        assert images.dtype == np.uint8, "the classifier sees what a user sees: uint8 images"
        logits, features = [np.zeros((0, len(self.columns)))], [np.zeros((0, FEATURES))]
        for start in range(0, len(images), _FACES_AT_ONCE):
            crops = resized(images[start : start + _FACES_AT_ONCE], self.image_size)
            out = self.model(np.concatenate([crops, crops[:, :, ::-1]]), training=False)
            found = ops.convert_to_numpy(out["logits"]).astype(np.float64)
            logits.append((found[: len(crops)] + found[len(crops) :]) / 2)
            features.append(ops.convert_to_numpy(out["features"]).astype(np.float64)[: len(crops)])
        return Seen(_sigmoid(np.concatenate(logits)), np.concatenate(features))

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """`look` without the features: uint8 [n, s, s, 3] to float64 [n, len(columns)]."""
        return self.look(images).probabilities

    def probability(self, images: np.ndarray, column: str) -> np.ndarray:
        """`probabilities` of one column: float64 [n].

        Raises:
            UserError: if it was not trained on this column.
        """
        if column not in self.columns:
            raise UserError(
                f"the attribute classifier was not trained on {column}; its data lack that column"
            )
        return self.probabilities(images)[:, self.columns.index(column)]


def attribute_classifier(
    faces: Sequence[LabelledFaces],
    cache_dir: pathlib.Path,
    settings: ClassifierSettings | None = None,
) -> AttributeClassifier:
    """The classifier of these faces: from the cache, or trained now.

    Args:
        faces: the sources; only images that are not held out are learned from.
        cache_dir: a classifier is kept in `cache_dir / <fingerprint>`.
        settings: how to train; None for the defaults.

    Raises:
        UserError: if an image cannot be read, or no column has both kinds of faces.
    """
    settings = ClassifierSettings() if settings is None else settings
    key = fingerprint(faces, {"version": _VERSION, **dataclasses.asdict(settings)})
    folder = cache_dir / f"attribute-classifier-{key}"
    if (folder / "classifier.json").is_file():
        _logger.info("attribute classifier: taken from %s", folder)
        return _load(folder)
    classifier = train_classifier(faces, settings)
    _save(classifier, folder)
    return classifier


def train_classifier(
    faces: Sequence[LabelledFaces], settings: ClassifierSettings
) -> AttributeClassifier:
    """Trains a classifier and measures it on the held-out faces of each source.

    Raises:
        UserError: as `attribute_classifier`.
    """
    columns = common_columns(faces)
    crops, labels = [], []
    for source in faces:
        training = np.flatnonzero(~source.held_out)
        crops.append(read_crops(source.table, training, settings.image_size))
        known = labels_of(source, columns)[training]
        labels.append(weighted_labels(known, settings.rarity_power))
    weighted = np.concatenate(labels)
    if not ((weighted > 0).any(axis=0) & (weighted < 0).any(axis=0)).any():
        raise UserError("the attribute classifier needs faces with and without an attribute")
    batches = TrainingBatches(
        np.concatenate(crops), weighted, settings.batch_size, settings.jitter, settings.seed
    )
    _logger.info(
        "attribute classifier: %d faces, %d columns, %d epochs",
        len(weighted),
        len(columns),
        settings.epochs,
    )
    model = build_classifier(settings.image_size, len(columns), settings.seed)
    _fit(model, batches, settings)
    classifier = AttributeClassifier(columns, settings, {}, {}, {}, model)
    for source in faces:
        classifier = measured_on(classifier, source)
    return classifier


def measured_on(classifier: AttributeClassifier, source: LabelledFaces) -> AttributeClassifier:
    """The same classifier, with its scores on the held-out faces of one more source.

    Args:
        classifier: trained, on this source or on others.
        source: a source that all of is held out is one that the classifier never learned from.
    """
    kept = np.flatnonzero(source.held_out)
    probabilities = classifier.probabilities(read_crops(source.table, kept, classifier.image_size))
    labels = labels_of(source, classifier.columns)[kept]
    scores, bins = {}, {}
    for place, column in enumerate(classifier.columns):
        if column not in source.table.columns:
            continue
        known = labels[:, place] != 0
        scores[column] = column_score(probabilities[:, place], labels[:, place])
        bins[column] = reliability(probabilities[known, place], labels[known, place] > 0)
    return dataclasses.replace(
        classifier,
        scores={**classifier.scores, source.name: scores},
        reliability={**classifier.reliability, source.name: bins},
        sources={**classifier.sources, source.name: SourceCounts(len(source.table), len(kept))},
    )


def _fit(model: keras.Model, batches: TrainingBatches, settings: ClassifierSettings) -> None:
    steps = len(batches) * settings.epochs
    warm_up = int(steps * _WARM_UP_SHARE)
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate * 0.05,
        decay_steps=max(1, steps - warm_up),
        alpha=0.0,
        warmup_target=settings.learning_rate,
        warmup_steps=warm_up,
    )
    trained = keras.Model(model.input, model.output["logits"])
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=settings.weight_decay,
        use_ema=True,
        # Averages over about the last twentieth of the training.
        ema_momentum=1 - 1 / max(2.0, steps / 20),
    )
    # Variables that are made within the first step would have TensorFlow trace it twice.
    optimizer.build(trained.trainable_variables)
    # Keras would take XLA on CPUs too, where compiling costs more than it gains.
    trained.compile(optimizer, masked_loss(settings.smoothing), jit_compile=compiles("auto"))
    # Not `fit`: on a single core TensorFlow waits there for ever for the thread that would read.
    with progress_bar(total=steps, desc="classifier", unit="step") as bar:
        for _ in range(settings.epochs):
            trained.reset_metrics()
            for place in range(len(batches)):
                logs = trained.train_on_batch(*batches[place], return_dict=True)
                bar.set_postfix(loss=f"{logs['loss']:.3f}", refresh=False)
                bar.update()
            batches.on_epoch_end()
    optimizer.finalize_variable_values(trained.trainable_variables)


def _save(classifier: AttributeClassifier, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "classifier.keras") as beside:
        classifier.model.save(beside)
    facts = dataclasses.asdict(dataclasses.replace(classifier, model=None))
    del facts["model"]
    # Last: a folder with this file is complete.
    write_text(folder / "classifier.json", json.dumps(facts, indent=2) + "\n")


def _load(folder: pathlib.Path) -> AttributeClassifier:
    try:
        facts = json.loads((folder / "classifier.json").read_text("utf-8"))
        model = keras.models.load_model(folder / "classifier.keras", compile=False)
        return of_type(AttributeClassifier, {**facts, "model": model})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder}: damaged attribute classifier ({error}); remove it") from None


def _sigmoid(x: np.ndarray) -> np.ndarray:
    # Written so that neither sign overflows.
    return 0.5 * (1.0 + np.tanh(0.5 * x))
