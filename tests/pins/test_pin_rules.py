"""What makes a pin keep its choice, choose again, or be replaced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from buckets import bucket, tag

from pins.pin_rules import Unknown, context, pinned, reconcile
from pulumi_ucimage._lookup import pin_changes, pin_rules
from pulumi_ucimage._spec import arguments, pin_state
from pulumi_ucimage._spec.unknown import UNKNOWN
from pulumi_ucimage._tags.policy import FLOATING_TAGS
from pulumi_ucimage.emulator import (
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    Emulator,
)
from pulumi_ucimage.errors import (
    ArgumentError,
    ConfigError,
    NoMatchingTagError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import ServeApi


pytestmark = pytest.mark.usefixtures("configured")

OTHER_VALUES: dict[str, Any] = {
    "policy": "semver",
    "order": "lowest",
    "tag_regex": "1.*",
    "tag_exclude_regex": "6",
    "min_age": "1d",
    "as_of": "2024-12-31T00:00:00Z",
    "floating_tags": ["6"],
    "tag": "6",
    "triggers": {"a": "1"},
}

WITH_SEMVER: dict[str, Any] = {"semver_range": "^1", "semver_loose": True}
WITH_TEMPLATE: dict[str, Any] = {"tag_extract": "$1"}
TEMPLATE_BASE = {"policy": "numerical", "tag_regex": "([0-9]+)"}

STORED_ONLY: dict[str, Any] = {
    "order_by": "Default",
    "default_tag": "0.0.1",
    "allow_downgrade": True,
}


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        *[({}, {key: value}) for key, value in OTHER_VALUES.items()],
        *[({"policy": "semver"}, {key: value}) for key, value in WITH_SEMVER.items()],
        *[(TEMPLATE_BASE, {key: value}) for key, value in WITH_TEMPLATE.items()],
        *[({key: value}, {}) for key, value in OTHER_VALUES.items() if key != "tag"],
    ],
)
def test_a_changed_choosing_input_chooses_again(
    configured: Emulator, before: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Each of them, set or taken away, with one look-up."""
    # Neither a time nor a version: to leave it is not a downgrade under any policy.
    olds = pinned("x", "", **before)
    inputs = {**before, **changed} if changed else {}

    state, _ = reconcile(olds, **inputs)

    assert 1 == len(configured.requests)
    assert "x" != state["tag"]
    assert "x" == state["previous_tag"]


def test_every_input_is_in_one_group() -> None:
    """An input chooses, replaces, or is only stored; a new one must be put into a group."""
    choosing = {*OTHER_VALUES, *WITH_SEMVER, *WITH_TEMPLATE}
    replacing = {"bucket_name", "region", "project_id", "image_name"}
    stored = {*STORED_ONLY, "wait", "registry", "profile", "resolve_digest"}

    names = {argument.name for argument in arguments.IMAGE_PIN}
    assert names == choosing | replacing | stored
    assert len(names) == len(choosing) + len(replacing) + len(stored)
    assert {pin_state.INPUT_ALIASES.get(n, n) for n in choosing} == {
        *pin_state.CHOOSING_INPUTS
    }


@pytest.mark.parametrize("changed", [{k: v} for k, v in STORED_ONLY.items()])
@pytest.mark.parametrize("is_removed", [False, True])
def test_other_inputs_are_stored_without_a_call(
    configured: Emulator, changed: dict[str, Any], *, is_removed: bool
) -> None:
    """The tag stays, though another one would be chosen now."""
    olds = pinned("5", 1, **(changed if is_removed else {}))
    inputs = {} if is_removed else changed

    state, messages = reconcile(olds, **inputs)

    assert inputs.items() <= state.items()
    assert {**olds, **changed} == {**state, **changed}
    assert not messages
    assert not configured.requests


def test_wait_is_stored_without_a_call(configured: Emulator) -> None:
    """It belongs to an explicit tag."""
    olds = pinned("6", 1, wanted_tag="6", wait="9s")

    state, _ = reconcile(olds, tag="6", wait="99s")

    assert ("99s", "6") == (state["wait"], state["tag"])
    assert not configured.requests


