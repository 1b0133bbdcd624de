"""What both providers make of the engine's requests, and what each has of its own."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from pins.pin_providers import (
    NAME,
    PROVIDERS,
    UNKNOWN,
    CheckError,
    DynamicProvider,
)
from pulumi_ucimage._lookup import bucket_query, progress
from pulumi_ucimage._ucloud import listing
from pulumi_ucimage._ucloud.prefetch import MAX_CONCURRENCY
from pulumi_ucimage.emulator import DEMO_IMAGE

if TYPE_CHECKING:
    from pins.pin_providers import EngineLog, PinProvider
    from pulumi_ucimage.emulator import Emulator

pytestmark = pytest.mark.usefixtures("configured")

INPUTS = {"bucket_name": "ucs", "image_name": "helloworld"}
TRIGGERED = {**INPUTS, "triggers": {"a": "1"}}


def test_check_chooses_and_stores_what_was_asked(provider: PinProvider) -> None:
    """The choice under the names of the outputs, the inputs under their own."""
    state = provider.check({}, {**TRIGGERED, "tag": "1.0.0"})

    assert {
        "bucket_name": "ucs",
        "region": "cn-bj2",
        "wanted_image": "helloworld",
        "wanted_tag": "1.0.0",
        "triggers": {"a": "1"},
        "tag": "1.0.0",
        "image": f"{DEMO_IMAGE}:1.0.0",
        "image_name": DEMO_IMAGE,
        "create_time": 1704067200,
        "created_at": "2024-01-01T00:00:00Z",
        "found": True,
        "previous_tag": "",
        "available": True,
        "retagged": False,
    }.items() <= state.items()


def test_check_keeps_or_chooses(provider: PinProvider, configured: Emulator) -> None:
    """The same inputs: the same state, without a call; a trigger chooses."""
    olds = provider.check({}, INPUTS)
    configured.push("ucs", "helloworld", "2.0.0")
    configured.reset_requests()

    same = provider.check(olds, {**INPUTS, "policy": "newest"})
    calls = len(configured.requests)
    moved = provider.check(olds, TRIGGERED)

    assert (olds, 0) == (same, calls)
    assert ("2.0.0", "1.1.0") == (moved["tag"], moved["previous_tag"])


def test_what_check_made_is_checked_without_a_change(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """An import gives it back to the plugin."""
    del configured, engine_log
    plugin = PROVIDERS["plugin"]()
    for inputs in (INPUTS, {**INPUTS, "tag": "1.0.0"}):
        olds = plugin.check({}, inputs)

        assert olds == plugin.check(olds, olds)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "is missing"),
        ({"bucket_name": 7}, "must be a string"),
        ({**INPUTS, "tags": "x"}, r"There is no argument 'tags'(?!.*[wW]anted)"),
        ({**INPUTS, "triggers": ["a"]}, "triggers must be a map of strings"),
        ({**INPUTS, "triggers": {"a": 1}}, "triggers must be a map of strings"),
        ({**INPUTS, "policy": "best"}, "policy must be one of"),
        ({"bucket_name": "nope"}, "RetCode 43023"),
        ({**INPUTS, "tag": "9"}, "no tag '9'"),
    ],
)
def test_a_mistake_is_one_sentence(
    provider: PinProvider, inputs: dict[str, Any], words: str
) -> None:
    """A new pin keeps nothing of it; an existing one stays at its tag."""
    with pytest.raises(CheckError, match=words) as new:
        provider.check({}, inputs)
    olds = provider.check({}, {**INPUTS, "tag": "1.0.0"})
    if inputs.get("bucket_name") != "nope":
        with pytest.raises(CheckError, match=words) as pinned:
            provider.check(olds, inputs)
        assert str(pinned.value).endswith(" Nothing was changed; '1.0.0' stays pinned.")

    assert "Nothing was changed" not in str(new.value)
    assert "\n" not in str(new.value)


@pytest.mark.parametrize(
    ("fault", "words"), [("http=500*9", "HTTP status 500"), ("drop*9", "connection")]
)
def test_a_failed_look_up_changes_nothing(
    provider: PinProvider,
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    words: str,
) -> None:
    """The sentence says so, and which tag stays pinned."""
    monkeypatch.setenv("UCIMAGE_MAX_RETRIES", "0")
    olds = provider.check({}, INPUTS)
    configured.fault(fault)

    with pytest.raises(CheckError, match=words) as caught:
        provider.check(olds, TRIGGERED)

    assert str(caught.value).endswith(" Nothing was changed; '1.1.0' stays pinned.")


def test_lines_name_the_pin_and_are_shown_under_it(
    provider: PinProvider, configured: Emulator, engine_log: EngineLog
) -> None:
    """A line about triggers, a warning from the state, and what a refresh found."""
    olds = provider.check({}, {**INPUTS, "tag": "1.1.0"})
    configured.push("ucs", "helloworld", "2.0.0")

    provider.check(olds, {**TRIGGERED, "tag": "1.1.0"})
    (trigger,) = engine_log.take()
    provider.check({**olds, "available": False}, {**INPUTS, "tag": "1.1.0"})
    (warning,) = engine_log.take()
    newest = {**provider.check({}, INPUTS), "tag": "1.1.0", "create_time": 1719792000}
    provider.read(newest, {**newest, "chosen_at": "then"})
    (newer,) = engine_log.take()

    assert ["info", "warning", "info"] == [
        line.severity for line in (trigger, warning, newer)
    ]
    for severity, text, urn in (trigger, warning, newer):
        assert f"'{NAME}'" in text, severity
        assert provider.urn == urn


def test_diff_says_what_changed(provider: PinProvider) -> None:
    """Nothing, something, or what replaces the pin."""
    olds = provider.check({}, INPUTS)

    assert (False, []) == provider.diff(olds, olds)
    assert (True, []) == provider.diff(olds, {**olds, "tag": "2"})
    assert (True, []) == provider.diff(olds, {**olds, "previous_tag": "1"})
    assert (True, ["region"]) == provider.diff(olds, {**olds, "region": "cn-sh2"})
    assert (True, ["image_name"]) == provider.diff(olds, {**olds, "image_name": "a"})
    assert (True, []) == provider.diff(olds, {**olds, "image_name": UNKNOWN})


def test_create_stores_when_the_tag_was_chosen(provider: PinProvider) -> None:
    """With the id of the image."""
    inputs = provider.check({}, INPUTS)

    identity, outputs = provider.create(inputs)

    assert "cn-bj2/ucs/ucs/helloworld" == identity
    assert inputs.items() <= {"project_id": "", **outputs}.items()
    assert outputs["chosen_at"].endswith("Z")


@pytest.mark.parametrize(
    ("changes", "is_chosen"),
    [
        ({"tag": "2.0.0", "previous_tag": "1.1.0"}, True),
        ({"create_time": 1719792001}, True),
        ({"image": "mirror.example.com/ucs/helloworld:1.1.0"}, False),
        ({"allow_downgrade": True}, False),
        ({}, False),
    ],
)
def test_update_keeps_when_the_tag_was_chosen(
    provider: PinProvider, changes: dict[str, Any], *, is_chosen: bool
) -> None:
    """Only another choice has another time."""
    inputs = provider.check({}, INPUTS)

    outputs = provider.update({**inputs, "chosen_at": "then"}, {**inputs, **changes})

    assert is_chosen == (outputs["chosen_at"] != "then")
    assert changes.items() <= outputs.items()


def test_read_looks_and_keeps_the_tag(provider: PinProvider, configured: Emulator) -> None:
    """`available` and `retagged` follow the refresh, in inputs and outputs alike."""
    inputs = provider.check({}, INPUTS)
    outputs = {**inputs, "chosen_at": "then"}
    configured.push("ucs", "helloworld", "1.1.0")

    retagged, retagged_outputs = provider.read(inputs, outputs)
    configured.delete("ucs", "helloworld", "1.1.0")
    provider.start_refresh()
    gone, _ = provider.read(inputs, outputs)

    assert ("1.1.0", True, True) == tuple(
        retagged[key] for key in ("tag", "available", "retagged")
    )
    assert "then" == retagged_outputs["chosen_at"]
    assert retagged.items() <= {"project_id": "", **retagged_outputs}.items()
    assert ("1.1.0", False, False) == tuple(
        gone[key] for key in ("tag", "available", "retagged")
    )


def test_a_refresh_that_fails_is_a_warning(
    provider: PinProvider, configured: Emulator, engine_log: EngineLog
) -> None:
    """The pin keeps what it knew."""
    inputs = provider.check({}, INPUTS)
    outputs = {**inputs, "chosen_at": "then"}
    configured.fault("retcode=299")

    after = provider.read(inputs, outputs)

    (line,) = engine_log.take()
    assert "warning" == line.severity
    assert "The pin 'app' could not be checked: " in line.text
    assert line.text.endswith(" Nothing was changed; '1.1.0' stays pinned.")
    assert all(inputs.items() <= {"project_id": "", **state}.items() for state in after)


# --- Listings ---


def test_the_looks_of_a_refresh_share_a_listing(
    provider: PinProvider, configured: Emulator
) -> None:
    """One listing for each pass, whichever listing was made before for a choice."""
    inputs = provider.check({}, INPUTS)
    calls = []

    for _ in range(2):
        provider.start_refresh()
        configured.reset_requests()
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: provider.read(inputs, inputs), range(20)))
        calls.append(len(configured.requests))

    assert [1, 1] == calls


def test_pins_that_wait_for_nothing_share_a_listing(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """Those of one run; those of the next run list again, in the same process."""
    del engine_log
    provider = DynamicProvider()
    tags = []

    for _ in range(2):
        began_s = time.monotonic()
        configured.reset_requests()
        tags.append(
            [provider.check({}, INPUTS, not_before=began_s)["tag"] for _ in range(9)]
        )
        assert 1 == len(configured.requests)
        configured.push("ucs", "helloworld", "2.0.0")

    assert [["1.1.0"] * 9, ["2.0.0"] * 9] == tags


def test_a_pin_uses_no_listing_from_before_its_inputs_were_ready(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """Other pins may share an older listing."""
    del engine_log
    provider = DynamicProvider()
    began_s = time.monotonic()
    first = [provider.check({}, INPUTS, not_before=began_s)["tag"] for _ in range(9)]

    configured.push("ucs", "helloworld", "2.0.0")
    waited = provider.check({}, INPUTS, not_before=time.monotonic())["tag"]
    unsure = provider.check({}, INPUTS)["tag"]
    shares = provider.check({}, INPUTS, not_before=began_s)["tag"]

    assert ["1.1.0"] * 9 == first
    assert ["2.0.0"] * 3 == [waited, unsure, shares]
    assert 3 == len(configured.requests)


def test_each_choice_of_the_plugin_lists_for_itself(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """It cannot know what a pin waited for."""
    del engine_log
    provider = PROVIDERS["plugin"]()

    before = provider.check({}, INPUTS)["tag"]
    configured.push("ucs", "helloworld", "2.0.0")
    after = provider.check({}, INPUTS)["tag"]

    assert ("1.1.0", "2.0.0") == (before, after)


def test_a_long_listing_shows_its_progress_under_the_pin(
    provider: PinProvider,
    configured: Emulator,
    engine_log: EngineLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next line replaces the one before."""
    monkeypatch.setattr(progress, "FIRST_LINE_S", 0)
    for number in range(150):
        configured.push("ucs", f"ucs/image-{number}", "1")

    provider.check({}, INPUTS)

    assert "Listing bucket 'ucs': 100 of 151 images so far." == engine_log.passing[0]


