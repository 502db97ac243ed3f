"""What the attribute classifier learns from: labelled faces, and the persons kept from it."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from keras import ops

from faceattr import pixels
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.progress import progress_bar

# Keeps these draws apart from other draws of the same seed.
_HOLDOUT_DRAWS = 0xC1A5
_CHUNK = 128  # images that are read or resized at once

# At jitter 1, as shares of the side, of the range, and of the contrast.
_MOST_SHIFT, _MOST_LIGHT, _MOST_CONTRAST = 0.05, 0.1, 0.15


@dataclasses.dataclass(frozen=True, eq=False)
class LabelledFaces:
    """The faces of one source, and which of them the classifier must not see.

    Attributes:
        name: str, of the source, such as `"celeba"`.
        table: the labelled images.
        held_out: bool [n], which are kept for measuring.
    """

    name: str
    table: AttributeTable
    held_out: np.ndarray

    def __post_init__(self) -> None:
        assert self.held_out.shape == (len(self.table),)


def hold_out(
    identities: np.ndarray | None,
    count: int,
    share: float,
    seed: int,
    required: np.ndarray | None = None,
) -> np.ndarray:
    """Chooses the images that the classifier is measured on.

    Whole persons are held out where it is known who is who: a classifier that has seen a person
    knows more of them than their attributes. An image of an unknown person counts as a person.

    Args:
        identities: int64 [count], the same number for the same person, -1 unknown; or None.
        count: int, images in all.
        share: float in (0, 1), of the images; persons are added until it is reached.
        seed: int. The same seed gives the same choice.
        required: int64 [k], images that must be held out, such as the test images of the run that
            is evaluated; all others of the same persons are as well.

    Returns:
        bool [count].

    Raises:
        UserError: if no image would be left to train on.
    """
    persons = np.full(count, -1, np.int64) if identities is None else identities.astype(np.int64)
    unknown = persons < 0
    persons = np.where(unknown, persons.max(initial=0) + 1 + np.arange(count), persons)
    kept = np.isin(persons, persons[[] if required is None else required])
    for person in np.random.default_rng([seed, _HOLDOUT_DRAWS]).permutation(np.unique(persons)):
        if kept.sum() >= share * count:
            break
        kept |= persons == person
    if kept.all():
        raise UserError(
            f"all {count} images would be held out from the attribute classifier; "
            "give it more images, or a run with a smaller --test_per_class"
        )
    return kept


def common_columns(faces: Sequence[LabelledFaces]) -> tuple[str, ...]:
    """The columns of all sources, each once, in the order in which they are met."""
    return tuple(dict.fromkeys(column for source in faces for column in source.table.columns))


def labels_of(source: LabelledFaces, columns: Sequence[str]) -> np.ndarray:
    """The labels of a source: int8 [n, len(columns)], 0 for a column that it does not have."""
    labels = np.zeros((len(source.table), len(columns)), np.int8)
    for place, column in enumerate(columns):
        if column in source.table.columns:
            labels[:, place] = source.table.labels[:, source.table.columns.index(column)]
    return labels


def weighted_labels(labels: np.ndarray, power: float) -> np.ndarray:
    """Labels whose size makes up for how rare they are in their source.

    Sources differ in how common an attribute is (Young: 78% of CelebA's, 17% of LFW's); without
    this a classifier goes by the look of the source, and for rare attributes says no too often.

    Args:
        labels: int8 [n, c] in {-1, 0, 1}, of one source.
        power: float in [0, 1]. A label of a class that is r times as rare as the other weighs
            r ** power times as much; 0 for equal weights.

    Returns:
        float32 [n, c]; the mean size of the known labels of a column is 1.
    """
    counts = np.stack([(labels > 0).sum(axis=0), (labels < 0).sum(axis=0)]).astype(np.float64)
    weights = np.maximum(counts, 1) ** -power
    weights *= counts.sum(axis=0) / np.maximum((weights * counts).sum(axis=0), 1e-12)
    signed = np.where(labels > 0, weights[0], np.where(labels < 0, -weights[1], 0))
    return signed.astype(np.float32)


def fingerprint(faces: Sequence[LabelledFaces], settings: dict[str, object]) -> str:
    """Names what a classifier is trained on: the same data and settings, the same name.

    Files stand for their pixels by name and length, because reading every image would cost more
    than the answer is worth; crops in memory are hashed themselves.

    Args:
        faces: the sources.
        settings: what else decides the result, of values that JSON knows.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for source in faces:
        table = source.table
        training = np.flatnonzero(~source.held_out)
        facts = [source.name, table.columns, table.crop.to_json()]
        digest.update(json.dumps(facts).encode())
        digest.update(np.packbits(source.held_out).tobytes())
        digest.update(table.labels[training].tobytes())
        for start in range(0, len(training), 256):
            part = training[start : start + 256]
            digest.update("\n".join(table.names[index] for index in part).encode())
            if table.images is not None:
                digest.update(np.ascontiguousarray(table.images[part]).tobytes())
            else:
                sizes = [table.path(index).stat().st_size for index in part]
                digest.update(json.dumps(sizes).encode())
    return digest.hexdigest()[:16]


