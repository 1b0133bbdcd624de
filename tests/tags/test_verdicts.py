"""The verdict on every tag, in the order of a table, and why one tag is not chosen."""

from __future__ import annotations

from typing import Any

import pytest
from choosing import ARGUMENTS, FIRST, HOUR, NOW, TAGS, evaluated, hourly, selected, undated
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._tags.evaluate import Tag
from pulumi_ucimage._tags.verdicts import TagVerdict, explain_rejection, list_verdicts
from pulumi_ucimage.errors import SelectionError

SEMVER: dict[str, Any] = {"policy": "semver", "semver_range": "^1.0"}
EXTRACT: dict[str, Any] = {
    "policy": "numerical",
    "tag_regex": "[a-z]-(.*)",
    "tag_extract": "$1",
}


def test_every_tag_has_a_verdict() -> None:
    """Candidates come first, best first; rejected tags follow, newest first."""
    tags = [
        *hourly("1.0.0 latest 2.0.0 1.1.0 1.2.0-rc.1 sha"),
        *undated("1.0.5"),
        Tag(None, None),
    ]

    assert list_verdicts(evaluated(tags, **SEMVER)) == [
        TagVerdict(
            "1.1.0", FIRST + 3 * HOUR, "chosen", "highest version in ^1.0 (policy semver)"
        ),
        TagVerdict("1.0.5", None, "candidate 2", ""),
        TagVerdict("1.0.0", FIRST, "candidate 3", ""),
        TagVerdict("sha", FIRST + 5 * HOUR, "unparsable", "not a version with three parts"),
        TagVerdict(
            "1.2.0-rc.1",
            FIRST + 4 * HOUR,
            "out_of_range",
            "a prerelease, and the range ^1.0 names none",
        ),
        TagVerdict("2.0.0", FIRST + 2 * HOUR, "out_of_range", "not in ^1.0"),
        TagVerdict(
            "latest",
            FIRST + HOUR,
            "floating",
            "in floating_tags, and not matched by a tag_regex",
        ),
        TagVerdict(None, None, "invalid", "not a valid tag name"),
    ]


def test_rejected_tags_of_one_second_are_sorted_as_in_a_listing() -> None:
    """Ties are broken by the higher version, also among different reasons."""
    tags = [Tag(name, FIRST) for name in ("2.1.0", "2.10.0-a", "latest", "1.0.0")]
    names = [tag.name for tag in list_verdicts(evaluated(tags, **SEMVER))]

    assert names == ["1.0.0", "latest", "2.10.0-a", "2.1.0"]


def test_undated_rejected_tags_come_last() -> None:
    """Even the oldest time comes before no time."""
    table = list_verdicts(evaluated([Tag("b", None), Tag("a", 0)], policy="numerical"))

    assert [tag.name for tag in table] == ["a", "b"]


def test_an_explicit_tag_is_the_chosen_one() -> None:
    """The argument tag wins over the policy, whether or not that rejects the tag."""
    for tag in ("1.0.0", "2.0.0"):
        table = list_verdicts(evaluated(hourly("1.0.0 1.1.0 2.0.0"), tag=tag, **SEMVER))

        assert [(v.name, v.verdict) for v in table if v.verdict == "chosen"] == [
            (tag, "chosen")
        ]
        assert table[0].verdict == "candidate 1"
        assert "the argument tag names it" in [v.why for v in table]


@pytest.mark.parametrize(
    ("default_tag", "expected"),
    [("latest", ["latest"]), ("1", ["1"]), ("1.0.0", [])],
)
def test_a_default_tag_is_chosen_if_it_is_listed(
    default_tag: str, expected: list[str]
) -> None:
    """With nothing left, the tag that `select` uses is the chosen one."""
    evaluation = evaluated(hourly("1 latest"), default_tag=default_tag, **SEMVER)
    chosen = [tag for tag in list_verdicts(evaluation) if tag.verdict == "chosen"]

    assert expected == [tag.name for tag in chosen]
    assert {"it is default_tag, and nothing is left"} >= {tag.why for tag in chosen}


def test_none_of_the_ambiguous_tags_is_chosen() -> None:
    """Tags that share the best extracted text are candidates; none is chosen."""
    table = list_verdicts(evaluated(hourly("a-1 b-1"), **EXTRACT))

    assert [tuple(verdict)[2:] for verdict in table] == [
        ("candidate 1", "compared as '1'"),
        ("candidate 2", "compared as '1'"),
    ]


