"""The nearest thing that would have worked: each cure is told, and works."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from choosing import ARGUMENTS, FIRST, HOUR, NOW, TAGS, hourly, selected, undated
from hypothesis import given

from pulumi_ucimage._tags.evaluate import RejectReason, Tag, evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.suggestions import suggestions
from pulumi_ucimage.errors import NoMatchingTagError

DIGEST = "0123456789abcdef" * 4


def lines(*texts: str) -> str:
    """Lines of text."""
    return "\n".join(texts)


def failure(tags: list[Tag], *, now: float = NOW, **arguments: Any) -> str:
    """What the error says where nothing is left."""
    with pytest.raises(NoMatchingTagError) as caught:
        selected(tags, now=now, **arguments)
    return str(caught.value)


# tags, arguments, the whole text.
FAILURES: list[tuple[list[Tag], dict[str, Any], str]] = [
    (
        [],
        {"policy": "semver", "semver_range": "^1"},
        "No tag of 'registry.test/team/app' is left for the highest version in ^1 (policy"
        " semver), for the image has none: push one, or give default_tag.",
    ),
    (
        hourly("1.0.0-rc.1 1.1.0-rc.2 0.9.0-rc.1 2.0.0-rc.1"),
        {"policy": "semver", "semver_range": "^1"},
        lines(
            "No tag of 'registry.test/team/app' is left for the highest version in ^1"
            " (policy semver): set semver_range to '^1-0' to take the prerelease"
            " '1.1.0-rc.2'.",
            "Left out 4 of 4 tags:",
            "  4 out_of_range (not in ^1), such as '2.0.0-rc.1', '0.9.0-rc.1',"
            " '1.1.0-rc.2'",
        ),
    ),
    (
        hourly("1.1.0 2.0.3 sha"),
        {"policy": "semver", "semver_range": "^1.2"},
        lines(
            "No tag of 'registry.test/team/app' is left for the highest version in ^1.2"
            " (policy semver): set semver_range to '^1.2 || ^2.0.3' to take '2.0.3'.",
            "Or set policy to 'newest' and leave out semver_range to take 'sha'.",
            "Left out 3 of 3 tags:",
            "  1 unparsable (not a version of three parts), such as 'sha'",
            "  2 out_of_range (not in ^1.2), such as '2.0.3', '1.1.0'",
        ),
    ),
    (
        hourly("1.0 1.1 latest"),
        {"policy": "semver"},
        lines(
            "No tag of 'registry.test/team/app' is left for the highest version in *"
            " (policy semver): set semver_loose to True to take '1.1'.",
            "Or set tag to 'latest' to take a tag that moves.",
            "Left out 3 of 3 tags:",
            "  1 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest'",
            "  2 unparsable (not a version of three parts), such as '1.1', '1.0'",
        ),
    ),
    (
        hourly("2.0.0 1.0 latest"),
        {"policy": "semver", "semver_range": "^1"},
        lines(
            "No tag of 'registry.test/team/app' is left for the highest version in ^1"
            " (policy semver): set semver_range to '^1 || ^2.0.0' to take '2.0.0'.",
            "Or set semver_loose to True to take '1.0'; or set tag to 'latest' to take a"
            " tag that moves.",
            "Left out 3 of 3 tags:",
            "  1 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest'",
            "  1 unparsable (not a version of three parts), such as '1.0'",
            "  1 out_of_range (not in ^1), such as '2.0.0'",
        ),
    ),
    (
        hourly("1.0.0 1.1.0"),
        {"as_of": "2023-11-01T00:00:00Z"},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): set as_of to '2023-11-14T22:13:20Z' or later to take '1.0.0'.",
            "Left out 2 of 2 tags:",
            "  2 too_young (too young for as_of 2023-11-01T00:00:00Z), such as '1.0.0',"
            " created 2023-11-14T22:13:20Z",
        ),
    ),
    (
        hourly("1.0.0 1.1.0"),
        {"as_of": "2023-11-14T22:13:20Z", "min_age": "1d"},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): set as_of to '2023-11-15T22:13:20Z' or later to take '1.0.0'.",
            "Left out 2 of 2 tags:",
            "  2 too_young (too young for as_of 2023-11-14T22:13:20Z and min_age 1d), such"
            " as '1.0.0', created 2023-11-14T22:13:20Z",
        ),
    ),
    (
        undated("1.0.0 1.1.0"),
        {},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): set policy to 'semver' to take '1.1.0'.",
            "Left out 2 of 2 tags:",
            "  2 undated (the API sent no CreateTime), such as '1.1.0', '1.0.0'",
        ),
    ),
    (
        hourly("1.0-alpine 1.1-alpine"),
        {"tag_exclude_regex": ".*-alpine"},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): leave out tag_exclude_regex to take '1.1-alpine'.",
            "Left out 2 of 2 tags:",
            "  2 excluded (matched by tag_exclude_regex '.*-alpine'), such as '1.1-alpine',"
            " '1.0-alpine'",
        ),
    ),
    (
        hourly("1.0-alpine 1.1-alpine sha"),
        {"tag_regex": "-alpine"},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): tag_regex must match the whole of a tag and matches a part of"
            " '1.1-alpine', '1.0-alpine'; set tag_regex to '.*?(?:-alpine).*' to take"
            " '1.1-alpine'.",
            "Left out 3 of 3 tags:",
            "  3 not_matched (not matched by tag_regex '-alpine'), such as 'sha',"
            " '1.1-alpine', '1.0-alpine'",
        ),
    ),
    (
        hourly("stable latest"),
        {},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): set tag to 'latest' to take a tag that moves.",
            "Left out 2 of 2 tags:",
            "  2 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest', 'stable'",
        ),
    ),
    (
        hourly("build-9 build-10"),
        {"policy": "numerical"},
        lines(
            "No tag of 'registry.test/team/app' is left for the highest number (policy"
            " numerical): set tag_regex to '[^0-9]*([0-9].*)' and tag_extract to '$1' to"
            " take 'build-10'.",
            "Left out 2 of 2 tags:",
            "  2 unparsable (not a number), such as 'build-10', 'build-9'",
        ),
    ),
    (
        [Tag("a b", FIRST), Tag(f"sha256-{DIGEST}", FIRST)],
        {},
        lines(
            "No tag of 'registry.test/team/app' is left for the newest CreateTime (policy"
            " newest): push a tag that fits, or give default_tag.",
            "Left out 2 of 2 tags:",
            "  1 invalid (the name cannot be a tag's), such as 'a b'",
            f"  1 artifact (it belongs to an image and is none), such as 'sha256-{DIGEST}'",
        ),
    ),
]


@pytest.mark.parametrize(("tags", "arguments", "text"), FAILURES)
def test_a_failure_is_explained(
    tags: list[Tag], arguments: dict[str, Any], text: str
) -> None:
    """The nearest cure, other suggestions, and what was left out and why."""
    assert failure(tags, **arguments) == text


def test_young_tags_say_when_the_first_is_old_enough() -> None:
    """Where all tags are too young the moment is told from which the first is not."""
    tags = hourly("1.0.0 1.1.0 sha")[::-1]

    assert failure(tags, now=FIRST + HOUR, policy="semver", min_age="7d") == lines(
        "No tag of 'registry.test/team/app' is left for the highest version in * (policy"
        " semver): wait or lower min_age; the first, '1.0.0', is old enough from"
        " 2023-11-21T22:13:20Z.",
        "Left out 3 of 3 tags:",
        "  3 too_young (too young for min_age 7d), such as '1.0.0', created"
        " 2023-11-14T22:13:20Z, old enough from 2023-11-21T22:13:20Z",
    )


# tags, arguments, the suggestions, the nearest first.
CURES: list[tuple[list[Tag], dict[str, Any], list[str]]] = [
    # Prereleases: the user's own range, so written that it takes them and no others.
    *[
        (
            hourly("1.2.0-a 1.9.0-a 2.0.0-a 9.0.0-a"),
            {"policy": "semver", "semver_range": own},
            [f"set semver_range to '{cure}' to take the prerelease '{tag}'"],
        )
        for own, cure, tag in [
            (">=1.2.0", ">=1.2.0-0", "9.0.0-a"),
            ("=>1.2", "=>1.2-0", "9.0.0-a"),
            ("^1.2.0", "^1.2.0-0", "1.9.0-a"),
            ("^v1.2", "^v1.2-0", "1.9.0-a"),
            ("~1.2", "~1.2-0", "1.2.0-a"),
            ("~> 1.9.0", "~> 1.9.0-0", "1.9.0-a"),
            ("1.x", "1.x-0", "1.9.0-a"),
            ("=1.2", "=1.2-0", "1.2.0-a"),
            ("1.2.x", "1.2.x-0", "1.2.0-a"),
            ("*", "*-0", "9.0.0-a"),
            ("~1.5.0-b.3 || ^1.3", "~1.5.0-b.3 || ^1.3-0", "1.9.0-a"),
            (">=1 <2", ">=1-0 <2-0", "1.9.0-a"),
            (">=1.3,<2.0.0", ">=1.3-0,<2.0.0-0", "1.9.0-a"),
            (">=1.2.0 <=1.9.0", ">=1.2.0-0 <=1.9.0", "1.9.0-a"),
            ("1.2.0 - 1.9.0", "1.2.0-0 - 1.9.0", "1.9.0-a"),
            ("1.2 - 1.8", "1.2-0 - 1.8-0", "1.2.0-a"),
            ("~1.2||1.9", "~1.2-0||1.9-0", "1.9.0-a"),
            # Where no such comparator exists, the one version more.
            ("=1.2.0", "=1.2.0 || 1.2.0-a", "1.2.0-a"),
            ("1.9.0", "1.9.0 || 1.9.0-a", "1.9.0-a"),
            (">1.8.0", ">1.8.0 || 9.0.0-a", "9.0.0-a"),
            ("<=1.9.0", "<=1.9.0 || 1.9.0-a", "1.9.0-a"),
            (">=1.2.0-b <1.9.0-0", ">=1.2.0-b <1.9.0-0 || ^9.0.0-a", "9.0.0-a"),
            ("^3", "^3 || ^9.0.0-a", "9.0.0-a"),
            # To Masterminds, 1.9.0-a is not 1.9.x where a prerelease is named.
            (">=1 !=1.9.x", ">=1 !=1.9.x || 9.0.0-a", "9.0.0-a"),
        ]
    ],
    (
        hourly("1.9.0-a 1.2.0-a"),
        {"policy": "semver", "semver_range": "^1", "order": "lowest"},
        ["set semver_range to '^1-0' to take the prerelease '1.2.0-a'"],
    ),
    # Releases out of range: the best of them, and what is compatible with it.
    (
        hourly("1.0.0 3.0.0-a 2.0.0"),
        {"policy": "semver", "semver_range": "~1.2"},
        ["set semver_range to '~1.2 || ^2.0.0' to take '2.0.0'"],
    ),
    (
        hourly("1.0.0 2.0.0"),
        {"policy": "semver", "semver_range": "~1.2", "order": "lowest"},
        ["set semver_range to '~1.2 || ^1.0.0' to take '1.0.0'"],
    ),
    (
        hourly("a-1.0.0"),
        {
            "policy": "semver",
            "semver_range": "2",
            "tag_regex": ".-(.*)",
            "tag_extract": "$1",
        },
        ["set semver_range to '2 || ^1.0.0' to take 'a-1.0.0'"],
    ),
    (hourly("1.0.0"), {"policy": "semver", "semver_range": "2" + " " * 500}, []),
    (hourly("1.0.0"), {"policy": "semver", "semver_range": "2" + " " * 195}, []),
    (
        hourly("a-1.0.0 b-1.0.0"),
        {
            "policy": "semver",
            "semver_range": "2",
            "tag_regex": ".-(.*)",
            "tag_extract": "$1",
        },
        [],
    ),
    # What is no version.
    (
        hourly("v1.2-5 v1.2-6"),
        {"policy": "semver", "semver_range": "^1"},
        [
            "set semver_loose to True and semver_range to '^1-0' to take the prerelease"
            " 'v1.2-6'"
        ],
    ),
    (
        hourly("1.0"),
        {"policy": "semver", "semver_range": "^2"},
        ["set semver_loose to True and semver_range to '^2 || ^1.0' to take '1.0'"],
    ),
    (
        hourly("b1.2.3 b1.0.1"),
        {"policy": "semver", "semver_range": "1.0.x"},
        ["set tag_regex to '[^0-9]*([0-9].*)' and tag_extract to '$1' to take 'b1.0.1'"],
    ),
    (
        hourly("1.2.3.4 1.2.3.10"),
        {"policy": "semver", "semver_range": "^1"},
        ["set policy to 'numerical' and leave out semver_range to take '1.2.3.10'"],
    ),
    (
        hourly("b a"),
        {"policy": "semver", "semver_loose": True},
        ["set policy to 'newest' and leave out semver_loose to take 'a'"],
    ),
    (undated("b a"), {"policy": "numerical"}, ["set policy to 'alphabetical' to take 'b'"]),
    (
        hourly("a-x b-x"),
        {"policy": "numerical", "tag_regex": "(.)-.*", "tag_extract": "$1"},
        ["set policy to 'newest' and leave out tag_extract to take 'b-x'"],
    ),
    (
        hourly("v1.0.0"),
        {"policy": "numerical"},
        ["set policy to 'semver' to take 'v1.0.0'"],
    ),
    (
        hourly("v1.0"),
        {"policy": "numerical"},
        ["set policy to 'semver' and semver_loose to True to take 'v1.0'"],
    ),
    # What has no CreateTime.
    (
        undated("v1.0"),
        {},
        ["set policy to 'semver' and semver_loose to True to take 'v1.0'"],
    ),
    (undated("1.2.3.4"), {}, ["set policy to 'numerical' to take '1.2.3.4'"]),
    (undated("b a"), {}, ["set policy to 'alphabetical' to take 'b'"]),
    (
        undated("b a"),
        {"as_of": "2023-11-01T00:00:00Z", "min_age": "7d"},
        [
            "set policy to 'alphabetical' and leave out as_of and min_age to take 'b'",
        ],
    ),
    (
        undated("1.0.0"),
        {"policy": "semver", "min_age": "7d"},
        ["leave out min_age to take '1.0.0'"],
    ),
    # Expressions.
    (
        hourly("1.0.0"),
        {"policy": "semver", "semver_range": "2", "tag_exclude_regex": ".*"},
        [],
    ),
    (hourly("a b"), {"tag_regex": "c"}, ["leave out tag_regex to take 'b'"]),
    (
        hourly("1 2"),
        {"policy": "numerical", "tag_regex": "v(.*)", "tag_extract": "$1"},
        ["leave out tag_regex and tag_extract to take '2'"],
    ),
    (
        hourly("av1 bv12"),
        {"policy": "numerical", "tag_regex": "v([0-9]+)", "tag_extract": "$1"},
        [
            "tag_regex must match the whole of a tag and matches a part of 'bv12', 'av1';"
            " set tag_regex to '.*?(?:v([0-9]+)).*' to take 'bv12'"
        ],
    ),
    (
        hourly("1.0-alpine"),
        {"policy": "semver", "tag_regex": "alpine|debian"},
        [
            "tag_regex must match the whole of a tag and matches a part of '1.0-alpine';"
            " make it match the whole"
        ],
    ),
    (
        hourly("xa xb xc xd"),
        {"tag_regex": r"\Qx"},
        [
            "tag_regex must match the whole of a tag and matches a part of 'xd', 'xc',"
            " 'xb' and 1 more; make it match the whole"
        ],
    ),
    # Time, with and without other reasons.
    (
        [Tag("sha", FIRST), *hourly("1.1.0 1.0.0")],
        {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"},
        ["set as_of to '2023-11-14T22:13:20Z' or later to take '1.1.0'"],
    ),
    (
        hourly("sha"),
        {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"},
        [],
    ),
    (
        [*hourly("1.1.0"), Tag("1.0.0-rc.1", 0)],
        {"policy": "semver", "as_of": "2023-11-01T00:00:00Z"},
        [
            "set as_of to '2023-11-14T22:13:20Z' or later to take '1.1.0'",
            "set semver_range to '*-0' to take the prerelease '1.0.0-rc.1'",
        ],
    ),
    (
        [Tag("b", FIRST), Tag("a", FIRST)],
        {"as_of": "1970-01-01T00:00:00Z"},
        ["set as_of to '2023-11-14T22:13:20Z' or later to take 'b'"],
    ),
    (
        [Tag("b-1", FIRST), Tag("a-1", FIRST), Tag("a-2", FIRST + 1)],
        {
            "policy": "numerical",
            "tag_regex": ".-(.*)",
            "tag_extract": "$1",
            "as_of": "1970-01-01T00:00:00Z",
        },
        [],
    ),
    # Names that move; a tag that cannot be asked for with a default.
    (
        hourly("main edge"),
        {"policy": "semver", "default_tag": "1.0.0"},
        ["set tag to 'edge' and leave out default_tag to take a tag that moves"],
    ),
    ([Tag(None, FIRST)], {}, []),
    (
        [Tag("a", 0)],
        {"as_of": "1969-12-31T00:00:00Z"},
        ["set as_of to '1970-01-01T00:00:00Z' or later to take 'a'"],
    ),
]


@pytest.mark.parametrize(("tags", "arguments", "expected"), CURES)
def test_cures(tags: list[Tag], arguments: dict[str, Any], expected: list[str]) -> None:
    """What would have worked, by the step at which the tags fell out."""
    choice = evaluate(Policy.of(arguments), tags, now=NOW)

    assert not choice.candidates
    assert suggestions(choice) == expected


_SET = re.compile(r"([a-z_]+) to (True|'[^']*')")
_LEFT = re.compile(r"leave out ([a-z_ ]+?)(?= to take)")
_TAKEN = re.compile(r" to take (?:the prerelease )?'([^']*)'\Z")


@given(TAGS, ARGUMENTS)
def test_cures_work(tags: list[Tag], arguments: dict[str, Any]) -> None:
    """Whoever does what a cure says gets the tag that it says."""
    choice = evaluate(Policy.of(arguments), tags, now=NOW)
    if choice.candidates:
        return
    for cure in suggestions(choice):
        changed = dict(arguments)
        for name, value in _SET.findall(cure):
            changed[name] = ast.literal_eval(value)
        for left in _LEFT.findall(cure):
            for name in left.split(" and "):
                del changed[name]
        if taken := _TAKEN.search(cure):
            old = [tag for step in RejectReason for tag in choice.rejected[step]]
            if " or later" not in cure:
                old = [
                    tag for tag in old if tag not in choice.rejected[RejectReason.TOO_YOUNG]
                ]
            assert selected(old, **changed).tag == taken[1]
        elif cure.endswith("to take a tag that moves"):
            assert selected(tags, **changed).tag == changed["tag"]
        else:
            assert cure.startswith(("tag_regex must match the whole", "wait or lower"))


def test_cures_see_no_clock() -> None:
    """A cure is the same as long as the same tags fall out, though it be too early yet."""
    arguments = {"min_age": "7d", "tag_regex": "x"}
    policy = Policy.of(arguments)
    early, late = (
        suggestions(evaluate(policy, hourly("a b"), now=now)) for now in (FIRST, NOW)
    )

    assert early == late == ["leave out tag_regex to take 'b'"]
