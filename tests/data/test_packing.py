import dataclasses
import json

import numpy as np
import pytest

from faceattr.data.crop_store import CropStore
from faceattr.data.packing import cached_in_memory, load_packed, pack
from faceattr.data.sources import draw_synthetic, load_files
from faceattr.errors import UserError


@pytest.fixture(scope="module")
def faces():
    table = draw_synthetic(11, 32, seed=5).table
    identities = np.arange(11) // 2
    return dataclasses.replace(table, identities=identities)


@pytest.fixture
def packed(faces, tmp_path):
    pack(faces, tmp_path / "packed", 32, shard_bytes=4 * 32 * 32 * 3)
    return tmp_path / "packed"


def test_packing_keeps_every_crop_and_label(faces, packed):
    table = load_packed(packed)
    assert len(list(packed.glob("crops-*.npy"))) == 3, "of four crops and the rest"
    assert table.names == faces.names
    assert table.columns == faces.columns
    assert table.crop == faces.crop
    np.testing.assert_array_equal(table.labels, faces.labels)
    np.testing.assert_array_equal(table.identities, faces.identities)
    assert table.partition is None
    chosen = np.array([10, 0, 3, 4, 4])
    np.testing.assert_array_equal(table.crops(chosen, 32), faces.images[chosen])


def test_nothing_is_read_until_it_is_asked_for(packed):
    table = load_packed(packed)
    assert all(isinstance(shard, np.memmap) for shard in table.images.shards)
    some = table.take(np.array([9, 2]))
    assert all(isinstance(shard, np.memmap) for shard in some.images.shards)
    np.testing.assert_array_equal(some.crops(np.array([1]), 32), table.crops(np.array([2]), 32))


def test_an_older_folder_is_not_touched(faces, packed):
    before = sorted(path.name for path in packed.parent.iterdir())
    with pytest.raises(UserError, match="is there already"):
        pack(faces, packed, 32)
    assert sorted(path.name for path in packed.parent.iterdir()) == before


def test_a_failure_leaves_nothing(faces, tmp_path):
    files = dataclasses.replace(faces, images=None, folder=tmp_path / "gone")
    with pytest.raises(UserError, match="no such image"):
        pack(files, tmp_path / "packed", 32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["pack.json", "names.txt", "labels.npy", "crops", "format"])
def test_damaged_packs_are_named(packed, damage):
    if damage == "format":
        facts = json.loads((packed / "pack.json").read_text())
        (packed / "pack.json").write_text(json.dumps({**facts, "format": 99}))
    elif damage == "crops":
        next(packed.glob("crops-00001*")).unlink()
    else:
        (packed / damage).unlink()
    with pytest.raises(UserError, match=r"packed: .*pack"):
        load_packed(packed)


def test_real_crops_cached_in_memory_are_those_of_the_files(celeba_dir):
    table = load_files("celeba", celeba_dir)
    indices = np.array([5, 4000, 17])
    cached = cached_in_memory(table, indices, 32)
    np.testing.assert_array_equal(cached.crops(indices, 32), table.crops(indices, 32))
    with pytest.raises(AssertionError, match="not kept"):
        cached.crops(np.array([6]), 32)


def test_a_store_is_indexed_as_one_array():
    whole = np.arange(7 * 2 * 2 * 3, dtype=np.uint8).reshape(7, 2, 2, 3)
    store = CropStore((whole[:3], whole[3:6], whole[6:]), np.arange(7))
    chosen = np.array([6, 0, 5, 2, 3])
    np.testing.assert_array_equal(store[chosen], whole[chosen])
    np.testing.assert_array_equal(store.take(chosen)[np.array([4, 0])], whole[[3, 6]])
    assert store.shape == whole.shape
