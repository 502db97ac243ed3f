"""How much of its residual an edit adds, found by what the gate sees."""

import numpy as np
import pytest
from models.shared_gan.test_shared_gan import ADD_SMILE, EDITS, FAMILY, REMOVE_SMILE, model_of

from faceattr import pixels
from faceattr.models.shared_gan.amounts import AMOUNTS, measured_amount

GREY, FACES = 0.0, 70  # more faces than are looked at in one batch


def crops(value, count=FACES):
    return pixels.to_uint8(np.full((count, 4, 4, 3), value, np.float32))


class Painter:
    """A model whose residual is the same everywhere, and whose gate says 10 times the mean."""

    def __init__(self, residual, amount=1.0):
        self.residual = residual
        self.amounts = [amount] * len(EDITS)

    def number(self, edit):
        return EDITS.index(edit)

    def residual_image(self, images, edit):
        return np.full_like(images, self.residual * self.amounts[self.number(edit)])

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
@pytest.mark.parametrize("before", [1.0, 1.4])
def test_edited_faces_come_as_far_as_real_ones(real, amount, before):
    grey = crops(GREY)
    offset = pixels.to_float(grey).mean()  # grey is between two of 256 values
    for edit, sign in ((ADD_SMILE, 1), (REMOVE_SMILE, -1)):
        found = measured_amount(
            Painter(sign * 0.1, before), edit, grey, crops(sign * real + offset, 9)
        )
        assert found == pytest.approx(amount, abs=0.05)
        assert AMOUNTS[0] <= found <= AMOUNTS[-1]


def test_what_is_painted_past_white_comes_no_farther():
    found = measured_amount(Painter(0.1), ADD_SMILE, crops(0.95), crops(1.0))
    assert found == AMOUNTS[0]


class Faces:
    """Training faces: those that need an edit are darker the more it adds."""

    def train_crops(self, edit, image_size, most):
        assert (image_size, most) == (32, 128)
        rng = np.random.default_rng(EDITS.index(edit))
        yield rng.integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
        yield rng.integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)


def test_a_finished_model_has_the_amounts_of_the_edits_that_it_learned(monkeypatch):
    asked = []

    def measured(model, edit, needing, having):
        asked.append((edit, len(needing), needing.mean(), having.mean()))
        return 1.1 + len(asked) / 10

    monkeypatch.setattr("faceattr.models.shared_gan.amounts.measured_amount", measured)
    model = model_of()
    assert model.amounts == [1.0] * 4
    assert FAMILY.complete(model, Faces(), EDITS[2:]) is model
    np.testing.assert_allclose(model.amounts, [1.0, 1.0, 1.2, 1.3])
    (_, count, needing, having), (_, _, *opposite) = asked
    assert [edit for edit, *_ in asked] == EDITS[2:]
    assert count == 9
    assert [having, needing] == opposite
