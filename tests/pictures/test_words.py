import math

import hypothesis
import pytest
from hypothesis import strategies as st

from faceattr.pictures.words import (
    duration,
    faces,
    figures,
    fixed,
    interval,
    memory,
    number,
    percent,
    short,
    span,
)


def test_numbers_of_a_page():
    assert [number(value) for value in (0.12345, 5e-4, 0, 12.34)] == [
        "0.123",
        "5.0e-04",
        "0",
        "12.3",
    ]
    assert [number(0.256, "%"), number(21.349, "dB"), number(1.5, "ratio")] == [
        "26%",
        "21.3 dB",
        "1.50",
    ]
    assert [number(math.inf), number(math.inf, "dB")] == ["∞", "∞ dB"]
    assert [number(None), number(math.nan, missing="unknown")] == ["\N{EN DASH}", "unknown"]


def test_an_interval_has_its_unit_once():
    assert span(0.86, 0.97, "%") == "86 to 97%"
    assert span(20, 21.5, "dB") == "20.0 to 21.5 dB"
    assert span(None, None, "%", "unknown") == "unknown to unknown"
    assert [faces(1), faces(2400)] == ["1 face", "2,400 faces"]


def test_numbers_of_a_column():
    assert [fixed(1.234), fixed(-0.001), fixed(None), fixed(math.nan)] == ["1.23", "0.00", "-", "-"]
    assert [percent(0.256), percent(0.256, 1), percent(None)] == ["26%", "25.6%", "-"]
    assert interval(0.5, 0.25, 0.75, 1, 100) == "50.0 (25.0 to 75.0)"
    assert [interval(None, None, None), interval(math.nan, 0, 1)] == ["-", "-"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.12345, "0.123"),
        (999.4, "999"),
        (999.6, "1k"),
        (12345, "12.3k"),
        (2.5e6, "2.5M"),
    ],
)
def test_short_numbers(value, words):
    assert short(value) == words
    assert short(math.nan) == "-"


def test_figures_are_whole_before_the_point():
    assert [figures(0.01234), figures(12.34), figures(123456.7)] == ["0.0123", "12.3", "123,457"]


def test_bytes_are_told_in_the_larger_unit_that_fits():
    assert [memory(2**20 * 3 // 2), memory(2**30), memory(2**30 - 2**20)] == [
        "1.5 MiB",
        "1.00 GiB",
        "1,023.0 MiB",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0, "0 s"),
        (89, "89 s"),
        (90, "2 min"),
        (59 * 60, "59 min"),
        (200 * 60, "3 h 20 min"),
        (52 * 3600, "2 d 4 h"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@hypothesis.given(st.floats(0, 1e9))
def test_no_unit_of_a_duration_is_full(seconds):
    words = duration(seconds).split()
    limits = {"s": 90, "min": 60, "h": 48}
    for value, unit in zip(words[::2], words[1::2], strict=True):
        assert int(value) < limits.get(unit, math.inf) or (int(value), unit) == (90, "s")
