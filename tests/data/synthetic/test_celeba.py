"""Writing drawn faces as CelebA's files."""

import numpy as np
import pytest
from PIL import Image

from faceattr.data.sources import load_files
from faceattr.data.synthetic import (
    COLUMNS,
    labels,
    landmarks,
    render,
    sample_parameters,
    write_celeba,
)
from faceattr.errors import UserError
from faceattr.faces.crop import CELEBA_CROP

COUNT, SEED, SIZE = 20, 4, 64
LANDMARKS = "list_landmarks_align_celeba.txt"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("data") / "nested" / "faces"
    write_celeba(target, COUNT, SEED, SIZE)
    return target


def _lines(folder, name):
    return (folder / name).read_text(encoding="utf-8").splitlines()


def test_only_celebas_files_are_left(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "identity_CelebA.txt",
        "img_align_celeba",
        "list_attr_celeba.txt",
        "list_eval_partition.txt",
        "list_landmarks_align_celeba.txt",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["faces"]


def test_attribute_file_agrees_with_labels(folder):
    count, header, *rows = _lines(folder, "list_attr_celeba.txt")
    assert int(count) == COUNT == len(rows)
    assert tuple(header.split()) == COLUMNS
    for index, row in enumerate(rows):
        name, *values = row.split()
        assert name == f"{index + 1:06d}.jpg"
        assert [int(value) for value in values] == list(
            labels(sample_parameters(SEED, index)).values()
        )


def test_landmark_file_agrees_with_landmarks(folder):
    count, header, *rows = _lines(folder, LANDMARKS)
    assert int(count) == COUNT == len(rows)
    assert header == (
        "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
        "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
    )
    for index, row in enumerate(rows):
        pixels = np.array([int(value) for value in row.split()[1:]]).reshape(5, 2)
        # The images are 77x94 with the face at (6, 15); landmarks count in 178x218 always.
        in_image = landmarks(sample_parameters(SEED, index)) * SIZE + (6, 15)
        assert np.abs(pixels - in_image / (77, 94) * (178, 218)).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("size", [64, 148])
def test_eyes_lie_where_celeba_has_them(tmp_path, size):
    """Within CelebA's 178x218 pixels: on average about (69, 111) and (108, 111)."""
    write_celeba(tmp_path / "faces", 40, 0, size)
    rows = [line.split()[1:5] for line in _lines(tmp_path / "faces", LANDMARKS)[2:]]
    mean = np.array(rows, float).mean(axis=0)
    assert np.abs(mean - (69, 111, 108, 111)).max() < 3


def test_crop_for_celeba_gives_the_rendered_faces_back(folder):
    table = load_files("celeba", folder)
    stored = table.crops(np.arange(COUNT), SIZE).astype(np.float32)
    for index in range(COUNT):
        drawn = render(sample_parameters(SEED, index), SIZE).astype(np.float32)
        error = np.abs(stored[index] - drawn)
        assert error.mean() < 6
        # One pixel aside would be worse than what JPEG loses.
        for axis in (0, 1):
            for step in (-1, 1):
                assert error.mean() < np.abs(np.roll(stored[index], step, axis) - drawn).mean()


@pytest.mark.parametrize(
    ("size", "frame"), [(32, (38, 47)), (64, (77, 94)), (128, (154, 189)), (148, (178, 218))]
)
def test_images_have_the_proportions_of_celebas_frame(tmp_path, size, frame):
    write_celeba(tmp_path / "faces", 1, 0, size)
    with Image.open(tmp_path / "faces" / "img_align_celeba" / "000001.jpg") as image:
        assert image.size == frame
    left, top, right, bottom = CELEBA_CROP.box(*frame)
    assert (right - left, bottom - top) == (size, size)


def test_identities_and_partition_name_every_file(folder):
    identities = [line.split() for line in _lines(folder, "identity_CelebA.txt")]
    assert identities == [[f"{n:06d}.jpg", str(n)] for n in range(1, COUNT + 1)]
    partition = [line.split()[1] for line in _lines(folder, "list_eval_partition.txt")]
    assert partition == sorted(partition)
    assert [partition.count(part) for part in "012"] == [17, 2, 1]


def test_correlation_and_progress_are_passed_on(tmp_path):
    seen = []
    wanted = {("Smiling", "Mouth_Slightly_Open"): 1.0}
    write_celeba(tmp_path / "faces", 8, 1, 32, wanted, seen.append)
    assert seen == list(range(1, 9))
    rows = [line.split()[1:] for line in _lines(tmp_path / "faces", "list_attr_celeba.txt")[2:]]
    smiling, opened = COLUMNS.index("Smiling"), COLUMNS.index("Mouth_Slightly_Open")
    assert all(row[smiling] == row[opened] for row in rows)


def test_folder_that_is_not_empty_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty: name another folder") as caught:
        write_celeba(tmp_path, 1, 0)
    assert str(tmp_path) in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_nothing_is_left_of_an_interrupted_run(tmp_path):
    def interrupt(written):
        if written == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_celeba(tmp_path / "faces", 5, 0, 32, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
