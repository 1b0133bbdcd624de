"""A pin's rules, without an engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import environment_for
from test_lookup import Log, Time

from pulumi_ucimage._lookup import pin_rules
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY
from pulumi_ucimage.errors import DowngradeError, NoMatchingTagError, TransportError

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi_ucimage.emulator import Emulator

COMMON_ARGUMENTS = {
    "bucket_name": "ucs",
    "region": "cn-bj2",
    "project_id": "",
    "image_name": DEMO_IMAGE,
}


def around() -> LookupContext:
    """The program around a pin, with a clock that does not go."""
    return LookupContext(stack={}, log=Log(), clock=Time().clock())


@pytest.fixture(autouse=True)
def _environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_for(emulator).items():
        monkeypatch.setenv(name, value)


def pinned(tag: str, create_time: int | str = 1719792000, **asked: Any) -> dict[str, Any]:
    """The state of a pin on the demo's image."""
    return {
        **COMMON_ARGUMENTS,
        **asked,
        "tag": tag,
        "image": f"{DEMO_IMAGE}:{tag}",
        "create_time": create_time,
        "created_at": "",
        "found": True,
        "previous_tag": "",
        "available": True,
        "retagged": False,
    }


@pytest.mark.parametrize(
    ("olds", "news", "same"),
    [
        ({}, {"policy": "newest"}, True),
        ({}, {"policy": ""}, True),
        ({}, {"policy": "semver"}, False),
        ({}, {"order": "highest"}, True),
        ({}, {"order": "lowest"}, False),
        ({"policy": "semver"}, {"policy": "semver", "semver_range": "*"}, True),
        ({"policy": "semver"}, {"policy": "semver", "semver_range": "^1"}, False),
        ({}, {"semver_loose": False}, True),
        ({"policy": "semver"}, {"policy": "semver", "semver_loose": True}, False),
        ({}, {"floating_tags": []}, False),
        ({"floating_tags": ["a", "b"]}, {"floating_tags": ["b", "a"]}, True),
        ({"floating_tags": []}, {"floating_tags": []}, True),
        ({"floating_tags": []}, {"floating_tags": [""]}, True),
        ({"floating_tags": ["a"]}, {"floating_tags": ["", "a"]}, True),
        ({"min_age": "7d"}, {"min_age": "168h"}, True),
        ({"min_age": "7d"}, {"min_age": "167h"}, False),
        ({}, {"min_age": "0s"}, True),
        ({"as_of": "2026-03-01T12:00:00Z"}, {"as_of": "2026-03-01T14:00:00+02:00"}, True),
        ({"as_of": "2026-03-01T12:00:00Z"}, {"as_of": "2026-03-01T12:00:01Z"}, False),
        ({}, {"as_of": "1970-01-01T00:00:00Z"}, False),
        ({}, {"triggers": {}}, True),
        ({"triggers": {"a": "1"}}, {"triggers": {"a": "2"}}, False),
        ({"triggers": {"a": "1"}}, {}, False),
        ({"wanted_tag": "1"}, {}, False),
        ({}, {"wanted_tag": "1"}, False),
        ({}, {"default_tag": "1"}, False),
        ({}, {"allow_downgrade": False}, True),
        ({}, {"allow_downgrade": True}, False),
        ({}, {"registry": "mirror.io"}, False),
        ({}, {"profile": "other"}, False),
        ({}, {"wanted_image": "helloworld"}, True),
        ({}, {"region": None}, True),
    ],
)
def test_questions_are_compared_by_meaning(
    olds: dict[str, Any], news: dict[str, Any], *, same: bool
) -> None:
    """Unset equals the default, and each argument that differs in meaning counts."""
    assert same == pin_rules.asks_the_same(
        {**COMMON_ARGUMENTS, **olds}, {"bucket_name": "ucs", **news}
    )


