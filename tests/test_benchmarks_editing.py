"""What the figures of benchmarks/editing.py rest on, on one drawn face."""

import pathlib

import pytest


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(pathlib.Path(__file__).parents[1] / "benchmarks")
        import editing

        patch.setattr(editing, "_SIDE", 256)
        yield editing


def test_glasses_are_taken_away_with_their_edges_and_all_else_keeps_its_detail(benchmark):
    ways = benchmark._means([benchmark._perfect(0, "Eyeglasses", False, 64)])
    editor, alone, naive = ways["editor"], ways["residual alone"], ways["naive"]
    assert editor["dB inside"] > alone["dB inside"] + 2
    assert editor["dB inside"] > naive["dB inside"] + 2
    assert editor["dB outside"] > 45 > naive["dB outside"]
    assert abs(editor["sharpness outside"] - 1) < 0.05
    assert naive["sharpness outside"] < 0.8


def test_what_is_added_is_as_good_as_the_residual_alone(benchmark):
    photo, truth, region = benchmark._drawn(0, "Eyeglasses", False)
    assert (photo[region] != truth[region]).any()
    assert (photo[~region] == truth[~region]).all()
    ways = benchmark._means([benchmark._perfect(0, "Eyeglasses", True, 64)])
    assert ways["editor"]["dB inside"] > ways["residual alone"]["dB inside"] - 0.3
