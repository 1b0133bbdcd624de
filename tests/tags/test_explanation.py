"""The whole text of explanations and errors, for each policy and outcome."""

from __future__ import annotations

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
from hypothesis import strategies as st

from pulumi_ucimage._tags.evaluate import Tag
from pulumi_ucimage.errors import SelectionError

DIGEST = "0123456789abcdef" * 4


def lines(*texts: str) -> str:
    """Lines of text."""
    return "\n".join(texts)


def explanation(tags: list[Tag], *, now: float = NOW, **arguments: Any) -> str:
    """The explanation, or the error's message, of a selection."""
    try:
        return selected(tags, now=now, **arguments).explanation
    except SelectionError as error:
        return str(error)


# tags, arguments, the whole text.
CHOSEN: list[tuple[str, dict[str, Any], str]] = [
    (
        "1 2 latest",
        {},
        lines(
            "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the"
            " newest CreateTime (policy newest).",
            "Next: '1', created 2023-11-14T22:13:20Z.",
            "Rejected 1 of 3 tags:",
            "  1 floating (in floating_tags, and not matched by a tag_regex), for"
            " example 'latest'",
        ),
    ),
    (
        "1 2",
        {"order": "lowest"},
        lines(
            "Chose '1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " oldest CreateTime (policy newest).",
            "Next: '2', created 2023-11-14T23:13:20Z.",
            "Rejected none of 2 tags.",
        ),
    ),
    (
        "1.0.0 1.1.0 1.2.0 2.0.0 v1.2.0 01.2.0 sha 1.3 1.4.0-rc.1",
        {"policy": "semver", "semver_range": "^1"},
        lines(
            "Chose 'v1.2.0' of 'registry.test/team/app', created 2023-11-15T02:13:20Z:"
            " the highest version in ^1 (policy semver).",
            "Tied with '1.2.0', '01.2.0': ties are broken by the higher version, then by"
            " the last name in byte order.",
            "Next: '1.2.0', created 2023-11-15T00:13:20Z; '01.2.0', created"
            " 2023-11-15T03:13:20Z; '1.1.0', created 2023-11-14T23:13:20Z; and 1 more.",
            "Rejected 4 of 9 tags:",
            "  2 unparsable (not a version with three parts), for example '1.3', 'sha'",
            "  1 out_of_range (not in ^1), for example '2.0.0'",
            "  1 out_of_range (a prerelease, and the range ^1 names none), for example"
            " '1.4.0-rc.1'",
        ),
    ),
    (
        "1.2 1.3 1.4 a b c d",
        {"policy": "semver", "semver_loose": True, "order": "lowest"},
        lines(
            "Chose '1.2' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " lowest version in * (policy semver).",
            "Next: '1.3', created 2023-11-14T23:13:20Z; '1.4', created"
            " 2023-11-15T00:13:20Z.",
            "Rejected 4 of 7 tags:",
            "  4 unparsable (not a version), for example 'd', 'c', 'b'",
        ),
    ),
    (
        "160615.9 160615.10 v1",
        {"policy": "numerical"},
        lines(
            "Chose '160615.10' of 'registry.test/team/app', created"
            " 2023-11-14T23:13:20Z: the highest number (policy numerical).",
            "Next: '160615.9', created 2023-11-14T22:13:20Z.",
            "Rejected 1 of 3 tags:",
            "  1 unparsable (not a number), for example 'v1'",
        ),
    ),
    (
        "build-9 build-10 x",
        {
            "policy": "numerical",
            "order": "lowest",
            "tag_regex": "build-(.*)",
            "tag_extract": "$1",
        },
        lines(
            "Chose 'build-9' of 'registry.test/team/app', created 2023-11-14T22:13:20Z:"
            " the lowest number by tag_extract '$1' (policy numerical).",
            "Next: 'build-10' (as '10'), created 2023-11-14T23:13:20Z.",
            "Rejected 1 of 3 tags:",
            "  1 not_matched (not matched by tag_regex 'build-(.*)'), for example 'x'",
        ),
    ),
    (
        "a",
        {"policy": "alphabetical"},
        lines(
            "Chose 'a' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " last name in byte order (policy alphabetical).",
            "There are no other candidates.",
            "Rejected none of 1 tags.",
        ),
    ),
    (
        "a b-alpine",
        {"policy": "alphabetical", "order": "lowest", "tag_exclude_regex": ".*-alpine"},
        lines(
            "Chose 'a' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " first name in byte order (policy alphabetical).",
            "There are no other candidates.",
            "Rejected 1 of 2 tags:",
            "  1 excluded (matched by tag_exclude_regex '.*-alpine'), for example"
            " 'b-alpine'",
        ),
    ),
    (
        "1 2 3 4",
        {"as_of": "2023-11-14T23:30:00Z"},
        lines(
            "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the"
            " newest CreateTime (policy newest).",
            "Next: '1', created 2023-11-14T22:13:20Z.",
            "Rejected 2 of 4 tags:",
            "  2 too_young (too young for as_of 2023-11-14T23:30:00Z), for example '3',"
            " created 2023-11-15T00:13:20Z",
        ),
    ),
    (
        "1 2 3",
        {"as_of": "2023-11-14T23:13:20Z", "min_age": "1h"},
        lines(
            "Chose '1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " newest CreateTime (policy newest).",
            "There are no other candidates.",
            "Rejected 2 of 3 tags:",
            "  2 too_young (too young for as_of 2023-11-14T23:13:20Z and min_age 1h),"
            " for example '2', created 2023-11-14T23:13:20Z",
        ),
    ),
    (
        "1 2 latest",
        {"tag": "1"},
        lines(
            "Chose '1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " argument tag names it.",
            "Without tag: '2', created 2023-11-14T23:13:20Z, the newest CreateTime"
            " (policy newest).",
            "Rejected 1 of 3 tags:",
            "  1 floating (in floating_tags, and not matched by a tag_regex), for"
            " example 'latest'",
        ),
    ),
    (
        "1 2",
        {"tag": "2"},
        lines(
            "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the"
            " argument tag names it.",
            "Without tag: the same, the newest CreateTime (policy newest).",
            "Rejected none of 2 tags.",
        ),
    ),
    (
        "a-1 b-1",
        {
            "tag": "a-1",
            "policy": "alphabetical",
            "tag_regex": ".-(.*)",
            "tag_extract": "$1",
        },
        lines(
            "Chose 'a-1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " argument tag names it.",
            "Without tag: none; 'a-1', 'b-1' share the best extracted text.",
            "Rejected none of 2 tags.",
        ),
    ),
    (
        "latest",
        {"tag": "latest"},
        lines(
            "Chose 'latest' of 'registry.test/team/app', created 2023-11-14T22:13:20Z:"
            " the argument tag names it.",
            "Without tag: nothing is left for the newest CreateTime (policy newest).",
            "Rejected 1 of 1 tags:",
            "  1 floating (in floating_tags, and not matched by a tag_regex), for"
            " example 'latest'",
        ),
    ),
    (
        "1.0 latest",
        {"policy": "semver", "default_tag": "1.0.0"},
        lines(
            "Chose '1.0.0' of 'registry.test/team/app': it is default_tag, and nothing"
            " is left for the highest version in * (policy semver).",
            "Nearest change: set semver_loose to True to choose '1.0'.",
            "Rejected 2 of 2 tags:",
            "  1 floating (in floating_tags, and not matched by a tag_regex), for"
            " example 'latest'",
            "  1 unparsable (not a version with three parts), for example '1.0'",
        ),
    ),
    (
        "",
        {"default_tag": "1.0.0"},
        lines(
            "Chose '1.0.0' of 'registry.test/team/app': it is default_tag, and nothing"
            " is left for the newest CreateTime (policy newest).",
            "Rejected none of 0 tags.",
        ),
    ),
]