def read_crops(table: AttributeTable, indices: np.ndarray, image_size: int) -> np.ndarray:
    """Face crops at the classifier's size, whatever size a table keeps them at.

    Args:
        table: of files, which several threads read, or of crops in memory or packed.
        indices: int64 [k].
        image_size: int.

    Returns:
        uint8 [k, image_size, image_size, 3].

    Raises:
        UserError: if an image cannot be read.
    """
    crops = np.empty((len(indices), image_size, image_size, 3), np.uint8)
    stored = None if table.images is None else table.images.shape[1]
    parts = [indices[start : start + _CHUNK] for start in range(0, len(indices), _CHUNK)]

    def read(part: np.ndarray) -> np.ndarray:
        if stored in (None, image_size):
            return table.crops(part, image_size)
        sized = resized(table.crops(part, stored), image_size)
        return pixels.to_uint8(sized)

    with ThreadPoolExecutor() as pool:
        reading = pool.map(read, parts)
        bar = progress_bar(reading, total=len(parts), desc="decoding", unit="batch")
        for number, part in enumerate(bar):
            crops[number * _CHUNK : number * _CHUNK + len(part)] = part
    return crops


def resized(images: np.ndarray, image_size: int) -> np.ndarray:
    """Images at another size, antialiased bilinear: uint8 [n, s, s, 3] to float32 in [-1, 1]."""
    crops = pixels.to_float(images)
    if images.shape[1] == image_size:
        return crops
    return ops.convert_to_numpy(
        ops.image.resize(crops, (image_size, image_size), interpolation="bilinear", antialias=True)
    )


class TrainingBatches:
    """Shuffled batches, changed at random: (float32 images in [-1, 1], float32 labels).

    Images are mirrored, moved by whole pixels, and changed in light and contrast. They are not
    scaled or turned: resampling would blur what is learned from, and frames of glasses with it,
    while the faces to be judged are sharp. Every batch is a pure function of the seed, the epoch
    and its place in it.

    Args:
        crops: uint8 [n, s, s, 3].
        labels: float32 [n, c], see `weighted_labels`.
        batch_size: int; the images that do not fill a last batch wait for another epoch.
        jitter: float in [0, 1], strength of the changes but mirroring. At 1 light changes by a
            tenth of the range, contrast by 15%, and the place by a twentieth of the side.
        seed: int.
    """

    def __init__(
        self, crops: np.ndarray, labels: np.ndarray, batch_size: int, jitter: float, seed: int
    ) -> None:
        assert crops.dtype == np.uint8
        self._crops = crops
        self._labels = labels
        self._batch_size = min(batch_size, len(crops))
        self._jitter = jitter
        self._seed = seed
        self._epoch = 0
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        return np.random.default_rng([self._seed, self._epoch]).permutation(len(self._crops))

    def __len__(self) -> int:
        return len(self._crops) // self._batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        start = index * self._batch_size
        chosen = self._order[start : start + self._batch_size]
        random = np.random.default_rng([self._seed, self._epoch, index])
        return _changed(self._crops[chosen], self._jitter, random), self._labels[chosen]

    def on_epoch_end(self) -> None:
        """Shuffles anew."""
        self._epoch += 1
        self._order = self._shuffled()


def _changed(crops: np.ndarray, jitter: float, random: np.random.Generator) -> np.ndarray:
    """Crops mirrored and jittered, float32 in [-1, 1]; see `TrainingBatches`."""
    count, side = crops.shape[:2]
    mirrored = random.random(count) < 0.5
    crops[mirrored] = crops[mirrored, :, ::-1]
    reach = round(side * _MOST_SHIFT * jitter)
    # The edge is mirrored so that no border is seen.
    padded = np.pad(crops, ((0, 0), (reach, reach), (reach, reach), (0, 0)), "reflect")
    for index, (down, right) in enumerate(random.integers(0, 2 * reach + 1, (count, 2))):
        crops[index] = padded[index, down : down + side, right : right + side]
    light, contrast = random.uniform(-jitter, jitter, (2, count, 1, 1, 1)).astype(np.float32)
    images = pixels.to_float(crops) * (1 + _MOST_CONTRAST * contrast) + 2 * _MOST_LIGHT * light
    return np.clip(images, -1, 1)
