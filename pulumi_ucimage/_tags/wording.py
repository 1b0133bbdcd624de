"""Policies, reject reasons and tags in words, for every text about a choice.

The words depend on the listing and the arguments only, never on the clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_ucimage._formatting import printable, quoted
from pulumi_ucimage._tags.evaluate import RejectReason, get_compared_text
from pulumi_ucimage._tags.policy import ALPHABETICAL, NEWEST, NUMERICAL, SEMVER, Policy
from pulumi_ucimage._tags.semver import parse_version
from pulumi_ucimage._tags.timestamps import format_timestamp

if TYPE_CHECKING:
    from pulumi_ucimage._tags.evaluate import TagLike

_BEST: Final = {
    NEWEST: ("newest CreateTime", "oldest CreateTime"),
    SEMVER: ("highest version", "lowest version"),
    NUMERICAL: ("highest number", "lowest number"),
    ALPHABETICAL: ("last name in byte order", "first name in byte order"),
}


def describe_policy(policy: Policy) -> str:
    """A policy in words: `highest version in ^1.2 (policy semver)`."""
    highest, lowest = _BEST[policy.name]
    words = [highest if policy.highest else lowest]
    if policy.name == SEMVER:
        words.append(f"in {printable(policy.semver_range.text)}")
    if policy.extract:
        words.append(f"by tag_extract {quoted(policy.extract.text)}")
    return f"{' '.join(words)} (policy {policy.name})"


def describe_rejection(
    reason: RejectReason, policy: Policy, *, is_prerelease: bool = False
) -> str:
    """Why a policy rejects a tag, in words: `not in ^1.2`.

    Args:
        reason: the reason.
        policy: the policy.
        is_prerelease: whether that is all that is wrong; see `is_only_a_prerelease`.
    """
    semver_range = policy.semver_range
    if is_prerelease:
        where = "its part of the range" if semver_range.names_prerelease else "the range"
        return f"a prerelease, and {where} {printable(semver_range.text)} names none"
    given = policy.arguments
    version = "a version" if policy.semver_loose else "a version with three parts"
    return {
        RejectReason.INVALID: "not a valid tag name",
        RejectReason.ARTIFACT: "a signature or another attachment of an image",
        RejectReason.FLOATING: "in floating_tags, and not matched by a tag_regex",
        RejectReason.NOT_MATCHED: "not matched by tag_regex"
        f" {quoted(given.get('tag_regex', ''))}",
        RejectReason.EXCLUDED: "matched by tag_exclude_regex"
        f" {quoted(given.get('tag_exclude_regex', ''))}",
        RejectReason.TOO_YOUNG: f"too young for {_time_limits(policy)}",
        RejectReason.UNDATED: "the API sent no CreateTime",
        RejectReason.UNPARSABLE: f"not {version if policy.name == SEMVER else 'a number'}",
        RejectReason.OUT_OF_RANGE: f"not in {printable(semver_range.text)}",
    }[reason]


def is_only_a_prerelease(reason: RejectReason, tag: TagLike, policy: Policy) -> bool:
    """Whether a tag was rejected only because it is a prerelease."""
    name = tag.name or ""
    if reason is not RejectReason.OUT_OF_RANGE:
        return False
    if policy.extract is None and "-" not in name:
        return False  # as most of 10,000 tags; parsing each one again takes time
    version = parse_version(get_compared_text(policy, name) or "", loose=True)
    return version is not None and policy.semver_range.contains(version, prereleases=True)


def format_old_enough_time(tag: TagLike, policy: Policy) -> str:
    """The time from which a tag with a CreateTime is old enough for `min_age`."""
    return format_timestamp((tag.create_time or 0) + (policy.min_age_s or 0))


def format_old_enough(tag: TagLike, policy: Policy) -> str:
    """Return `, old enough from 2026-03-01T12:00:00Z`; nothing if `as_of` is given."""
    if policy.as_of_s is not None:
        return ""
    return f", old enough from {format_old_enough_time(tag, policy)}"


def format_created(create_time: int | None) -> str:
    """Return `, created 2026-03-01T12:00:00Z`; nothing if the time is not known."""
    return "" if create_time is None else f", created {format_timestamp(create_time)}"


def _time_limits(policy: Policy) -> str:
    limits = []
    if policy.as_of_s is not None:
        limits.append(f"as_of {format_timestamp(policy.as_of_s)}")
    if policy.min_age_s is not None:
        limits.append(f"min_age {policy.arguments['min_age']}")
    return " and ".join(limits)
