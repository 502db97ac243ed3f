"""What is far from every face stays bit for bit; benchmarks/editing_bits.py counts in more."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from faceattr.data.synthetic import group_scene


@pytest.fixture(scope="module")
def bits():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(pathlib.Path(__file__).parents[2] / "benchmarks")
        import editing_bits

        yield editing_bits


@pytest.fixture(scope="module")
def scenes():
    sizes = [(0.3,), (0.25, 0.15), (0.1,)]
    return [group_scene(7, index, each, 480, 360) for index, each in enumerate(sizes)]


def counted(bits, editor, scenes, folder):
    counts = []
    for scene in scenes:
        Image.fromarray(scene.photo).save(folder / "scene.png")
        counts.append(bits.check(editor, folder / "scene.png", list(scene.points), folder))
    return bits.total(iter(counts))


def test_no_bit_changes_far_from_the_faces_or_at_strength_0(bits, make_editor, scenes, tmp_path):
    counts = counted(bits, make_editor(1.0), scenes, tmp_path)
    assert counts["photos"] == 3
    assert counts["faces_found"] == counts["faces"] == 4
    assert counts["far_pixels"] > 100_000
    assert counts["far_pixels_changed"] == 0
    assert counts["pixels_changed_at_strength_0"] == 0
    assert counts["near_pixels_changed"] > 0.3 * counts["near_pixels"]


def test_a_bit_that_changes_is_counted(bits, make_editor, scenes, tmp_path, monkeypatch):
    """An editor that brightens one sample in a corner."""
    real = bits.edit_file

    def leaking(editor, source, target, settings):
        outcome = real(editor, source, target, settings)
        picture = np.array(Image.open(target))
        picture[0, 0, 2] ^= 1
        Image.fromarray(picture).save(target)
        return outcome

    monkeypatch.setattr(bits, "edit_file", leaking)
    counts = counted(bits, make_editor(1.0), scenes[:1], tmp_path)
    assert counts["far_pixels_changed"] == counts["photos_with_far_pixels_changed"] == 1
    assert counts["pixels_changed_at_strength_0"] == 1
