import dataclasses
import logging
import shutil

import numpy as np
import pytest

from faceattr import pixels
from faceattr.data.sources import draw_synthetic, load_files
from faceattr.errors import UserError
from faceattr.evaluation.judge.attribute_classifier import (
    SourceCounts,
    attribute_classifier,
    measured_on,
    train_classifier,
)
from faceattr.evaluation.judge.classifier_data import (
    LabelledFaces,
    TrainingBatches,
    fingerprint,
    hold_out,
    labels_of,
    read_crops,
    weighted_labels,
)
from faceattr.evaluation.judge.classifier_network import FEATURES, masked_loss
from faceattr.evaluation.settings import ClassifierSettings

QUICK = ClassifierSettings(image_size=32, epochs=2, batch_size=16)


@pytest.fixture(scope="module")
def faces():
    table = draw_synthetic(96, 32, seed=0).table
    return LabelledFaces("drawn", table, hold_out(None, 96, 0.25, seed=0))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("classifiers")


@pytest.fixture(scope="module")
def trained(faces, cache):
    return attribute_classifier([faces], cache, QUICK)


def test_persons_are_held_out_whole():
    identities = np.repeat(np.arange(50), 4)
    held_out = hold_out(identities, 200, 0.2, seed=0)
    assert held_out.sum() == 40
    assert not set(identities[held_out]) & set(identities[~held_out])
    assert np.array_equal(held_out, hold_out(identities, 200, 0.2, seed=0))
    assert not np.array_equal(held_out, hold_out(identities, 200, 0.2, seed=1))


def test_the_persons_of_a_run_s_test_images_are_held_out():
    identities = np.repeat(np.arange(50), 4)
    required = np.array([3, 17, 120])
    held_out = hold_out(identities, 200, 0.2, seed=0, required=required)
    assert held_out[(identities == 0) | (identities == 4) | (identities == 30)].all()
    assert held_out.sum() == 40
    assert np.flatnonzero(hold_out(identities, 200, 0.001, 0, required)).tolist() == [
        *range(4),
        *range(16, 20),
        *range(120, 124),
    ]


def test_unknown_persons_are_each_their_own():
    identities = np.full(100, -1)
    held_out = hold_out(identities, 100, 0.3, seed=0, required=np.array([5]))
    assert held_out[5]
    assert held_out.sum() == 30


def test_something_must_be_left_to_train_on():
    with pytest.raises(UserError, match="all 4 images would be held out"):
        hold_out(np.zeros(4, np.int64), 4, 0.1, seed=0)


def test_the_loss_passes_over_unknown_labels():
    labels = np.array([[1, 0], [-1, 0]], np.int8)
    logits = np.array([[2.0, 50.0], [1.0, -50.0]], np.float32)
    # -log sigmoid(2) and -log sigmoid(-1), the mean of the two known labels.
    expected = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(1.0))) / 2
    assert float(masked_loss(0.0)(labels, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(masked_loss(0.0)(np.zeros((2, 2), np.int8), logits)) == 0


def test_the_size_of_a_label_is_its_weight():
    logits = np.array([[2.0], [1.0]], np.float32)
    expected = (3 * np.log1p(np.exp(-2.0)) + 0.5 * np.log1p(np.exp(1.0))) / 3.5
    loss = masked_loss(0.0)(np.array([[3.0], [-0.5]], np.float32), logits)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_label_smoothing_asks_for_less_than_certainty():
    labels = np.array([[1]], np.int8)
    at = [float(masked_loss(0.2)(labels, np.array([[x]], np.float32))) for x in (1, 2.1972, 5)]
    assert at[1] < at[0]  # 2.1972 is the logit of 0.9 = 1 - 0.2 / 2
    assert at[1] < at[2]


def test_columns_that_a_source_lacks_are_unknown(faces):
    labels = labels_of(faces, ("Young", "No_Such_Column"))
    assert np.array_equal(labels[:, 0] > 0, faces.table.values("Young"))
    assert (labels[:, 1] == 0).all()


def test_a_rare_label_weighs_more_and_the_mean_weight_is_one():
    labels = np.array([[1, 0], [-1, 1], [-1, 1], [-1, 0], [-1, 1]], np.int8)
    weighted = weighted_labels(labels, 0.5)
    assert np.array_equal(np.sign(weighted), labels)
    # One of five has the first attribute: four times as rare, weighing twice as much.
    assert weighted[0, 0] / -weighted[1, 0] == pytest.approx(2)
    assert np.abs(weighted[:, 0]).mean() == pytest.approx(1)
    assert weighted[[1, 2, 4], 1] == pytest.approx([1, 1, 1]), "all known are of one kind"
    assert np.array_equal(weighted_labels(labels, 0), labels)


@pytest.fixture
def crops():
    return np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), np.uint8)


