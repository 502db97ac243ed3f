import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from faceattr import pixels
from faceattr.data.numpy_batches import NumpyBatches
from faceattr.data.pipeline import crop_reader, training_batches
from faceattr.data.rows import Rows, random_changes
from faceattr.data.sources import draw_synthetic, load_files
from faceattr.data.splits import balanced_split
from faceattr.data.table import AttributeTable
from faceattr.faces.crop import CELEBA_CROP, LFW_CROP, WHOLE_IMAGE, read_crop
from faceattr.models.pairs import PairDraws


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


def draws(table, batch_size):
    split = balanced_split(table.values("Male"), 2, 0)
    return PairDraws(split.training("Male"), batch_size, seed=11)


def batches(table, steps):
    served = training_batches(table, draws(table, 3), 32, steps)
    return [(x0.numpy(), x1.numpy()) for x0, x1 in served]


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
    rows = draws(faces, 3).rows(2)
    served = np.concatenate(batches(faces, range(2, 3))[0])
    for image, index, mirrored in zip(served, rows.indices, rows.mirrored, strict=True):
        wanted = faces.images[index][:, ::-1] if mirrored else faces.images[index]
        np.testing.assert_array_equal(image, pixels.to_float(wanted))


class ThreeGroups:
    """Draws of a family that wants labels and edits of three groups, by name."""

    def indices(self):
        return np.arange(20)

    def rows(self, step):
        chosen = np.arange(6) + step
        labels = np.stack([chosen % 3 - 1, chosen % 2], axis=1).astype(np.int8)
        changes = random_changes(0, step, 6)
        return Rows(chosen, labels, chosen.astype(np.int32), *changes, groups=3)

    def batch(self, images, labels, edits):
        assert len(images) == len(labels) == len(edits) == 3
        return {"faces": images[1], "labels": labels[2], "edits": edits[0]}


@pytest.mark.parametrize("source", ["faces", "face_files"])
def test_a_batch_is_what_the_draws_make_of_it_on_either_backend(source, faces, request):
    table = request.getfixturevalue(source)
    draws = ThreeGroups()
    served = list(training_batches(table, draws, 32, range(2, 5), 0.5))
    twin = NumpyBatches(faces, draws, range(2, 5), 0.5)
    assert len(served) == len(twin) == 3
    for index, batch in enumerate(served):
        rows = draws.rows(2 + index)
        np.testing.assert_array_equal(batch["labels"], rows.labels[4:])
        np.testing.assert_array_equal(batch["edits"], rows.edits[:2])
        assert batch.keys() == twin[index].keys()
        for name, values in batch.items():
            assert values.dtype == twin[index][name].dtype
            np.testing.assert_array_equal(values, twin[index][name])
    shard = next(iter(training_batches(table, draws, 32, range(2, 3), shard=(1, 2))))
    np.testing.assert_array_equal(shard["labels"], draws.rows(2).labels[5:])


def read_in_graph(path, crop, size):
    label = np.ones((1, 1), np.int8)
    table = AttributeTable((path.name,), ("Male",), label, crop, folder=path.parent)
    read = tf.function(crop_reader(table, np.array([0]), size))
    return read(tf.constant([0], tf.int64))[0].numpy()


def test_images_of_other_sizes_and_formats_are_read_among_plain_ones(tmp_path):
    names = ("a.jpg", "b.jpg", "small.jpg", "c.png")
    faces = [draw_synthetic(1, size, seed=9).table.images[0] for size in (96, 96, 64, 96)]
    for name, face in zip(names, faces, strict=True):
        Image.fromarray(face).save(tmp_path / name, quality=95)
    labels = np.ones((4, 1), np.int8)
    table = AttributeTable(names, ("Male",), labels, WHOLE_IMAGE, folder=tmp_path)
    read = tf.function(crop_reader(table, np.arange(4), 32))
    in_graph = read(tf.range(4, dtype=tf.int64)).numpy().astype(int)
    assert np.abs(in_graph - table.crops(np.arange(4), 32)).max() <= 2


@pytest.mark.parametrize("crop", [CELEBA_CROP, LFW_CROP, WHOLE_IMAGE])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("size", [32, 128])
def test_tensorflow_and_pillow_read_the_same_crop(tmp_path, crop, suffix, size):
    face = draw_synthetic(1, 256, seed=1).table.images[0][:, 20:230]
    path = tmp_path / f"face.{suffix}"
    Image.fromarray(face).save(path, quality=95)
    in_graph = read_in_graph(path, crop, size)
    with_pillow = read_crop(path, crop, size)
    difference = np.abs(in_graph.astype(int) - with_pillow)
    # Pillow rounds between its two passes; nothing more may differ.
    assert difference.max() <= 2
    assert difference.mean() < 0.3


def test_tensorflow_and_pillow_read_the_same_real_crops(celeba_dir):
    table = load_files("celeba", celeba_dir)
    indices = np.arange(0, 8000, 500)
    read = tf.function(crop_reader(table, indices, 64))
    in_graph = read(tf.constant(indices)).numpy().astype(int)
    assert np.abs(in_graph - table.crops(indices, 64)).max() <= 2


@pytest.mark.parametrize("source", ["faces", "face_files"])
def test_the_shards_of_all_workers_together_are_the_batch(source, request):
    table = request.getfixturevalue(source)
    whole, *parts = (
        next(iter(training_batches(table, draws(table, 6), 32, range(2, 3), 0.5, shard)))
        for shard in ((0, 1), (0, 3), (1, 3), (2, 3))
    )
    for label in (0, 1):
        assert parts[0][label].shape == (2, 32, 32, 3)
        together = np.empty_like(whole[label])
        for index in range(3):
            together[index::3] = parts[index][label]
        np.testing.assert_array_equal(together, whole[label])


def test_replicas_of_one_machine_share_a_batch(faces):
    """As `fit` hands it out under MirroredStrategy: the batch is split, no step is left out."""
    pairs = training_batches(faces, draws(faces, 4), 32, range(3))
    devices = tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([devices[0].name])
    handed_out = [x0.numpy() for x0, _ in strategy.experimental_distribute_dataset(pairs)]
    assert len(handed_out) == 3
    for images, (x0, _) in zip(handed_out, pairs, strict=True):
        np.testing.assert_array_equal(images, x0)


def rotated_exif():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    return exif


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("grey.jpg", "L", {}),
        ("cmyk.jpg", "CMYK", {}),
        ("rotated.jpg", "RGB", {"exif": rotated_exif()}),
        ("palette.png", "P", {}),
        ("clear.png", "RGBA", {}),
        ("deep.png", "I;16", {}),
        ("still.gif", "P", {}),
        ("photo.webp", "RGB", {"quality": 95}),
        ("photo.bmp", "RGB", {}),
        ("photo.tiff", "RGB", {}),
    ],
)
def test_every_kind_of_image_is_read_the_same_by_both(tmp_path, name, mode, options):
    face = Image.fromarray(draw_synthetic(1, 128, seed=1).table.images[0]).crop((0, 0, 128, 100))
    if mode == "I;16":
        deep = np.asarray(face.convert("L")).astype(np.uint16) * 257
        Image.fromarray(deep).save(tmp_path / name)
    else:
        face.convert(mode).save(tmp_path / name, **options)
    with_pillow = read_crop(tmp_path / name, WHOLE_IMAGE, 32)
    in_graph = read_in_graph(tmp_path / name, WHOLE_IMAGE, 32)
    assert np.abs(in_graph.astype(int) - with_pillow).max() <= 2
    # And it is the picture that was saved: upright, in its own tones.
    wanted = face.convert("L") if mode in ("L", "I;16") else face
    upright = wanted.transpose(Image.Transpose.ROTATE_270) if "rotated" in name else wanted
    upright.convert("RGB").save(tmp_path / "wanted.png")
    assert (
        np.abs(with_pillow - read_crop(tmp_path / "wanted.png", WHOLE_IMAGE, 32).astype(int)).mean()
        < 6
    )


def test_the_first_frame_of_an_animation_is_read(tmp_path):
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert read_in_graph(tmp_path / "moving.gif", WHOLE_IMAGE, 32)[0, 0].tolist() == [255, 0, 0]


def test_jitter_changes_the_pixels_but_not_the_order(faces):
    plain, shaken, again = (
        next(iter(training_batches(faces, draws(faces, 8), 32, range(1), jitter)))[0].numpy()
        for jitter in (0.0, 1.0, 1.0)
    )
    np.testing.assert_array_equal(shaken, again)
    difference = np.abs(plain - shaken)
    assert 0.02 < difference.mean() < 0.3
    # Each is still the same face: nearer to its own plain version than to any other.
    distances = np.abs(shaken[:, None] - plain[None]).mean(axis=(2, 3, 4))
    assert (distances.argmin(axis=1) == np.arange(8)).mean() > 0.8
