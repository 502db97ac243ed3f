"""What a finished network learns from its own views, and that nothing else changes."""

import numpy as np
import pytest
from models.shared_gan.test_extending import HAT, OPTIONS, SIZE, WIDTH, extended
from models.shared_gan.test_shared_gan import EDITS, FAMILY, model_of, scatter

from faceattr import pixels
from faceattr.models.shared_gan import distilling
from faceattr.models.shared_gan.distilling import distil
from faceattr.models.shared_gan.views import mean_of_views, views


class Faces:
    """Noise, another for each edit."""

    def train_crops(self, edit, image_size, most):
        random = np.random.default_rng(len(edit.name))
        crops = random.integers(0, 256, (min(most, 8), image_size, image_size, 3), np.uint8)
        yield crops[:5]
        yield crops[5:]


def trained_model(**options):
    model = model_of(SIZE, WIDTH, **{**OPTIONS, **options})
    for seed, name in enumerate(("transformation", "gate")):
        scatter(model.finished(name), 7 + seed)
    model.jit_compile = False
    return model


def far_from_the_mean(model, reference):
    """How far the edits of a model are from the mean over the views of another."""
    apart = []
    for edit in EDITS:
        images = pixels.to_float(np.concatenate(list(Faces().train_crops(edit, SIZE, 8))))
        seen = reference.finished("transformation")
        numbers = np.full(len(images), reference.number(edit), np.int32)
        wanted = mean_of_views(seen(views(images), np.tile(numbers, 8)))
        found = model.finished("transformation")(images, numbers)
        apart.append(np.abs(np.asarray(found) - np.asarray(wanted)).mean())
    return np.mean(apart)


@pytest.mark.slow
@pytest.mark.parametrize("ema_decay", [0.9, 0.0])
def test_edits_come_nearer_to_the_mean_over_views_and_the_rest_stays(ema_decay):
    before, model = (trained_model(ema_decay=ema_decay) for _ in range(2))
    distil(model, Faces(), EDITS, 20)
    assert far_from_the_mean(model, before) < 0.9 * far_from_the_mean(before, before)
    for name in ("discriminator", "gate"):
        for old, new in zip(
            getattr(before, name).get_weights(), getattr(model, name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(old, new)


@pytest.mark.slow
def test_of_an_added_attribute_the_other_edits_stay():
    trained = trained_model()
    model = extended(trained)
    model.jit_compile = False
    distil(model, Faces(), list(HAT.edits), 3)
    images = np.random.default_rng(2).uniform(-1, 1, (3, SIZE, SIZE, 3)).astype(np.float32)
    for edit in EDITS:
        wanted = np.asarray(trained.residual_image(images, edit))
        np.testing.assert_allclose(model.residual_image(images, edit), wanted, atol=1e-6)
    fresh = extended(trained)
    changed = [
        np.abs(np.asarray(model.residual_image(images, edit) - fresh.residual_image(images, edit)))
        for edit in HAT.edits
    ]
    assert min(each.max() for each in changed) > 1e-5


@pytest.mark.parametrize("steps", [0, 7])
def test_a_training_ends_with_it_where_it_is_asked_for(monkeypatch, steps):
    asked = []
    monkeypatch.setattr(distilling, "distil", lambda *given: asked.append(given))
    model, faces, options = object(), Faces(), FAMILY.options(distil=steps)
    assert FAMILY.complete(model, faces, tuple(EDITS), options) is model
    assert asked == ([(model, faces, EDITS, steps)] if steps else [])
