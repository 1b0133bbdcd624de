"""What a person reads at three in the morning: whole texts, for each policy and end."""

from __future__ import annotations

from typing import Any

import pytest
from choosing import (
    ARGUMENTS,
    FIRST,
    HOUR,
    NOW,
    TAGS,
    hourly,
    selected,
    sorted_out,
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


def told(tags: list[Tag], *, now: float = NOW, **arguments: Any) -> str:
    """The explanation, or the error, that a selection ends with."""
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
            "Left out 1 of 3 tags:",
            "  1 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest'",
        ),
    ),
    (
        "1 2",
        {"order": "lowest"},
        lines(
            "Chose '1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " oldest CreateTime (policy newest).",
            "Next: '2', created 2023-11-14T23:13:20Z.",
            "Left out none of 2 tags.",
        ),
    ),
    (
        "1.0.0 1.1.0 1.2.0 2.0.0 v1.2.0 01.2.0 sha 1.3 1.4.0-rc.1",
        {"policy": "semver", "semver_range": "^1"},
        lines(
            "Chose 'v1.2.0' of 'registry.test/team/app', created 2023-11-15T02:13:20Z: the"
            " highest version in ^1 (policy semver).",
            "Equal to '1.2.0', '01.2.0': of equals the higher version is taken, else the"
            " last name in the order of bytes.",
            "Next: '1.2.0', created 2023-11-15T00:13:20Z; '01.2.0', created"
            " 2023-11-15T03:13:20Z; '1.1.0', created 2023-11-14T23:13:20Z; and 1 more.",
            "Left out 4 of 9 tags:",
            "  2 unparsable (not a version of three parts), such as '1.3', 'sha'",
            "  2 out_of_range (not in ^1), such as '1.4.0-rc.1', '2.0.0'",
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
            "Left out 4 of 7 tags:",
            "  4 unparsable (not a version), such as 'd', 'c', 'b'",
        ),
    ),
    (
        "160615.9 160615.10 v1",
        {"policy": "numerical"},
        lines(
            "Chose '160615.10' of 'registry.test/team/app', created 2023-11-14T23:13:20Z:"
            " the highest number (policy numerical).",
            "Next: '160615.9', created 2023-11-14T22:13:20Z.",
            "Left out 1 of 3 tags:",
            "  1 unparsable (not a number), such as 'v1'",
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
            "Chose 'build-9' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " lowest number by tag_extract '$1' (policy numerical).",
            "Next: 'build-10' (as '10'), created 2023-11-14T23:13:20Z.",
            "Left out 1 of 3 tags:",
            "  1 not_matched (not matched by tag_regex 'build-(.*)'), such as 'x'",
        ),
    ),
    (
        "a",
        {"policy": "alphabetical"},
        lines(
            "Chose 'a' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the last"
            " name in the order of bytes (policy alphabetical).",
            "Nothing else was left to choose from.",
            "Left out none of 1 tags.",
        ),
    ),
    (
        "a b-alpine",
        {"policy": "alphabetical", "order": "lowest", "tag_exclude_regex": ".*-alpine"},
        lines(
            "Chose 'a' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the first"
            " name in the order of bytes (policy alphabetical).",
            "Nothing else was left to choose from.",
            "Left out 1 of 2 tags:",
            "  1 excluded (matched by tag_exclude_regex '.*-alpine'), such as 'b-alpine'",
        ),
    ),
    (
        "1 2 3 4",
        {"as_of": "2023-11-14T23:30:00Z"},
        lines(
            "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the"
            " newest CreateTime (policy newest).",
            "Next: '1', created 2023-11-14T22:13:20Z.",
            "Left out 2 of 4 tags:",
            "  2 too_young (too young for as_of 2023-11-14T23:30:00Z), such as '3', created"
            " 2023-11-15T00:13:20Z",
        ),
    ),
    (
        "1 2 3",
        {"as_of": "2023-11-14T23:13:20Z", "min_age": "1h"},
        lines(
            "Chose '1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " newest CreateTime (policy newest).",
            "Nothing else was left to choose from.",
            "Left out 2 of 3 tags:",
            "  2 too_young (too young for as_of 2023-11-14T23:13:20Z and min_age 1h), such"
            " as '2', created 2023-11-14T23:13:20Z",
        ),
    ),
    (
        "1 2 latest",
        {"tag": "1"},
        lines(
            "Chose '1' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " argument tag names it.",
            "Without tag: '2', created 2023-11-14T23:13:20Z, the newest CreateTime (policy"
            " newest).",
            "Left out 1 of 3 tags:",
            "  1 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest'",
        ),
    ),
    (
        "1 2",
        {"tag": "2"},
        lines(
            "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the"
            " argument tag names it.",
            "Without tag: the same, the newest CreateTime (policy newest).",
            "Left out none of 2 tags.",
        ),
    ),
    (
        "latest",
        {"tag": "latest"},
        lines(
            "Chose 'latest' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
            " argument tag names it.",
            "Without tag: nothing is left for the newest CreateTime (policy newest).",
            "Left out 1 of 1 tags:",
            "  1 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest'",
        ),
    ),
    (
        "1.0 latest",
        {"policy": "semver", "default_tag": "1.0.0"},
        lines(
            "Chose '1.0.0' of 'registry.test/team/app': it is default_tag, and nothing is"
            " left for the highest version in * (policy semver).",
            "To find one, set semver_loose to True to take '1.0'.",
            "Left out 2 of 2 tags:",
            "  1 floating (it is one of floating_tags, and no tag_regex matches it), such"
            " as 'latest'",
            "  1 unparsable (not a version of three parts), such as '1.0'",
        ),
    ),
    (
        "",
        {"default_tag": "1.0.0"},
        lines(
            "Chose '1.0.0' of 'registry.test/team/app': it is default_tag, and nothing is"
            " left for the newest CreateTime (policy newest).",
            "Left out none of 0 tags.",
        ),
    ),
]