def test_a_limit_that_one_pin_meets_slows_the_others(
    provider: PinProvider, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their listings are read one page at a time, in the same pass only."""
    monkeypatch.setenv("UCIMAGE_MAX_RETRIES", "0")
    concurrency: list[int] = []

    def list_images(*args: Any, **kwargs: Any) -> Any:
        concurrency.append(kwargs["concurrency"])
        return listing.list_images(*args, **kwargs)

    monkeypatch.setattr(bucket_query, "list_images", list_images)
    configured.fault("retcode=153*1")

    with pytest.raises(CheckError, match="RetCode 153"):
        provider.check({}, INPUTS)
    provider.check({}, INPUTS)
    provider.start_refresh()
    provider.check({}, INPUTS)

    assert [MAX_CONCURRENCY, 1, MAX_CONCURRENCY] == concurrency


# --- The dynamic provider alone ---


def test_it_has_no_attributes_before_it_is_configured() -> None:
    """It is pickled into the state, and must be equal in every run."""
    from pulumi_ucimage.pin_provider import ImagePinProvider  # noqa: PLC0415

    assert {} == vars(ImagePinProvider())
    assert "pulumi_ucimage.pin_provider" == ImagePinProvider.__module__


def test_an_ignored_explicit_tag_is_not_looked_up(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """The program says that it ignores changes of `tag`, which a plugin cannot know."""
    provider = DynamicProvider()
    olds = provider.check({}, {**INPUTS, "tag": "1.0.0"})
    configured.reset_requests()

    state = provider.check(olds, {**TRIGGERED, "tag": "1.0.0"}, ignores_tag=True)

    assert ("1.0.0", {"a": "1"}) == (state["tag"], state["triggers"])
    assert not configured.requests
    (line,) = engine_log.take()
    assert "The changed triggers have no effect on the pin 'app'" in line.text


@pytest.mark.parametrize("tag", ["1.0.0", "1.1.0", None])
def test_another_tag_that_is_ignored_is_one_line(
    configured: Emulator, engine_log: EngineLog, tag: str | None
) -> None:
    """A frozen pin says that `tag` does not move it; not if it names the pinned tag."""
    del configured
    provider = DynamicProvider()
    olds = provider.check({}, {**INPUTS, "tag": "1.0.0"})

    state = provider.check(
        olds, {**INPUTS, "tag": "1.0.0"}, ignores_tag=True, ignored_tag=tag
    )

    assert "1.0.0" == state["tag"]
    lines = [line.text for line in engine_log.take()]
    assert (tag == "1.1.0") == bool(lines)
    assert all(
        "tag has no effect on the pin 'app', which stays at '1.0.0'" in t for t in lines
    )


def test_an_ignored_tag_says_nothing_while_the_pinned_one_is_unknown(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """A preview in which another input is not known yet."""
    del configured
    provider = DynamicProvider()
    olds = provider.check({}, {**INPUTS, "tag": "1.0.0"})
    unknown = {**INPUTS, "tag": "1.0.0", "bucket_name": UNKNOWN}

    state = provider.check(olds, unknown, ignores_tag=True, ignored_tag="1.1.0")

    assert UNKNOWN == state["tag"]
    assert [] == engine_log.take()


def test_the_program_s_part_is_not_stored(
    configured: Emulator, engine_log: EngineLog
) -> None:
    """But the URN, which a refresh needs for its lines."""
    del configured, engine_log
    provider = DynamicProvider()

    state = provider.check({}, INPUTS, not_before=time.monotonic())

    assert {"__urn"} == {key for key in state if key.startswith("__")}
    assert provider.urn == state["__urn"]


def test_a_read_of_a_resource_that_was_never_chosen_is_a_warning(
    engine_log: EngineLog,
) -> None:
    """`ResourceOptions(id=...)` reads so; a Python pin cannot be imported."""
    provider = DynamicProvider()

    inputs, outputs = provider.read({}, {"bucket_name": "ucs"})

    (line,) = engine_log.take()
    assert "has no region" in line.text
    assert {"bucket_name": "ucs"} == inputs
    assert {"bucket_name": "ucs", "chosen_at": ""} == outputs
