import pickle

import hypothesis
import pytest
from hypothesis import strategies as st

from faceattr.errors import UserError

words = st.text(st.characters(exclude_characters="-", exclude_categories=("Cs",)))
names = st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "argument"),
    [
        ("--image_size 48: choose 64", "image_size 48: choose 64"),
        ("leave --no-dual out", "leave dual=False out"),
        ("falls (--decay linear); leave --steps out", "falls (decay linear); leave steps out"),
        ("--data tfds needs --data_dir, the folder", "data tfds needs data_dir, the folder"),
        (
            "--cache memory, or python -m x --y and --data z",
            "cache memory, or python -m x --y and data z",
        ),
        (
            "python train.py --attr a,b --resume, or name --run_dir",
            "python train.py --attr a,b --resume, or name run_dir",
        ),
        ("(python train.py --attr a); --seed", "(python train.py --attr a); seed"),
    ],
)
def test_python_names_the_argument_and_a_command_line_the_flag(written, argument):
    assert str(UserError(written)) == argument
    assert UserError(written).for_command_line == written


@pytest.mark.parametrize(
    "text",
    [
        "go on with python train.py --run_dir runs/a --resume",
        "runs/--attr: no such folder; it is-- not a--b nor -- nor ---x",
        "two pictures have the same name",
        "",
    ],
)
def test_commands_paths_and_dashes_stay(text):
    assert str(UserError(text)) == text


@hypothesis.given(words)
def test_what_names_no_flag_reads_the_same(text):
    assert str(UserError(text)) == UserError(text).for_command_line == text


@hypothesis.given(names, st.booleans())
def test_every_flag_becomes_its_argument(name, off):
    error = UserError(f"{'--no-' if off else '--'}{name} of these: --{name}")
    assert str(error) == f"{name}{'=False' if off else ''} of these: {name}"


def test_it_survives_another_process():
    error = pickle.loads(pickle.dumps(UserError("--steps 0: at least 1")))
    assert (str(error), error.for_command_line) == ("steps 0: at least 1", "--steps 0: at least 1")
