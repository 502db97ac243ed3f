"""The registry of attributes: which column, which scope, and what its two edits are called.

The six attributes are those of the paper (section 4); their scope decides the weight of the
sparsity term (section 5). Any other column of an attribute table is an attribute as well.
"""

import csv
import dataclasses
import difflib
import io
import re
from collections.abc import Iterable
from typing import Literal

from faceattr.edits import Edit
from faceattr.errors import UserError

Scope = Literal["local", "global"]

# Section 5. Section 7 of the paper gives 5e-6 for global attributes; section 5 is our reading.
ALPHA: dict[Scope, float] = {"local": 5e-4, "global": 1e-6}
BETA_OVER_ALPHA = 0.1

ALL = "all"
"""What stands for the paper's six."""


@dataclasses.dataclass(frozen=True)
class Attribute:
    """One binary attribute and the two edits that change it.

    Attributes:
        name: str. What a user types, such as `"glasses"`.
        column: str. The label column, such as CelebA's `"Eyeglasses"`.
        scope: `"local"` or `"global"`. Local attributes touch a small region of the face.
        adding: the edit of G0, from label 0 to label 1, such as `add_glasses`.
        removing: the edit of G1, from label 1 to label 0, such as `remove_glasses`.
    """

    name: str
    column: str
    scope: Scope
    adding: Edit
    removing: Edit

    @property
    def alpha(self) -> float:
        """Weight of the pixel term of Eq. 8 (section 5)."""
        return ALPHA[self.scope]

    @property
    def edits(self) -> tuple[Edit, Edit]:
        """Both edits, `adding` first."""
        return (self.adding, self.removing)


def _attribute(name: str, column: str, scope: Scope, adding: str, removing: str) -> Attribute:
    return Attribute(name, column, scope, Edit(adding, column, True), Edit(removing, column, False))


PAPER_ATTRIBUTES = (
    _attribute("glasses", "Eyeglasses", "local", "add_glasses", "remove_glasses"),
    _attribute("mouth_open", "Mouth_Slightly_Open", "local", "open_mouth", "close_mouth"),
    _attribute("smile", "Smiling", "local", "add_smile", "remove_smile"),
    _attribute("no_beard", "No_Beard", "local", "remove_beard", "add_beard"),
    _attribute("young", "Young", "global", "make_young", "make_old"),
    _attribute("male", "Male", "global", "make_male", "make_female"),
)


def find_attribute(name: str, columns: Iterable[str]) -> Attribute:
    """Returns the attribute that `name` stands for in a table with these columns.

    Args:
        name: str. One of the paper's six names, or the name of a column, in any case.
        columns: the label columns of the table.

    Raises:
        UserError: if neither the registry nor the table knows the name, or if the table lacks
            the column that a registered name stands for.
    """
    columns = list(columns)
    wanted = name.strip().lower()
    for attribute in PAPER_ATTRIBUTES:
        if wanted in (attribute.name, attribute.column.lower()):
            if attribute.column not in columns:
                raise UserError(
                    f"attribute {attribute.name!r} needs the column {attribute.column!r}, which "
                    f"the labels do not have; {nearest(attribute.column, columns)}"
                )
            return attribute
    for column in columns:
        if wanted == column.lower():
            suffix = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
            return _attribute(suffix, column, "local", f"add_{suffix}", f"remove_{suffix}")
    known = ", ".join(attribute.name for attribute in PAPER_ATTRIBUTES)
    raise UserError(
        f"unknown attribute {name!r}: choose one of {known}, or a column of the labels; "
        f"{nearest(name, columns)}"
    )


def attribute_names(text: str, flag: str = "--attr") -> list[str]:
    """The attributes that a flag names.

    Args:
        text: a name; `"all"` for the paper's six; or names with commas between them, where a
            name with a comma in it stands in double quotes.
        flag: str, for messages.

    Raises:
        UserError: if a name is missing, or a quote.
    """
    if text.strip() == ALL:
        return [attribute.name for attribute in PAPER_ATTRIBUTES]
    try:
        names = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise UserError(
            f"{flag} {text}: a name with a comma in it stands in double quotes, as in "
            "'smile,\"hat, red\"'"
        ) from None
    if not names or not all(name.strip() for name in names):
        raise UserError(f"{flag} {text!r}: a name is missing; write them as in glasses,smile")
    return [name.strip() for name in names]


def joined_names(names: Iterable[str]) -> str:
    """What `attribute_names` reads as these names."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


def nearest(name: str, choices: Iterable[str]) -> str:
    """A phrase with the choices that look like `name`, or with all of them if none does."""
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.4)
    if close:
        return "nearest: " + ", ".join(by_lower[match] for match in close)
    return "there are: " + ", ".join(by_lower.values())