@pytest.mark.parametrize("before", [{}, {"registry": "old.example.com"}])
@pytest.mark.parametrize(
    ("registry", "configured_registry", "host"),
    [
        ("mirror.example.com", "", "mirror.example.com"),
        ("mirror.example.com", "own.example.com", "mirror.example.com"),
        ("", "own.example.com", "own.example.com"),
        ("", "", "ucsdr.ucloud.cn:5000"),
    ],
)
def test_another_registry_rewrites_the_reference(  # noqa: PLR0917 - fixtures and columns
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, str],
    registry: str,
    configured_registry: str,
    host: str,
) -> None:
    """The tag stays; there is no call, and no key is needed."""
    monkeypatch.setenv("UCIMAGE_REGISTRY", configured_registry)
    monkeypatch.delenv("UCLOUD_PRIVATE_KEY")
    olds = {**pinned("5", 1, **before), "image": "x"}

    state, _ = reconcile(olds, registry=registry)

    changes = bool(before) or bool(registry)
    assert (f"{host}/ucs/helloworld:5" if changes else "x") == state["image"]
    assert ("5", "") == (state["tag"], state["previous_tag"])
    assert not configured.requests


def test_no_registry_at_all_is_an_error() -> None:
    """An image whose name has no host would be pulled from elsewhere."""
    olds = {**pinned(registry="mirror.example.com"), "image_name": "ucs/helloworld"}

    with pytest.raises(ConfigError, match="no registry host"):
        reconcile(olds)


@pytest.mark.parametrize(
    ("before", "inputs"),
    [
        ({}, {}),
        ({}, {"policy": "newest", "order": "highest"}),
        ({}, {"policy": "", "order": None}),
        ({"policy": "semver"}, {"policy": "semver", "semver_range": "*"}),
        ({}, {"semver_loose": False, "allow_downgrade": False}),
        ({"floating_tags": ["a", "b"]}, {"floating_tags": ["b", "a"]}),
        ({"floating_tags": []}, {"floating_tags": [""]}),
        ({}, {"floating_tags": sorted(FLOATING_TAGS)}),
        ({"min_age": "7d"}, {"min_age": "168h"}),
        ({}, {"min_age": "0s", "triggers": {}}),
        ({"as_of": "2026-03-01T12:00:00Z"}, {"as_of": "2026-03-01T14:00:00+02:00"}),
        ({"wanted_image": "helloworld"}, {"image_name": "ucs/helloworld"}),
        ({"wanted_image": "helloworld"}, {"image_name": DEMO_IMAGE}),
        ({"wanted_image": "helloworld"}, {}),
        ({}, {"image_name": "helloworld"}),
        ({}, {"region": "cn-bj2"}),
        ({"region": "cn-bj2"}, {"region": None, "project_id": ""}),
        ({"wanted_tag": "1.1.0"}, {"tag": "1.1.0"}),
        ({"wanted_tag": "1.1.0", "wait": "60s"}, {"tag": "1.1.0", "wait": "1m"}),
        ({"profile": "gone"}, {"profile": "gone"}),
    ],
)
def test_inputs_are_compared_by_meaning(
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any],
    inputs: dict[str, Any],
) -> None:
    """Equal in meaning: the state stays as it is, without a call or a key."""
    monkeypatch.delenv("UCLOUD_PRIVATE_KEY")
    olds = pinned(**before)

    assert (olds, []) == reconcile(olds, **inputs)
    assert not configured.requests


@pytest.mark.parametrize(
    ("before", "inputs"),
    [
        ({"min_age": "7d"}, {"min_age": "167h"}),
        ({"floating_tags": ["a"]}, {"floating_tags": []}),
        ({"as_of": "2026-03-01T12:00:00Z"}, {"as_of": "2026-03-01T12:00:01Z"}),
        ({"triggers": {"a": "1"}}, {"triggers": {"b": "1"}}),
        ({"policy": "semver"}, {"policy": "semver", "semver_loose": True}),
    ],
)
def test_a_difference_in_meaning_counts(
    configured: Emulator, before: dict[str, Any], inputs: dict[str, Any]
) -> None:
    """The smallest difference chooses again."""
    reconcile(pinned(**before), **inputs)

    assert 1 == len(configured.requests)