@pytest.mark.parametrize(
    ("news", "another"),
    [
        ({}, False),
        ({"wanted_image": "helloworld"}, False),
        ({"wanted_image": "ucs/helloworld"}, False),
        ({"wanted_image": DEMO_IMAGE}, False),
        ({"wanted_image": "hello"}, True),
        ({"wanted_image": "other.io/ucs/helloworld"}, True),
        ({"bucket_name": "other"}, True),
        ({"region": "cn-bj2"}, False),
        ({"region": "cn-sh2"}, True),
        ({"project_id": "org-1"}, True),
    ],
)
def test_another_place_is_another_pin(news: dict[str, Any], *, another: bool) -> None:
    """Region, project, bucket and image make the pin; a spelling does not."""
    assert another == pin_rules.is_another(pinned("1.1.0"), {"bucket_name": "ucs", **news})


@pytest.mark.parametrize(
    ("state", "news", "expected"),
    [
        # newest, by the stored CreateTime
        (pinned("9", 1719792001), {}, "DowngradeError"),
        (pinned("9", 1719792000), {}, "1.1.0"),
        (pinned("9", 1719791999), {}, "1.1.0"),
        (pinned("9", ""), {}, "1.1.0"),
        (pinned("9", 1719792001), {"wanted_tag": "1.0.0"}, "1.0.0"),
        (pinned("9", 1719792001), {"allow_downgrade": True}, "1.1.0"),
        # the oldest: lower is better
        (pinned("1", 1234567889), {"order": "lowest"}, "DowngradeError"),
        (pinned("1", 1234567891), {"order": "lowest"}, "6"),
        # semver: a changed range is no excuse, and no version has no rank
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
def test_a_pin_does_not_go_back_unasked(
    state: dict[str, Any], news: dict[str, Any], expected: str
) -> None:
    """Ranks are compared under the new policy and order; equal or no rank is free."""
    asked = {"bucket_name": "ucs", **news}
    if expected != "DowngradeError":
        assert expected == pin_rules.chosen(state, asked, around())["tag"]
        return
    with pytest.raises(DowngradeError) as caught:
        pin_rules.chosen(state, asked, around())

    assert state["tag"] == caught.value.pinned
    for tag in (caught.value.pinned, caught.value.chosen):
        assert f"'{tag}'" in str(caught.value)


def test_a_default_tag_is_left_freely_and_never_taken_again() -> None:
    """A pinned default has no rank; and it serves no second choice."""
    default = {**pinned("9.9.9", ""), "found": False}

    left = pin_rules.chosen(default, {"bucket_name": "ucs", "policy": "semver"}, around())

    assert ("1.1.0", "9.9.9") == (left["tag"], left["previous_tag"])
    with pytest.raises(NoMatchingTagError):
        pin_rules.chosen(
            default,
            {"bucket_name": "ucs", "tag_regex": "nothing", "default_tag": "1.0.0"},
            around(),
        )


@pytest.mark.parametrize("image", ["helloworld", "ucs/helloworld", DEMO_IMAGE, ""])
def test_another_project_does_not_rename_the_image(image: str) -> None:
    """A replacement shows what differs, and no image that was spelled otherwise."""
    olds, news = pinned("1.1.0"), {"bucket_name": "ucs", "project_id": "org-1"}

    state = pin_rules.decided(olds, {**news, "wanted_image": image}, around(), unknown=None)

    assert DEMO_IMAGE == state["image_name"]


@pytest.mark.parametrize(
    ("olds", "asked", "place"),
    [
        ({}, {"profile": "here"}, ("cn-bj2", "", "6")),
        ({}, {"profile": "away"}, ("cn-sh2", "org-2", "1.1.0")),
        ({"project_id": "org-1"}, {"profile": "here"}, ("cn-bj2", "", "1.1.0")),
        ({}, {"profile": "away", "region": "cn-bj2"}, ("cn-bj2", "org-2", "1.1.0")),
        ({"profile": "away"}, {"profile": "away"}, ("cn-bj2", "", "6")),
        ({"profile": "away"}, {}, ("cn-bj2", "", "6")),
    ],
)
def test_another_profile_is_another_place(
    tmp_path: Path, olds: dict[str, str], asked: dict[str, str], place: tuple[str, ...]
) -> None:
    """Keys, region and project go together; the same place is chosen in anew."""
    folder = tmp_path / "home" / ".ucloud"
    folder.mkdir()
    names = {"here": ("cn-bj2", ""), "away": ("cn-sh2", "org-2")}
    (folder / "config.json").write_text(
        json.dumps(
            [
                {"profile": name, "region": region, "project_id": project_id}
                for name, (region, project_id) in names.items()
            ]
        )
    )
    keys = {"public_key": DEMO_PUBLIC_KEY, "private_key": DEMO_PRIVATE_KEY}
    (folder / "credential.json").write_text(
        json.dumps([{"profile": name, **keys} for name in names])
    )

    state = pin_rules.decided(
        pinned("1.1.0", 1234567890, **olds),
        {"bucket_name": "ucs", "order": "lowest", **asked},
        around(),
        unknown=None,
    )

    assert place == (state["region"], state["project_id"], state["tag"])


def test_the_same_tag_is_no_way_back() -> None:
    """Whatever its CreateTime was when it was chosen, as after a restored backup."""
    state = {**pinned("1.1.0", 1719792001), "retagged": True}

    again = pin_rules.chosen(
        state, {"bucket_name": "ucs", "triggers": {"a": "1"}}, around()
    )

    assert ("1.1.0", 1719792000, False) == (
        again["tag"],
        again["create_time"],
        again["retagged"],
    )


def test_the_same_choice_keeps_the_previous_tag() -> None:
    """A choice that comes to the same tag is no move."""
    state = {**pinned("1.1.0"), "previous_tag": "1.0.0", "retagged": True}

    again = pin_rules.chosen(
        state, {"bucket_name": "ucs", "triggers": {"a": "1"}}, around()
    )

    assert ("1.1.0", "1.0.0", False) == (
        again["tag"],
        again["previous_tag"],
        again["retagged"],
    )


@pytest.mark.parametrize(
    ("state", "available", "retagged", "words"),
    [
        (pinned("1.1.0"), True, False, []),
        (pinned("1.0.0", 1704067200), True, False, ["'1.1.0' is there"]),
        (pinned("1.0.0", 1704067200, wanted_tag="1.0.0"), True, False, []),
        (pinned("1.1.0", 1719791999), True, True, ["pushed again"]),
        (pinned("1.1.0", ""), True, False, []),
        (pinned("2.0.0", 1719799999), False, False, ["not listed any more"]),
        ({**pinned("0.1", ""), "found": False}, False, False, ["'1.1.0' is there"]),
        ({**pinned("1.1.0", ""), "found": False}, True, False, []),
        (
            {**pinned("0.1", ""), "found": False, "image_name": "r.io/ucs/gone"},
            False,
            False,
            [],
        ),
        (
            {**pinned("2"), "image_name": "r.io/ucs/gone"},
            False,
            False,
            ["not listed any more"],
        ),
    ],
)
def test_a_look_tells_what_it_found(
    state: dict[str, Any], words: list[str], *, available: bool, retagged: bool
) -> None:
    """The tag stays; each finding is one line, with what to do."""
    after, lines = pin_rules.looked_at(state, around())

    assert {**state, "available": available, "retagged": retagged} == after
    assert len(words) == len(lines)
    assert all(word in line for word, line in zip(words, lines, strict=True))
    assert all(": " in line and line.endswith(".") for line in lines)


def test_a_look_that_fails_raises(emulator: Emulator) -> None:
    """What cannot be looked at is for the door to tell."""
    emulator.fault("drop")

    with pytest.raises(TransportError):
        pin_rules.looked_at(pinned("1.1.0"), around())
