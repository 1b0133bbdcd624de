"""Arguments become a policy, or one sentence that says what to write."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pulumi_ucimage._tags.policy import FLOATING_TAGS, Policy
from pulumi_ucimage.errors import ArgumentError, InvalidPolicyError, SelectionError

NO_TAG = "a tag has 1 to 128 letters, digits, '_', '.' and '-', and does not begin with"
NO_TAG += " '.' or '-'."
SEMVER_ONLY = " works only with policy 'semver'; set policy to 'semver', or leave it out."

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
        "semver_range 'latest' is invalid: 'latest' is not a comparator; write an"
        " operator (none, =, !=, >, >=, <, <=, ~ or ^) and a version, for example ^1.2,"
        " >=1.1 <2, 1.x || 3.x or 1.2 - 2.3.",
    ),
    (
        {"tag_regex": "test-(.*"},
        "tag_regex 'test-(.*' is invalid: RE2 says missing ): test-(.*; its syntax"
        " is listed at https://github.com/google/re2/wiki/Syntax.",
    ),
    (
        {"tag_exclude_regex": "["},
        "tag_exclude_regex '[' is invalid: RE2 says missing ]: [; its syntax is"
        " listed at https://github.com/google/re2/wiki/Syntax.",
    ),
    (
        {"policy": "semver", "tag_regex": "(.)", "tag_extract": "$2"},
        "tag_extract '$2' is invalid: tag_regex has no group '2'; it has 1.",
    ),
    (
        {"min_age": "a week"},
        "min_age 'a week' is invalid: a duration is written as 30s, 15m, 12h or 7d.",
    ),
    (
        {"tag": "1", "wait": "90"},
        "wait '90' is invalid: a duration is written as 30s, 15m, 12h or 7d.",
    ),
    (
        {"as_of": "2026-03-01"},
        "as_of '2026-03-01' is invalid: a time is written as in RFC 3339, for"
        " example 2026-03-01T12:00:00Z.",
    ),
    ({"default_tag": "a b"}, f"default_tag 'a b' is invalid: {NO_TAG}"),
    (
        {"floating_tags": ["latest", "rc-*"]},
        f"floating_tags 'rc-*' is invalid: {NO_TAG}",
    ),
    ({"semver_range": "^1"}, "semver_range" + SEMVER_ONLY),
    ({"policy": "numerical", "semver_range": "*"}, "semver_range" + SEMVER_ONLY),
    ({"policy": "newest", "semver_loose": True}, "semver_loose" + SEMVER_ONLY),
    (
        {"tag_regex": "(.)", "tag_extract": "$1"},
        "tag_extract sets what a policy compares, but 'newest' compares times; set policy"
        " to 'semver', 'numerical' or 'alphabetical', or leave out tag_extract.",
    ),
    (
        {"policy": "semver", "tag_extract": "$1"},
        "tag_extract is a template over the groups of tag_regex; give tag_regex too.",
    ),
    ({"wait": "90s"}, "wait waits for one tag; set tag to it, or leave out wait."),
    ({"wait": "0s"}, "wait waits for one tag; set tag to it, or leave out wait."),
    (
        {"tag": "1", "default_tag": "1"},
        "default_tag cannot be used with the argument tag, which must be listed;"
        " leave one of them out.",
    ),
    ({"tag": "a b"}, f"tag 'a b' is invalid: {NO_TAG}"),
    # If several things are wrong, the combination is reported first.
    ({"semver_range": "latest"}, "semver_range" + SEMVER_ONLY),
]

RIGHT: list[dict[str, Any]] = [
    {},
    {"policy": "semver", "semver_range": "^1", "semver_loose": True, "order": "lowest"},
    {"policy": "newest", "semver_loose": False},
    {"tag_regex": "a", "tag_exclude_regex": "b", "min_age": "1d", "default_tag": "1"},
    {"policy": "numerical", "tag_regex": "(.)", "tag_extract": "$1"},
    {"tag": "a.b", "wait": "90s", "policy": "semver", "as_of": "2026-03-01T12:00:00Z"},
    {"floating_tags": []},
    {"bucket_name": "ucs", "image_name": "app"},
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_invalid_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    """Each invalid value or combination is one sentence that says what to write."""
    with pytest.raises(InvalidPolicyError, match=rf"\A{re.escape(message)}\Z"):
        Policy.from_arguments(arguments)


def test_an_invalid_policy_is_an_argument_error_and_a_selection_error() -> None:
    """A program can catch it as either, and as a ValueError."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy.from_arguments({"policy": "latest"})

    assert isinstance(caught.value, ArgumentError)
    assert isinstance(caught.value, SelectionError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("arguments", RIGHT)
def test_valid_arguments_make_a_policy(arguments: dict[str, Any]) -> None:
    """The policy remembers its arguments."""
    before = dict(arguments)
    policy = Policy.from_arguments(arguments)

    assert policy.arguments == arguments == before


def test_the_defaults_choose_the_newest() -> None:
    """Without arguments the newest tag is chosen, but no floating tag."""
    policy = Policy.from_arguments({})

    assert policy == Policy()
    assert (policy.name, policy.highest) == ("newest", True)
    assert policy.semver_range.text == "*"
    assert not policy.semver_loose
    assert policy.include is policy.exclude is None
    assert policy.extract is None
    assert policy.min_age_s is policy.as_of_s is None
    assert policy.tag is policy.default_tag is None
    assert policy.wait_s == 0
    assert policy.floating_tags == FLOATING_TAGS


def test_the_default_floating_tags() -> None:
    """They are those of the contract."""
    names = "latest stable edge nightly main master dev develop buildcache"

    assert set(names.split()) == FLOATING_TAGS


def test_each_argument_has_its_meaning() -> None:
    """Every argument is parsed; times are in seconds."""
    policy = Policy.from_arguments(
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


def test_semver_takes_a_range_and_looseness() -> None:
    """Both are used with policy semver."""
    policy = Policy.from_arguments(
        {"policy": "semver", "semver_range": "^1", "semver_loose": True}
    )

    assert policy.semver_range.text == "^1"
    assert policy.semver_loose


def test_a_default_tag_is_kept() -> None:
    """The default tag is kept for later."""
    assert Policy.from_arguments({"default_tag": "1"}).default_tag == "1"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, True),
        ({"policy": "semver"}, False),
        ({"policy": "semver", "min_age": "0s"}, True),
        ({"policy": "semver", "as_of": "1970-01-01T00:00:00Z"}, True),
    ],
)
def test_time_is_needed_if_it_is_compared(
    arguments: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """newest, min_age and as_of need a CreateTime."""
    assert Policy.from_arguments(arguments).needs_time == expected
