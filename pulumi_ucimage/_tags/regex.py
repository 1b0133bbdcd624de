"""Regular expressions of users, and templates over their groups.

RE2 takes time linear in the text and in the compiled expression. A short expression can
compile to millions of steps, so its size is limited too: none can hang a deployment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._formatting import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

# A large real expression has some hundred steps and ten groups. At these limits the worst
# case that was found takes 20 ms for a tag; without them, seconds and gigabytes.
_MAX_STEPS: Final = 5000
_MAX_GROUPS: Final = 100


@final
@dataclass(frozen=True, slots=True)
class Regex:
    """An RE2 expression.

    Attributes:
        text: as the user wrote it.
        names: the number of each named group.
        groups: how many groups there are.
    """

    text: str
    names: dict[str, int]
    groups: int
    _match: Callable[[bytes], Any]
    _search: Callable[[bytes], Any]

    def match(self, text: str) -> Any:
        """Match a whole text, for `Template.expand`; return None if it does not match."""
        return self._match(text.encode())

    def search(self, text: str) -> Any:
        """Match any part of a text; return None if no part matches."""
        return self._search(text.encode())

    @classmethod
    def parse(cls, text: str) -> Regex:
        """Compile an expression.

        Raises:
            ValueError: it is invalid; the message is a clause that says what is wrong.
        """
        # Loaded here because it takes a third of the time of `import pulumi`, and most
        # programs have no expression.
        import re2  # noqa: PLC0415

        options = re2.Options()
        options.log_errors = False
        try:
            # In bytes, because the binding takes three times as long to count characters.
            compiled = re2.compile(text.encode(), options=options)
        except re2.error as error:
            reason = error.args[0].decode(errors="replace")
            message = (
                f"RE2 says {printable(reason, limit=200)}; its syntax is listed at"
                " https://github.com/google/re2/wiki/Syntax"
            )
            raise ValueError(message) from None
        except UnicodeError:
            message = "it has half of a surrogate pair, which is not a character; remove it"
            raise ValueError(message) from None
        if compiled.groups > _MAX_GROUPS or compiled.programsize > _MAX_STEPS:
            message = (
                "it is too large to be fast; write it with fewer groups and with fewer"
                " or smaller repetitions"
            )
            raise ValueError(message)
        return cls(
            text,
            {name.decode(): number for name, number in compiled.groupindex.items()},
            compiled.groups,
            compiled.fullmatch,
            compiled.search,
        )


_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>\w+)|\{(?P<braced>\w+)\}|)")
_OTHER_REFERENCE: Final = re.compile(r"\\(?:g<)?(\w+)>?|\{(\w+)\}", re.ASCII)
"""How other tools write a reference: `\\1` or `{name}`."""


@final
@dataclass(frozen=True, slots=True)
class Template:
    """A text with references to the groups of an expression, as in Go's `Expand`.

    `$1`, `$name` and `${name}` are replaced by a group, `$$` by a dollar. A bare name is as
    long as possible: `$1x` is a group named `1x`. A group that matched nothing is empty.

    Attributes:
        text: as the user wrote it.
        parts: fixed texts, and numbers of groups.
    """

    text: str
    parts: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str, expression: Regex) -> Template:
        """Parse a template over the groups of an expression.

        Raises:
            ValueError: it is invalid; the message is a clause that says what to write.
        """
        parts: list[str | int] = []
        end = 0
        for reference in _REFERENCE.finditer(text):
            parts.append(text[end : reference.start()])
            end = reference.end()
            name = reference["bare"] or reference["braced"]
            if name:
                parts.append(_find_group(name, expression))
            elif reference["dollar"]:
                parts.append("$")
            else:
                message = "a $ in it names no group; write $1, $name, ${name} or $$"
                raise ValueError(message)
        parts.append(text[end:])
        if all(isinstance(part, str) for part in parts):
            raise ValueError(_explain_no_group(text, expression))
        return cls(text, tuple(parts))

    def expand(self, match: Any) -> str:
        """The text for one match."""
        return "".join(
            part if isinstance(part, str) else (match[part] or b"").decode()
            for part in self.parts
        )


def _find_group(name: str, expression: Regex) -> int:
    if name in expression.names:
        return expression.names[name]
    numbers = [str(number) for number in range(expression.groups + 1)]
    if name in numbers:
        return int(name)
    _, *own = numbers
    prefixes = [number for number in own if name.startswith(number)]
    if prefixes:
        hint = f"write ${{{prefixes[-1]}}} if text follows a number"
    elif own:
        hint = f"it has {', '.join([*own, *expression.names])}"
    else:
        hint = _ADD_A_GROUP
    raise ValueError(f"tag_regex has no group {quoted(name)}; {hint}")


_ADD_A_GROUP: Final = "put what is to be compared between ( and ) in tag_regex"


def _explain_no_group(text: str, expression: Regex) -> str:
    """What to write instead of a template that is the same for every tag."""
    hint = "write $1 for the first ( ) of tag_regex, or ${name} for (?P<name>...)"
    if not expression.groups:
        hint = f"{_ADD_A_GROUP}, and write $1"
    elif other := _OTHER_REFERENCE.search(text):
        name = other[1] or other[2]
        if name in expression.names or name in map(str, range(1, expression.groups + 1)):
            hint = f"write ${{{name}}}"
    return f"it names no group, so every tag would be equal; {hint}"
