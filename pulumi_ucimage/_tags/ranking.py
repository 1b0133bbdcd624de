"""Sorting by rank, best first, and what decides between equal ranks."""

from __future__ import annotations

from itertools import groupby
from operator import eq
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi_ucimage._tags.semver import parse_version
from pulumi_ucimage._tags.tag_name import TAG_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulumi_ucimage._tags.evaluate import TagLike


T = TypeVar("T", bound="TagLike")


def sort_by_rank(tags: Iterable[T], rank: Callable[[T], Any], *, highest: bool) -> list[T]:
    """Sort tags with different names, best first.

    Args:
        tags: in any order; not changed.
        rank: what is compared.
        highest: whether the highest rank is best, or else the lowest.
    """
    ranked = sorted(tags, key=rank, reverse=highest)
    ranks = list(map(rank, ranked))
    if not any(map(eq, ranks, ranks[1:])):
        return ranked
    with_ties_broken: list[T] = []
    for _, tied in groupby(ranked, key=rank):
        with_ties_broken += _break_ties(list(tied))
    return with_ties_broken


def _break_ties(tied: list[T]) -> list[T]:
    """Sort tags of equal rank by SemVer precedence, then by the last name in byte order.

    Precedence compares only versions, so that tags can form a circle: 1.10.0 before
    1.9.0 (precedence), before 1.5_a, before 1.10.0 (bytes). Therefore a version is
    sorted by the last name among it and the versions below it. If one tag comes before
    each other one, it is first; in a circle, the highest version is first. The same holds
    for the tags that remain without the first one.
    """
    if len(tied) == 1:
        return tied
    versions = sorted(
        (version.precedence, tag.name)
        for tag in tied
        if tag.name and TAG_NAME.fullmatch(tag.name)
        if (version := parse_version(tag.name, loose=True))
    )
    keys: dict[str | None, tuple[str, int]] = {}
    last_name = ""
    for position, (_, name) in enumerate(versions):
        last_name = max(last_name, name)
        keys[name] = (last_name, position)
    return sorted(
        tied, key=lambda tag: keys.get(tag.name, (tag.name or "", 0)), reverse=True
    )