@pytest.mark.parametrize(
    ("wanted", "inputs", "expected"),
    [
        # set by the constructor, or by a transformation
        ("", {"tag": "1.0.0", "wanted_tag": "1.0.0"}, ("1.0.0", "1.0.0")),
        ("", {"tag": "1.0.0"}, ("1.0.0", "1.0.0")),
        ("", {"tag": "1.0.0", "wanted_tag": "6"}, ("1.0.0", "1.0.0")),
        # what is pinned is made explicit
        ("", {"tag": "5", "wanted_tag": "5"}, "NoMatchingTagError"),
        ("5", {"tag": "5", "wanted_tag": "5"}, ("5", "5")),
        ("5", {"tag": "5"}, ("5", "5")),
        # removed, by the program or by a transformation
        ("5", {}, ("1.1.0", "")),
        ("5", {"wanted_tag": "5"}, ("1.1.0", "")),
        # the engine gives back what is pinned, because `tag` is in ignore_changes
        ("", {"tag": "5", "policy": "semver"}, ("5", "")),
        ("", {"tag": "5", "wanted_tag": "6"}, ("5", "")),
        ("", {"tag": "5", "default_tag": "9"}, ("5", "")),
        # a pin that an older release froze at another tag than its input names
        ("6", {"tag": "6", "wanted_tag": "6"}, ("6", "6")),
    ],
)
def test_a_set_tag_is_distinguished_from_an_ignored_change(
    wanted: str, inputs: dict[str, Any], expected: Any
) -> None:
    """Only a tag that equals the pinned one, and that nobody set, freezes the pin."""
    olds = pinned("5", 1, wanted_tag=wanted)

    try:
        state, _ = reconcile(olds, **inputs)
    except NoMatchingTagError:
        assert expected == "NoMatchingTagError"
    else:
        assert expected == (state["tag"], state.get("wanted_tag", ""))


def test_an_ignored_tag_stays_whatever_changes(configured: Emulator) -> None:
    """The other inputs are stored, so that nothing moves once it is not ignored."""
    olds = pinned("5", 1)

    frozen, _ = reconcile(olds, tag="5", triggers={"a": "1"}, policy="semver")
    state, _ = reconcile(frozen, triggers={"a": "1"}, policy="semver")

    assert frozen == state
    assert ("5", {"a": "1"}) == (state["tag"], state["triggers"])
    assert not configured.requests


def test_an_ignored_explicit_tag_makes_no_call(configured: Emulator) -> None:
    """The Python resource knows what is ignored."""
    olds = pinned("5", 1, wanted_tag="5")
    inputs = {"bucket_name": "ucs", "tag": "5", "triggers": {"a": "1"}}

    state, _ = pin_rules.reconcile(olds, inputs, context(), pin="app", ignores_tag=True)

    assert ("5", "5") == (state["tag"], state["wanted_tag"])
    assert not configured.requests


@pytest.mark.parametrize("sent", [DEMO_IMAGE, "helloworld", ""])
def test_an_ignored_image_stays(sent: str) -> None:
    """The engine gives back the full name, and the stored spelling stays."""
    olds = pinned(wanted_image="helloworld")

    state, _ = reconcile(olds, image_name=DEMO_IMAGE, wanted_image=sent)

    assert olds == state


@pytest.mark.parametrize("wanted", ["", "helloworld", DEMO_IMAGE])
def test_the_pinned_image_s_full_name_freezes_nothing(wanted: str) -> None:
    """Whether the program sets it or the engine gives it back."""
    olds = pinned("5", 1, wanted_image=wanted)

    state, messages = reconcile(olds, image_name=DEMO_IMAGE, triggers={"a": "1"})

    assert ("1.1.0", wanted) == (state["tag"], state["wanted_image"])
    assert not messages


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_trigger_without_effect_is_reported(*, is_frozen: bool) -> None:
    """One info line says so while a tag is set or ignored."""
    olds = pinned(wanted_tag="" if is_frozen else "1.1.0", triggers={"a": "1"})

    _, unchanged = reconcile(olds, tag="1.1.0", triggers={"a": "1"})
    _, unknown = reconcile(olds, tag="1.1.0", triggers={"a": UNKNOWN})
    state, messages = reconcile(olds, tag="1.1.0", triggers={"a": "2"})

    assert not unchanged
    assert not unknown
    ((text, is_warning),) = messages
    assert text.startswith("The changed triggers have no effect on the pin 'app': ")
    assert not is_warning
    assert ("1.1.0", {"a": "2"}) == (state["tag"], state["triggers"])


