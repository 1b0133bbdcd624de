"""Arguments and options of the commands, made from the tables of arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pulumi_ucimage._spec.arguments import Argument, ArgumentType
from pulumi_ucimage.errors import UcimageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

F = TypeVar("F", bound="Callable[..., Any]")

_POSITIONAL: Final = {"bucket_name": "BUCKET", "image_name": "IMAGE"}
_MAY_BE_REPEATED: Final = " May be given several times."
# What is in quotes is the user's or the server's; a profile file has its own names.
_WORDS: Final = re.compile(
    r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|profile's \w+"
    r"|the argument (?P<argument>\w+)"
    r"|(?<=\bcheck )(?P<list>\w+(?:, \w+)* and \w+)"
    r"|(?P<name>\A\w+|(?<=\bset )\w+|(?<=\bleave out )\w+|\w+_\w+|\w+(?=='))(?: to True)?"
)


class Command(click.Command):
    """A command whose error messages name its own options."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UcimageError as error:
            raise click.ClickException(with_option_names(str(error))) from None


def with_option_names(text: str) -> str:
    """A message about arguments, with the current command's options in their place.

    `set semver_range` becomes `set --semver-range`, and `check image_name` becomes
    `check IMAGE`.
    """
    shown = {
        param.name: param.opts[0]
        if isinstance(param, click.Option)
        else _POSITIONAL.get(param.name or "")
        for param in click.get_current_context().command.params
    }

    def renamed(word: re.Match[str]) -> str:
        if word["list"]:
            return re.sub(r"\w+", lambda name: shown.get(name[0]) or name[0], word["list"])
        return shown.get(word["argument"] or word["name"]) or word[0]

    return _WORDS.sub(renamed, text)


def from_table(table: Iterable[Argument], *positional: str) -> Callable[[F], F]:
    """Add an option for each argument of a table; a new argument is a new option.

    Args:
        table: the arguments.
        positional: the names of those that are given without a flag.
    """
    arguments = [*table]
    shown = {
        a.name: _POSITIONAL[a.name] if a.name in positional else _flag(a.name)
        for a in arguments
    }

    def decorate(command: F) -> F:
        for argument in reversed(arguments):
            is_positional = argument.name in positional
            add = _positional(argument) if is_positional else _option(argument, shown)
            command = add(command)
        return command

    return decorate


def _positional(argument: Argument) -> Callable[[F], F]:
    name, required = _POSITIONAL[argument.name], argument.required
    metavar = name if required else f"[{name}]"
    return click.argument(argument.name, metavar=metavar, required=required)


def _option(argument: Argument, shown: Mapping[str, str]) -> Callable[[F], F]:
    text = re.sub(
        "`([^`]*)`", lambda code: shown.get(code[1], code[1]), argument.description
    )
    how: dict[str, Any] = {"metavar": "TEXT"}
    if argument.choices:
        how = {"type": click.Choice(argument.choices)}
    elif argument.type is ArgumentType.INTEGER:
        how = {"type": int, "metavar": "N"}
    elif argument.type is ArgumentType.BOOLEAN:
        how = {"is_flag": True, "default": None}
    elif argument.type is ArgumentType.STRINGS:
        text += _MAY_BE_REPEATED
        how = {"metavar": "TEXT", "multiple": True, "callback": _list}
    return click.option(
        _flag(argument.name), argument.name, help=text, required=argument.required, **how
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _list(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    """Values as the functions take them; None if the option was not given."""
    return [*values] or None
