"""What no file of evaluation/ may know: kinds of models, and how files name edits."""

import pathlib

import pytest

_ROOM = pathlib.Path(__file__).parents[2] / "faceattr" / "evaluation"
_FILES = [*sorted(_ROOM.rglob("*.py")), _ROOM.parents[1] / "evaluate.py"]
_NAMES = ("residual_gan", "vae_gan", "VAE-GAN", "VAEGAN")
# Where files are read and written that say `direction`.
_OF_FILES = ("metrics.py",)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_no_file_names_a_kind_of_model_or_an_edit_by_its_direction(path):
    text = path.read_text(encoding="utf-8")
    assert not [name for name in _NAMES if name in text]
    if path.name not in _OF_FILES:
        assert "to_positive" not in text
        assert "to_negative" not in text
    assert len(text.splitlines()) <= 300
