"""Measure: one way to look at an edit; each stands in a file of this folder.

A file says what its measure finds on each face (`compute`), what that amounts to (`summarise`),
and what of it is shown: a `Card` of a report, cells of its summary, words of the console.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

from faceattr.errors import UserError
from faceattr.evaluation.subjects.edit_case import EditCase


@dataclasses.dataclass(frozen=True)
class Measure:
    """What is measured, and how.

    Attributes:
        name: str, the field of `EditMeasures` that its result is.
        compute: what it finds on each face of an edit; None where there is nothing of its kind.
        summarise: from that, and the seed of bootstraps and draws, to its result.

    Both raise `UserError` where the measure cannot be had; it says why.
    """

    name: str
    compute: Callable[[EditCase], Any]
    summarise: Callable[[Any, int], Any]


@dataclasses.dataclass(frozen=True)
class Skipped:
    """A part of an evaluation that was left out.

    Attributes:
        part: str, such as `"realism"`.
        reason: str, why.
        edits: those that lack it, such as `"glasses: add_glasses"`; none where it is of no edit.
    """

    part: str
    reason: str
    edits: tuple[str, ...] = ()


class LeftOut:
    """Notes what had to be left out of an evaluation, and of which edits."""

    def __init__(self) -> None:
        self._edits: dict[tuple[str, str], list[str]] = {}

    def note(self, part: str, reason: UserError, edit: str | None = None) -> None:
        """Notes a part, why it cannot be had, and the edit that lacks it."""
        edits = self._edits.setdefault((part, reason.for_command_line), [])
        if edit is not None:
            edits.append(edit)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """All of it, in the order in which it was met."""
        return tuple(Skipped(*key, tuple(edits)) for key, edits in self._edits.items())
