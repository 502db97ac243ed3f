import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from faceattr import pixels
from faceattr.data.crop import CELEBA_CROP, LFW_CROP, WHOLE_IMAGE, read_crop
from faceattr.data.pipeline import batch_plan, check_images, crop_reader, training_pairs
from faceattr.data.sources import draw_synthetic, load_files
from faceattr.data.splits import balanced_split
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError


def test_each_class_is_seen_whole_before_any_image_comes_again():
    counts = (7, 5)
    plans = [batch_plan(3, step, 4, counts)[0] for step in range(35)]
    for label, count in enumerate(counts):
        seen = np.concatenate([plan[label] for plan in plans])
        for start in range(0, len(seen) - count + 1, count):
            assert sorted(seen[start : start + count]) == list(range(count))
    orders = [tuple(np.concatenate([plan[0] for plan in plans])[i : i + 7]) for i in (0, 7, 14)]
    assert len(set(orders)) == 3, "every epoch has an order of its own"


def test_half_of_the_images_are_mirrored_and_classes_are_independent():
    plans = [batch_plan(0, step, 16, (1000, 1000)) for step in range(60)]
    assert np.mean([mirrored for _, mirrored in plans]) == pytest.approx(0.5, abs=0.03)
    positions = np.concatenate([positions for positions, _ in plans], axis=1)
    assert abs(np.corrcoef(positions)[0, 1]) < 0.1


@pytest.fixture(scope="module")
def faces():
    return draw_synthetic(20, 32, seed=5).table


@pytest.fixture(scope="module")
def face_files(faces, tmp_path_factory):
    """The same faces as PNG files, in two folders deep names."""
    folder = tmp_path_factory.mktemp("faces")
    names = []
    for index, image in enumerate(faces.images):
        names.append(f"{index % 2}/{index}.png")
        (folder / names[-1]).parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / names[-1])
    return AttributeTable(tuple(names), faces.columns, faces.labels, WHOLE_IMAGE, folder=folder)


def batches(table, steps):
    split = balanced_split(table.values("Male"), 2, 0)
    return [(x0.numpy(), x1.numpy()) for x0, x1 in training_pairs(table, split, 32, 3, 11, steps)]


def test_starting_at_a_step_gives_the_batches_of_an_uninterrupted_run(face_files):
    for whole, resumed in zip(
        batches(face_files, range(9))[4:], batches(face_files, range(4, 9)), strict=True
    ):
        np.testing.assert_array_equal(whole[0], resumed[0])
        np.testing.assert_array_equal(whole[1], resumed[1])


def test_files_and_memory_serve_the_same_batches(faces, face_files):
    for from_memory, from_files in zip(
        batches(faces, range(4)), batches(face_files, range(4)), strict=True
    ):
        for images, same in zip(from_memory, from_files, strict=True):
            assert images.shape == (3, 32, 32, 3)
            assert images.dtype == np.float32
            np.testing.assert_array_equal(images, same)


def test_a_batch_holds_the_planned_images_of_the_training_split(faces):
    split = balanced_split(faces.values("Male"), 2, 0)
    members = (split.train_negative, split.train_positive)
    positions, mirrored = batch_plan(11, 2, 3, (len(members[0]), len(members[1])))
    pair = batches(faces, range(2, 3))[0]
    for label in (0, 1):
        for place in range(3):
            image = faces.images[members[label][positions[label, place]]]
            image = image[:, ::-1] if mirrored[label, place] else image
            np.testing.assert_array_equal(pair[label][place], pixels.to_float(image))


@pytest.mark.parametrize("crop", [CELEBA_CROP, LFW_CROP, WHOLE_IMAGE])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("size", [32, 128])
def test_tensorflow_and_pillow_read_the_same_crop(tmp_path, crop, suffix, size):
    face = draw_synthetic(1, 256, seed=1).table.images[0][:, 20:230]
    path = tmp_path / f"face.{suffix}"
    Image.fromarray(face).save(path, quality=95)
    in_graph = crop_reader(crop, size)(tf.constant(path.read_bytes())).numpy()
    with_pillow = read_crop(path, crop, size)
    difference = np.abs(in_graph.astype(int) - with_pillow)
    # Pillow rounds between its two passes; nothing more may differ.
    assert difference.max() <= 2
    assert difference.mean() < 0.3


def test_tensorflow_and_pillow_read_the_same_real_crops(celeba_dir):
    table = load_files("celeba", celeba_dir)
    read = crop_reader(table.crop, 64)
    for index in range(0, 8000, 500):
        in_graph = read(tf.io.read_file(str(table.path(index)))).numpy().astype(int)
        assert np.abs(in_graph - table.crops(np.array([index]), 64)[0]).max() <= 2


def test_unreadable_images_are_named_and_counted(face_files, tmp_path):
    for name in face_files.names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((face_files.folder / name).read_bytes())
    table = AttributeTable(
        face_files.names, face_files.columns, face_files.labels, WHOLE_IMAGE, folder=tmp_path
    )
    split = balanced_split(table.values("Male"), 2, 0)
    check_images(table, split)
    broken = [split.train_negative[0], split.test_positive[1]]
    for index in broken:
        table.path(index).write_bytes(b"GIF89a")
    with pytest.raises(UserError, match=r"2 of \d+ images cannot be used") as caught:
        check_images(table, split)
    assert all(table.names[index] in str(caught.value) for index in broken)