@pytest.mark.parametrize(("tags", "arguments", "text"), CHOSEN)
def test_a_choice_is_explained(tags: str, arguments: dict[str, Any], text: str) -> None:
    """The chosen tag, the rule, what came next, and what was rejected and why."""
    assert explanation(hourly(tags), **arguments) == text


def test_the_first_of_the_young_tags_is_shown() -> None:
    """The tag that is old enough first is shown, with the time."""
    text = explanation(hourly("1 2 4 3"), now=FIRST + 25 * HOUR, min_age="1d")

    assert text == lines(
        "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the newest"
        " CreateTime (policy newest).",
        "Next: '1', created 2023-11-14T22:13:20Z.",
        "Rejected 2 of 4 tags:",
        "  2 too_young (too young for min_age 1d), for example '4', created"
        " 2023-11-15T00:13:20Z, old enough from 2023-11-16T00:13:20Z",
    )


def test_every_reason_has_a_line() -> None:
    """Each reason has a line with the number of tags, the reason and examples."""
    tags = [
        Tag(None, None),
        Tag("a\x1b", None),
        Tag(f"sha256-{DIGEST}", None),
        *hourly("main 0-alpine 1.0.0 1.0.0-x.1 2.0.0 x"),
        *undated("1.1.0"),
        Tag("1.9.0", FIRST + 24 * HOUR),
    ]
    arguments: dict[str, Any] = {
        "policy": "semver",
        "semver_range": "<2",
        "semver_loose": True,
        "tag_regex": "[0-9].*|x",
        "tag_exclude_regex": ".*-alpine",
        "as_of": "2023-11-15T20:00:00Z",
    }

    assert explanation(tags, **arguments) == lines(
        "Chose '1.0.0' of 'registry.test/team/app', created 2023-11-15T00:13:20Z: the"
        " highest version in <2 (policy semver).",
        "There are no other candidates.",
        "Rejected 10 of 11 tags:",
        "  2 invalid (not a valid tag name), for example 'a\\x1b', one without a name",
        "  1 artifact (a signature or another attachment of an image), for example"
        f" 'sha256-{DIGEST}'",
        "  1 floating (in floating_tags, and not matched by a tag_regex), for example"
        " 'main'",
        "  1 excluded (matched by tag_exclude_regex '.*-alpine'), for example '0-alpine'",
        "  1 too_young (too young for as_of 2023-11-15T20:00:00Z), for example '1.9.0',"
        " created 2023-11-15T22:13:20Z",
        "  1 undated (the API sent no CreateTime), for example '1.1.0'",
        "  1 unparsable (not a version), for example 'x'",
        "  1 out_of_range (not in <2), for example '2.0.0'",
        "  1 out_of_range (a prerelease, and the range <2 names none), for example"
        " '1.0.0-x.1'",
    )


