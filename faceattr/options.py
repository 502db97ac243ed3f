"""Options: each declared once, as a field of a frozen data class.

A declaration says type, default, range, choices, help and group. Checks, command-line flags, their
help and the tables of the documentation come from it:

    @dataclasses.dataclass(frozen=True)
    class Settings:
        steps: int = option(600, "updates of the networks", at_least=1, group="optimisation")

        def __post_init__(self) -> None:
            check(self)
"""

import argparse
import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from faceattr.errors import UserError

_KEY = "option"

_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "must be true or false"),
    int: ((int,), "must be a whole number"),
    float: ((int, float), "must be a number"),
    str: ((str,), "must be text"),
}


@dataclasses.dataclass(frozen=True)
class Declaration:
    """What the declaration of an option says beside name, type and default.

    Attributes:
        help: str, what a user is told.
        group: str, the heading that its flag stands under.
        choices: the values that there are; empty where any will do.
        holds: whether a value is in range; None where any will do.
        wanted: str, the end of a message about a value that is not, such as `"must be from 0 to
            1"`.
        metavar: str or None, what stands for the value in the help.
    """

    help: str
    group: str
    choices: tuple[str, ...]
    holds: Callable[[Any], bool] | None
    wanted: str
    metavar: str | None


@dataclasses.dataclass(frozen=True)
class Option(Declaration):
    """One setting, as it is declared.

    Attributes:
        name: str, of the field; its flag is `--name`.
        kind: bool, int, float or str.
        optional: bool, whether None is a value too: "let the program choose".
        default: the value that is not asked for; `dataclasses.MISSING` where there is none.
    """

    name: str
    kind: type
    optional: bool
    default: Any


def option(
    default: Any,
    help: str,
    *,
    group: str = "",
    choices: Iterable[str] = (),
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    one_of: tuple[tuple[Any, ...], str] | None = None,
    metavar: str | None = None,
) -> Any:
    """Declares a field of a data class as an option.

    Args:
        default: its value where a user names none; `dataclasses.MISSING` for none.
        help: what a user is told; a default that it does not speak of is added to it.
        group: the heading that its flag stands under.
        choices: the texts that it may be.
        at_least, above, at_most, below: the ends of its range.
        one_of: the values that it may be where these are no texts, and the end of a message that
            says so.
        metavar: what stands for the value in the help.
    """
    holds, wanted = _range(at_least, above, at_most, below)
    if one_of is not None:
        values, wanted = one_of
        holds = values.__contains__
    declared = Declaration(help, group, tuple(choices), holds, wanted, metavar)
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata={_KEY: declared})
    return dataclasses.field(default=default, metadata={_KEY: declared})


def _range(
    at_least: float | None, above: float | None, at_most: float | None, below: float | None
) -> tuple[Callable[[Any], bool] | None, str]:
    if at_least is None and above is None:
        return None, ""
    low: Any = at_least if above is None else above
    high: Any = math.inf if at_most is below is None else (below if at_most is None else at_most)

    def holds(value: float) -> bool:
        return (value >= low if above is None else value > low) and (
            value <= high if at_most is not None else value < high
        )

    if high == math.inf:
        bound = f"of at least {low}" if above is None else f"above {low}"
        return holds, f"must be a number {bound}"
    start = f"from {low}" if above is None else f"above {low} and"
    return holds, f"must be {start} to {high if at_most is not None else f'below {high}'}"


def options_of(cls: type) -> dict[str, Option]:
    """The options that a data class declares, its base classes' first, by name."""
    types_ = typing.get_type_hints(cls)
    found = {}
    for field in dataclasses.fields(cls):
        declared = field.metadata.get(_KEY)
        if declared is None:
            continue
        annotation = types_[field.name]
        optional = isinstance(annotation, types.UnionType)
        kind = typing.get_args(annotation)[0] if optional else annotation
        found[field.name] = Option(
            name=field.name,
            kind=kind,
            optional=optional,
            default=field.default,
            **{each.name: getattr(declared, each.name) for each in dataclasses.fields(declared)},
        )
    return found


def value_problem(option: Option, value: Any) -> str | None:
    """What is wrong with the value of one option, looked at by itself.

    Args:
        option: the declaration.
        value: anything, such as what a JSON file held.

    Returns:
        the end of a message, such as `"must be a number of at least 1"`; None if nothing is.
    """
    accepted, wanted = _KINDS[option.kind]
    if value is None and option.optional:
        return None
    # To Python true is a number as well, 1.
    if not isinstance(value, accepted) or (isinstance(value, bool) and option.kind is not bool):
        return f"{wanted} or null" if option.optional else wanted
    if option.choices and value not in option.choices:
        return f"choose one of {', '.join(option.choices)}"
    if option.holds is not None and not option.holds(value):
        return option.wanted
    return None


def check(settings: Any) -> None:
    """Checks each option of a data class's instance by itself; called when it is made.

    Raises:
        UserError: naming the option and what is wrong with its value.
    """
    for name, each in options_of(type(settings)).items():
        value = getattr(settings, name)
        if problem := value_problem(each, value):
            raise UserError(f"--{name} {value}: {problem}")


def add_flags(
    parser: argparse.ArgumentParser,
    options: Iterable[Option],
    groups: Mapping[str, str] | None = None,
) -> None:
    """Adds the flag of each option, under its group's heading.

    A flag has no default here: one that is not given leaves what a file, a preset or the
    declaration says.

    Args:
        parser: gets the flags.
        options: see `options_of`; a group's flags stand together, in the order of this list.
        groups: a group's heading -> a sentence about it.
    """
    made: dict[str, Any] = {str(group.title): group for group in parser._action_groups}
    for each in options:
        group = made.get(each.group)
        if group is None:
            about = (groups or {}).get(each.group)
            group = made[each.group] = parser.add_argument_group(each.group, about)
        _add_flag(group, each)


def _add_flag(group: Any, option: Option) -> None:
    # argparse formats its help with %.
    text = described(option).replace("%", "%%")
    if option.kind is bool:
        group.add_argument(
            f"--{option.name}", action=argparse.BooleanOptionalAction, default=None, help=text
        )
        return
    metavar = option.metavar or {int: "N", float: "X"}.get(option.kind)
    group.add_argument(
        f"--{option.name}", metavar=metavar, type=option.kind, default=None, help=text
    )


def described(option: Option) -> str:
    """What a user is told of an option, its default with it."""
    silent = option.default in (None, dataclasses.MISSING) or option.kind is bool
    if silent or "default" in option.help:
        return option.help
    return f"{option.help} ({option.default})"


def documented(cls: type) -> type:
    """A decorator that tells of its options in the docstring of a data class."""
    lines = [
        f"{each.name}: {each.kind.__name__}{' or None' if each.optional else ''}. {described(each)}"
        for each in options_of(cls).values()
    ]
    cls.__doc__ = "\n\n".join([inspect.cleandoc(cls.__doc__ or ""), "Options:", "\n".join(lines)])
    return cls


def flags_table(options: Iterable[Option]) -> str:
    """The options as a Markdown table, for the documentation."""
    # A bar would end the cell.
    told = {each.name: described(each).replace("|", r"\|") for each in options}
    rows = [f"| `{name}` | {text} |" for name, text in told.items()]
    return "\n".join(["| setting | what it is |", "| --- | --- |", *rows]) + "\n"
