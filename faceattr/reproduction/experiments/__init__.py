"""The paper's figures and tables, each made anew: a function from a laboratory to a result."""

from collections.abc import Callable

from faceattr.reproduction.experiments.ablations import fig6
from faceattr.reproduction.experiments.attributes import fig4, fig5
from faceattr.reproduction.experiments.beards import fig7
from faceattr.reproduction.experiments.landmarks import table2
from faceattr.reproduction.experiments.pose import fig9
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.result import Result

EXPERIMENTS: dict[str, Callable[[Laboratory], Result]] = {
    "fig4": fig4,
    "fig5": fig5,
    "fig6": fig6,
    "fig7": fig7,
    "table2": table2,
    "fig9": fig9,
}
