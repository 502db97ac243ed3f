"""The families that there are: those of this house, and those that other packages bring.

A package brings one by an entry point of the group `faceattr.families`, named as the family is:

    [project.entry-points."faceattr.families"]
    my_family = "my_package.family:FAMILY"
"""

import functools
import importlib
import importlib.metadata

from faceattr.attributes import nearest
from faceattr.errors import UserError
from faceattr.models.family import Family

GROUP = "faceattr.families"

_OWN = ("residual_gan", "vae_gan", "shared_gan")

DEFAULT = _OWN[0]
"""The paper's."""


@functools.cache
def families() -> dict[str, Family]:
    """Every family by its name; this needs neither Keras nor TensorFlow.

    Raises:
        UserError: if what another package names as a family is none.
    """
    found: dict[str, Family] = {
        name: importlib.import_module(f"faceattr.models.{name}.family").FAMILY for name in _OWN
    }
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            family = point.load()
        except (ImportError, AttributeError) as error:
            raise UserError(
                f"the family {point.name} of {point.value} cannot be loaded ({error}); mend or "
                "uninstall the package that names it"
            ) from error
        if not isinstance(family, Family) or family.name in found:
            raise UserError(f"{point.value}: not a family of its own name, {point.name}")
        found[family.name] = family
    return found


def family(name: str) -> Family:
    """The family of a name.

    Raises:
        UserError: if there is none.
    """
    try:
        return families()[name]
    except KeyError:
        raise UserError(f"--model {name}: no such model; {nearest(name, families())}") from None
