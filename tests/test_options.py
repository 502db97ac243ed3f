import argparse
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceattr.errors import UserError
from faceattr.options import (
    add_flags,
    check,
    documented,
    flags_table,
    option,
    options_of,
    value_problem,
)


@dataclasses.dataclass(frozen=True)
class Base:
    folder: str | None = option(None, "where it lies", group="files", metavar="FOLDER")

    def __post_init__(self):
        check(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Base):
    name: str = option(dataclasses.MISSING, "what it is called")
    steps: int = option(600, "updates, 1 or more", at_least=1, group="work")
    rate: float = option(0.5, "how fast (default: half)", above=0, group="work")
    share: float = option(0.25, "100% at most", at_least=0, at_most=1, group="work")
    decay: float = option(0.0, "of averages", at_least=0, below=1, group="work")
    size: int = option(32, "side", one_of=((32, 64), "choose 32 or 64"), group="work")
    mode: str = option("fast", "how", choices=("fast", "exact"), group="work")
    exact: bool = option(False, "the same |bits|", group="work")
    plain: int = 3  # no option


OPTIONS = options_of(Settings)


def test_options_are_the_declared_fields_those_of_the_base_first():
    assert list(OPTIONS) == [
        "folder",
        "name",
        "steps",
        "rate",
        "share",
        "decay",
        "size",
        "mode",
        "exact",
    ]
    assert OPTIONS["folder"].optional
    assert OPTIONS["folder"].kind is str
    assert OPTIONS["name"].default is dataclasses.MISSING
    with pytest.raises(TypeError, match="name"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("steps", 0, "must be a number of at least 1"),
        ("steps", True, "must be a whole number"),
        ("steps", 2.0, "must be a whole number"),
        ("rate", 0, "must be a number above 0"),
        ("rate", float("inf"), "must be a number above 0"),
        ("rate", float("nan"), "must be a number above 0"),
        ("share", 1.01, "must be from 0 to 1"),
        ("share", -0.01, "must be from 0 to 1"),
        ("decay", 1, "must be from 0 to below 1"),
        ("size", 48, "choose 32 or 64"),
        ("mode", "slow", "choose one of fast, exact"),
        ("mode", None, "must be text"),
        ("exact", 1, "must be true or false"),
        ("folder", 3, "must be text or null"),
    ],
)
def test_a_value_out_of_its_range_is_named_and_what_it_must_be(name, value, problem):
    assert value_problem(OPTIONS[name], value) == problem
    with pytest.raises(UserError) as caught:
        Settings(**{"name": "x", name: value})
    assert caught.value.for_command_line == f"--{name} {value}: {problem}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("steps", 1), ("rate", 3), ("share", 1), ("share", 0), ("decay", 0.999), ("folder", None)],
)
def test_the_ends_of_a_range_belong_to_it_where_it_says_so(name, value):
    assert getattr(Settings(**{"name": "x", name: value}), name) == value


def parsed(words):
    parser = argparse.ArgumentParser()
    add_flags(parser, OPTIONS.values(), {"work": "What takes long."})
    return parser, vars(parser.parse_args(words))


def test_a_flag_that_is_not_given_leaves_the_declaration_alone():
    assert set(parsed([])[1].values()) == {None}


@given(steps=st.integers(1, 10**9), rate=st.floats(1e-6, 1e6), exact=st.booleans())
def test_flags_give_what_the_declaration_takes(steps, rate, exact):
    words = [f"--steps={steps}", f"--rate={rate!r}", "--exact" if exact else "--no-exact"]
    given_ = {name: value for name, value in parsed(words)[1].items() if value is not None}
    found = Settings(name="x", **given_)
    assert (found.steps, found.rate, found.exact) == (steps, rate, exact)


def test_the_help_has_each_group_once_and_defaults_where_the_text_is_silent():
    text = " ".join(parsed([])[0].format_help().split())
    assert text.count("What takes long.") == 1
    assert "updates, 1 or more (600)" in text
    assert "how fast (default: half)" in text
    assert "100% at most (0.25)" in text
    assert "--folder FOLDER where it lies" in text


def test_the_table_has_a_line_for_each():
    lines = flags_table(OPTIONS.values()).splitlines()
    assert len(lines) == 2 + len(OPTIONS)
    assert "| `steps` | updates, 1 or more (600) |" in lines
    assert r"| `exact` | the same \|bits\| |" in lines, "a bar ends no cell"


def test_a_documented_class_tells_of_its_options_in_python_too():
    class Told(Settings):
        """What it is for."""

    lines = documented(Told).__doc__.splitlines()
    assert lines[0] == "What it is for."
    assert "folder: str or None. where it lies" in lines
    assert "steps: int. updates, 1 or more (600)" in lines
