"""Writing drawn faces as CelebA's files."""

import numpy as np
import pytest
from PIL import Image

from faceattr.data.synthetic import (
    COLUMNS,
    labels,
    landmarks,
    render,
    sample_parameters,
    write_celeba,
)
from faceattr.errors import UserError

COUNT, SEED, SIZE = 20, 4, 64


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
    count, header, *rows = _lines(folder, "list_landmarks_align_celeba.txt")
    assert int(count) == COUNT == len(rows)
    assert header == (
        "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y "
        "leftmouth_x leftmouth_y rightmouth_x rightmouth_y"
    )
    for index, row in enumerate(rows):
        pixels = np.array([int(value) for value in row.split()[1:]]).reshape(5, 2)
        exact = landmarks(sample_parameters(SEED, index)) * SIZE
        assert np.abs(pixels - exact).max() <= 0.5 + 1e-4


def test_images_are_the_rendered_faces(folder):
    for index in (0, COUNT - 1):
        with Image.open(folder / "img_align_celeba" / f"{index + 1:06d}.jpg") as image:
            stored = np.asarray(image, np.float32)
        drawn = render(sample_parameters(SEED, index), SIZE)
        assert stored.shape == (SIZE, SIZE, 3)
        assert np.abs(stored - drawn).mean() < 6


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
