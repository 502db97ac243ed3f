"""Where and how much of its residual an edit adds: by training faces, and by what the gate sees."""

import numpy as np
import pytest
from keras import ops
from models.shared_gan.test_shared_gan import ADD_SMILE, EDITS, FAMILY, REMOVE_SMILE, model_of

from faceattr import pixels
from faceattr.attributes import find_attribute
from faceattr.models.shared_gan.extents import AMOUNTS, measured_extent, place

GREY, FACES = 0.0, 70  # more faces than are looked at in one batch


def crops(value, count=FACES):
    return pixels.to_uint8(np.full((count, 4, 4, 3), value, np.float32))


class Painter:
    """A model whose residual is the same everywhere, and whose gate says 10 times the mean."""

    def __init__(self, residual):
        self.residual = residual

    def number(self, edit):
        return EDITS.index(edit)

    def residual_image(self, images, edit):
        return np.full_like(images, self.residual)

    def finished(self, name):
        return self if name == "transformation" else self.gate

    def down_path(self, images):
        return [None, images]

    def gate(self, maps, training):
        assert not training
        seen = 10 * maps.mean(axis=(1, 2, 3))
        return np.stack([seen + 99, seen], axis=1)  # of glasses and of smile


@pytest.mark.parametrize(
    ("real", "amount"), [(0.05, 1.0), (0.1, 1.0), (0.13, 1.3), (0.15, 1.5), (0.16, 1.6), (0.5, 1.6)]
)
def test_edited_faces_come_as_far_as_real_ones(real, amount):
    grey = crops(GREY)
    offset = pixels.to_float(grey).mean()  # grey is between two of 256 values
    for edit, sign in ((ADD_SMILE, 1), (REMOVE_SMILE, -1)):
        having = crops(sign * real + offset, 9)
        found = measured_extent(Painter(sign * 0.1), edit, grey, having)
        assert found.shape == (4, 4)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, amount, atol=0.05)
        assert 1 <= found.min() <= found.max() <= AMOUNTS["local"][-1]


def test_what_is_painted_past_white_is_as_far_as_it_can_come():
    found = measured_extent(Painter(0.1), ADD_SMILE, crops(0.95), crops(1.0))
    np.testing.assert_array_equal(found, 1)


def test_global_edits_leave_a_face_more_of_its_own():
    adding = find_attribute("young", ["Young"]).adding
    painter = Painter(0.1)
    painter.number = lambda edit: 2
    found = measured_extent(painter, adding, crops(GREY), crops(0.5))
    np.testing.assert_allclose(found, AMOUNTS["global"][-1])
    assert AMOUNTS["global"][-1] < AMOUNTS["local"][-1]


def test_an_edit_is_made_at_its_place_alone_and_is_as_large_as_that_needs():
    class Moustache(Painter):
        def residual_image(self, images, edit):
            residual = np.full_like(images, 0.075 * self.residual)  # all over the picture
            residual[:, 20:26] = self.residual
            return residual

    grey = pixels.to_uint8(np.zeros((3, 32, 32, 3), np.float32))
    having = grey + np.uint8(127.5 * 0.105)  # what six rows of 0.4 come to, and 1.4 times that
    found = measured_extent(Moustache(0.4), ADD_SMILE, grey, having)
    np.testing.assert_allclose(found[22:24], 1.4, atol=0.1)
    np.testing.assert_array_equal(found[:12], 0)


def test_the_place_of_an_edit_is_where_it_changes_faces():
    residual = np.zeros((9, 64, 64, 3), np.float32)
    residual[:, 36:44, 20:44] = 0.5
    residual[3, 5, 5] = -2.0  # a speck on one face
    there = place(residual, "local")
    assert there.shape == (64, 64)
    assert there.dtype == np.float32
    assert 0 <= there.min() <= there.max() <= 1
    assert (there[37:43, 21:43] > 0.9).all()
    assert there[:25].max() == there[:, :10].max() == there[:, -10:].max() == 0
    assert (place(residual, "global") >= there).all()
    assert place(residual, "global").mean() > there.mean()
    down = there[44:, 32]  # from its edge away
    assert (np.diff(down) <= 0).all()
    assert np.abs(np.diff(there, axis=0)).max() < 0.4


def test_the_place_of_an_edit_is_the_same_on_both_sides():
    residual = np.random.default_rng(0).normal(size=(5, 32, 32, 3)).astype(np.float32)
    residual[:, :, :9] = 0
    there = place(residual, "local")
    np.testing.assert_allclose(there, there[:, ::-1], atol=1e-6)
    assert there[:, 2].max() > 0


def test_an_edit_that_changes_nothing_is_everywhere():
    np.testing.assert_array_equal(place(np.zeros((2, 8, 8, 3), np.float32), "local"), 1)


class Faces:
    """Training faces, others for each edit."""

    def train_crops(self, edit, image_size, most):
        assert (image_size, most) == (32, 128)
        rng = np.random.default_rng(EDITS.index(edit))
        yield rng.integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
        yield rng.integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)


def test_a_finished_model_has_the_extents_of_the_edits_that_it_learned(monkeypatch):
    asked = []

    def measured(model, edit, needing, having):
        asked.append((edit, len(needing), needing.mean(), having.mean()))
        np.testing.assert_array_equal(model.extents[model.number(edit)], 1)
        return np.full((32, 32), 1.1 + len(asked) / 10)

    monkeypatch.setattr("faceattr.models.shared_gan.extents.measured_extent", measured)
    model = model_of()
    np.testing.assert_array_equal(model.extents, np.ones((4, 32, 32)))
    model.extents.assign(np.full((4, 32, 32), 1.5))
    assert FAMILY.complete(model, Faces(), EDITS[2:]) is model
    found = ops.convert_to_numpy(model.extents)[:, 7, 9]
    np.testing.assert_allclose(found, [1.5, 1.5, 1.2, 1.3])
    (_, count, needing, having), (_, _, *opposite) = asked
    assert [edit for edit, *_ in asked] == EDITS[2:]
    assert count == 9
    assert [having, needing] == opposite