def batches(crops: np.ndarray, jitter: float, seed: int = 0) -> TrainingBatches:
    return TrainingBatches(crops, np.arange(10, dtype=np.float32)[:, None], 4, jitter, seed)


def test_batches_are_a_function_of_seed_epoch_and_place(crops):
    before = crops.copy()
    one, other = batches(crops, 1.0), batches(crops, 1.0)
    assert len(one) == 2
    for index in (1, 0):
        for mine, theirs in zip(one[index], other[index], strict=True):
            assert np.array_equal(mine, theirs)
    assert not np.array_equal(one[0][1], batches(crops, 1.0, seed=1)[0][1])
    first_epoch = one[0][1]
    one.on_epoch_end()
    assert not np.array_equal(one[0][1], first_epoch)
    assert np.array_equal(crops, before), "the crops themselves are not changed"


def test_batches_without_jitter_are_the_crops_and_their_mirror_images(crops):
    mirrored = 0
    for index in range(2):
        images, labels = batches(crops, 0.0)[index]
        for image, label in zip(pixels.to_uint8(images), labels[:, 0].astype(int), strict=True):
            own = np.array_equal(image, crops[label])
            assert own or np.array_equal(image, crops[label][:, ::-1])
            mirrored += not own
    assert 0 < mirrored < 8


def test_jitter_moves_and_lights_but_does_not_blur(crops):
    images, labels = batches(crops, 1.0)[0]
    assert images.dtype == np.float32
    assert images.min() >= -1
    assert images.max() <= 1
    reach = 2  # a twentieth of 32
    for image, label in zip(images, labels[:, 0].astype(int), strict=True):
        original = pixels.to_float(crops[label])
        found = []
        for side in (original, original[:, ::-1]):
            padded = np.pad(side, ((reach, reach), (reach, reach), (0, 0)), "reflect")
            for down in range(2 * reach + 1):
                for right in range(2 * reach + 1):
                    moved = padded[down : down + 32, right : right + 32]
                    inner = np.abs(image) < 0.99  # not clipped
                    found.append(np.corrcoef(image[inner], moved[inner])[0, 1])
        # Light and contrast are one line for all pixels of the right place, and of no other.
        assert max(found) == pytest.approx(1, abs=1e-4)
        assert np.sort(found)[-2] < 0.9


def test_crops_come_at_the_size_that_is_wanted(faces):
    indices = np.array([5, 90, 3] * 50)  # more than are read at once
    same = read_crops(faces.table, indices, 32)
    assert np.array_equal(same, faces.table.images[indices])
    plain = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None, None, None], (96, 64, 64, 3))
    larger = dataclasses.replace(faces.table, images=plain)
    halved = read_crops(larger, indices, 32)
    assert halved.shape == same.shape
    assert np.array_equal(halved, plain[indices, :32, :32])


def test_crops_of_files_are_those_of_the_table(celeba_dir):
    table = load_files("celeba", celeba_dir)
    indices = np.arange(0, 400, 100)
    assert np.array_equal(read_crops(table, indices, 64), table.crops(indices, 64))


def test_the_fingerprint_changes_with_what_is_learned(faces):
    names = {fingerprint([faces], {"seed": 0})}
    assert fingerprint([faces], {"seed": 0}) in names
    names.add(fingerprint([faces], {"seed": 1}))
    training = int(np.flatnonzero(~faces.held_out)[0])
    labels = faces.table.labels.copy()
    labels[training, 0] = -labels[training, 0]
    changed = dataclasses.replace(faces.table, labels=labels)
    names.add(fingerprint([dataclasses.replace(faces, table=changed)], {"seed": 0}))
    images = faces.table.images.copy()
    images[training, 0, 0, 0] ^= 1
    changed = dataclasses.replace(faces.table, images=images)
    names.add(fingerprint([dataclasses.replace(faces, table=changed)], {"seed": 0}))
    held_out = hold_out(None, 96, 0.25, seed=1)
    names.add(fingerprint([dataclasses.replace(faces, held_out=held_out)], {"seed": 0}))
    assert len(names) == 5


