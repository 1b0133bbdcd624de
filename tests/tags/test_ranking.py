"""Which tag comes first: ranks, ties, ambiguity, and the order of listings."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from choosing import (
    ARGUMENTS,
    FIRST,
    HOUR,
    TAG,
    TAGS,
    evaluated,
    hourly,
    names,
    same_second,
    undated,
)
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._tags.evaluate import Tag, find_newest, get_rank, sort_newest_first
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.semver import parse_version

# arguments, tags from the best to the worst.
ORDERS: list[tuple[dict[str, Any], str]] = [
    (
        {"policy": "semver", "semver_range": "*-0"},
        "10.0.0 2.0.0 1.10.0 1.9.0 1.0.0 1.0.0-rc.10 1.0.0-rc.9 1.0.0-9",
    ),
    ({"policy": "semver"}, "2025.10.1 2025.07.12 2025.07.03 2025.6.30"),
    (
        {"policy": "semver", "semver_loose": True},
        "1.2.1 1.2 1.1 v1 0.9",
    ),
    (
        {"policy": "numerical"},
        "160615.10 160615.9 160615 1.0.0 1.0 1 0.10 0.9 0.1",
    ),
    (
        {"policy": "numerical"},
        "20240101123045002 20240101123045001 9007199254740993 9007199254740992",
    ),
    ({"policy": "alphabetical"}, "b aa a_ a.b a-b a _ Z A 9 10 1"),
    (
        {"policy": "numerical", "tag_regex": "[a-z]+-(.*)", "tag_extract": "$1"},
        "a-10 z-9 b-2 y-1",
    ),
    (
        {"policy": "semver", "tag_regex": "(.*)-x(.*)", "tag_extract": "$1.$2"},
        "1.10-x0 1.9-x5 1.9-x4",
    ),
    (
        {"policy": "alphabetical", "tag_regex": "(?P<a>.)(.)", "tag_extract": "$2$a"},
        "ab ba aa",
    ),
]


@pytest.mark.parametrize(("arguments", "names_ranked"), ORDERS)
def test_policies_rank_tags(arguments: dict[str, Any], names_ranked: str) -> None:
    """A policy sorts by its rule; order lowest reverses it."""
    ranked = names_ranked.split()
    tags = same_second(sorted(ranked))
    lowest = evaluated(tags, order="lowest", **arguments)

    assert names(evaluated(tags, order="highest", **arguments)) == ranked
    assert names(lowest) == ranked[::-1]


def test_newest_ranks_by_time() -> None:
    """The policy newest sorts by CreateTime; 0 is a time like any other."""
    tags = [Tag("9", 0), Tag("1", FIRST), Tag("2", FIRST - 1)]

    assert names(evaluated(tags)) == ["1", "2", "9"]
    assert names(evaluated(tags, order="lowest")) == ["9", "2", "1"]


def test_candidates_have_what_they_were_ranked_by() -> None:
    """A candidate has the original tag, its time and the compared text."""
    evaluation = evaluated(
        hourly("b-2 b-1"), policy="numerical", tag_regex="b-(.*)", tag_extract="$1"
    )

    assert [tuple(candidate) for candidate in evaluation.candidates] == [
        ((2,), "b-2", "2", FIRST),
        ((1,), "b-1", "1", FIRST + HOUR),
    ]


# arguments, tags of equal rank from the best to the worst.
TIES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["1.10.0", "1.9.0"]),
    ({}, ["1.4.2", "1.4"]),
    ({}, ["1.4.0", "1.4"]),
    ({}, ["v1.4", "1.4.0", "1.4"]),
    ({}, ["1.0.0", "1.0.0-rc.2", "1.0.0-rc.1"]),
    ({}, ["2", "1.9", "v1.2-5", "v1.2-4"]),
    ({}, ["b", "a"]),
    ({}, ["a", "B", "A", "1.10_", "1.0.0.0"]),
    ({}, ["a", "2.0.0", "1.0.0"]),
    ({}, ["2.0.0", "1.0.0", "0_"]),
    ({"policy": "semver"}, ["v1.0.0", "1.0.0", "01.0.0"]),
    ({"policy": "numerical"}, ["1.0", "01.0", "001.00"]),
    ({"policy": "numerical"}, ["1.2.3.4", "1.2.3.04"]),
    (
        {"policy": "numerical", "tag_regex": "(.).*", "tag_extract": "$1"},
        ["1.10.0", "1.9.0", "1", "1-z", "1.0.0-rc.1"],
    ),
]


@pytest.mark.parametrize(("arguments", "ranked"), TIES)
@pytest.mark.parametrize("order", ["highest", "lowest"])
def test_ties_are_broken_by_the_higher_version(
    arguments: dict[str, Any], ranked: list[str], order: str
) -> None:
    """Ties are broken by the higher version, then by the last name, in either order."""
    for arrival in itertools.islice(itertools.permutations(ranked), 24):
        assert names(evaluated(same_second(arrival), order=order, **arguments)) == ranked


NAMES = st.lists(
    st.from_regex(r"v?[0-2]{1,2}(\.[0-2]{1,2}){0,2}[_a]?(-r)?", fullmatch=True),
    unique=True,
    max_size=7,
)


def before(one: str, two: str) -> bool:
    """Whether the first of two tied tags comes first, by the contract."""
    read = [parse_version(name, loose=True) for name in (one, two)]
    if read[0] and read[1] and read[0].precedence != read[1].precedence:
        return read[0].precedence > read[1].precedence
    return one > two


@given(NAMES)
def test_ties_of_many_are_broken_as_those_of_two(equals: list[str]) -> None:
    """A tag that comes before each other one is first, or else the highest version.

    Versions and other names can form a circle, because precedence and bytes can disagree.
    """
    ranked = names(evaluated(same_second(equals)))
    for i, first in enumerate(ranked):
        rest = ranked[i + 1 :]
        champions = [
            one for one in ranked[i:] if all(before(one, x) for x in ranked[i:] if x != one)
        ]
        if champions:
            assert champions == [first]
        else:
            versions = [one for one in ranked[i:] if parse_version(one, loose=True)]
            assert all(before(first, x) for x in versions if x != first)
            assert first in versions
        assert names(evaluated(same_second(rest))) == rest


def test_a_circle_begins_with_the_highest_version() -> None:
    """If each of three tags comes before another, the highest version is first."""
    circle = ["1.10.0", "1.9.0", "1.5_a"]

    assert before("1.10.0", "1.9.0")
    assert before("1.9.0", "1.5_a")
    assert before("1.5_a", "1.10.0")
    assert names(evaluated(same_second(circle))) == circle


def extracting() -> dict[str, Any]:
    """Arguments that compare what follows a hyphen."""
    return {"policy": "semver", "tag_regex": "[a-z]+-(.*)", "tag_extract": "$1"}


SHORTENED = {
    "policy": "semver",
    "tag_regex": "[a-z]+-(.*)[.].*",
    "tag_extract": "$1.0",
}

# tags, arguments, the ambiguous tags.
AMBIGUOUS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a-1.0.0 b-1.0.0", extracting(), ["a-1.0.0", "b-1.0.0"]),
    ("b-1.0.0 c-1.0.0 a-1.0.0", extracting(), ["a-1.0.0", "b-1.0.0", "c-1.0.0"]),
    ("a-1.0.0 b-1.0.0 c-0.9.0", extracting(), ["a-1.0.0", "b-1.0.0"]),
    ("a-1.0.0 b-1.0.0 c-1.1.0", extracting(), []),
    (
        "a-1.0.0 b-1.0.0 c-1.1.0",
        {**extracting(), "order": "lowest"},
        ["a-1.0.0", "b-1.0.0"],
    ),
    ("a-1.0.0 b-1.0.0 c-0.9.0", {**extracting(), "order": "lowest"}, []),
    ("a-1.0.0 b-v1.0.0", extracting(), []),
    ("a-1.0.0 a-1.0.0", extracting(), []),
    ("a-1 b-1", extracting(), []),
    ("a-1.0.0 b-1.0.9", SHORTENED, ["a-1.0.0", "b-1.0.9"]),
    ("1.0.0 v1.0.0", {"policy": "semver"}, []),
    ("", extracting(), []),
]


@pytest.mark.parametrize(("tags", "arguments", "ambiguous"), AMBIGUOUS)
def test_ambiguous_tags_share_the_best_extracted_text(
    tags: str, arguments: dict[str, Any], ambiguous: list[str]
) -> None:
    """Tags are ambiguous if they have the same extracted text and it is the best."""
    assert evaluated(hourly(tags), **arguments).find_ambiguous() == ambiguous


def test_newest_first_sorts_a_listing() -> None:
    """Each tag once, newest first; ties as in a choice, undated ones last."""
    tags = [
        Tag(None, FIRST),
        *undated("u 1.9.0 1.10.0"),
        Tag("old", 0),
        Tag("1.9", FIRST),
        Tag("1.10", FIRST),
        Tag("twice", FIRST),
        Tag("twice", FIRST + 2),
        Tag("", FIRST + 1),
    ]

    assert [(tag.name, tag.create_time) for tag in sort_newest_first(tags)] == [
        ("twice", FIRST + 2),
        (None, FIRST + 1),
        ("1.10", FIRST),
        ("1.9", FIRST),
        (None, FIRST),
        ("old", 0),
        ("u", None),
        ("1.10.0", None),
        ("1.9.0", None),
    ]


def test_newest_first_sorts_by_time_not_by_name() -> None:
    """A listing in which every name and time differs is sorted by time alone."""
    assert [tag.name for tag in sort_newest_first(hourly("c a d b"))] == [
        "b",
        "d",
        "a",
        "c",
    ]


@given(TAGS)
def test_newest_first_keeps_every_tag(tags: list[Tag]) -> None:
    """Nothing is missing from a listing, and each tag is there once."""
    before = list(tags)
    listed = sort_newest_first(tags)

    assert {tag.name or None for tag in tags} == {tag.name for tag in listed}
    assert len(listed) == evaluated(tags).total
    assert tags == before


@given(TAGS)
def test_newest_is_what_the_policy_chooses(tags: list[Tag]) -> None:
    """The latest tag of a listing is the one that the default policy chooses."""
    chosen = names(evaluated(tags))
    latest = find_newest(sort_newest_first(tags))

    assert (latest.name if latest else None) == (chosen[0] if chosen else None)


@given(TAGS, TAG, ARGUMENTS)
def test_a_lower_tag_changes_nothing(
    tags: list[Tag], tag: Tag, arguments: dict[str, Any]
) -> None:
    """Adding a tag that ranks lower or is rejected does not change the best one.

    In a tie this holds only among versions, and only among other names.
    """
    if tag.name in {other.name for other in tags}:
        return
    evaluation, more = evaluated(tags, **arguments), evaluated([*tags, tag], **arguments)
    if not evaluation.candidates:
        return
    best = evaluation.candidates[0]
    added = [candidate for candidate in more.candidates if candidate.name == tag.name]
    if added and added[0].rank == best.rank:
        equals = [c.name for c in more.candidates if c.rank == best.rank]
        kinds = {bool(parse_version(name, loose=True)) for name in equals}
        if len(kinds) > 1 or more.candidates[0] == added[0] or more.find_ambiguous():
            return
    elif added and (added[0].rank > best.rank) == evaluation.policy.highest:
        assert more.candidates[0] == added[0]
        return

    assert more.candidates[0] == best
    assert more.find_ambiguous() == evaluation.find_ambiguous()


# arguments, tag, CreateTime, its rank.
RANKS: list[tuple[dict[str, Any], str, int | None, object]] = [
    ({}, "latest", 5, 5),
    ({}, "1", None, None),
    ({"policy": "numerical"}, "1.10", None, (1, 10)),
    ({"policy": "numerical"}, "a", 5, None),
    ({"policy": "alphabetical"}, "a", None, "a"),
    ({"policy": "alphabetical"}, "\u00e9", None, None),
    (
        {"policy": "alphabetical", "tag_regex": r"(\C)\C*", "tag_extract": "$1"},
        "\u00e9",
        None,
        None,
    ),
    ({"policy": "semver"}, "1.0", 5, None),
    ({"policy": "semver", "semver_range": "^2"}, "1.2.3", 5, (1, 2, 3, True, ())),
    ({"policy": "semver"}, "1.0.0-0", 5, (1, 0, 0, False, ((False, 0),))),
    ({"policy": "semver", "semver_loose": True}, "1.2", 5, (1, 2, 0, True, ())),
    (
        {"policy": "numerical", "tag_regex": "x", "as_of": "1970-01-01T00:00:00Z"},
        "1",
        5,
        (1,),
    ),
    ({"policy": "numerical", "tag_exclude_regex": "1"}, "1", 5, (1,)),
    ({"policy": "numerical", "tag_regex": "b(.*)", "tag_extract": "$1"}, "b1", 5, (1,)),
    ({"policy": "numerical", "tag_regex": "b(.*)", "tag_extract": "$1"}, "1", 5, None),
    ({"policy": "alphabetical", "tag_regex": "b(.*)", "tag_extract": "$1"}, "1", 5, None),
]


@pytest.mark.parametrize(("arguments", "name", "create_time", "expected"), RANKS)
def test_a_rejected_tag_has_a_rank(
    arguments: dict[str, Any], name: str, create_time: int | None, expected: object
) -> None:
    """The rank of a tag does not depend on filters and range."""
    assert get_rank(Policy.from_arguments(arguments), Tag(name, create_time)) == expected


@given(TAGS, ARGUMENTS)
def test_a_candidate_has_the_rank_by_which_it_was_sorted(
    tags: list[Tag], arguments: dict[str, Any]
) -> None:
    """The rank of a single tag is its rank in a choice."""
    evaluation = evaluated(tags, **arguments)

    for candidate in evaluation.candidates:
        tag = Tag(candidate.name, candidate.create_time)
        assert get_rank(evaluation.policy, tag) == candidate.rank
