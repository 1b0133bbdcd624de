"""Which tags a policy rejects, for which reason, and how they are counted."""

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
    names,
    same_second,
    undated,
)
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._tags.evaluate import Evaluation, RejectReason, Tag
from pulumi_ucimage._tags.policy import FLOATING_TAGS

DIGEST = "0123456789abcdef" * 4
AT_20 = "2023-11-14T22:13:20Z"  # FIRST

# reason, arguments, tags rejected for the reason, tags that are candidates.
REASONS: list[tuple[RejectReason, dict[str, Any], list[str | None], list[str | None]]] = [
    (
        RejectReason.INVALID,
        {},
        [
            None,
            "",
            ".a",
            "-a",
            "a b",
            "a/b",
            "a:b",
            "a+b",
            "a\n",
            "\u00e9",
            "a" * 129,
            "\u0661",
        ],
        ["a", "A", "_", "9", "a.b-c_d", "a" * 128, "a-", "a."],
    ),
    (
        RejectReason.ARTIFACT,
        {},
        [f"sha256-{DIGEST}{end}" for end in ("", ".sig", ".att", ".sbom")],
        [
            f"sha256-{DIGEST}.sigx",
            f"sha256-{DIGEST}.",
            f"sha256-{DIGEST}xsig",
            f"sha256-{DIGEST}0",
            f"sha256-{DIGEST[1:]}",
            f"sha256-{DIGEST.upper()}",
            f"sha512-{DIGEST}",
            f"asha256-{DIGEST}",
            f"sha256_{DIGEST}",
        ],
    ),
    (
        RejectReason.FLOATING,
        {},
        [*sorted(FLOATING_TAGS)],
        ["Latest", "latest-1", "development", "beta", "buildcache-1"],
    ),
    (RejectReason.FLOATING, {"floating_tags": ["beta"]}, ["beta"], ["latest", "main"]),
    (RejectReason.FLOATING, {"floating_tags": []}, [], ["latest", "main"]),
    (RejectReason.FLOATING, {"tag_regex": "late|x"}, ["latest", "main"], ["x"]),
    (RejectReason.FLOATING, {"tag_regex": "latest|x"}, ["main"], ["latest", "x"]),
    (RejectReason.NOT_MATCHED, {"tag_regex": "1"}, ["11", "21", "2"], ["1"]),
    (RejectReason.NOT_MATCHED, {"tag_regex": "a|b"}, ["ab"], ["a", "b"]),
    (RejectReason.EXCLUDED, {"tag_exclude_regex": "1"}, ["1"], ["11", "21", "2"]),
    (
        RejectReason.EXCLUDED,
        {"tag_regex": "latest|1.*", "tag_exclude_regex": "latest|.*-rc"},
        ["latest", "1-rc"],
        ["1", "1-rc1"],
    ),
    (
        RejectReason.UNPARSABLE,
        {"policy": "semver"},
        ["1", "1.2", "v1.2-5", "1.2.3.4", "V1.2.3", "a", "1.0.0-01"],
        ["1.2.3", "v1.2.3", "2025.07.03"],
    ),
    (
        RejectReason.UNPARSABLE,
        {"policy": "semver", "semver_loose": True, "semver_range": "*-0"},
        ["a", "1.2.3.4", "V1"],
        ["1", "1.2", "v1.2-5", "1.2.3", "1.2.3-a"],
    ),
    (
        RejectReason.UNPARSABLE,
        {"policy": "numerical"},
        ["1a", "v1", "1.", "1..2", "1_0", "1e3", "0x1", "1-2", "inf", "nan"],
        ["0", "1", "007", "160615.10", "1.2.3.4.5", "9" * 128],
    ),
    (
        RejectReason.UNPARSABLE,
        {"policy": "numerical", "tag_regex": "b(.*)", "tag_extract": "$1"},
        ["b", "bb1"],
        ["b1", "b1.2"],
    ),
    (
        RejectReason.UNPARSABLE,
        {"policy": "numerical", "tag_regex": "(.*)", "tag_extract": "$1$1$1$1$1"},
        ["a"],
        ["1" * 128, "1.2"],
    ),
    (
        RejectReason.UNPARSABLE,
        {"policy": "numerical", "tag_regex": "(.*)", "tag_extract": "1$1$1$1$1$1"},
        ["1" * 128],
        ["1" * 127],
    ),
    (RejectReason.UNPARSABLE, {"policy": "alphabetical"}, [], ["a", "1", "_"]),
    (
        RejectReason.OUT_OF_RANGE,
        {"policy": "semver", "semver_range": "^1.2"},
        ["1.1.9", "2.0.0", "1.3.0-rc.1"],
        ["1.2.0", "1.9.9"],
    ),
    (RejectReason.OUT_OF_RANGE, {"policy": "semver"}, ["1.0.0-rc.1", "1.0.0-0"], ["1.0.0"]),
    (
        RejectReason.OUT_OF_RANGE,
        {"policy": "semver", "semver_range": ">=1.0.0-0 <2 || 3"},
        ["3.0.0-rc.1", "2.0.0"],
        ["1.5.0-rc.1", "3.0.0"],
    ),
]


