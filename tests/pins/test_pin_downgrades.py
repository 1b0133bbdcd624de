"""A pin moves down only if the program says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pins.pin_rules import JULY, pinned, reconcile
from pulumi_ucimage.errors import (
    DowngradeError,
    NoMatchingTagError,
)

if TYPE_CHECKING:
    from pulumi_ucimage.emulator import Emulator


@pytest.fixture(autouse=True)
def _environment(configured: Emulator) -> None:
    configured.reset_requests()


@pytest.mark.parametrize(
    ("olds", "inputs", "expected"),
    [
        # newest, by the stored CreateTime
        (pinned("9", JULY + 1), {}, "DowngradeError"),
        (pinned("9", JULY), {}, "1.1.0"),
        (pinned("9", JULY - 1), {}, "1.1.0"),
        (pinned("9", ""), {}, "1.1.0"),
        (pinned("9", JULY + 1), {"tag": "1.0.0"}, "1.0.0"),
        (pinned("9", JULY + 1), {"allow_downgrade": True}, "1.1.0"),
        # the oldest: lower is better
        (pinned("1", 1234567889), {"order": "lowest"}, "DowngradeError"),
        (pinned("1", 1234567891), {"order": "lowest"}, "6"),
        # semver: a changed range is not an excuse, and what is not a version has no rank
        (pinned("1.1.1"), {"policy": "semver"}, "DowngradeError"),
        (pinned("1.1.0"), {"policy": "semver", "semver_range": "<1.1"}, "DowngradeError"),
        (pinned("1.1.0-rc.1"), {"policy": "semver"}, "1.1.0"),
        (pinned("1.1.0+2"), {"policy": "semver"}, "1.1.0"),
        (pinned("main-7"), {"policy": "semver"}, "1.1.0"),
        # numerical and alphabetical
        (pinned("7"), {"policy": "numerical"}, "DowngradeError"),
        (pinned("x"), {"policy": "numerical"}, "6"),
        (pinned("7"), {"policy": "alphabetical"}, "DowngradeError"),
        (pinned("5"), {"policy": "alphabetical"}, "6"),
        # what is compared is what is extracted
        (
            pinned("b-7"),
            {"policy": "numerical", "tag_regex": "(?:b-)?([0-9]+)", "tag_extract": "$1"},
            "DowngradeError",
        ),
        (
            pinned("c-7"),
            {"policy": "numerical", "tag_regex": "(?:b-)?([0-9]+)", "tag_extract": "$1"},
            "6",
        ),
    ],
)
def test_a_downgrade_is_refused(
    olds: dict[str, Any], inputs: dict[str, Any], expected: str
) -> None:
    """Ranks are compared under the new policy and order; equal or no rank is free."""
    asked = {"triggers": {"a": "1"}, **inputs}
    if expected != "DowngradeError":
        assert expected == reconcile(olds, **asked).state["tag"]
        return
    with pytest.raises(DowngradeError) as caught:
        reconcile(olds, **asked)

    assert olds["tag"] == caught.value.pinned
    for tag in (caught.value.pinned, caught.value.chosen):
        assert f"'{tag}'" in str(caught.value)


@pytest.mark.parametrize(
    ("olds", "inputs", "reason"),
    [
        (pinned("9", JULY + 1), {}, "it is no longer listed"),
        (
            pinned("1.1.0"),
            {"policy": "semver", "semver_range": "<1.1"},
            "it is rejected as out_of_range",
        ),
        (
            pinned("1.1.0"),
            {"policy": "semver", "tag_exclude_regex": r"1\.1\..*"},
            "it is rejected as excluded",
        ),
        (pinned("1.0.0", JULY + 1), {}, "it is still a candidate, but '1.1.0' ranks first"),
    ],
)
def test_a_refused_downgrade_says_why_and_its_fixes_work(
    olds: dict[str, Any], inputs: dict[str, Any], reason: str
) -> None:
    """The tag is gone, rejected by a rule, or ranks lower now; each fix is followed."""
    asked = {"triggers": {"a": "1"}, **inputs}
    with pytest.raises(DowngradeError, match=r"To downgrade, set tag=") as caught:
        reconcile(olds, **asked)
    chosen = caught.value.chosen

    assert "would downgrade the pin 'app'" in str(caught.value)
    assert reason in str(caught.value)
    assert f'tag="{chosen}" or allow_downgrade=True' in str(caught.value)
    for fix in ({"tag": chosen}, {"allow_downgrade": True}):
        assert chosen == reconcile(olds, **asked, **fix).state["tag"]


def test_a_default_tag_is_left_freely_and_never_taken_again() -> None:
    """A pinned default has no rank; and it serves no second choice."""
    default = {**pinned("9.9.9", ""), "found": False}

    left, _ = reconcile(default, policy="semver")

    assert ("1.1.0", "9.9.9") == (left["tag"], left["previous_tag"])
    with pytest.raises(NoMatchingTagError):
        reconcile(default, tag_regex="nothing", default_tag="1.0.0")


def test_the_same_tag_is_not_a_downgrade() -> None:
    """Its CreateTime may be another one, as after a restored backup."""
    state, _ = reconcile(
        {**pinned("1.1.0", JULY + 1), "retagged": True}, triggers={"a": "1"}
    )

    assert ("1.1.0", JULY, False) == (
        state["tag"],
        state["create_time"],
        state["retagged"],
    )


def test_the_same_choice_keeps_the_previous_tag() -> None:
    """Choosing the same tag again is not a move, and clears what a refresh found."""
    olds = {**pinned(), "previous_tag": "1.0.0", "retagged": True}

    state, messages = reconcile(olds, triggers={"a": "1"})

    assert ("1.1.0", "1.0.0", False) == (
        state["tag"],
        state["previous_tag"],
        state["retagged"],
    )
    assert not messages


def test_a_first_choice_of_a_default_tag() -> None:
    """It is not found, and so not available."""
    state, _ = reconcile({}, tag_regex="nothing", default_tag="0.0.1")

    assert ("0.0.1", False, False, "") == (
        state["tag"],
        state["found"],
        state["available"],
        state["previous_tag"],
    )
