"""Regular expressions of users, and templates over their groups.

RE2 runs in time linear in the text, so that no expression can hang a deployment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """An RE2 expression.

    Attributes:
        text: as the user wrote it.
        match: gives the match of a whole text, or None.
        search: gives the match of any part of a text, or None.
        names: the number of each named group.
        groups: how many groups there are.
    """

    text: str
    match: Callable[[str], Any]
    search: Callable[[str], Any]
    names: dict[str, int]
    groups: int

    @classmethod
    def parse(cls, text: str) -> Expression:
        """The expression that `text` is.

        Raises:
            ValueError: a clause that says what is wrong with it.
        """
        # Here, for it costs a third of what `import pulumi` does, and most have none.
        import re2  # noqa: PLC0415

        options = re2.Options()
        options.log_errors = False
        try:
            compiled = re2.compile(text, options=options)
        except (re2.error, UnicodeError) as error:
            message = f"RE2 says {_reason(error)}"
            raise ValueError(message) from None
        return cls(
            text,
            compiled.fullmatch,
            compiled.search,
            dict(compiled.groupindex),
            compiled.groups,
        )


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "unreadable"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


_REFERENCE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<bare>\w+)|\{(?P<braced>\w+)\}|)", re.ASCII
)


@final
@dataclass(frozen=True, slots=True)
class Template:
    """A text with references to the groups of an expression, as Go's `Expand` has them.

    `$1`, `$name` and `${name}` stand for a group, `$$` for a dollar. A bare name is as
    long as it can be: `$1x` is a group named `1x`. A group that took no part is empty.

    Attributes:
        text: as the user wrote it.
        parts: texts as they are, and numbers of groups.
    """

    text: str
    parts: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str, expression: Expression) -> Template:
        """The template that `text` is, over the groups of `expression`.

        Raises:
            ValueError: a clause that says what is wrong with it.
        """
        parts: list[str | int] = []
        end = 0
        for reference in _REFERENCE.finditer(text):
            parts.append(text[end : reference.start()])
            end = reference.end()
            name = reference["bare"] or reference["braced"]
            if name:
                parts.append(_group(name, expression))
            elif reference["dollar"]:
                parts.append("$")
            else:
                message = "a $ in it names no group; write $$ for a dollar"
                raise ValueError(message)
        parts.append(text[end:])
        return cls(text, tuple(part for part in parts if part != ""))

    def expand(self, match: Any) -> str:
        """The text for one match."""
        return "".join(
            part if isinstance(part, str) else match[part] or "" for part in self.parts
        )


def _group(name: str, expression: Expression) -> int:
    if name in expression.names:
        return expression.names[name]
    if name.isdigit() and len(name) < 4 and int(name) <= expression.groups:  # noqa: PLR2004
        return int(name)
    if longest := re.match(r"\d+(?=\D)", name):
        cure = f"; write ${{{longest[0]}}} where text follows a number"
    else:
        cure = ""
    message = f"tag_regex has no group '{name}'{cure}"
    raise ValueError(message)
