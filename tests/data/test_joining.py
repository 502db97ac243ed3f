import dataclasses
import pathlib

import numpy as np
import pytest

from faceattr.data.choice import DataChoice
from faceattr.data.packing import pack
from faceattr.data.sources import draw_synthetic
from faceattr.errors import UserError
from faceattr.faces.crop import ALIGNED_CROP, CELEBA_CROP, WHOLE_IMAGE


@pytest.fixture(scope="module")
def faces():
    """Nine drawn faces of five persons, as the aligned crops of a data set."""
    table = draw_synthetic(9, 32, seed=5).table
    return dataclasses.replace(table, identities=np.arange(9) // 2, crop=ALIGNED_CROP)


@pytest.fixture(scope="module")
def folders(faces, tmp_path_factory):
    """The first four, the others with their columns the other way round."""
    folder = tmp_path_factory.mktemp("packed")
    first, second = faces.take(np.arange(4)), faces.take(np.arange(4, 9))
    pack(first, folder / "one", 32, shard_bytes=3 * 32 * 32 * 3)
    turned = dataclasses.replace(
        second, columns=second.columns[::-1], labels=second.labels[:, ::-1], identities=None
    )
    pack(turned, folder / "two", 32, shard_bytes=2 * 32 * 32 * 3)
    return folder / "one", folder / "two"


def read(*folders):
    return DataChoice(data="packed", data_dir=",".join(map(str, folders))).files()


def test_one_after_the_other(faces, folders):
    table = read(*folders)
    assert table.names == tuple(
        f"{'one' if number < 4 else 'two'}/{name}" for number, name in enumerate(faces.names)
    )
    assert table.columns == faces.columns
    np.testing.assert_array_equal(table.labels, faces.labels)
    np.testing.assert_array_equal(table.source, [0] * 4 + [1] * 5)
    np.testing.assert_array_equal(table.landmarks, faces.landmarks)
    assert table.crop == ALIGNED_CROP
    chosen = np.array([8, 0, 3, 4, 4, 6])
    np.testing.assert_array_equal(table.crops(chosen, 32), faces.images[chosen])
    some = table.take(chosen)
    np.testing.assert_array_equal(some.source, [1, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(some.crops(np.array([0, 5]), 32), faces.images[[8, 6]])


def test_persons_are_kept_apart(folders, faces, tmp_path):
    pack(faces.take(np.arange(4)), tmp_path / "three", 32)
    table = read(*folders, tmp_path / "three")
    np.testing.assert_array_equal(table.identities, [0, 0, 1, 1, *[-1] * 5, 2, 2, 3, 3])
    assert table.partition is None


def test_one_folder_is_read_as_ever(folders, faces):
    table = read(folders[0])
    assert table.names == faces.names[:4]
    assert table.source is None


def test_crops_cut_in_several_ways_lie_alike(faces, tmp_path):
    """CelebA's own frame, whose landmarks are of whole images, beside crops that align cut out."""
    framed = dataclasses.replace(faces, crop=CELEBA_CROP)
    pack(framed, tmp_path / "frame", 32)
    pack(faces, tmp_path / "crops", 32)
    table = read(tmp_path / "frame", tmp_path / "crops")
    assert table.crop == ALIGNED_CROP
    assert np.isnan(table.landmarks[:9]).all()
    np.testing.assert_array_equal(table.landmarks[9:], faces.landmarks)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crop": WHOLE_IMAGE}, "not aligned alike"),
        ({"columns": ("Hat",), "labels": np.ones((9, 1), np.int8)}, "not have the same labels"),
        ({"size": 16}, "32 and 16 pixels"),
    ],
)
def test_what_does_not_go_together_is_named(faces, folders, tmp_path, change, message):
    size = change.pop("size", 32)
    other = dataclasses.replace(faces, **change)
    if size != 32:
        other = dataclasses.replace(other, images=faces.images[:, ::2, ::2])
    pack(other, tmp_path / "other", size)
    with pytest.raises(UserError, match=f"one and .*other .*{message}"):
        read(folders[0], tmp_path / "other")


def test_one_name_for_two_folders_is_refused(faces, folders, tmp_path):
    pack(faces, tmp_path / "one", 32)
    with pytest.raises(UserError, match="named one"):
        read(folders[0], tmp_path / "one")


def test_a_folder_that_is_not_there_is_named(folders):
    with pytest.raises(UserError, match="gone: no such folder"):
        read(folders[0], pathlib.Path("gone"))


def test_a_folder_may_have_a_comma_in_its_name(faces, tmp_path):
    pack(faces, tmp_path / "a,b", 32)
    assert read(tmp_path / "a,b").names == faces.names
