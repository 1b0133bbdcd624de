"""Arguments become a policy, or one sentence that says what would be right."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pulumi_ucimage._tags.policy import FLOATING_TAGS, Policy
from pulumi_ucimage.errors import ArgumentError, InvalidPolicyError, SelectionError

NO_TAG = "a tag has letters, digits, '_', '.' and '-', at most 128 in all, and begins"
NO_TAG += " with none of '.' and '-'."
SEMVER_ONLY = " serves policy 'semver' alone; set policy to 'semver' or leave it out."

# arguments, the whole message.
WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"policy": "latest"},
        "policy must be one of newest, semver, numerical, alphabetical, not 'latest'.",
    ),
    (
        {"policy": "Semver"},
        "policy must be one of newest, semver, numerical, alphabetical, not 'Semver'.",
    ),
    ({"order": "asc"}, "order must be one of highest, lowest, not 'asc'."),
    (
        {"policy": "semver", "semver_range": "latest"},
        "semver_range 'latest' cannot be used: 'latest' is not a comparator; write an"
        " operator (none, =, !=, >, >=, <, <=, ~ or ^) and a version, such as ^1.2,"
        " >=1.1 <2, 1.x || 3.x or 1.2 - 2.3.",
    ),
    (
        {"tag_regex": "test-(.*"},
        "tag_regex 'test-(.*' cannot be used: RE2 says missing ): test-(.*; what it takes"
        " is listed at https://github.com/google/re2/wiki/Syntax.",
    ),
    (
        {"tag_exclude_regex": "["},
        "tag_exclude_regex '[' cannot be used: RE2 says missing ]: [; what it takes is"
        " listed at https://github.com/google/re2/wiki/Syntax.",
    ),
    (
        {"policy": "semver", "tag_regex": "(.)", "tag_extract": "$2"},
        "tag_extract '$2' cannot be used: tag_regex has no group '2'; it has 1.",
    ),
    (
        {"min_age": "a week"},
        "min_age 'a week' cannot be used: a duration is written as 30s, 15m, 12h or 7d.",
    ),
    (
        {"tag": "1", "wait": "90"},
        "wait '90' cannot be used: a duration is written as 30s, 15m, 12h or 7d.",
    ),
    (
        {"as_of": "2026-03-01"},
        "as_of '2026-03-01' cannot be used: a moment is written as RFC 3339 has it,"
        " 2026-03-01T12:00:00Z.",
    ),
    ({"default_tag": "a b"}, f"default_tag 'a b' cannot be used: {NO_TAG}"),
    ({"default_tag": "-a"}, f"default_tag '-a' cannot be used: {NO_TAG}"),
    ({"default_tag": "\u00e9"}, f"default_tag '\u00e9' cannot be used: {NO_TAG}"),
    (
        {"default_tag": "a" * 129},
        f"default_tag '{'a' * 129}' cannot be used: {NO_TAG}",
    ),
    ({"default_tag": "1\n"}, f"default_tag '1\\n' cannot be used: {NO_TAG}"),
    (
        {"floating_tags": ["latest", "rc-*"]},
        f"floating_tags 'rc-*' cannot be used: {NO_TAG}",
    ),
    ({"semver_range": "^1"}, "semver_range" + SEMVER_ONLY),
    ({"policy": "numerical", "semver_range": "*"}, "semver_range" + SEMVER_ONLY),
    ({"policy": "newest", "semver_loose": True}, "semver_loose" + SEMVER_ONLY),
    (
        {"tag_regex": "(.)", "tag_extract": "$1"},
        "tag_extract is what a policy compares, and 'newest' compares times; set policy to"
        " 'semver', 'numerical' or 'alphabetical', or leave tag_extract out.",
    ),
    (
        {"policy": "semver", "tag_extract": "$1"},
        "tag_extract is a template over the groups of tag_regex; give tag_regex too.",
    ),
    ({"wait": "90s"}, "wait waits for one tag; name it in tag, or leave wait out."),
    ({"wait": "0s"}, "wait waits for one tag; name it in tag, or leave wait out."),
    (
        {"tag": "1", "default_tag": "1"},
        "default_tag does not go with tag, which must be there; leave one of them out.",
    ),
    # What is said first where several things are wrong: what does not go together.
    ({"semver_range": "latest"}, "semver_range" + SEMVER_ONLY),
]

RIGHT: list[dict[str, Any]] = [
    {},
    {"policy": "semver", "semver_range": "^1", "semver_loose": True, "order": "lowest"},
    {"policy": "newest", "semver_loose": False},
    {"tag_regex": "a", "tag_exclude_regex": "b", "min_age": "1d", "default_tag": "1"},
    {"policy": "numerical", "tag_regex": "(.)", "tag_extract": "$1"},
    {"tag": "a b", "wait": "90s", "policy": "semver", "as_of": "2026-03-01T12:00:00Z"},
    {"default_tag": "a" * 128},
    {"default_tag": "_A.b-9"},
    {"floating_tags": []},
    {"bucket_name": "ucs", "image_name": "app"},
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_policy_that_cannot_be_is_refused(
    arguments: dict[str, Any], message: str
) -> None:
    """Each wrong value or combination is one sentence that names it and its cure."""
    with pytest.raises(InvalidPolicyError, match=rf"\A{re.escape(message)}\Z"):
        Policy.of(arguments)


def test_the_refusal_is_of_an_argument_and_of_a_selection() -> None:
    """Whoever catches wrong arguments or failed selections catches a wrong policy."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy.of({"policy": "latest"})

    assert isinstance(caught.value, ArgumentError)
    assert isinstance(caught.value, SelectionError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("arguments", RIGHT)
def test_a_policy_that_can_be_is_not(arguments: dict[str, Any]) -> None:
    """What goes together makes a policy, which remembers what it was made of."""
    before = dict(arguments)
    policy = Policy.of(arguments)

    assert policy.arguments == arguments == before


def test_nothing_given_is_the_default() -> None:
    """Without an argument the newest tag is chosen, and what floats is left out."""
    policy = Policy.of({})

    assert policy == Policy()
    assert (policy.name, policy.highest) == ("newest", True)
    assert policy.semver_range.text == "*"
    assert not policy.semver_loose
    assert policy.include is policy.exclude is None
    assert policy.extract is None
    assert policy.min_age_s is policy.as_of_s is None
    assert policy.tag is policy.default_tag is None
    assert policy.wait_s == 0
    assert policy.floating_tags == frozenset(FLOATING_TAGS)


def test_what_floats_by_default_is_named() -> None:
    """The default of floating_tags is the one that is documented."""
    names = "latest stable edge nightly main master dev develop"

    assert list(FLOATING_TAGS) == names.split()


def test_each_argument_has_its_meaning() -> None:
    """Every argument becomes what it says, in seconds where it is a time."""
    policy = Policy.of(
        {
            "policy": "numerical",
            "order": "lowest",
            "tag_regex": "(.*)",
            "tag_exclude_regex": "b",
            "tag_extract": "$1",
            "min_age": "2m",
            "as_of": "2009-02-13T23:31:30Z",
            "floating_tags": ["x", ""],
            "tag": "t",
            "wait": "90s",
        }
    )

    assert (policy.name, policy.highest) == ("numerical", False)
    assert policy.include is not None
    assert policy.include.text == "(.*)"
    assert policy.exclude is not None
    assert policy.exclude.text == "b"
    assert policy.extract is not None
    assert policy.extract.text == "$1"
    assert (policy.min_age_s, policy.as_of_s) == (120, 1234567890)
    assert policy.floating_tags == {"x"}
    assert (policy.tag, policy.wait_s) == ("t", 90)


def test_a_range_and_looseness_are_those_of_semver() -> None:
    """With policy semver a range and looseness are taken."""
    policy = Policy.of({"policy": "semver", "semver_range": "^1", "semver_loose": True})

    assert policy.semver_range.text == "^1"
    assert policy.semver_loose


def test_a_default_tag_is_kept() -> None:
    """The default tag is what serves later."""
    assert Policy.of({"default_tag": "1"}).default_tag == "1"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, True),
        ({"policy": "semver"}, False),
        ({"policy": "semver", "min_age": "0s"}, True),
        ({"policy": "semver", "as_of": "1970-01-01T00:00:00Z"}, True),
    ],
)
def test_time_is_needed_where_it_is_compared(
    arguments: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A tag without a CreateTime cannot be judged by newest, min_age and as_of."""
    assert Policy.of(arguments).needs_time == expected