def test_a_candidate_shows_what_was_compared() -> None:
    """With tag_extract each candidate shows the extracted text."""
    table = list_verdicts(evaluated(hourly("a-1 b-2"), **EXTRACT))

    assert [(v.name, v.verdict, v.why) for v in table] == [
        ("b-2", "chosen", "highest number by tag_extract '$1' (policy numerical)"),
        ("a-1", "candidate 2", "compared as '1'"),
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            {"min_age": "7d"},
            "too young for min_age 7d, old enough from 2023-11-21T22:13:20Z",
        ),
        ({"as_of": "2023-11-01T00:00:00Z"}, "too young for as_of 2023-11-01T00:00:00Z"),
        (
            {"as_of": "2023-11-01T00:00:00Z", "min_age": "7d"},
            "too young for as_of 2023-11-01T00:00:00Z and min_age 7d",
        ),
    ],
)
def test_a_young_tag_says_when_it_is_old_enough(
    arguments: dict[str, Any], why: str
) -> None:
    """Each tag has its own time under min_age; as_of does not pass."""
    (verdict,) = list_verdicts(evaluated(hourly("1"), now=FIRST, **arguments))

    assert verdict == TagVerdict("1", FIRST, "too_young", why)


ENDS = st.sampled_from([{}, {"tag": "x"}, {"default_tag": "y"}])


@given(TAGS, ARGUMENTS, ENDS)
def test_verdicts_agree_with_counts_and_selection(
    tags: list[Tag], arguments: dict[str, Any], end: dict[str, str]
) -> None:
    """The verdicts are those of the choice itself."""
    arguments = {**arguments, **end}
    evaluation = evaluated(tags, **arguments)
    table = list_verdicts(evaluation)
    chosen = [verdict.name for verdict in table if verdict.verdict == "chosen"]
    try:
        selection = selected(tags, **arguments)
    except SelectionError:
        assert chosen == []
    else:
        listed = {tag.name for tag in tags}
        assert chosen == ([selection.tag] if selection.tag in listed else [])

    assert [verdict.name for verdict in table[: len(evaluation.candidates)]] == [
        candidate.name for candidate in evaluation.candidates
    ]
    for reason, rejected in evaluation.rejected.items():
        names = {verdict.name for verdict in table if verdict.verdict == reason.value}
        assert names == {tag.name for tag in rejected} - set(chosen)
    assert len(table) == evaluation.total


# a tag, arguments, why the policy does not choose it.
WHY_NOT: list[tuple[str, dict[str, Any], str]] = [
    ("0.9.0", SEMVER, "it is no longer listed"),
    ("2.0.0", SEMVER, "it is rejected as out_of_range (not in ^1.0)"),
    (
        "1.2.0-rc.1",
        SEMVER,
        "it is rejected as out_of_range (a prerelease, and the range ^1.0 names none)",
    ),
    ("1.0.0", SEMVER, "it is still a candidate, but '1.1.0' ranks first"),
    (
        "1.1.0",
        {**SEMVER, "order": "lowest"},
        "it is still a candidate, but '1.0.0' ranks first",
    ),
    (
        "1.1.0",
        {"policy": "semver", "tag_exclude_regex": "1[.]1.*"},
        "it is rejected as excluded (matched by tag_exclude_regex '1[.]1.*')",
    ),
    ("sha", SEMVER, "it is rejected as unparsable (not a version with three parts)"),
    (
        "1.1.0",
        {"min_age": "2000h"},
        "it is rejected as too_young (too young for min_age 2000h, old enough from"
        " 2024-02-06T07:13:20Z)",
    ),
]


@pytest.mark.parametrize(("tag", "arguments", "expected"), WHY_NOT)
def test_why_a_tag_is_not_chosen(
    tag: str, arguments: dict[str, Any], expected: str
) -> None:
    """The reason is in words: not listed, rejected by which rule, or ranked lower."""
    tags = hourly("1.0.0 1.1.0 2.0.0 1.2.0-rc.1 sha")

    assert explain_rejection(evaluated(tags, now=NOW, **arguments), tag) == expected


def test_nothing_is_listed() -> None:
    """Of an empty image no tag is listed, and there is no verdict."""
    evaluation = evaluated([], **SEMVER)

    assert explain_rejection(evaluation, "1.0.0") == "it is no longer listed"
    assert list_verdicts(evaluation) == []
