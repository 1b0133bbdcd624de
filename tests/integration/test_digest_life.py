"""A pin's life with digests: a real engine, a real registry, both kinds of pin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from buckets import bucket
from real_registry import PASSWORD, USER, RealRegistry

from integration.pin_stacks import NO_KEYS, PIN_STACKS, REFRESH, PinStack
from pulumi_ucimage.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "ucs/helloworld"
WITH_DIGEST: dict[str, Any] = {"resolve_digest": True}


class PinWithDigests:
    """A pin, the API that lists its image, and the registry that has it."""

    def __init__(self, stack: PinStack, registry: RealRegistry) -> None:
        self.stack = stack
        self.registry = registry
        self.repository = f"{registry.host}/{PATH}"

    def push(self, tag: str, content: str) -> str:
        """Push an image for two platforms, as API and registry see it; its digest."""
        self.stack.emulator.push("ucs", self.repository, tag)
        return self.registry.push_index(PATH, tag, content)

    def pin(self) -> tuple[Any, ...]:
        """Tag, digest, and those before."""
        return tuple(
            self.stack.pin()["outputs"].get(self.stack.stored(name)) or None
            for name in ("tag", "digest", "previous_tag", "previous_digest")
        )

    def repo_digest(self) -> Any:
        """The reference of the pinned bytes."""
        return self.stack.pin()["outputs"][self.stack.stored("repo_digest")] or None

    def refresh(self) -> tuple[bool, bool, str]:
        """Refresh; whether the pin is available and was pushed again, and what it says."""
        text = self.stack.run(*REFRESH)
        outputs = self.stack.outputs()
        return outputs["available"], outputs["retagged"], text


@pytest.fixture
def registry(registry_program: Path, tmp_path: Path) -> Iterator[RealRegistry]:
    """Run a registry that asks for a password."""
    with RealRegistry(registry_program, tmp_path / "registry", has_users=True) as running:
        yield running


@pytest.fixture
def api() -> Iterator[Emulator]:
    """Run an API whose bucket is empty."""
    with Emulator(data=bucket()) as running:
        yield running


@pytest.fixture(params=PIN_STACKS)
def pinned(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tools: Path,
    api: Emulator,
    registry: RealRegistry,
) -> PinWithDigests:
    """A pin that is not created yet; the stack knows the registry's password."""
    stack = PIN_STACKS[request.param].begin(tmp_path / "workspace", tools, api)
    for words in (
        ("ucimage:registryUsername", USER),
        ("--secret", "ucimage:registryPassword", PASSWORD),
    ):
        stack.workspace.pulumi("config", "set", *words)
    return PinWithDigests(stack, registry)


def changed(preview: str, old: str, new: str) -> bool:
    """Whether a preview shows a value, old and new."""
    return f'"{old}" => "{new}"' in preview


def test_a_pin_keeps_the_bytes_that_were_chosen(pinned: PinWithDigests) -> None:
    """Turned on, pushed again, chosen again, dropped by the registry, turned off.

    Both providers in process: `tests/pins/test_pin_digests.py`.
    """
    stack, registry = pinned.stack, pinned.registry
    first = pinned.push("1", "bytes")
    stack.up()
    pinned.push("2", "newer bytes")
    stack.ask(**WITH_DIGEST)

    preview = stack.run("preview", "--diff")
    stack.up()
    assert f"{pinned.repository}@{first}" in preview
    assert "1 to update" in preview
    assert pinned.pin() == ("1", first, None, None)
    assert registry.digest(PATH, first) == first

    second = pinned.push("1", "other bytes")
    stack.is_unchanged(**NO_KEYS)
    available, retagged, text = pinned.refresh()
    assert (available, retagged) == (True, True)
    assert "The pin 'app' stays at '1', which was pushed again at" in text
    assert "is another image now: change a trigger to accept it." in text

    stack.ask(**WITH_DIGEST, triggers={"release": "2"})
    preview = stack.run("preview", "--diff")
    stack.up()
    assert changed(preview, first, second)
    assert changed(preview, f"{pinned.repository}@{first}", f"{pinned.repository}@{second}")
    assert pinned.pin() == ("1", second, None, first)

    registry.delete(PATH, second)
    available, _, text = pinned.refresh()
    assert not available
    assert f"is listed, but its digest {second} is no longer in the registry:" in text

    stack.ask(triggers={"release": "2"})
    stack.up(**NO_KEYS)
    assert pinned.pin() == ("1", None, None, None)
    assert pinned.repo_digest() is None
    assert PASSWORD not in stack.state()
    stack.run("destroy", "--yes", "--skip-preview", **NO_KEYS)
