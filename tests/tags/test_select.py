"""Selecting one tag: the best, the one that is named, the default, or an error."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from choosing import ARGUMENTS, FIRST, HOUR, NOW, TAGS, hourly, names, selected, undated
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._tags.evaluate import Tag
from pulumi_ucimage._tags.select import Selection
from pulumi_ucimage.errors import (
    AmbiguousTagError,
    NoMatchingTagError,
    SelectionError,
)

TAGS_HERE = "1.0.0 1.1.0 latest 1.0.5 sha"


def test_the_best_tag_is_selected() -> None:
    """The first candidate is selected, with its time and all candidates."""
    selection = selected(hourly(TAGS_HERE), policy="semver")

    assert (selection.tag, selection.create_time) == ("1.1.0", FIRST + HOUR)
    assert selection.found
    assert names(selection.evaluation) == ["1.1.0", "1.0.5", "1.0.0"]
    assert selection.explanation.startswith("Chose '1.1.0' of ")


@pytest.mark.parametrize(
    "tag", ["1.0.0", "latest", f"sha256-{'0' * 64}.sig", "young", "undated"]
)
def test_an_explicit_tag_is_found_among_all_names(tag: str) -> None:
    """An explicit tag is selected even if the policy rejects it."""
    tags = [
        *hourly("1.0.0 1.1.0 latest"),
        Tag(f"sha256-{'0' * 64}.sig", FIRST),
        Tag("young", NOW + 1),
        Tag("undated", None),
    ]
    selection = selected(tags, tag=tag, policy="semver", min_age="1d", tag_regex="1.1.0")

    assert (selection.tag, selection.found) == (tag, True)
    assert names(selection.evaluation) == ["1.1.0"]


def test_an_explicit_tag_has_its_newest_time() -> None:
    """If an explicit tag is listed twice, its newest CreateTime counts."""
    tags = [Tag("1", 5), Tag("1", 7), Tag("1", None), Tag("2", 9)]

    assert selected(tags, tag="1").create_time == 7
    assert selected(undated("1"), tag="1").create_time is None


@pytest.mark.parametrize(
    ("listed", "tag"), [("1.0.0", "1.0"), ("a", "A"), ("", "1"), ("v1", "1")]
)
def test_an_explicit_tag_that_is_not_listed_is_an_error(listed: str, tag: str) -> None:
    """A similar tag is never used instead."""
    with pytest.raises(NoMatchingTagError, match=rf"has no tag '{tag}'"):
        selected(hourly(listed), tag=tag)


EXTRACTION: dict[str, Any] = {
    "policy": "numerical",
    "tag_regex": ".-(.*)",
    "tag_extract": "$1",
}


def test_ambiguous_tags_are_an_error() -> None:
    """Two tags that share the best extracted text are an error that names them."""
    with pytest.raises(AmbiguousTagError, match="'a-2', 'b-2'"):
        selected(hourly("a-1 a-2 b-2 b-1"), **EXTRACTION)


def test_ambiguous_tags_are_an_error_with_a_default_too() -> None:
    """A default tag is for the case that nothing is left."""
    with pytest.raises(AmbiguousTagError):
        selected(hourly("a-1 b-1"), default_tag="x", **EXTRACTION)


def test_equal_texts_below_the_best_are_not_an_error() -> None:
    """Only the best extracted text must be unique."""
    assert selected(hourly("a-1 b-1 c-2"), **EXTRACTION).tag == "c-2"


def test_ambiguous_tags_are_not_an_error_with_an_explicit_tag() -> None:
    """With an explicit tag nothing has to be chosen."""
    selection = selected(hourly("a-1 b-1"), tag="a-1", **EXTRACTION)

    assert selection.tag == "a-1"
    assert names(selection.evaluation) == ["b-1", "a-1"]


def test_the_default_is_used_if_nothing_is_left() -> None:
    """The default tag counts as not found even if it is listed; then it has its time."""
    tags = hourly("1.0.0 latest")
    absent = selected(tags, policy="semver", semver_range="2", default_tag="2.0.0")
    present = selected(tags, policy="semver", semver_range="2", default_tag="1.0.0")

    assert (absent.tag, absent.create_time, absent.found) == ("2.0.0", None, False)
    assert (present.tag, present.create_time, present.found) == ("1.0.0", FIRST, False)
    assert selected([], default_tag="1").tag == "1"


def test_the_default_is_not_used_if_a_tag_is_left() -> None:
    """A candidate comes before the default tag."""
    selection = selected(hourly("1.0.0"), default_tag="2.0.0")

    assert (selection.tag, selection.found) == ("1.0.0", True)


@pytest.mark.parametrize("tags", ["", "latest main", "a"])
def test_nothing_left_is_an_error(tags: str) -> None:
    """Without a default, nothing to choose from is an error."""
    with pytest.raises(NoMatchingTagError, match=r"\ANo tag of "):
        selected(hourly(tags), tag_exclude_regex="a")


def outcome(tags: list[Tag], arguments: dict[str, Any]) -> object:
    """The selection, or the type and message of the error."""
    try:
        return selected(tags, **arguments)
    except SelectionError as error:
        return type(error), str(error)


@given(TAGS, ARGUMENTS, st.permutations(range(12)))
def test_arrival_order_does_not_matter(
    tags: list[Tag], arguments: dict[str, Any], order: list[int]
) -> None:
    """The same tags in another order give the same tag and text, or the same error."""
    shuffled = [tags[i] for i in order if i < len(tags)]

    assert outcome(shuffled, arguments) == outcome(tags, arguments)


@given(TAGS, ARGUMENTS)
def test_the_selected_tag_is_one_of_the_tags(
    tags: list[Tag], arguments: dict[str, Any]
) -> None:
    """The selected tag is listed, with its CreateTime."""
    selection = outcome(tags, arguments)
    if isinstance(selection, Selection):
        assert selection.found
        assert Tag(selection.tag, selection.create_time) in tags


@given(TAGS, ARGUMENTS)
def test_input_is_not_changed(tags: list[Tag], arguments: dict[str, Any]) -> None:
    """A selection changes neither the tags nor the arguments."""
    before = copy.deepcopy((tags, arguments))
    outcome(tags, arguments)

    assert (tags, arguments) == before


@given(TAGS, ARGUMENTS)
def test_with_a_default_tag_only_ambiguity_is_an_error(
    tags: list[Tag], arguments: dict[str, Any]
) -> None:
    """With a default tag there is always something to use, except among ambiguous tags."""
    try:
        selection = selected(tags, default_tag="default", **arguments)
    except AmbiguousTagError:
        assert "tag_extract" in arguments
    else:
        assert selection.found == (selection.tag != "default")
        assert selection.found == bool(selection.evaluation.candidates)
