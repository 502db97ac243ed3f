import dataclasses

import numpy as np
import pytest

from faceattr.data.packing import load_packed
from faceattr.data.sources import draw_synthetic
from faceattr.errors import UserError
from faceattr.reproduction.data import (
    TEST,
    TRAINING,
    Source,
    _partitioned,
    held_out_faces,
    judged_faces,
    prepare,
)

_DRAWN = Source("synthetic", None, 0.25, 40)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed") / "synthetic"
    return folder, prepare(_DRAWN, folder, 32, seed=0)


def test_no_person_is_on_both_sides(packed):
    table = packed[1]
    persons = np.arange(40) // 2
    own = dataclasses.replace(table, identities=persons, partition=None)
    split = _partitioned(own, 0.25, seed=0)

    held_out = split.partition == TEST
    assert 0.25 <= held_out.mean() < 0.3
    assert not set(persons[held_out]) & set(persons[~held_out])


def test_a_source_keeps_the_test_images_that_it_brings(packed):
    own = np.where(np.arange(40) < 5, TEST, TRAINING).astype(np.int8)
    table = dataclasses.replace(packed[1], partition=own)

    np.testing.assert_array_equal(_partitioned(table, 0.25, seed=0).partition, own)


def test_what_is_packed_is_taken_up_again(packed):
    folder, table = packed
    before = (folder / "pack.json").stat().st_mtime_ns

    again = prepare(_DRAWN, folder, 32, seed=0)

    assert (folder / "pack.json").stat().st_mtime_ns == before
    np.testing.assert_array_equal(again.partition, table.partition)
    with pytest.raises(UserError, match="packed at 32 pixels, not 64"):
        prepare(_DRAWN, folder, 64, seed=0)


def test_the_judge_and_the_trainings_leave_the_same_faces_out(packed):
    table = load_packed(packed[0])
    negatives, positives = held_out_faces(table, "Eyeglasses")
    judged = judged_faces("synthetic", table)

    assert judged.held_out[np.concatenate([negatives, positives])].all()
    assert not table.values("Eyeglasses")[negatives].any()
    assert table.values("Eyeglasses")[positives].all()
    assert judged.held_out.sum() == len(negatives) + len(positives)


def test_drawn_faces_bring_their_landmarks(packed):
    drawn = draw_synthetic(40, 32, 0).table

    np.testing.assert_allclose(packed[1].landmarks, drawn.landmarks)
    assert ((packed[1].landmarks > 0) & (packed[1].landmarks < 1)).all()
