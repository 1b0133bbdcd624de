"""Text from outside, made safe to print, and lists of names made short."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def printable(text: str, *, keep: str = "", limit: int | None = None) -> str:
    r"""Text with every character that could steer a terminal escaped.

    Characters for which `str.isprintable` is False become `\x1b`, `\u202e` and the like:
    control, format (bidirectional marks among them), surrogate and unassigned ones.

    Args:
        text: any text, such as a server's message or a tag's name.
        keep: unprintable characters that are kept.
        limit: only this many characters of the text are shown, followed by `...`.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + "..."
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def address(host: str, port: int) -> str:
    """`host:port`, with an IPv6 address between brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def quoted(text: str) -> str:
    """A foreign name between quotes, printable; only its first 200 characters are shown."""
    return f"'{printable(text, limit=200)}'"


def join_names(names: Sequence[str], *, limit: int = 10) -> str:
    """Names between quotes, joined by commas; names after the first `limit` are counted.

    Returns:
        text such as `'a', 'b' and 3 more`.
    """
    shown = ", ".join(quoted(name) for name in names[:limit])
    rest = len(names) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown
