"""Options of the commands, made from the tables of arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.arguments import Argument, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

F = TypeVar("F", bound="Callable[..., Any]")

_TYPES: Final[dict[Type, dict[str, Any]]] = {
    Type.STRING: {"type": str, "metavar": "TEXT"},
    Type.INTEGER: {"type": int, "metavar": "N"},
    Type.BOOLEAN: {"is_flag": True, "default": None},
    Type.STRINGS: {"multiple": True, "metavar": "TEXT", "default": None},
}
_POSITIONAL: Final = {"bucket_name", "image_name"}
_NAMES: Final = {argument.name for argument in arguments.IMAGE_PIN}


def from_table(table: Iterable[Argument]) -> Callable[[F], F]:
    """Add an option for each argument of a table, except the bucket and the image.

    A new argument in the table is a new option here.
    """

    def decorate(command: F) -> F:
        for argument in reversed([*table]):
            if argument.name not in _POSITIONAL:
                command = _option(argument)(command)
        return command

    return decorate


def _option(argument: Argument) -> Callable[[F], F]:
    how = _TYPES[argument.type]
    if choices := getattr(argument, "choices", ()):
        how = {"type": click.Choice(choices)}
    return click.option(
        _flag(argument.name), argument.name, help=_plain(argument.description), **how
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _plain(markdown: str) -> str:
    """A table's description for a terminal: options by their flags, without Markdown."""
    return re.sub(
        r"`([^`]*)`",
        lambda code: _flag(code[1]) if code[1] in _NAMES else code[1],
        markdown,
    )


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Option values as the functions take them; a list that was not given is None."""
    return {
        name: None if value == () else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }
