"""Pins with digests, in both providers: what asks the registry, and what moves."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from buckets import bucket
from registry_answers import DIGEST, Script, get, head, refusal, serve

from pins.pin_providers import UNKNOWN, CheckError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import ServeApi
    from faults import FaultServer, Request

    from pins.pin_providers import EngineLog, PinProvider
    from pulumi_ucimage.emulator import Emulator

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64
FIELDS = ("tag", "digest", "previous_tag", "previous_digest")


class Registry:
    """A registry whose digests are set by the test; what is not there is unknown."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        self.is_broken = False
        self.server: FaultServer

    def __call__(self, request: Request) -> bytes:
        """The answer to HEAD."""
        if self.is_broken:
            return refusal(500)
        reference = request.head.split(" ", 2)[1].rpartition("/")[2]
        there = {**self.digests, **{digest: digest for digest in self.digests.values()}}
        if reference not in there:
            return refusal(404)
        return head(there[reference])

    @property
    def host(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.server.port}"

    @property
    def repository(self) -> str:
        """The image's name."""
        return f"{self.host}/ucs/helloworld"

    def take(self) -> list[str]:
        """The references that were asked for since the last call, HEAD and GET once."""
        asked = [
            request.head.split(" ", 2)[1].rpartition("/")[2]
            for request in self.server.requests
            if request.head.startswith("HEAD ")
        ]
        self.server.requests.clear()
        return asked


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Run a registry that has the tag `1`."""
    running = Registry()
    running.digests["1"] = OLD
    gone = refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
    with serve(Script(head=running, get=gone)) as running.server:
        yield running


@pytest.fixture
def api(
    registry: Registry, serve_api: ServeApi, monkeypatch: pytest.MonkeyPatch
) -> Emulator:
    """Run an API that lists the registry's image with the tag `1`."""
    monkeypatch.setenv("UCIMAGE_MAX_RETRIES", "0")
    running = serve_api(bucket())
    running.push("ucs", registry.repository, "1")
    return running


pytestmark = pytest.mark.usefixtures("api")

PLAIN = {"bucket_name": "ucs"}
DIGESTS = {**PLAIN, "resolve_digest": True}


def fields(state: dict[str, Any]) -> tuple[Any, ...]:
    """Tag, digest and what was before."""
    return tuple(state.get(name, "") for name in FIELDS)


def test_a_new_pin_has_the_digest(provider: PinProvider, registry: Registry) -> None:
    """The choice and its digest are one look-up."""
    state = provider.check({}, DIGESTS)

    assert fields(state) == ("1", OLD, "", "")
    assert state["image"] == f"{registry.repository}:1"
    assert state["repo_digest"] == f"{registry.repository}@{OLD}"
    assert registry.take() == ["1"]


def test_a_pin_without_digests_does_not_ask_the_registry(
    provider: PinProvider, registry: Registry
) -> None:
    """Neither its choice nor its refresh does."""
    state = provider.check({}, PLAIN)
    provider.read(state, provider.create(state)[1])

    assert fields(state) == ("1", "", "", "")
    assert registry.take() == []


def test_an_unchanged_pin_makes_no_call(
    provider: PinProvider, registry: Registry, api: Emulator
) -> None:
    """Pushes do not matter, and its deletion makes no call either."""
    olds = provider.check({}, DIGESTS)
    registry.digests["1"] = NEW
    registry.take()
    api.reset_requests()

    state = provider.check(olds, DIGESTS)
    provider.delete(olds)

    assert fields(state) == fields(olds)
    assert (registry.take(), api.requests) == ([], [])


