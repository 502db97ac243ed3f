import types

import pytest

from faceattr.edits import Edit
from faceattr.errors import UserError
from faceattr.evaluation.measures.measure import LeftOut, Measure, Skipped
from faceattr.evaluation.measures.measured import MEASURES, measured

ADD, REMOVE = Edit("add_hat", "Hat", True), Edit("remove_hat", "Hat", False)


def case(edit: Edit):
    subject = types.SimpleNamespace(name="hats")
    return types.SimpleNamespace(edit=edit, subject=subject, needed=[0] * 3, needless=[0] * 2)


def found(name: str, values="each face"):
    return Measure(name, lambda case: values, lambda values, seed: f"{name} by {seed}")


def refused(values, seed=0):
    raise UserError("too few; give it more with --faces")


WHOLE = [found(name) for name in ("success", "no_op", "leakage", "locality")]


@pytest.mark.parametrize(
    "cycle",
    [Measure("cycle", refused, str), Measure("cycle", lambda case: "each face", refused)],
    ids=["computed", "summarised"],
)
def test_what_cannot_be_had_is_left_out_and_noted_and_the_rest_is_measured(cycle):
    left_out = LeftOut()
    for edit in (ADD, REMOVE):
        results, values = measured(case(edit), [cycle, *WHOLE], 7, left_out)
        assert (results.edit, results.faces, results.needless_faces) == (edit, 3, 2)
        assert (results.success, results.locality) == ("success by 7", "locality by 7")
        assert values.success == "each face"
        assert results.cycle is values.cycle is None
    reason = "too few; give it more with --faces"
    skipped = Skipped("cycle", reason, ("hats: add_hat", "hats: remove_hat"))
    assert left_out.skipped == (skipped,)


def test_what_there_is_nothing_of_is_not_left_out():
    left_out = LeftOut()
    results, values = measured(case(ADD), [*WHOLE, found("truth", None)], 0, left_out)
    assert results.truth is values.truth is None
    assert left_out.skipped == ()


def test_each_measure_has_a_name_of_its_own():
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names) == 11