def rejected(evaluation: Evaluation, reason: RejectReason) -> set[str | None]:
    """The names that were rejected for a reason."""
    return {tag.name for tag in evaluation.rejected[reason]}


@pytest.mark.parametrize(("reason", "arguments", "out", "left"), REASONS)
def test_each_reason_rejects_its_tags(
    reason: RejectReason,
    arguments: dict[str, Any],
    out: list[str | None],
    left: list[str | None],
) -> None:
    """Each reason rejects the tags that it names and no others."""
    for name in out:
        evaluation = evaluated(same_second([name]), **arguments)
        assert rejected(evaluation, reason) == {name or None}, name
    for name in left:
        evaluation = evaluated(same_second([name]), **arguments)
        assert names(evaluation) == [name], name


def young(seconds: int, **arguments: Any) -> bool:
    """Whether a tag is too young that was created this long after FIRST."""
    tag = Tag("1", FIRST + seconds)
    now = arguments.pop("now", NOW)
    evaluation = evaluated([tag], now=now, **arguments)
    is_rejected = evaluation.rejected[RejectReason.TOO_YOUNG] == [tag]
    assert is_rejected or names(evaluation) == ["1"]
    return not evaluation.candidates


# seconds after FIRST, arguments, whether it is too young.
AGES: list[tuple[int, dict[str, Any], bool]] = [
    (0, {"as_of": AT_20}, False),
    (1, {"as_of": AT_20}, True),
    (-1, {"as_of": AT_20}, False),
    (0, {"as_of": "2023-11-14T22:13:20.999Z"}, False),
    (1, {"as_of": "2023-11-14T22:13:20.999Z"}, True),
    (1, {"as_of": "2023-11-14T22:13:21Z", "now": FIRST}, False),
    (0, {"min_age": "10s", "now": FIRST + 10}, False),
    (1, {"min_age": "10s", "now": FIRST + 10}, True),
    (0, {"min_age": "10s", "now": FIRST + 9.999}, True),
    (0, {"min_age": "10s", "now": FIRST + 10.001}, False),
    (1, {"min_age": "10s", "now": FIRST + 10.999}, True),
    (0, {"min_age": "0s", "now": FIRST}, False),
    (1, {"min_age": "0s", "now": FIRST}, True),
    # With as_of min_age counts from the earlier of as_of and now.
    (-10, {"as_of": AT_20, "min_age": "10s", "now": FIRST + HOUR}, False),
    (-9, {"as_of": AT_20, "min_age": "10s", "now": FIRST + HOUR}, True),
    (-15, {"as_of": AT_20, "min_age": "10s", "now": FIRST - 5}, False),
    (-14, {"as_of": AT_20, "min_age": "10s", "now": FIRST - 5}, True),
    (-14, {"as_of": AT_20, "min_age": "10s", "now": FIRST - 4.5}, True),
    # Without either, a tag may be from the future.
    (10**6, {"now": 0}, False),
]


