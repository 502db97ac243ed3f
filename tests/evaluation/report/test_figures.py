import io
import math

import numpy as np
import pytest
from made_up_evaluation import a_realism, made_up_evaluation
from PIL import Image

from faceattr.evaluation.judge.scores import ReliabilityBin
from faceattr.evaluation.measures.identity import IdentityReference, Pairs
from faceattr.evaluation.measures.intervals import Estimate
from faceattr.evaluation.measures.pose import PoseBin
from faceattr.evaluation.report import figures
from faceattr.evaluation.report.figure_style import drawing

COMPANY = "read beside: judge's recall 89%, no-op ratio 0.32, realism 2.00"


@pytest.fixture(scope="module")
def edit():
    [subject] = made_up_evaluation().metrics.subjects
    return subject.edits[0]


@pytest.fixture
def shown(monkeypatch):
    """The figures that are drawn, to look into."""
    kept = []

    def keep(*arguments):
        kept.append(original(*arguments))
        return kept[-1]

    original = figures.drawing.__wrapped__.__globals__["Drawing"]
    monkeypatch.setitem(figures.drawing.__wrapped__.__globals__, "Drawing", keep)
    return kept


def picture(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def words(drawn) -> str:
    import matplotlib.text

    found = drawn.figure.findobj(matplotlib.text.Text)
    return " ".join(text.get_text() for text in found if text.get_visible())


def test_the_strength_curve_has_its_points_its_band_and_its_company(edit, shown):
    points = edit.success.by_strength
    picture(figures.strength_response(points, 0.894, COMPANY))
    [drawn] = shown
    [axes] = drawn.figure.axes
    curves = {line.get_label(): line.get_xydata() for line in axes.lines}
    wanted = [[point.strength, point.success.value] for point in points]
    np.testing.assert_allclose(curves["classed as the target"], wanted)
    np.testing.assert_allclose(curves["mean probability"][:, 1], [p.probability for p in points])
    np.testing.assert_allclose(curves["judge's own recall"][:, 1], 0.894)
    [band] = axes.collections
    edges = band.get_paths()[0].vertices
    assert edges[:, 1].min() == pytest.approx(min(p.success.low for p in points))
    assert edges[:, 1].max() == pytest.approx(max(p.success.high for p in points))
    assert "no-op ratio 0.32" in words(drawn).replace("\n", " ")


def test_no_figure_shows_success_without_its_company(edit):
    with pytest.raises(AssertionError, match="alone"):
        figures.success_by_yaw(edit.pose, "")
    with pytest.raises(AssertionError, match="alone"):
        figures.strength_response(edit.success.by_strength, math.nan, "")


def test_success_by_yaw_has_a_bar_for_each_bin_and_none_for_an_empty_one(edit, shown):
    empty = PoseBin(90.0, 99.0, Estimate(math.nan, 0.0, 1.0, 0))
    picture(figures.success_by_yaw([*edit.pose, empty], COMPANY))
    [axes] = shown[0].figure.axes
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == [one.success.value for one in edit.pose]
    assert "none" in words(shown[0])
    assert "30 to 90°\n4 faces" in words(shown[0])


def test_the_identity_histogram_has_shares_of_each_kind_of_pair(shown):
    share = Estimate(1.0, 0.5, 1.0, 2)
    same, different = (np.array(each) for each in ([0.42, 0.43], [0.93, np.nan]))
    reference = IdentityReference(Pairs(same, share), Pairs(different, share))
    picture(figures.identity_histogram(np.array([0.21, 0.22, 0.32, 0.72]), reference))
    [axes] = shown[0].figure.axes
    steps = {step.get_label().partition(" (")[0]: step for step in axes.patches}
    values, edges, _ = steps["face and its edit"].get_data()
    assert values[np.isclose(edges[:-1], 0.2)] == 0.5
    assert values.sum() == pytest.approx(1)
    same, edges, _ = steps["two photographs of one person"].get_data()
    assert same[np.isclose(edges[:-1], 0.4)] == 1
    assert "0.6" in words(shown[0])
    assert len(steps) == 3


def test_realism_is_compared_by_one_distance_alone(shown):
    """The Frechet distance of one side says nothing beside the kernel distance of the other."""
    picture(figures.realism_bars([("some features", a_realism(2.4, 3.1))]))
    picture(figures.realism_bars([("some features", a_realism(2.4, None))]))
    widths = [[bar.get_width() for bar in drawn.figure.axes[0].patches] for drawn in shown]
    assert widths == [[2.4, 3.1, 1.2], [0.034, 0.034, 0.0004]]
    assert "Fréchet" in words(shown[0])
    assert "kernel" in words(shown[1])


def test_where_it_acts_is_the_mean_of_the_size_and_of_the_sign(shown):
    residual = np.zeros((2, 8, 8, 3), np.float32)
    residual[0, 2, 3], residual[1, 2, 3] = 0.6, -0.2
    region = np.zeros((8, 8), bool)
    region[1:4, 1:5] = True
    picture(figures.where_it_acts(residual, region))
    heat, mean, _ = shown[0].figure.axes
    [shown_size] = heat.images
    assert shown_size.get_array()[2, 3] == pytest.approx(0.4)
    assert shown_size.get_array().sum() == pytest.approx(0.4)
    [shown_mean] = mean.images
    assert tuple(shown_mean.get_array()[2, 3]) == (153,) * 3  # 0.2
    assert tuple(shown_mean.get_array()[0, 0]) == (128,) * 3
    assert heat.collections, "the region is drawn"
    picture(figures.where_it_acts(residual, None))
    assert not shown[1].figure.axes[0].collections


def test_both_matrices_of_leakage_have_one_scale_and_the_same_columns(shown):
    changes = np.array([[0.7, -0.1, np.nan]])
    correlations = np.array([[1.0, 0.3, -0.4]])
    columns = ["Eyeglasses", "Male", "Young"]
    picture(figures.leakage(["add_glasses"], columns, ["Eyeglasses"], changes, correlations))
    matrices = [axes.images[0] for axes in shown[0].figure.axes[:2]]
    assert [matrix.get_clim() for matrix in matrices] == [(-1, 1)] * 2
    np.testing.assert_allclose(matrices[0].get_array().filled(np.nan), changes)
    np.testing.assert_allclose(matrices[1].get_array().filled(np.nan), correlations)
    for axes in shown[0].figure.axes[:2]:
        [frame] = axes.lines
        assert set(frame.get_xdata()) == {-0.5, 0.5}


@pytest.mark.parametrize("count", [1, 6, 8])
def test_each_reliability_diagram_has_its_bins(shown, count):
    bins = [ReliabilityBin(0.1, 0.2, 5, 0.1, 0.2)]
    picture(figures.reliability_diagrams([(f"$a_{n}^", bins) for n in range(count)]))
    drawn = [axes for axes in shown[0].figure.axes if axes.axison]
    assert [axes.get_title() for axes in drawn] == [f"$a_{n}^" for n in range(count)]
    for axes in drawn:
        np.testing.assert_allclose(axes.lines[1].get_xydata(), [[0.1, 0.2]])


def test_drawing_leaves_no_global_state_and_the_same_input_gives_the_same_file(edit):
    import matplotlib

    before = dict(matplotlib.rcParams)
    first, second = (figures.success_by_yaw(edit.pose, COMPANY) for _ in range(2))
    assert first == second
    assert dict(matplotlib.rcParams) == before
    with pytest.raises(RuntimeError), drawing():
        raise RuntimeError
    assert dict(matplotlib.rcParams) == before
