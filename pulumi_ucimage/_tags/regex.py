"""Regular expressions of users, and templates over their groups.

RE2 runs in time linear in the text. It is linear in the expression too, and a short one
can stand for millions of steps, so that the size is limited as well: no expression can
hang a deployment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from pulumi_ucimage._formatting import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

# A large real one has some hundred steps and ten groups. At these limits the worst case
# that was found takes 20 ms for a tag; without them it was seconds, and gigabytes.
_MOST_STEPS: Final = 5000
_MOST_GROUPS: Final = 100


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
        """The match of a whole text, for `Template.expand`; None where it is none."""
        return self._match(_encoded(text))

    def search(self, text: str) -> Any:
        """The match of any part of a text; None where there is none."""
        return self._search(_encoded(text))

    @classmethod
    def parse(cls, text: str) -> Regex:
        """The expression that `text` is.

        Raises:
            ValueError: a clause that says what is wrong with it.
        """
        # Here, for it costs a third of what `import pulumi` does, and most have none.
        import re2  # noqa: PLC0415

        options = re2.Options()
        options.log_errors = False
        try:
            # In bytes, for the binding takes thrice as long to count characters.
            compiled = re2.compile(text.encode(), options=options)
        except re2.error as error:
            reason = error.args[0].decode(errors="replace")
            message = (
                f"RE2 says {printable(reason, limit=200)}; what it takes is listed at"
                " https://github.com/google/re2/wiki/Syntax"
            )
            raise ValueError(message) from None
        except UnicodeError:
            message = "it has a character that is none in Unicode; leave that out"
            raise ValueError(message) from None
        if compiled.groups > _MOST_GROUPS or compiled.programsize > _MOST_STEPS:
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


def _encoded(text: str) -> bytes:
    # JSON can hold a half of a surrogate pair, which RE2 takes for a character.
    return text.encode(errors="surrogatepass")


_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>\w+)|\{(?P<braced>\w+)\}|)")


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
    def parse(cls, text: str, expression: Regex) -> Template:
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
                message = "a $ in it names no group; write $1, $name, ${name} or $$"
                raise ValueError(message)
        parts.append(text[end:])
        return cls(text, tuple(parts))

    def expand(self, match: Any) -> str:
        """The text for one match."""
        return "".join(
            part if isinstance(part, str) else (match[part] or b"").decode()
            for part in self.parts
        )


def _group(name: str, expression: Regex) -> int:
    if name in expression.names:
        return expression.names[name]
    numbers = [str(number) for number in range(expression.groups + 1)]
    if name in numbers:
        return int(name)
    _, *own = numbers
    begun = [number for number in own if name.startswith(number)]
    if begun:
        cure = f"write ${{{begun[-1]}}} where text follows a number"
    elif own:
        cure = f"it has {', '.join([*own, *expression.names])}"
    else:
        cure = "put what is to be compared between ( and )"
    message = f"tag_regex has no group {quoted(name)}; {cure}"
    raise ValueError(message)
