"""Rows of the shared model: which faces, how often, and from which strata."""

import dataclasses
import logging

import numpy as np
import pytest
from models.shared_gan.test_shared_gan import EDITS, FAMILY

from faceattr.attributes import find_attribute
from faceattr.data.splits import SharedSplit
from faceattr.data.table import AttributeTable
from faceattr.faces.crop import CropGeometry
from faceattr.models.shared_gan.draws import GROUPS, shared_draws

COLUMNS = ("Eyeglasses", "Smiling", "Male", "Young")


def table_of(labels, columns=COLUMNS):
    count = len(labels)
    return AttributeTable(
        names=tuple(f"{number}.png" for number in range(count)),
        columns=columns,
        labels=labels.astype(np.int8),
        crop=CropGeometry(1.0),
        images=np.zeros((count, 32, 32, 3), np.uint8),
    )


def draws_of(table, names=("glasses", "smile"), batch_size=8, seed=0, pairs=False):
    attributes = [find_attribute(name, table.columns) for name in names]
    split = SharedSplit(table, np.arange(len(table)), np.array([], np.int64))
    return shared_draws(table, split, attributes, batch_size, seed, pairs)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    labels = rng.choice([-1, 1], (400, 4), p=[0.7, 0.3])
    # Nobody with glasses is a young woman.
    women = (labels[:, 2] < 0) & (labels[:, 3] > 0)
    labels[women, 0] = -1
    return table_of(labels)


def test_every_edit_has_as_many_rows_in_each_group(table):
    rows = draws_of(table).rows(5)
    assert rows.groups == GROUPS
    assert len(rows) == GROUPS * 8
    for group in np.split(rows.edits, GROUPS):
        assert np.bincount(group).tolist() == [2, 2, 2, 2]


def test_a_batch_smaller_than_the_edits_lets_them_take_turns(table):
    draws = draws_of(table, batch_size=3)
    edits = np.concatenate([draws.rows(step).edits for step in range(4)])
    assert np.bincount(edits).tolist() == [9, 9, 9, 9]


def test_in_the_last_group_glasses_are_taken_off_faces_without(table):
    rows = draws_of(table, pairs=True).rows(4)
    takes_off = rows.edits == 1
    worn = rows.labels[:, 0].reshape(GROUPS, -1)
    for group, wanted in enumerate((1, 1, -1)):
        assert (worn[group, takes_off.reshape(GROUPS, -1)[group]] == wanted).all()
    # All other rows, and all of a training without the column, are as without pairs.
    same = draws_of(table).rows(4)
    others = ~takes_off | (np.arange(len(rows)) < 16)
    np.testing.assert_array_equal(rows.indices[others], same.indices[others])
    smile = draws_of(table, ("smile",), pairs=True).rows(4)
    np.testing.assert_array_equal(smile.indices, draws_of(table, ("smile",)).rows(4).indices)


def test_rows_are_a_pure_function_of_seed_and_step(table):
    one, other = draws_of(table), draws_of(table)
    other.rows(1)
    np.testing.assert_array_equal(one.rows(7).indices, other.rows(7).indices)
    assert (one.rows(7).indices != one.rows(8).indices).any()
    assert (one.rows(7).indices != draws_of(table, seed=1).rows(7).indices).any()


def test_both_classes_are_drawn_from_each_stratum_at_one_rate(table):
    draws = draws_of(table, names=("glasses",), batch_size=1000)
    rows = draws.rows(0)
    of = {}
    for edit in (0, 1):
        indices = rows.indices[rows.edits == edit]
        assert (table.labels[indices, 0] == (1 if edit else -1)).all()
        of[edit] = table.labels[indices, 2:]
    assert not ((of[0][:, 0] < 0) & (of[0][:, 1] > 0)).any(), "a stratum of one class alone"
    for edit in of:
        strata = 2 * (of[edit][:, 0] > 0) + (of[edit][:, 1] > 0)
        of[edit] = np.bincount(strata, minlength=4) / len(strata)
    np.testing.assert_allclose(of[0], of[1], atol=0.06)
    # A pooled draw would not pass: that is what the table was made for.
    pooled = [
        (table.labels[table.labels[:, 0] == sign][:, 2:] == [-1, 1]).all(axis=1).mean()
        for sign in (-1, 1)
    ]
    assert pooled[0] - pooled[1] > 0.15


def test_both_classes_are_drawn_from_each_source_at_one_rate(table):
    rng = np.random.default_rng(1)
    # Glasses are in the second source four times as often.
    often = np.where(rng.random(400) < 0.5, -1, 1)
    source = (rng.random(400) < np.where(often > 0, 0.8, 0.2)).astype(np.int16)
    labels = np.concatenate([often[:, None], table.labels[:, 1:]], axis=1).astype(np.int8)
    mixed = dataclasses.replace(table, labels=labels, source=source)
    draws = draws_of(mixed, ("glasses",))
    shares = [
        source[members] @ np.diff(chance, prepend=0)
        for members, chance in zip(draws.faces, draws.chances, strict=True)
    ]
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)
    assert 0.3 < shares[0] < 0.7


def test_an_attribute_is_not_matched_by_itself(table):
    rows = draws_of(table, names=("male",), batch_size=50).rows(0)
    assert set(table.labels[rows.indices, 2]) == {-1, 1}


def test_without_columns_of_strata_all_faces_are_drawn(table):
    plain = table_of(table.labels[:, :2], COLUMNS[:2])
    draws = draws_of(plain)
    assert len(draws.indices()) == len(plain)
    counts = np.bincount(np.concatenate([draws.rows(step).indices for step in range(500)]))
    assert counts.min() > 0


def test_strata_that_hold_one_class_each_are_given_up_with_a_word(caplog):
    labels = np.ones((40, 4))
    labels[:20, 0] = labels[:20, 2] = -1  # all men have glasses, no woman has
    with caplog.at_level(logging.INFO):
        draws = draws_of(table_of(labels), names=("glasses",))
    assert len(draws.indices()) == 40
    assert "Eyeglasses: too few faces of both kinds within Male and Young" in caplog.text


def test_images_of_unknown_label_are_of_no_class(table):
    labels = table.labels.copy()
    labels[:50, 0] = 0
    rows = draws_of(table_of(labels), names=("glasses",), batch_size=200).rows(0)
    assert rows.indices.min() >= 50


def test_a_hundred_held_out_faces_of_each_edit_are_measured_at_most():
    class Faces:
        def test_crops(self, edit, image_size):
            count = 130 if edit.adds else 110
            return np.full((count, image_size, image_size, 3), 100 + edit.adds, np.uint8)

    counts, seen = [], []
    for count, (images, labels, edits) in FAMILY.held_out_batches(Faces(), EDITS, 32, 64):
        counts.append(count)
        assert count <= 64
        assert len(images[0]) == len(labels[0]) == len(edits[0]) == count
        seen.extend(edits[0].tolist())
    assert sum(counts) == 100 * len(EDITS)
    assert np.bincount(seen).tolist() == [100] * len(EDITS)