def test_an_unchanged_pin_needs_no_credentials(
    provider: PinProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without keys and with half of the registry's pair it stays, and is deleted."""
    olds = provider.check({}, DIGESTS)
    monkeypatch.delenv("UCLOUD_PUBLIC_KEY")
    monkeypatch.delenv("UCLOUD_PRIVATE_KEY")
    monkeypatch.setenv("UCIMAGE_REGISTRY_USERNAME", "ann")

    assert fields(provider.check(olds, DIGESTS)) == fields(olds)
    assert fields(provider.check(olds, PLAIN)) == ("1", "", "", "")
    provider.delete(olds)


def test_half_a_pair_for_the_registry_fails_only_pins_with_digests(
    provider: PinProvider, engine_log: EngineLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pin without one is chosen and refreshed; a new digest is an error."""
    monkeypatch.setenv("UCIMAGE_REGISTRY_USERNAME", "ann")
    state = provider.check({}, PLAIN)
    provider.read(state, provider.create(state)[1])

    assert [] == [line for line in engine_log.take() if line.severity == "warning"]
    with pytest.raises(CheckError, match="without UCIMAGE_REGISTRY_PASSWORD"):
        provider.check(state, DIGESTS)


def test_turning_on_resolves_the_pinned_tag(
    provider: PinProvider, registry: Registry, api: Emulator
) -> None:
    """It does not choose again, though there is a newer tag, and nothing else changes."""
    olds = provider.check({}, PLAIN)
    registry.digests["2"] = NEW
    api.push("ucs", registry.repository, "2")
    api.reset_requests()

    state = provider.check(olds, DIGESTS)

    assert fields(state) == ("1", OLD, "", "")
    assert state["repo_digest"] == f"{registry.repository}@{OLD}"
    assert provider.diff(olds, state) == (True, [])
    assert (registry.take(), api.requests) == (["1"], [])


@pytest.mark.parametrize(
    ("limit", "days", "problem"),
    [
        ({"as_of": "2025-01-01T00:00:00Z"}, 0, None),
        ({"as_of": "2025-01-01T00:00:00Z"}, 1, "it is rejected as too_young"),
        ({"as_of": "2025-01-01T00:00:00Z"}, None, "it is no longer listed"),
        ({"as_of": "2025-01-01T00:00:00Z", "tag": "1"}, 1, None),
        ({"min_age": "7d"}, 1, None),
        ({}, 1, None),
    ],
)
def test_turning_on_takes_no_younger_bytes(
    provider: PinProvider,
    api: Emulator,
    limit: dict[str, str],
    days: int | None,
    problem: str | None,
) -> None:
    """With `as_of` or `min_age`, a push after the choice must be old enough too."""
    chosen = int(datetime(2025, 1, 1, tzinfo=timezone.utc).timestamp())
    api.push("ucs", "helloworld", "1", create_time=chosen)
    olds = provider.check({}, {**PLAIN, **limit})
    if days is None:
        api.delete("ucs", "helloworld", "1")
    elif days:
        api.push("ucs", "helloworld", "1", create_time=chosen + days * 86_400)

    if problem:
        with pytest.raises(CheckError, match=rf"{problem}.*'1' stays pinned"):
            provider.check(olds, {**DIGESTS, **limit})
    else:
        assert fields(provider.check(olds, {**DIGESTS, **limit})) == ("1", OLD, "", "")


def test_turning_on_keeps_the_time_of_the_choice(provider: PinProvider) -> None:
    """`chosen_at` is when the tag was chosen."""
    olds = provider.check({}, PLAIN)
    outputs = {**olds, "chosen_at": "2026-03-01T12:00:00Z"}

    on = provider.update(outputs, provider.check(olds, DIGESTS))
    off = provider.update(on, provider.check(on, PLAIN))

    assert on["digest"] == OLD
    assert {on["chosen_at"], off["chosen_at"]} == {"2026-03-01T12:00:00Z"}


def test_turning_off_clears_the_fields(provider: PinProvider, registry: Registry) -> None:
    """Without a call; the tag stays."""
    first = provider.check({}, DIGESTS)
    registry.digests["1"] = NEW
    olds = provider.check(first, {**DIGESTS, "triggers": {"a": "1"}})
    registry.take()

    state = provider.check(olds, {**PLAIN, "triggers": {"a": "1"}})

    assert fields(olds) == ("1", NEW, "", OLD)
    assert fields(state) == ("1", "", "", "")
    assert not state["repo_digest"]
    assert registry.take() == []


def test_a_failure_to_turn_on_changes_nothing(
    provider: PinProvider, registry: Registry
) -> None:
    """The error says which tag stays pinned."""
    olds = provider.check({}, PLAIN)
    registry.digests.clear()

    with pytest.raises(CheckError, match=r"unknown to the registry.*'1' stays pinned"):
        provider.check(olds, DIGESTS)


def test_the_same_tag_with_other_bytes_is_a_move(
    provider: PinProvider, registry: Registry
) -> None:
    """The next choice takes the new digest; that is a visible change and no downgrade."""
    olds = provider.check({}, DIGESTS)
    registry.digests["1"] = NEW

    state = provider.check(olds, {**DIGESTS, "triggers": {"a": "1"}})
    outputs = provider.update({**olds, "chosen_at": "then"}, state)

    assert fields(state) == ("1", NEW, "", OLD)
    assert provider.diff(olds, state) == (True, [])
    assert outputs["chosen_at"] != "then"


def test_another_tag_has_its_own_digest(
    provider: PinProvider, registry: Registry, api: Emulator
) -> None:
    """What was before is kept, tag and digest."""
    olds = provider.check({}, DIGESTS)
    registry.digests["2"] = NEW
    api.push("ucs", registry.repository, "2")

    state = provider.check(olds, {**DIGESTS, "triggers": {"a": "1"}})

    assert fields(state) == ("2", NEW, "1", OLD)


def test_a_choice_that_finds_the_same_keeps_what_was_before(
    provider: PinProvider, registry: Registry
) -> None:
    """`previous_digest` is the one before the last move."""
    first = provider.check({}, DIGESTS)
    registry.digests["1"] = NEW
    olds = provider.check(first, {**DIGESTS, "triggers": {"a": "1"}})

    state = provider.check(olds, {**DIGESTS, "triggers": {"a": "2"}})

    assert fields(state) == ("1", NEW, "", OLD)


def test_another_registry_keeps_the_digest_without_a_call(
    provider: PinProvider, registry: Registry
) -> None:
    """Both references are rewritten."""
    olds = provider.check({}, DIGESTS)
    registry.take()

    state = provider.check(olds, {**DIGESTS, "registry": "mirror.example.com"})

    assert state["image"] == "mirror.example.com/ucs/helloworld:1"
    assert state["repo_digest"] == f"mirror.example.com/ucs/helloworld@{OLD}"
    assert state["digest"] == OLD
    assert registry.take() == []


def test_another_registry_resolves_when_turned_on(
    provider: PinProvider, registry: Registry
) -> None:
    """Both changes at once: the digest comes from the new registry."""
    olds = provider.check({}, PLAIN)
    with serve(Script(head=head(DIGEST), get=get())) as mirror:
        host = f"127.0.0.1:{mirror.port}"
        state = provider.check(olds, {**DIGESTS, "registry": host})

    assert state["repo_digest"] == f"{host}/ucs/helloworld@{DIGEST}"
    assert registry.take() == []


UNKNOWNS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "turned on or off": (DIGESTS, {"resolve_digest": UNKNOWN}, ("digest", "repo_digest")),
    "turned on, or not": (PLAIN, {"resolve_digest": UNKNOWN}, ("digest", "repo_digest")),
    "another registry": (DIGESTS, {"registry": UNKNOWN}, ("image", "repo_digest")),
    "another registry, turned on": (
        PLAIN,
        {"registry": UNKNOWN, "resolve_digest": True},
        ("image", "digest", "repo_digest"),
    ),
    "a trigger": (DIGESTS, {"triggers": {"a": UNKNOWN}}, ("tag", "digest", "repo_digest")),
}


@pytest.mark.parametrize("name", UNKNOWNS)
def test_a_preview_says_what_is_not_known_yet(
    name: str, provider: PinProvider, registry: Registry
) -> None:
    """No call is made for it, and what stays is shown."""
    before, unknown_inputs, unknown = UNKNOWNS[name]
    olds = provider.check({}, before)
    registry.take()

    state = provider.check(olds, {**before, **unknown_inputs})

    names = ("tag", "image", "digest", "repo_digest")
    assert {key for key in names if state[key] is UNKNOWN} >= {*unknown}
    for key in {"tag", "digest"} - {*unknown}:
        assert state[key] == olds[key]
    assert registry.take() == []


def refreshed(
    provider: PinProvider, state: dict[str, Any], engine_log: EngineLog
) -> tuple[bool, bool, list[str]]:
    """`available`, `retagged` and the lines of a refresh."""
    engine_log.take()
    provider.start_refresh()
    _, outputs = provider.read(state, {**state, "chosen_at": "then"})
    assert outputs["digest"] == state["digest"]
    lines = [line.text for line in engine_log.take()]
    return outputs["available"], outputs["retagged"], lines


def test_refresh_is_quiet_about_the_same_bytes(
    provider: PinProvider, registry: Registry, api: Emulator, engine_log: EngineLog
) -> None:
    """A push of the same bytes has a newer CreateTime and is not a re-tag."""
    state = provider.check({}, DIGESTS)
    registry.take()
    api.push("ucs", registry.repository, "1")

    assert refreshed(provider, state, engine_log) == (True, False, [])
    assert registry.take() == ["1"]


def test_refresh_sees_other_bytes(
    provider: PinProvider, registry: Registry, engine_log: EngineLog
) -> None:
    """The API may send the same CreateTime; the pinned bytes are still there."""
    state = provider.check({}, DIGESTS)
    registry.take()
    registry.digests.update({"1": NEW, "old": OLD})

    available, retagged, [line] = refreshed(provider, state, engine_log)

    assert (available, retagged) == (True, True)
    assert "The pin 'app' stays at '1', which was pushed again" in line
    assert "is another image now: change a trigger to accept it." in line
    assert registry.take() == ["1", OLD]


def test_refresh_sees_that_the_registry_dropped_the_digest(
    provider: PinProvider, registry: Registry, engine_log: EngineLog
) -> None:
    """The tag is listed, and its bytes cannot be pulled any more."""
    state = provider.check({}, DIGESTS)
    registry.digests["1"] = NEW

    available, retagged, [line] = refreshed(provider, state, engine_log)

    assert (available, retagged) == (False, True)
    assert f"is listed, but its digest {OLD} is no longer in the registry:" in line


def test_refresh_sees_a_digest_whose_tag_the_registry_has_lost(
    provider: PinProvider, registry: Registry, engine_log: EngineLog
) -> None:
    """The bytes can still be pulled, and no other ones were seen under the tag."""
    state = provider.check({}, DIGESTS)
    registry.digests = {"another": OLD}

    assert refreshed(provider, state, engine_log)[:2] == (True, False)


def test_refresh_needs_the_tag_to_be_listed(
    provider: PinProvider, registry: Registry, api: Emulator, engine_log: EngineLog
) -> None:
    """A tag that the API lists no more is not available, as without digests."""
    state = provider.check({}, DIGESTS)
    api.push("ucs", registry.repository, "2")
    api.delete("ucs", registry.repository, "1")

    available, _, [line] = refreshed(provider, state, engine_log)

    assert not available
    assert "is no longer listed" in line


def test_a_refresh_that_the_registry_refuses_is_a_warning(
    provider: PinProvider, registry: Registry, engine_log: EngineLog
) -> None:
    """The pin keeps what it knew."""
    state = {**provider.check({}, DIGESTS), "retagged": True}
    registry.is_broken = True

    available, retagged, [line] = refreshed(provider, state, engine_log)

    assert (available, retagged) == (True, True)
    assert "The pin 'app' could not be checked: The registry at 127.0.0.1:" in line
    assert "HTTP status 500" in line


def test_later_previews_repeat_what_a_refresh_found(
    provider: PinProvider, registry: Registry, engine_log: EngineLog
) -> None:
    """One warning line, without a call."""
    state = provider.check({}, DIGESTS)
    registry.take()
    engine_log.take()

    for found in ({"available": False}, {"retagged": True}):
        provider.check({**state, **found}, DIGESTS)

    gone, again = [line.text for line in engine_log.take()]
    assert "no longer listed, or no longer in the registry with its digest, when it" in gone
    assert "was pushed again after it was chosen and is another image now" in again
    assert registry.take() == []
