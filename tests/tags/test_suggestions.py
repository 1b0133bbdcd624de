"""Suggestions: what to change if nothing is left, for each reason; each of them works."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from choosing import (
    ARGUMENTS,
    FIRST,
    HOUR,
    NOW,
    TAGS,
    evaluated,
    hourly,
    selected,
    undated,
)
from hypothesis import given

from pulumi_ucimage._tags.evaluate import RejectReason, Tag, evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.suggestions import find_suggestions
from pulumi_ucimage._tags.timestamps import parse_timestamp
from pulumi_ucimage.errors import NoMatchingTagError

DIGEST = "0123456789abcdef" * 4


def failure(tags: list[Tag], *, now: float = NOW, **arguments: Any) -> str:
    """The message of the error if nothing is left."""
    with pytest.raises(NoMatchingTagError) as caught:
        selected(tags, now=now, **arguments)
    return str(caught.value)


def test_an_error_has_the_nearest_change_first() -> None:
    """The nearest change, other changes, and what was rejected and why."""
    text = failure(hourly("2.0.0 1.0 latest"), policy="semver", semver_range="^1")

    assert text.split("\n") == [
        "No tag of 'registry.test/team/app' is left for the highest version in ^1 (policy"
        " semver): '2.0.0' is the highest release outside the range; set semver_range to"
        " '2.0.0' to choose it.",
        "Or set semver_loose to True to choose '1.0'; or set tag to 'latest' to use a tag"
        " that moves.",
        "Rejected 3 of 3 tags:",
        "  1 floating (in floating_tags, and not matched by a tag_regex), for example"
        " 'latest'",
        "  1 unparsable (not a version with three parts), for example '1.0'",
        "  1 out_of_range (not in ^1), for example '2.0.0'",
    ]


def test_an_error_has_the_second_change_on_a_line_of_its_own() -> None:
    """What comes after the nearest change is on the second line."""
    text = failure(hourly("1.0 latest"), policy="semver")

    assert text.split("\n")[1] == "Or set tag to 'latest' to use a tag that moves."


def test_an_error_without_a_suggestion_says_to_push() -> None:
    """If no change of arguments helps, another tag must be pushed."""
    text = failure([Tag("a b", FIRST), Tag(f"sha256-{DIGEST}", FIRST)])

    assert text.split("\n") == [
        "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
        " newest): push a tag that fits, or give default_tag.",
        "Rejected 2 of 2 tags:",
        "  1 invalid (not a valid tag name), for example 'a b'",
        "  1 artifact (a signature or another attachment of an image), for example"
        f" 'sha256-{DIGEST}'",
    ]


def test_an_error_about_no_tags_is_one_line() -> None:
    """An image without tags needs a push."""
    assert failure([], policy="semver", semver_range="^1") == (
        "No tag of 'registry.test/team/app' is left for the highest version in ^1 (policy"
        " semver): the image has no tags; push one, or give default_tag."
    )


def out_of_range(tag: str, what: str, version: str | None = None) -> str:
    """The suggestion to choose a version that is out of range."""
    return f"'{tag}' is {what}; set semver_range to '{version or tag}' to choose it"


def prerelease(tag: str, semver_range: str) -> list[str]:
    """The suggestion to choose a prerelease that the range does not name."""
    what = f"a prerelease, and the range {semver_range} names none"
    return [out_of_range(tag, what)]


EXTRACT = {"tag_regex": ".-(.*)", "tag_extract": "$1"}
HIGHEST_RELEASE = "the highest release outside the range"
HIGHEST_VERSION = "the highest version outside the range"

# tags, arguments, the suggestions, the nearest first.
SUGGESTIONS: list[tuple[list[Tag], dict[str, Any], list[str]]] = [
    # Out of range: a prerelease that is only that, then releases, then any version.
    *[
        (
            hourly("1.2.0-a 1.9.0-a 2.0.0-a 9.0.0-a"),
            {"policy": "semver", "semver_range": semver_range},
            expected,
        )
        for semver_range, expected in [
            (">=1.2.0", prerelease("9.0.0-a", ">=1.2.0")),
            ("^1.2.0", prerelease("1.9.0-a", "^1.2.0")),
            ("~1.2", prerelease("1.2.0-a", "~1.2")),
            ("1.x", prerelease("1.9.0-a", "1.x")),
            ("=1.2.0", prerelease("1.2.0-a", "=1.2.0")),
            ("*", prerelease("9.0.0-a", "*")),
            ("<=1.9.0", prerelease("1.9.0-a", "<=1.9.0")),
            (
                "~1.5.0-b.3 || ^1.3",
                [
                    out_of_range(
                        "1.9.0-a",
                        "a prerelease, and its part of the range ~1.5.0-b.3 || ^1.3 names"
                        " none",
                    )
                ],
            ),
            ("^3", [out_of_range("9.0.0-a", HIGHEST_VERSION)]),
            (">=1.2.0-b <1.9.0-0", [out_of_range("9.0.0-a", HIGHEST_VERSION)]),
        ]
    ],
    (
        hourly("1.9.0-a 1.2.0-a"),
        {"policy": "semver", "order": "lowest"},
        prerelease("1.2.0-a", "*"),
    ),
    (
        hourly("1.0.0 3.0.0-a 2.0.0"),
        {"policy": "semver", "semver_range": "~1.2"},
        [out_of_range("2.0.0", HIGHEST_RELEASE)],
    ),
    (
        hourly("1.1.0 1.2.0 1.1.5"),
        {"policy": "semver", "semver_range": "^9"},
        [out_of_range("1.2.0", HIGHEST_RELEASE)],
    ),
    (
        hourly("1.0.0 3.0.0-a 2.0.0 1.2.0-a"),
        {"policy": "semver", "semver_range": "~1.2"},
        prerelease("1.2.0-a", "~1.2"),
    ),
    (
        hourly("1.2 2.0.0-a"),
        {"policy": "semver", "semver_range": "~5", "semver_loose": True},
        [out_of_range("1.2", HIGHEST_RELEASE)],
    ),
    (
        hourly("1.0.0 2.0.0"),
        {"policy": "semver", "semver_range": "~1.2", "order": "lowest"},
        [out_of_range("1.0.0", "the lowest release outside the range")],
    ),
    (
        hourly("2.0.0-a 1.0.0-a"),
        {"policy": "semver", "semver_range": "~3", "order": "lowest"},
        [out_of_range("1.0.0-a", "the lowest version outside the range")],
    ),
    (
        hourly("1.2.0 v1.2.0 1.1.0"),
        {"policy": "semver", "semver_range": "2"},
        [out_of_range("v1.2.0", HIGHEST_RELEASE)],
    ),
    (
        hourly("a-1.0.0"),
        {"policy": "semver", "semver_range": "2", **EXTRACT},
        [out_of_range("a-1.0.0", HIGHEST_RELEASE, "1.0.0")],
    ),
    (
        hourly("a-1.0.0 b-1.0.0"),
        {"policy": "semver", "semver_range": "2", **EXTRACT},
        [],
    ),
    # 2.1 is in the range 2-5 too, and would be chosen instead of the prerelease.
    (
        hourly("2-5 2.1"),
        {"policy": "semver", "semver_range": "=2.0.0", "semver_loose": True},
        [],
    ),
    # A value of more than 200 characters is not shown.
    (
        [Tag("1.0.0-" + "a" * 110, FIRST)],
        {"policy": "semver", "tag_regex": "(.*)", "tag_extract": "$1.$1"},
        [],
    ),
    # Not a version, or not a number.
    (
        hourly("1.0 1.1 latest"),
        {"policy": "semver"},
        [
            "set semver_loose to True to choose '1.1'",
            "set tag to 'latest' to use a tag that moves",
        ],
    ),
    (
        hourly("1.0"),
        {"policy": "semver", "semver_range": "^1"},
        ["set semver_loose to True to choose '1.0'"],
    ),
    # These tags are old enough, or the reason would be another.
    (
        hourly("1.0"),
        {"policy": "semver", "min_age": "1d"},
        ["set semver_loose to True to choose '1.0'"],
    ),
    # An expression that was given is not replaced.
    (
        hourly("b1 c2"),
        {"policy": "numerical", "tag_regex": "[bc].*"},
        ["set policy to 'newest' to choose 'c2'"],
    ),
    (
        hourly("1.0"),
        {"policy": "semver", "semver_range": "^2"},
        ["set semver_loose to True and leave out semver_range to choose '1.0'"],
    ),
    (
        hourly("b1.2.3 b1.0.1"),
        {"policy": "semver", "semver_range": "1.0.x"},
        ["set tag_regex to '[^0-9]*([0-9].*)' and tag_extract to '$1' to choose 'b1.0.1'"],
    ),
    (
        hourly("x build-9 build-10 y"),
        {"policy": "numerical"},
        [
            "set tag_regex to '[^0-9]*([0-9].*)' and tag_extract to '$1' to choose"
            " 'build-10'"
        ],
    ),
    (
        hourly("1.2.3.4 1.2.3.10"),
        {"policy": "semver", "semver_range": "^1"},
        ["set policy to 'numerical' and leave out semver_range to choose '1.2.3.10'"],
    ),
    (
        hourly("b a"),
        {"policy": "semver", "semver_loose": True},
        ["set policy to 'newest' and leave out semver_loose to choose 'a'"],
    ),
    (
        undated("b a"),
        {"policy": "numerical"},
        ["set policy to 'alphabetical' to choose 'b'"],
    ),
    (
        hourly("a-x b-x"),
        {"policy": "numerical", "tag_regex": "(.)-.*", "tag_extract": "$1"},
        ["set policy to 'newest' and leave out tag_extract to choose 'b-x'"],
    ),
    (
        hourly("v1.0.0"),
        {"policy": "numerical"},
        ["set policy to 'semver' to choose 'v1.0.0'"],
    ),
    (
        hourly("v1.0"),
        {"policy": "numerical"},
        ["set policy to 'semver' and semver_loose to True to choose 'v1.0'"],
    ),
    # No CreateTime.
    (
        undated("1.0.0 1.1.0"),
        {},
        ["set policy to 'semver' to choose '1.1.0'"],
    ),
    (
        undated("v1.0"),
        {},
        ["set policy to 'semver' and semver_loose to True to choose 'v1.0'"],
    ),
    (undated("1.2.3.4"), {}, ["set policy to 'numerical' to choose '1.2.3.4'"]),
    (undated("b a"), {}, ["set policy to 'alphabetical' to choose 'b'"]),
    (
        undated("b a"),
        {"as_of": "2023-11-01T00:00:00Z", "min_age": "7d"},
        ["set policy to 'alphabetical' and leave out as_of and min_age to choose 'b'"],
    ),
    (
        undated("1.0.0"),
        {"policy": "semver", "min_age": "7d"},
        ["leave out min_age to choose '1.0.0'"],
    ),
    # Without the time limit the young tag would be chosen, not the undated one.
    (
        [*undated("1.0.0"), Tag("1.1.0", FIRST)],
        {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"},
        ["set as_of to '2023-11-14T22:13:20Z' or later to choose '1.1.0'"],
    ),
    # Excluded.
    (
        hourly("1.0-alpine 1.1-alpine"),
        {"tag_exclude_regex": ".*-alpine"},
        ["leave out tag_exclude_regex to choose '1.1-alpine'"],
    ),
    (
        hourly("1.0.0"),
        {"policy": "semver", "semver_range": "2", "tag_exclude_regex": ".*"},
        [],
    ),
    # Not matched, as a whole or at all.
    (hourly("a b"), {"tag_regex": "c"}, ["leave out tag_regex to choose 'b'"]),
    (
        hourly("1 2"),
        {"policy": "numerical", "tag_regex": "v(.*)", "tag_extract": "$1"},
        ["leave out tag_regex and tag_extract to choose '2'"],
    ),
    *[
        (
            hourly(tags),
            arguments,
            [
                "tag_regex must match the whole tag, and matches only a part of"
                f" {part}{f'; set tag_regex to {fix}' if fix else ''}"
            ],
        )
        for tags, arguments, part, fix in [
            (
                "1.0-alpine 1.1-alpine sha",
                {"tag_regex": "-alpine"},
                "'1.1-alpine', '1.0-alpine'",
                "'.*-alpine' to choose '1.1-alpine'",
            ),
            (
                "v1 v2 x",
                {"tag_regex": "v"},
                "'v2', 'v1'",
                "'v.*' to choose 'v2'",
            ),
            (
                "a-rc-1 b",
                {"tag_regex": "-rc-"},
                "'a-rc-1'",
                "'.*-rc-.*' to choose 'a-rc-1'",
            ),
            (
                "1-alpine-x 1-debian-x",
                {"tag_regex": "alpine|debian"},
                "'1-debian-x', '1-alpine-x'",
                "'.*(?:alpine|debian).*' to choose '1-debian-x'",
            ),
            (
                "av1 bv12",
                {"policy": "numerical", "tag_regex": "([0-9]+)", "tag_extract": "$1"},
                "'bv12', 'av1'",
                "'.*?([0-9]+)' to choose 'bv12'",
            ),
            (
                "1.0-alpine",
                {"policy": "semver", "tag_regex": "alpine|debian"},
                "'1.0-alpine'",
                "",
            ),
            ("xa xb xc xd", {"tag_regex": r"\Qx"}, "'xd', 'xc', 'xb' and 1 more", ""),
        ]
    ],
    # Too young, with and without other reasons.
    (
        [Tag("sha", FIRST), *hourly("1.1.0 1.0.0")],
        {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"},
        ["set as_of to '2023-11-14T22:13:20Z' or later to choose '1.1.0'"],
    ),
    (
        hourly("1.0.0 1.1.0"),
        {"as_of": "2023-11-14T22:13:20Z", "min_age": "1d"},
        ["set as_of to '2023-11-15T22:13:20Z' or later to choose '1.0.0'"],
    ),
    (hourly("sha"), {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"}, []),
    (
        [*hourly("1.1.0"), Tag("1.0.0-rc.1", 0)],
        {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"},
        [
            "set as_of to '2023-11-14T22:13:20Z' or later to choose '1.1.0'",
            *prerelease("1.0.0-rc.1", "*"),
        ],
    ),
    (
        [Tag("b", FIRST), Tag("a", FIRST)],
        {"as_of": "1970-01-01T00:00:00Z"},
        ["set as_of to '2023-11-14T22:13:20Z' or later to choose 'b'"],
    ),
    (
        [Tag("b-1", FIRST), Tag("a-1", FIRST), Tag("a-2", FIRST + 1)],
        {"policy": "numerical", **EXTRACT, "as_of": "1970-01-01T00:00:00Z"},
        [],
    ),
    (
        [Tag("a", 0)],
        {"as_of": "1969-12-31T00:00:00Z"},
        ["set as_of to '1970-01-01T00:00:00Z' or later to choose 'a'"],
    ),
    # Floating; tag and default_tag exclude each other.
    (hourly("stable latest"), {}, ["set tag to 'latest' to use a tag that moves"]),
    (
        hourly("main edge"),
        {"policy": "semver", "default_tag": "1.0.0"},
        ["set tag to 'edge' and leave out default_tag to use a tag that moves"],
    ),
    ([Tag(None, FIRST)], {}, []),
]


@pytest.mark.parametrize(("tags", "arguments", "expected"), SUGGESTIONS)
def test_each_reason_has_its_suggestion(
    tags: list[Tag], arguments: dict[str, Any], expected: list[str]
) -> None:
    """Each reason has at most one suggestion, the nearest that works."""
    evaluation = evaluate(Policy.from_arguments(arguments), tags, now=NOW)

    assert not evaluation.candidates
    assert find_suggestions(evaluation) == expected


def test_young_tags_say_when_the_first_is_old_enough() -> None:
    """The first of the tags that otherwise fit is named, with the time."""
    text = failure(
        hourly("1.0.0 1.1.0 sha")[::-1], now=FIRST + HOUR, policy="semver", min_age="7d"
    )

    assert text.partition("\n")[0].endswith(
        ": wait, or lower min_age; the first, '1.0.0', is old enough from"
        " 2023-11-21T22:13:20Z."
    )


def test_a_tag_that_is_too_young_is_not_suggested() -> None:
    """A change that keeps min_age does not count on a tag that is too young."""
    now = FIRST + 25 * HOUR
    evaluation = evaluated(hourly("1.0 1.1 2.0"), now=now, policy="semver", min_age="1d")

    assert evaluation.count_tags()["too_young"] == 1
    assert find_suggestions(evaluation) == ["set semver_loose to True to choose '1.1'"]


_SET = re.compile(r"([a-z_]+) to (True|'[^']*')")
_REMOVED = re.compile(r"leave out ([a-z_ ]+?)(?= to choose| to use)")
_CHOSEN = re.compile(r" to choose '([^']*)'|'([^']*)' is .* to choose it")
_FIRST = re.compile(r"the first, '([^']*)', is old enough from ([0-9TZ:-]+)")


def followed(suggestion: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments after a person did what a suggestion says."""
    changed = dict(arguments)
    for name, value in _SET.findall(suggestion):
        changed[name] = ast.literal_eval(value)
    for names in _REMOVED.findall(suggestion):
        for name in names.split(" and "):
            del changed[name]
    return changed


@given(TAGS, ARGUMENTS)
def test_each_suggestion_works(tags: list[Tag], arguments: dict[str, Any]) -> None:
    """A person who does what a suggestion says gets the tag that it names."""
    evaluation = evaluate(Policy.from_arguments(arguments), tags, now=NOW)
    if evaluation.candidates:
        return
    for suggestion in find_suggestions(evaluation):
        changed = followed(suggestion, arguments)
        chosen = _CHOSEN.search(suggestion)
        if chosen:
            assert changed != arguments
            assert selected(tags, **changed).tag == (chosen[1] or chosen[2])
        elif suggestion.endswith("to use a tag that moves"):
            assert selected(tags, **changed).tag == changed["tag"]
        elif suggestion.startswith("wait, or lower min_age"):
            first = _FIRST.search(suggestion)
            assert first
            at = evaluate(evaluation.policy, tags, now=parse_timestamp(first[2]))
            assert first[1] in [candidate.name for candidate in at.candidates]
        else:
            assert evaluation.rejected[RejectReason.NOT_MATCHED]
            assert suggestion.startswith("tag_regex must match the whole tag, and matches")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {"tag_exclude_regex": ".*"},
            "leave out tag_exclude_regex to choose 'b', old enough from"
            " 2023-11-21T23:13:20Z",
        ),
        (
            {"tag_regex": "x"},
            "leave out tag_regex to choose 'b', old enough from 2023-11-21T23:13:20Z",
        ),
    ],
)
def test_a_suggestion_does_not_depend_on_the_clock(
    arguments: dict[str, Any], expected: str
) -> None:
    """A tag may be too young as well; so it says from when the tag is old enough."""
    policy = Policy.from_arguments({"min_age": "7d", **arguments})
    early, late = (
        find_suggestions(evaluate(policy, hourly("a b"), now=now)) for now in (FIRST, NOW)
    )

    assert early == late == [expected]
