import json

import numpy as np
import pytest
from PIL import Image

from faceattr.evaluation.measures.intervals import Estimate
from faceattr.reproduction.comparisons import Claim, higher
from faceattr.reproduction.result import (
    Result,
    interval,
    read_claims,
    table,
    write_result,
)


def _claim(values):
    compared = higher("PSNR", ("ours", np.array(values)), ("other", np.zeros(len(values))), seed=0)
    return Claim("Ours is better.", "Fig. 0", (compared,), "a note")


def test_a_result_is_read_as_it_was_written(tmp_path):
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    claim = _claim([1.0, 2.0, 3.0])
    result = Result("Fig. 0", {"fig0": picture}, "| a |", (claim,), {"nan": float("nan")})

    write_result(result, tmp_path, "fig0")

    assert read_claims(tmp_path, "fig0") == [claim]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "fig0/fig0.png")), picture)
    facts = json.loads((tmp_path / "fig0/fig0.json").read_text())
    assert facts["numbers"] == {"nan": None}
    assert facts["claims"][0]["verdict"] == "held"
    assert "![Fig. 0](fig0/fig0.png)" in (tmp_path / "fig0/fig0.md").read_text()


def test_what_was_not_measured_comes_back_as_such(tmp_path):
    write_result(Result("t", {}, "", (_claim([np.nan]),), {}), tmp_path, "t")

    (claim,) = read_claims(tmp_path, "t")
    assert claim.verdict == "undecided"
    assert np.isnan(claim.comparisons[0].difference.value)


def test_cells_of_a_table():
    estimate = Estimate(0.5, 0.25, 0.75, 8)
    assert interval(estimate, 1, 100) == "50.0 (25.0 to 75.0)"
    assert interval(Estimate(np.nan, np.nan, np.nan, 0)) == "-"
    assert table(("a", "b"), [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_a_killed_program_leaves_no_finished_result(tmp_path, monkeypatch):
    result = Result("t", {"t": np.zeros((2, 2, 3), np.uint8)}, "", (), {})

    def fail(self, *args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        write_result(result, tmp_path, "t")

    assert not list(tmp_path.glob("t/*"))