def test_a_trigger_accepts_an_explicit_tag_that_was_pushed_again(
    configured: Emulator,
) -> None:
    """The changed trigger has this effect, so no line says that it has none."""
    olds = {**pinned("1.1.0", 1), "wanted_tag": "1.1.0", "retagged": True}

    state, messages = reconcile(olds, tag="1.1.0", triggers={"a": "2"})

    assert configured.requests
    assert not state["retagged"]
    assert not messages


@pytest.mark.parametrize("tag", ["", UNKNOWN])
def test_a_trigger_with_effect_says_nothing(tag: object) -> None:
    """It chooses, and the preview shows what; an unknown tag may be none."""
    assert [] == reconcile(pinned(), triggers={"a": "2"}, tag=tag).messages


@pytest.fixture
def elsewhere(serve_api: ServeApi) -> Emulator:
    """Run an API with other buckets and images, all with the tag `9`."""
    tags = [tag("9")]
    names = (DEMO_IMAGE, "other.io/ucs/helloworld", "r.example.com/ucs/hello")
    here = [{"ImageName": name, "TagSet": tags} for name in names]
    data = bucket(*here)
    data["Buckets"] += bucket(*here[:1], name="other")["Buckets"]
    data["Buckets"].append({**data["Buckets"][1], "Region": "cn-sh2", "BucketName": "ucs"})
    return serve_api(data)


@pytest.mark.parametrize(
    ("inputs", "replaced"),
    [
        ({"bucket_name": "other"}, ["bucket_name"]),
        ({"region": "cn-sh2"}, ["region"]),
        ({"project_id": "org-1", "image_name": DEMO_IMAGE}, ["project_id"]),
        ({"image_name": "hello"}, ["image_name"]),
        ({"image_name": "other.io/ucs/helloworld"}, ["image_name"]),
        ({"region": "cn-sh2", "image_name": "ucs/helloworld"}, ["region"]),
        ({"image_name": "helloworld"}, []),
        ({"region": "cn-bj2"}, []),
    ],
)
def test_another_bucket_or_image_replaces_the_pin(
    elsewhere: Emulator, inputs: dict[str, Any], replaced: list[str]
) -> None:
    """Region, project, bucket and image; a preview shows the tag of the new pin."""
    olds = pinned()

    state, _ = reconcile(olds, **inputs)

    changes = pin_changes.changes(olds, state)
    assert replaced == [key for key, replaces in changes.items() if replaces]
    assert len(elsewhere.requests) == bool(replaced)
    assert (state["tag"] == "9") == bool(replaced)
    assert "" == state["previous_tag"]


@pytest.mark.parametrize(
    ("before", "inputs", "replaced"),
    [
        ({}, {"profile": "here"}, []),
        ({}, {"profile": "away"}, ["region", "project_id"]),
        ({"profile": "away"}, {"profile": "away"}, []),
        ({"profile": "away"}, {}, []),
        (
            {},
            {"profile": "away", "region": "cn-bj2", "image_name": DEMO_IMAGE},
            ["project_id"],
        ),
        ({"profile": "here"}, {"profile": "elsewhere"}, ["region"]),
    ],
)
def test_another_profile_may_name_another_region_or_project(
    elsewhere: Emulator,
    home: Path,
    before: dict[str, str],
    inputs: dict[str, str],
    replaced: list[str],
) -> None:
    """The same region and project: it is stored, and nothing moves."""
    folder = home / ".ucloud"
    folder.mkdir()
    places = {
        "here": ("cn-bj2", ""),
        "away": ("cn-sh2", "org-2"),
        "elsewhere": ("cn-sh2", ""),
    }
    (folder / "config.json").write_text(
        json.dumps(
            [
                {"profile": name, "region": region, "project_id": project_id}
                for name, (region, project_id) in places.items()
            ]
        )
    )
    keys = {"public_key": DEMO_PUBLIC_KEY, "private_key": DEMO_PRIVATE_KEY}
    (folder / "credential.json").write_text(
        json.dumps([{"profile": name, **keys} for name in places])
    )
    olds = pinned("5", 1, **before)

    with_unknown, _ = reconcile(olds, **inputs, default_tag=UNKNOWN)
    assert not elsewhere.requests
    state, _ = reconcile(olds, **inputs)

    for new, chosen in ((state, "9"), (with_unknown, UNKNOWN)):
        changes = pin_changes.changes(olds, new)
        assert replaced == [key for key, replaces in changes.items() if replaces]
        assert (chosen if replaced else "5") == new["tag"]
    assert "" == state["previous_tag"]
    assert len(elsewhere.requests) == bool(replaced)


