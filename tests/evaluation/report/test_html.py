import math
import re

import pytest
from made_up_evaluation import an_estimate

from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.report.html import estimate, mark
from faceattr.pictures.words import EN_DASH, number


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.9351, "%", "94%"),
        (31.66, "dB", "31.7 dB"),
        (math.inf, "dB", "∞ dB"),
        (2.0, "ratio", "2.00"),
        (0.04132, "", "0.0413"),
        (0.0, "", "0"),
        (0.00004, "", "4.0e-05"),
        (-0.00012, "", "-1.2e-04"),
        (None, "%", EN_DASH),
        (math.nan, "", EN_DASH),
    ],
)
def test_numbers_have_the_digits_that_are_read(value, unit, shown):
    assert number(value, unit) == shown


def test_an_estimate_says_its_interval_and_its_count_or_why_there_is_none():
    assert re.sub("<[^>]+>", "", estimate(an_estimate(0.9, 0.05, 1), "%")) == (
        "90% 85 to 95%, 1 face"
    )
    assert "why &lt;not&gt;" in estimate(None, "%", "why <not>")


def test_a_mark_is_where_its_value_is():
    markup = mark(Estimate(0.5, 0.25, 2.0, 1), (0, 1), [("soft", 0.1), ("line", None)])
    assert 'band" style="left:25.0%;width:75.0%"' in markup, "cut at the end"
    assert 'dot" style="left:50.0%"' in markup
    assert markup.count("tick") == 1
    assert 'tick soft" style="left:10.0%"' in markup
    assert "dot" not in mark(None)
