"""Shared by the tests of the evaluation."""

import pytest


@pytest.fixture(scope="module")
def coarse_figures():
    """Figures of few dots that are laid out once: here they are counted, not looked at."""
    from matplotlib.figure import Figure

    from faceattr.evaluation import figure_style

    def coarse(figsize, dpi, layout):
        return Figure(figsize=figsize, dpi=24)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_style, "Figure", coarse)
        yield