def test_a_pin_keeps_its_region_and_project(
    configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the environment nor a push of another image moves it there."""
    monkeypatch.setenv("UCLOUD_REGION", "cn-sh2")
    monkeypatch.setenv("UCLOUD_PROJECT_ID", "org-other")
    configured.push("ucs", "other", "7")

    state, _ = reconcile(pinned("5", 1), triggers={"a": "1"})

    assert ("1.1.0", DEMO_IMAGE, "cn-bj2", "") == (
        state["tag"],
        state["image_name"],
        state["region"],
        state["project_id"],
    )
    (call,) = configured.requests
    assert ("cn-bj2", None) == (call["Region"], call.get("ProjectId"))


def test_a_project_of_its_own_is_kept(configured: Emulator) -> None:
    """A pin in a project asks for that project, though the program does not name it."""
    reconcile(pinned("5", 1, project_id="org-1"), triggers={"a": "1"})

    assert "org-1" == configured.requests[-1]["ProjectId"]


@pytest.mark.parametrize(
    ("inputs", "unknown", "known"),
    [
        ({"triggers": {"a": UNKNOWN}}, {"tag", "image", "previous_tag"}, {"image_name"}),
        ({"floating_tags": ["a", UNKNOWN]}, {"tag", "image"}, {"image_name", "region"}),
        ({"tag": UNKNOWN}, {"tag", "image"}, {"image_name"}),
        ({"bucket_name": UNKNOWN}, {"tag", "image_name", "bucket_name"}, {"region"}),
        ({"image_name": UNKNOWN}, {"tag", "image_name"}, {"region", "project_id"}),
        ({"profile": UNKNOWN}, {"tag", "image"}, set()),
        ({"order_by": UNKNOWN}, {"order_by"}, {"tag", "image", "image_name"}),
        ({"registry": UNKNOWN}, {"registry", "image"}, {"tag", "image_name"}),
        ({"registry": UNKNOWN, "policy": "semver"}, {"tag", "image"}, {"image_name"}),
        ({"triggers": {"a": UNKNOWN}, "tag": "5"}, set(), {"tag", "image"}),
        (
            {"triggers": {"a": UNKNOWN}, "region": "", "project_id": None},
            {"tag"},
            {"region", "project_id"},
        ),
    ],
)
def test_an_unknown_input_makes_unknown_what_depends_on_it(
    configured: Emulator, inputs: dict[str, Any], unknown: set[str], known: set[str]
) -> None:
    """A preview makes no call then, and never replaces the pin."""
    olds = pinned("5", 1)

    state, _ = reconcile(olds, **inputs)

    assert unknown <= {k for k, v in state.items() if isinstance(v, Unknown)}
    assert all(olds[key] == state[key] for key in known)
    assert not any(pin_changes.changes(olds, state).values())
    assert not configured.requests


def test_an_unknown_input_of_a_new_pin(configured: Emulator) -> None:
    """Nothing is known yet but the inputs."""
    state, _ = reconcile({}, triggers={"a": UNKNOWN}, region="cn-bj2")

    assert {UNKNOWN} == {state[key] for key in pin_state.OUTPUTS}
    assert "cn-bj2" == state["region"]
    assert not configured.requests


@pytest.mark.parametrize("olds", [{}, pinned("5", 1)], ids=["new", "stored"])
@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"policy": "latest"}, "policy must be one of"),
        ({"tag_regex": "["}, "tag_regex"),
        ({"semver_range": "^1"}, "semver_range works only"),
        ({"tag": "web:1.0"}, "tag"),
    ],
)
def test_known_inputs_are_checked_while_others_are_unknown(
    olds: dict[str, Any], inputs: dict[str, Any], words: str
) -> None:
    """A preview shows a mistake, not only the up that follows it."""
    with pytest.raises(ArgumentError, match=words):
        reconcile(olds, triggers={"a": UNKNOWN}, **inputs)


def test_what_depends_on_an_unknown_input_is_not_checked() -> None:
    """An unknown policy may be the one that a range needs."""
    state, _ = reconcile({}, policy=UNKNOWN, semver_range="^1")

    assert "^1" == state["semver_range"]
