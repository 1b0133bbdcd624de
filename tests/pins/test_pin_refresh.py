"""What a refresh finds, and what it says to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pins.pin_rules import JULY, context, gone, pinned, reconcile
from pulumi_ucimage._lookup import pin_messages, pin_refresh
from pulumi_ucimage._lookup.pinned import resource_id
from pulumi_ucimage.errors import (
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    from pulumi_ucimage.emulator import Emulator

JANUARY = 1704067200  # when 1.0.0 was pushed


@pytest.fixture(autouse=True)
def _environment(configured: Emulator) -> None:
    configured.reset_requests()


def refresh(olds: Any) -> tuple[Any, list[str]]:
    """The state after a refresh, and the lines."""
    state, messages = pin_refresh.refresh(olds, context(), pin="app")
    return state, [text for text, _ in messages]


TAKE = "change a trigger to take '1.1.0' (pushed at 2024-07-01T00:00:00Z)."
ACCEPT = "change a trigger to accept it."

DOWN = (
    'set tag="1.1.0" (pushed at 2024-07-01T00:00:00Z), or change a trigger and set'
    " allow_downgrade=True."
)

ELSEWHERE = {"image_name": "registry.example.com/ucs/gone"}


def again(tag: str, time: str, way: str) -> str:
    """The line about a pinned tag that was pushed again."""
    return (
        f"The pin 'app' stays at '{tag}', which was pushed again at {time} and may be"
        f" another image now: {way}"
    )


def newer(tag: str) -> str:
    """The line about a newer tag."""
    return (
        "The tag '1.1.0' was pushed at 2024-07-01T00:00:00Z, and the pin 'app' stays at"
        f" '{tag}': change a trigger to take it."
    )


@pytest.mark.parametrize(
    ("olds", "available", "retagged", "line"),
    [
        (pinned(), True, False, None),
        (pinned("1.1.0", ""), True, False, None),
        # newer tags
        (pinned("1.0.0", JANUARY), True, False, newer("1.0.0")),
        (pinned("1.0.0", JANUARY, wanted_tag="1.0.0"), True, False, None),
        (pinned("1.0.0", JANUARY, policy="semver", semver_range="<1.1"), True, False, None),
        (pinned(policy="semver", semver_range="<1.1"), True, False, None),
        (pinned("6", 1234567890, order="lowest"), True, False, None),
        ({**pinned("0.1", ""), "found": False}, False, False, newer("0.1")),
        ({**pinned("1.1.0", ""), "found": False}, True, False, None),
        ({**pinned("0.1", ""), "found": False, **ELSEWHERE}, False, False, None),
        # pushed again
        (
            pinned("1.1.0", JULY - 1),
            True,
            True,
            again("1.1.0", "2024-07-01T00:00:00Z", ACCEPT),
        ),
        (
            pinned("1.1.0", JULY + 1),
            True,
            True,
            again("1.1.0", "2024-07-01T00:00:00Z", ACCEPT),
        ),
        (pinned("1.0.0", 1), True, True, again("1.0.0", "2024-01-01T00:00:00Z", TAKE)),
        (
            pinned("1.0.0", 1, wanted_tag="1.0.0"),
            True,
            True,
            again("1.0.0", "2024-01-01T00:00:00Z", ACCEPT),
        ),
        (
            pinned("1.0.0", 1, policy="semver", semver_range="^7"),
            True,
            True,
            again(
                "1.0.0",
                "2024-01-01T00:00:00Z",
                "change the policy so that it accepts a tag.",
            ),
        ),
        # gone
        (
            pinned("2.0.0", JULY + 1),
            False,
            False,
            gone("2.0.0", f"push it again, or {DOWN}"),
        ),
        (
            pinned("0.9.0", JULY - 1),
            False,
            False,
            gone("0.9.0", f"push it again, or {TAKE}"),
        ),
        (
            pinned("2", wanted_tag="2"),
            False,
            False,
            gone(
                "2",
                'push it again, or set tag to one that is listed, such as tag="1.1.0".',
            ),
        ),
        (pinned("2", tag_regex="x"), False, False, gone("2", "push it again.")),
        ({**pinned("2"), **ELSEWHERE}, False, False, gone("2", "push it again.")),
    ],
)
def test_a_refresh_says_what_it_found(
    olds: dict[str, Any], line: str | None, *, available: bool, retagged: bool
) -> None:
    """The tag stays; what is found is one line that names the pin and what to do."""
    state, lines = refresh(olds)

    assert {**olds, "available": available, "retagged": retagged} == state
    assert ([line] if line else []) == lines


A_TRIGGER = {"triggers": {"a": "1"}}


@pytest.mark.parametrize(
    ("olds", "fix", "tag"),
    [
        (pinned("1.0.0", JANUARY), A_TRIGGER, "1.1.0"),
        (pinned("1.1.0", JULY - 1), A_TRIGGER, "1.1.0"),
        (pinned("1.0.0", 1), A_TRIGGER, "1.1.0"),
        (pinned("1.0.0", 1, wanted_tag="1.0.0"), {"tag": "1.0.0", **A_TRIGGER}, "1.0.0"),
        (
            pinned("1.0.0", 1, policy="semver", semver_range="^7"),
            {"policy": "semver", "semver_range": "^1"},
            "1.1.0",
        ),
        (pinned("2.0.0", JULY + 1), {"tag": "1.1.0"}, "1.1.0"),
        (pinned("2.0.0", JULY + 1), {**A_TRIGGER, "allow_downgrade": True}, "1.1.0"),
        (pinned("0.9.0", JULY - 1), A_TRIGGER, "1.1.0"),
        (pinned("2", wanted_tag="2"), {"tag": "1.1.0"}, "1.1.0"),
    ],
)
def test_the_fixes_that_a_refresh_names_work(
    olds: dict[str, Any], fix: dict[str, Any], tag: str
) -> None:
    """After them, nothing is left to say, by a refresh or from the state."""
    looked, lines = refresh(olds)

    fixed, _ = reconcile(looked, **fix)

    assert lines
    assert (tag, []) == (fixed["tag"], refresh(fixed)[1])
    inputs = {"tag": fix["tag"]} if "tag" in fix else {}
    assert [] == reconcile({**fixed, **fix}, **{**fix, **inputs}).messages


def test_a_pushed_tag_is_available_again(configured: Emulator) -> None:
    """The other fix: push it, and refresh."""
    olds, lines = refresh(pinned("2.0.0", ""))
    configured.push("ucs", "helloworld", "2.0.0")

    state, none = refresh(olds)

    assert lines
    assert not none
    assert (False, True) == (olds["available"], state["available"])


def test_a_refresh_does_not_need_a_policy_that_this_release_understands() -> None:
    """It cannot know what the policy would choose, and says the rest."""
    olds = pinned("1.0.0", 1, min_age="1w")

    state, (line,) = refresh(olds)

    assert state["retagged"]
    assert ACCEPT in line
    assert [] == refresh(pinned("1.0.0", JANUARY, policy="calver"))[1]


def test_an_ambiguous_choice_is_not_advised() -> None:
    """A trigger would fail, and so a refresh does not say to change one."""
    olds = pinned("5", 1, policy="numerical", tag_regex=r"(1)\.[01]\.0", tag_extract="$1")

    state, (line,) = refresh(olds)

    assert gone("5", "push it again.") == line
    assert not state["available"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({}, None),
        (
            {"available": False},
            "which was no longer listed when it was last checked: push it",
        ),
        ({"retagged": True}, "which was pushed again after it was chosen"),
        ({"available": False, "found": False}, None),
    ],
)
@pytest.mark.parametrize("inputs", [{}, {"allow_downgrade": True}, {"tag": "1.1.0"}])
def test_the_state_warns_without_a_call(
    configured: Emulator, flags: dict[str, bool], words: str | None, inputs: dict[str, Any]
) -> None:
    """It warns as long as it says that the tag is gone or was pushed again."""
    olds = {**pinned(), **flags}

    state, messages = reconcile(olds, **inputs)

    assert flags.items() <= state.items()
    assert bool(words) == bool(messages)
    assert not configured.requests
    if words:
        ((text, is_warning),) = messages
        assert f"The pin 'app' stays at '1.1.0', {words}" in text
        assert is_warning


@pytest.mark.parametrize(
    ("flag", "advice"),
    [
        ({"available": False}, "push it again and run `pulumi refresh`."),
        ({"retagged": True}, "remove that, then change a trigger to choose again."),
    ],
)
def test_a_frozen_pin_is_not_told_what_has_no_effect(
    flag: dict[str, bool], advice: str
) -> None:
    """Neither another tag nor a trigger moves it."""
    _, ((text, _),) = reconcile({**pinned(), **flag}, tag="1.1.0")

    assert text.endswith(advice)


def test_a_refresh_that_fails_raises(configured: Emulator) -> None:
    """The provider makes it a warning."""
    configured.fault("drop")

    with pytest.raises(TransportError):
        pin_refresh.refresh(pinned(), context(), pin="app")


def test_the_id_has_no_registry_host() -> None:
    """It has no tag either: it stays the same as long as the pin lives."""
    assert "cn-bj2/ucs/ucs/helloworld" == resource_id(pinned())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("It failed.", "It failed. Nothing was changed; '5' stays pinned."),
        ("Why:\n  1 of 2", "Why:\n  1 of 2\nNothing was changed; '5' stays pinned."),
    ],
)
def test_a_failure_says_that_nothing_was_changed(error: str, expected: str) -> None:
    """A sentence of its own, also behind an error that ends with a list."""
    assert expected == pin_messages.failure(UcimageError(error), pinned("5", 1))