@pytest.mark.parametrize(("seconds", "arguments", "expected"), AGES)
@pytest.mark.parametrize("policy", ["newest", "semver"])
def test_the_limit_of_age_is_exact(
    seconds: int,
    arguments: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a column of the table
    policy: str,
) -> None:
    """A tag that was created at the limit is a candidate, one a second later is not."""
    loosely: dict[str, Any] = {"semver_loose": True} if policy == "semver" else {}

    assert young(seconds, policy=policy, **loosely, **arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, True),
        ({"policy": "newest", "order": "lowest"}, True),
        ({"policy": "alphabetical"}, False),
        ({"policy": "alphabetical", "min_age": "1s"}, True),
        ({"policy": "alphabetical", "min_age": "0s"}, True),
        ({"policy": "semver", "as_of": AT_20}, True),
        ({"policy": "semver"}, False),
        ({"policy": "numerical"}, False),
    ],
)
def test_undated_tags_are_rejected_if_time_matters(
    arguments: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Only newest, min_age and as_of reject a tag without a CreateTime."""
    evaluation = evaluated(undated("1.0.0 1"), **arguments)

    assert bool(evaluation.rejected[RejectReason.UNDATED]) == expected


# If two reasons apply, the first one counts: reason, name, CreateTime, arguments.
BOTH: list[tuple[RejectReason, str | None, int | None, dict[str, Any]]] = [
    (
        RejectReason.INVALID,
        "+latest",
        FIRST,
        {"floating_tags": ["latest"], "tag_regex": "1"},
    ),
    (
        RejectReason.ARTIFACT,
        f"sha256-{DIGEST}",
        FIRST,
        {"floating_tags": [f"sha256-{DIGEST}"]},
    ),
    (RejectReason.ARTIFACT, f"sha256-{DIGEST}", FIRST, {"tag_regex": "1"}),
    (RejectReason.ARTIFACT, f"sha256-{DIGEST}", FIRST, {"tag_regex": ".*"}),
    (RejectReason.FLOATING, "latest", FIRST, {"tag_regex": "1"}),
    (RejectReason.FLOATING, "latest", None, {"tag_exclude_regex": "latest"}),
    (RejectReason.NOT_MATCHED, "2", FIRST, {"tag_regex": "1", "tag_exclude_regex": "2"}),
    (RejectReason.EXCLUDED, "2", FIRST + 1, {"tag_exclude_regex": "2", "as_of": AT_20}),
    (RejectReason.EXCLUDED, "2", None, {"tag_exclude_regex": "2"}),
    (RejectReason.TOO_YOUNG, "a", FIRST + 1, {"policy": "semver", "as_of": AT_20}),
    (RejectReason.UNDATED, "a", None, {"policy": "semver", "as_of": AT_20}),
    (
        RejectReason.UNDATED,
        "1.0.0",
        None,
        {"policy": "semver", "semver_range": "2", "min_age": "1s"},
    ),
    (RejectReason.UNPARSABLE, "1.0", FIRST, {"policy": "semver", "semver_range": "2"}),
]


@pytest.mark.parametrize(("reason", "name", "create_time", "arguments"), BOTH)
def test_the_first_reason_counts(
    reason: RejectReason,
    name: str | None,
    create_time: int | None,
    arguments: dict[str, Any],
) -> None:
    """The reasons are checked in their order, and a tag is counted once."""
    evaluation = evaluated([Tag(name, create_time)], **arguments)

    assert evaluation.count_tags()[reason.value] == 1


def test_counts_are_those_of_the_contract() -> None:
    """The counts have the contract's names, in the order of the reasons."""
    keys = "total invalid artifact floating not_matched excluded too_young undated"
    keys += " unparsable out_of_range candidates"

    assert list(evaluated([]).count_tags()) == keys.split()


def test_every_reason_is_counted() -> None:
    """Tags that are rejected for each of the reasons are counted there."""
    arguments: dict[str, Any] = {
        "policy": "semver",
        "semver_range": "^1",
        "tag_regex": "[^x]*",
        "tag_exclude_regex": ".*-alpine",
        "as_of": AT_20,
    }
    dated = ["a b", "a/b", f"sha256-{DIGEST}", "x", "y-alpine", "1", "2.0.0", "1.0.0"]
    tags = [
        *same_second([*dated, "1.1.0", "1.2.0"]),
        Tag(None, None),
        Tag("latestx", FIRST),
        Tag("1.3.0", FIRST + 1),
        Tag("1.4.0", None),
    ]

    assert evaluated(tags, floating_tags=["latestx"], **arguments).count_tags() == {
        "total": 14,
        "invalid": 3,
        "artifact": 1,
        "floating": 1,
        "not_matched": 1,
        "excluded": 1,
        "too_young": 1,
        "undated": 1,
        "unparsable": 1,
        "out_of_range": 1,
        "candidates": 3,
    }


@given(TAGS, ARGUMENTS, st.integers(min_value=FIRST - 2, max_value=FIRST + HOUR))
def test_counts_add_up(tags: list[Tag], arguments: dict[str, Any], now: int) -> None:
    """Each distinct tag is counted once."""
    counts = evaluated(tags, now=now, **arguments).count_tags()
    total = counts.pop("total")

    assert sum(counts.values()) == total
    assert total == len({tag.name for tag in tags if tag.name}) + sum(
        not tag.name for tag in tags
    )


def test_an_iterator_of_tags_is_enough() -> None:
    """Tags that can be iterated only once are accepted."""
    assert names(evaluated(iter(hourly("1 2")))) == ["2", "1"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([1, 2], 2),
        ([2, 1], 2),
        ([None, 0], 0),
        ([0, None], 0),
        ([3, None, 5, 4, None], 5),
        ([None, None], None),
    ],
)
def test_a_tag_listed_twice_counts_once(
    times: list[int | None], expected: int | None
) -> None:
    """If a tag is listed several times, its newest CreateTime counts."""
    tags = [Tag("1", time) for time in times]
    evaluation = evaluated(tags, policy="numerical")

    assert evaluation.total == 1
    assert [tag.create_time for tag in evaluation.candidates] == [expected]


def test_each_tag_without_a_name_counts() -> None:
    """Tags without a name are different tags."""
    evaluation = evaluated([Tag(None, 1), Tag("", 1), Tag(None, 1), Tag(None, None)])

    assert evaluation.count_tags()["invalid"] == 4


def test_rejected_tags_are_newest_first() -> None:
    """Rejected tags are sorted by time, undated ones last."""
    evaluation = evaluated([Tag("a", None), *hourly("b c d")], policy="numerical")

    assert [tag.name for tag in evaluation.rejected[RejectReason.UNPARSABLE]] == [
        "d",
        "c",
        "b",
        "a",
    ]