@pytest.mark.parametrize(("tags", "arguments", "text"), CHOSEN)
def test_a_choice_is_explained(tags: str, arguments: dict[str, Any], text: str) -> None:
    """The choice and its rule, what came next, and what was left out and why."""
    assert told(hourly(tags), **arguments) == text


def test_young_tags_tell_from_when_they_are_old_enough() -> None:
    """Of the tags that min_age leaves out, the first to be old enough says when."""
    text = told(hourly("1 2 4 3"), now=FIRST + 25 * HOUR, min_age="1d")

    assert text == lines(
        "Chose '2' of 'registry.test/team/app', created 2023-11-14T23:13:20Z: the newest"
        " CreateTime (policy newest).",
        "Next: '1', created 2023-11-14T22:13:20Z.",
        "Left out 2 of 4 tags:",
        "  2 too_young (too young for min_age 1d), such as '4', created"
        " 2023-11-15T00:13:20Z, old enough from 2023-11-16T00:13:20Z",
    )


def test_every_step_has_its_reason() -> None:
    """Each step that left something out is told, with its number, reason and examples."""
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

    assert told(tags, **arguments) == lines(
        "Chose '1.0.0' of 'registry.test/team/app', created 2023-11-15T00:13:20Z: the"
        " highest version in <2 (policy semver).",
        "Nothing else was left to choose from.",
        "Left out 10 of 11 tags:",
        "  2 invalid (the name cannot be a tag's), such as 'a\\x1b', one without a name",
        f"  1 artifact (it belongs to an image and is none), such as 'sha256-{DIGEST}'",
        "  1 floating (it is one of floating_tags, and no tag_regex matches it), such as"
        " 'main'",
        "  1 excluded (matched by tag_exclude_regex '.*-alpine'), such as '0-alpine'",
        "  1 too_young (too young for as_of 2023-11-15T20:00:00Z), such as '1.9.0', created"
        " 2023-11-15T22:13:20Z",
        "  1 undated (the API sent no CreateTime), such as '1.1.0'",
        "  1 unparsable (not a version), such as 'x'",
        "  2 out_of_range (not in <2), such as '2.0.0', '1.0.0-x.1'",
    )


def test_undated_tags_have_no_time_to_tell() -> None:
    """Where nothing says when a tag was pushed, nothing is said about it."""
    assert told(undated("a b"), policy="alphabetical") == lines(
        "Chose 'b' of 'registry.test/team/app': the last name in the order of bytes (policy"
        " alphabetical).",
        "Next: 'a'.",
        "Left out none of 2 tags.",
    )


# tags, arguments, the whole text.
MISSING: list[tuple[str, dict[str, Any], str]] = [
    (
        "1.1.0 1.2.0 latest",
        {"tag": "2.0.0"},
        "The image 'registry.test/team/app' has no tag '2.0.0': it has '1.2.0', '1.1.0',"
        " 'latest'; name one of them, push '2.0.0' first, or give wait if that was done a"
        " moment ago.",
    ),
    (
        "1.1.0",
        {"tag": "2.0.0", "wait": "90s"},
        "The image 'registry.test/team/app' has no tag '2.0.0': it has '1.1.0'; name one of"
        " them, push '2.0.0' first, or wait longer if that was done a moment ago.",
    ),
    (
        "",
        {"tag": "1"},
        "The image 'registry.test/team/app' has no tag '1': it has none; push '1' first, or"
        " give wait if that was done a moment ago.",
    ),
    (
        "v1.1.0 v1.2.0 1.0.0",
        {"tag": "1.2.0"},
        "The image 'registry.test/team/app' has no tag '1.2.0': it has 'v1.2.0'; name that,"
        " push '1.2.0' first, or give wait if that was done a moment ago.",
    ),
]