@pytest.mark.slow
def test_a_classifier_is_trained_once_and_then_read(faces, cache, trained, caplog, monkeypatch):
    monkeypatch.setattr(
        "faceattr.evaluation.judge.attribute_classifier.train_classifier",
        lambda *_: pytest.fail("it is in the cache"),
    )
    with caplog.at_level(logging.INFO):
        second = attribute_classifier([faces], cache, QUICK)
    assert "taken from" in caplog.text
    crops = faces.table.images[:5]
    assert np.allclose(trained.probabilities(crops), second.probabilities(crops), atol=1e-6)
    assert second.columns == faces.table.columns
    assert second.scores["drawn"]["Young"] == trained.scores["drawn"]["Young"]
    score = trained.scores["drawn"]["Young"]
    assert score.positives + score.negatives == faces.held_out.sum()
    assert second.sources["drawn"] == SourceCounts(96, int(faces.held_out.sum()))
    assert second.settings == QUICK
    assert second.reliability == trained.reliability
    assert sum(bin.count for bin in trained.reliability["drawn"]["Young"]) == faces.held_out.sum()


@pytest.mark.slow
def test_what_a_classifier_gives(faces, trained):
    classifier = trained
    crops = faces.table.images[:5]
    probabilities = classifier.probabilities(crops)
    assert probabilities.shape == (5, 40)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    place = classifier.columns.index("Male")
    assert np.array_equal(classifier.probability(crops, "Male"), probabilities[:, place])
    assert classifier.look(crops).features.shape == (5, FEATURES)
    assert classifier.probabilities(crops[:, :, ::-1]) == pytest.approx(probabilities, abs=1e-6)
    larger = crops.repeat(2, axis=1).repeat(2, axis=2)
    assert np.abs(classifier.probabilities(larger) - probabilities).mean() < 0.02
    assert classifier.probabilities(crops[:0]).shape == (0, 40)
    with pytest.raises(UserError, match="not trained on Beach"):
        classifier.probability(crops, "Beach")


@pytest.mark.slow
def test_it_is_measured_on_a_source_that_it_never_saw(trained):
    table = draw_synthetic(20, 64, seed=5).table
    columns = ("Male", "Beach")
    labels = np.stack([table.labels[:, table.columns.index("Male")], np.ones(20, np.int8)], axis=1)
    labels[:3, 0] = 0
    other = dataclasses.replace(table, columns=columns, labels=labels)
    measured = measured_on(trained, LabelledFaces("other", other, np.ones(20, bool)))
    assert measured.scores["drawn"] == trained.scores["drawn"]
    assert list(measured.scores["other"]) == ["Male"], "it was not trained on beaches"
    assert measured.scores["other"]["Male"].positives == (labels[3:, 0] > 0).sum()
    assert sum(bin.count for bin in measured.reliability["other"]["Male"]) == 17
    assert measured.sources["other"] == SourceCounts(20, 20)
    assert list(trained.scores) == ["drawn"], "the one that was given stays as it was"


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_a_damaged_classifier_is_named(faces, cache, tmp_path):
    shutil.copytree(cache, tmp_path, dirs_exist_ok=True)
    (folder,) = tmp_path.iterdir()
    (folder / "classifier.keras").write_bytes(b"half of it")
    with pytest.raises(UserError, match="damaged attribute classifier"):
        attribute_classifier([faces], tmp_path, QUICK)


def test_labels_of_one_kind_cannot_be_learned(faces, tmp_path):
    labels = np.ones_like(faces.table.labels)
    same = dataclasses.replace(faces, table=dataclasses.replace(faces.table, labels=labels))
    with pytest.raises(UserError, match="with and without an attribute"):
        attribute_classifier([same], tmp_path, QUICK)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_it_learns_to_tell_glasses_and_age_on_drawn_faces():
    table = draw_synthetic(700, 32, seed=1).table
    faces = LabelledFaces("drawn", table, hold_out(None, 700, 0.3, seed=0))
    settings = ClassifierSettings(image_size=32, epochs=10, batch_size=32)
    scores = train_classifier([faces], settings).scores["drawn"]
    assert scores["Eyeglasses"].balanced_accuracy > 0.9
    assert scores["Young"].balanced_accuracy > 0.85
