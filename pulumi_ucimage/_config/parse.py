"""Parsers of settings and arguments: names, addresses, numbers.

Each parser returns the value, or raises a ValueError whose text follows the name of what
was set, such as `must be true or false`. It does not repeat the value, which may be a
secret that was set in the wrong place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.endpoint import is_host_and_port
from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_BUCKET: Final = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_SECONDS: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_COUNT: Final = re.compile(r"[0-9]{1,2}")


def name(text: str) -> str:
    """The name of a region or a project."""
    if not _NAME.fullmatch(text):
        message = "must have 1 to 128 letters, digits, '_' and '-' only"
        raise ValueError(message)
    return text


def bucket(text: str) -> str:
    """The name of a bucket; finer rules are left to the server."""
    if not _BUCKET.fullmatch(text):
        message = "must have 1 to 63 letters, digits, '_', '-' and '.' only"
        raise ValueError(message)
    return text


def registry_host(text: str) -> str:
    """A registry's `host[:port]`, in a form that Docker takes for a host.

    Docker reads the first part of a reference as a host only if it has a dot or a colon or
    is `localhost`; anything else would be pulled from Docker Hub.
    """
    looks_like_host = "." in text or ":" in text or text == "localhost"
    if not looks_like_host or not is_host_and_port(text):
        message = (
            "must be host[:port], such as mirror.example.com or 10.0.0.5:5000, with no"
            " scheme and no path"
        )
        raise ValueError(message)
    return text


def seconds(text: str) -> float:
    """A number of seconds above 0."""
    if not _SECONDS.fullmatch(text) or not float(text):
        message = "must be a number of seconds above 0 and below 1000000, such as 60"
        raise ValueError(message)
    return float(text)


def count(text: str) -> int:
    """A whole number from 0 to 99."""
    if not _COUNT.fullmatch(text):
        message = "must be a whole number from 0 to 99"
        raise ValueError(message)
    return int(text)


def boolean(text: str) -> bool:
    """True or false; Pulumi writes `true`, shells often `1`."""
    if text.lower() not in {"true", "false", "1", "0"}:
        message = "must be true or false"
        raise ValueError(message)
    return text.lower() in {"true", "1"}


def argument(key: str, value: str | None, parse_text: Callable[[str], T]) -> T | None:
    """An argument of a call, parsed; None if it is not given, or empty.

    Args:
        key: its Python name.
        value: its value.
        parse_text: one of the parsers above, or another of their kind.

    Raises:
        ArgumentError: it is malformed.
    """
    if not value:
        return None
    try:
        return parse_text(value)
    except ValueError as error:
        # A registry's address may hold a password before an @.
        shown = "" if "@" in value else f", not {quoted(value)}"
        message = f"{key} {error}{shown}."
        raise ArgumentError(message) from None