@pytest.mark.parametrize(("tags", "arguments", "text"), MISSING)
def test_a_missing_tag_is_explained(
    tags: str, arguments: dict[str, Any], text: str
) -> None:
    """An explicit tag that is not there is told with what is, or what is like it."""
    assert told(hourly(tags), **arguments) == text


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
def test_what_is_like_a_missing_tag(
    tag: str,
    listed: str,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Names that differ in case, a leading v or the spelling of a version are alike."""
    text = told(hourly(f"other {listed}"), tag=tag)

    assert (f"it has '{listed}'; name that" in text) == expected


def test_a_missing_tag_shows_foreign_names_as_text() -> None:
    """Names that could steer a terminal, or have none at all, do no harm."""
    tags = [Tag("a\n\x1b[2J", FIRST), Tag(None, FIRST)]

    assert told(tags, tag="x\n") == (
        "The image 'registry.test/team/app' has no tag 'x\\n': it has 'a\\n\\x1b[2J'; name"
        " one of them, push 'x\\n' first, or give wait if that was done a moment ago."
    )


def test_twins_are_explained() -> None:
    """Two tags that cannot be told apart are named, with what they share."""
    text = told(hourly("a-1 b-1"), policy="numerical", tag_regex=".-(.*)", tag_extract="$1")

    assert text == (
        "The tags 'a-1', 'b-1' of 'registry.test/team/app' share the best extracted text,"
        " '1': make tag_regex or tag_extract tell them apart, or name one of them in"
        " tag."
    )


def test_twins_are_explained_among_other_spellings() -> None:
    """The text that is told is the one that the ambiguous share."""
    text = told(
        hourly("a-1.0.0 b-v1.0.0 c-1.0.0"),
        policy="semver",
        tag_regex=".-(.*)",
        tag_extract="$1",
    )

    assert "'a-1.0.0', 'c-1.0.0' of " in text
    assert " text, '1.0.0': " in text


def test_many_equals_are_counted() -> None:
    """Of equals, as of others, three are named."""
    text = told([Tag(name, FIRST) for name in "edcba"])

    assert text.split("\n")[1:3] == [
        "Equal to 'd', 'c', 'b' and 1 more: of equals the higher version is taken, else the"
        " last name in the order of bytes.",
        "Next: 'd', created 2023-11-14T22:13:20Z; 'c', created 2023-11-14T22:13:20Z; 'b',"
        " created 2023-11-14T22:13:20Z; and 1 more.",
    ]


def test_three_others_are_all() -> None:
    """Where there are no more than those that are named, nothing is counted."""
    assert told(undated("a b c d"), policy="alphabetical").split("\n")[1] == (
        "Next: 'c'; 'b'; 'a'."
    )


def test_the_first_line_stands_alone() -> None:
    """A range is shown on one line, whatever white space it has."""
    text = told(hourly("1.0.0"), policy="semver", semver_range=">=1\n<2")

    assert text.partition("\n")[0] == (
        "Chose '1.0.0' of 'registry.test/team/app', created 2023-11-14T22:13:20Z: the"
        " highest version in >=1\\n<2 (policy semver)."
    )


MOMENTS = st.floats(min_value=FIRST - 2, max_value=FIRST + 2 * HOUR)
ENDS = st.sampled_from([{}, {"tag": "x"}, {"default_tag": "y"}])


@given(TAGS, ARGUMENTS, ENDS, MOMENTS, MOMENTS)
def test_the_clock_is_not_told(
    tags: list[Tag],
    arguments: dict[str, Any],
    end: dict[str, str],
    now: float,
    later: float,
) -> None:
    """As long as the same tags fall out at the same steps, the text is the same."""
    arguments = {**arguments, **end}
    counted = [sorted_out(tags, now=at, **arguments) for at in (now, later)]

    if counted[0] == counted[1]:
        assert told(tags, now=now, **arguments) == told(tags, now=later, **arguments)


@given(TAGS, ARGUMENTS, ENDS)
def test_the_text_is_clean(
    tags: list[Tag], arguments: dict[str, Any], end: dict[str, str]
) -> None:
    """Every line has text that a terminal can show, and the first is a sentence."""
    arguments = {**arguments, **end}
    text = told(tags, **arguments)

    assert text.replace("\n", "").isprintable()
    assert all(line.strip() and len(line) < 1000 for line in text.split("\n"))
    assert text.partition("\n")[0][-1] == "."


@given(TAGS, ARGUMENTS)
def test_the_text_tells_what_is_counted(tags: list[Tag], arguments: dict[str, Any]) -> None:
    """The text has a line for each step that left something out, with the number."""
    selection = selected([*tags, Tag("y", FIRST)], **arguments, tag="y")
    counts = selection.choice.counts()
    del counts["total"], counts["candidates"]

    indented = [line for line in selection.explanation.split("\n") if line[0] == " "]
    assert [line.split()[:2] for line in indented] == [
        [str(number), step] for step, number in counts.items() if number
    ]