# tags, range, the lines about tags that are out of range.
PRERELEASES: list[tuple[str, str, list[str]]] = [
    (
        "1.0.0 1.2.0-rc.1",
        "^1.0",
        [
            "  1 out_of_range (a prerelease, and the range ^1.0 names none), for example"
            " '1.2.0-rc.1'"
        ],
    ),
    (
        "1.0.0 2.0.0-rc.1",
        "^1.0",
        ["  1 out_of_range (not in ^1.0), for example '2.0.0-rc.1'"],
    ),
    (
        "1.0.0 1.2.0-rc.1 2.0.0",
        "^1.0.0-0",
        ["  1 out_of_range (not in ^1.0.0-0), for example '2.0.0'"],
    ),
    (
        "1.0.0 3.0.0-rc.1",
        "^1.0.0-0 || ^3",
        [
            "  1 out_of_range (a prerelease, and its part of the range ^1.0.0-0 || ^3 names"
            " none), for example '3.0.0-rc.1'"
        ],
    ),
]


@pytest.mark.parametrize(("tags", "semver_range", "expected"), PRERELEASES)
def test_a_prerelease_is_explained(
    tags: str, semver_range: str, expected: list[str]
) -> None:
    """A prerelease that is out of range only for being one has a line of its own."""
    text = explanation(hourly(tags), policy="semver", semver_range=semver_range)

    assert [line for line in text.split("\n") if "out_of_range" in line] == expected


def test_an_extracted_prerelease_is_explained() -> None:
    """What counts is the extracted text, not the tag."""
    text = explanation(
        hourly("app-1.0.0 app-1.2.0-rc.1 app_x-2.0.0"),
        policy="semver",
        semver_range="^1.0",
        tag_regex="[a-z_]+-(.*)",
        tag_extract="$1",
    )

    assert text.split("\n")[-2:] == [
        "  1 out_of_range (not in ^1.0), for example 'app_x-2.0.0'",
        "  1 out_of_range (a prerelease, and the range ^1.0 names none), for example"
        " 'app-1.2.0-rc.1'",
    ]


def test_no_time_is_shown_for_undated_tags() -> None:
    """A tag without a CreateTime is shown without a time."""
    assert explanation(undated("a b"), policy="alphabetical") == lines(
        "Chose 'b' of 'registry.test/team/app': the last name in byte order (policy"
        " alphabetical).",
        "Next: 'a'.",
        "Rejected none of 2 tags.",
    )


# tags, arguments, the whole text.
MISSING: list[tuple[str, dict[str, Any], str]] = [
    (
        "1.1.0 1.2.0 latest",
        {"tag": "2.0.0"},
        "The image 'registry.test/team/app' has no tag '2.0.0': it has '1.2.0', '1.1.0',"
        " 'latest'; use one of them, push '2.0.0' first, or set wait if it was pushed a"
        " moment ago.",
    ),
    (
        "1.1.0",
        {"tag": "2.0.0", "wait": "90s"},
        "The image 'registry.test/team/app' has no tag '2.0.0': it has '1.1.0'; use that,"
        " push '2.0.0' first, or wait longer if it was pushed a moment ago.",
    ),
    (
        "",
        {"tag": "1"},
        "The image 'registry.test/team/app' has no tag '1': it has no tags; push '1'"
        " first, or set wait if it was pushed a moment ago.",
    ),
    (
        "v1.1.0 v1.2.0 1.0.0",
        {"tag": "1.2.0"},
        "The image 'registry.test/team/app' has no tag '1.2.0': it has 'v1.2.0'; use"
        " that, push '1.2.0' first, or set wait if it was pushed a moment ago.",
    ),
    (
        "v1.0 V1.0 1.1",
        {"tag": "1.0"},
        "The image 'registry.test/team/app' has no tag '1.0': it has 'V1.0', 'v1.0'; use"
        " one of them, push '1.0' first, or set wait if it was pushed a moment ago.",
    ),
    (
        f"-bad sha256-{64 * 'a'}.sig",
        {"tag": "1.0"},
        "The image 'registry.test/team/app' has no tag '1.0': it has no tag that can be"
        " used; push '1.0' first, or set wait if it was pushed a moment ago.",
    ),
]


@pytest.mark.parametrize(("tags", "arguments", "text"), MISSING)
def test_a_missing_tag_is_explained(
    tags: str, arguments: dict[str, Any], text: str
) -> None:
    """The message names similar tags, or else those that are listed."""
    assert explanation(hourly(tags), **arguments) == text


@pytest.mark.parametrize(
    ("tag", "listed", "expected"),
    [
        ("1.2.0", "v1.2.0", True),
        ("v1.2.0", "1.2.0", True),
        ("V1.2.0", "v1.2.0", True),
        ("1.2", "1.2.0", True),
        ("1.2.0", "1.02.0", True),
        ("1.2.0-RC.1", "1.2.0-rc.1", True),
        ("Main", "main", True),
        ("main", "vmain", True),
        ("vmain", "main", True),
        ("Vmain", "main", True),
        ("v1.2", "1.2.0", True),
        ("1.2.0", "1.2.1", False),
        ("1.2.0", "1.2.0-rc.1", False),
        ("main", "main2", False),
        ("main", "vvmain", False),
        ("main", "1.2.0", False),
    ],
)
def test_similar_tags_are_offered(
    tag: str,
    listed: str,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Names are similar if they differ in case, a leading v or a version's spelling."""
    text = explanation(hourly(f"other {listed}"), tag=tag)

    assert (f"it has '{listed}'; use that" in text) == expected


def test_control_characters_in_names_are_escaped() -> None:
    """A name with control characters is shown escaped, and a missing one in words."""
    tags = [Tag("a\n\x1b[2J", FIRST), Tag(None, FIRST)]

    assert explanation(tags).splitlines()[-1] == (
        "  2 invalid (not a valid tag name), for example 'a\\n\\x1b[2J', one without a name"
    )


def test_ambiguous_tags_are_explained() -> None:
    """The message names the tags and the text that they share."""
    text = explanation(
        hourly("a-1 b-1"), policy="numerical", tag_regex=".-(.*)", tag_extract="$1"
    )

    assert text == (
        "The tags 'a-1', 'b-1' of 'registry.test/team/app' share the best extracted"
        " text, '1': change tag_regex or tag_extract so that the texts differ, or set"
        " tag to one of them."
    )


def test_ambiguous_tags_are_explained_among_other_spellings() -> None:
    """The text is the one that the ambiguous tags share."""
    text = explanation(
        hourly("a-1.0.0 b-v1.0.0 c-1.0.0"),
        policy="semver",
        tag_regex=".-(.*)",
        tag_extract="$1",
    )

    assert "'a-1.0.0', 'c-1.0.0' of " in text
    assert " text, '1.0.0': " in text


def test_many_tied_tags_are_counted() -> None:
    """Three tied tags are named, and three that come next."""
    text = explanation([Tag(name, FIRST) for name in "edcba"])

    assert text.split("\n")[1:3] == [
        "Tied with 'd', 'c', 'b' and 1 more: ties are broken by the higher version, then"
        " by the last name in byte order.",
        "Next: 'd', created 2023-11-14T22:13:20Z; 'c', created 2023-11-14T22:13:20Z;"
        " 'b', created 2023-11-14T22:13:20Z; and 1 more.",
    ]


def test_no_more_than_three_are_not_counted() -> None:
    """If all others are named, there is no number."""
    assert explanation(undated("a b c d"), policy="alphabetical").split("\n")[1] == (
        "Next: 'c'; 'b'; 'a'."
    )


def test_the_first_line_is_one_line() -> None:
    """White space in a range is escaped."""
    text = explanation(hourly("1.0.0"), policy="semver", semver_range=">=1\n<2")

    assert text.partition("\n")[0] == (
        "Chose '1.0.0' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
        " highest version in >=1\\n<2 (policy semver)."
    )


TIMES = st.floats(min_value=FIRST - 2, max_value=FIRST + 2 * HOUR)
ENDS = st.sampled_from([{}, {"tag": "x"}, {"default_tag": "y"}])


@given(TAGS, ARGUMENTS, ENDS, TIMES, TIMES)
def test_the_text_does_not_depend_on_the_clock(
    tags: list[Tag],
    arguments: dict[str, Any],
    end: dict[str, str],
    now: float,
    later: float,
) -> None:
    """As long as the same tags are rejected for the same reasons, the text is the same."""
    arguments = {**arguments, **end}
    counted = [evaluated(tags, now=at, **arguments) for at in (now, later)]

    if counted[0] == counted[1]:
        assert explanation(tags, now=now, **arguments) == explanation(
            tags, now=later, **arguments
        )


@given(TAGS, ARGUMENTS, ENDS)
def test_the_text_is_printable(
    tags: list[Tag], arguments: dict[str, Any], end: dict[str, str]
) -> None:
    """Every line is printable and not empty, and the first is a sentence."""
    arguments = {**arguments, **end}
    text = explanation(tags, **arguments)

    assert text.replace("\n", "").isprintable()
    assert all(line.strip() and len(line) < 1000 for line in text.split("\n"))
    assert text.partition("\n")[0][-1] == "."


@given(TAGS, ARGUMENTS)
def test_the_text_has_the_counts(tags: list[Tag], arguments: dict[str, Any]) -> None:
    """The numbers in the lines of each reason add up to its count."""
    selection = selected([*tags, Tag("y", FIRST)], **arguments, tag="y")
    counts = selection.evaluation.count_tags()
    del counts["total"], counts["candidates"]

    shown: dict[str, int] = {}
    for line in selection.explanation.split("\n"):
        if line.startswith(" "):
            number, reason = line.split()[:2]
            shown[reason] = shown.get(reason, 0) + int(number)
    assert shown == {reason: number for reason, number in counts.items() if number}
