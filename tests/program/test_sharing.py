"""Equal questions share one listing within one run, and nothing else is shared."""

from __future__ import annotations

import gc
import json
import os
import threading
import weakref
from collections import Counter
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from emulator_calls import until
from faults import FaultServer, answer

import pulumi_ucimage as ucimage
from program.run_programs import Push, depends_on_a_component, depends_on_a_resource
from pulumi_ucimage._pulumi import program as program_module
from pulumi_ucimage._pulumi import worker_threads
from pulumi_ucimage._ucloud.listing import Listing
from pulumi_ucimage.emulator import DEMO_IMAGE, DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor import Engine


class Part(pulumi.ComponentResource):
    """A component that looks something up."""

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Part", name)
        self.tag = ucimage.get_docker_image("ucs").tag
        self.register_outputs({})


def _many_look_ups() -> None:
    tags: list[Any] = []
    for number in range(10):
        tags.append(ucimage.get_docker_image("ucs", policy="semver").tag)
        latest = ucimage.get_docker_images("ucs").images[0].latest_tag
        tags.append(latest and latest.name)
        tags.append(ucimage.get_docker_image_output("ucs", image_name="helloworld").tag)
        tags.append(ucimage.get_docker_image_output("ucs", floating_tags=["latest"]).tag)
        tags.append(Part(f"part-{number}").tag)
    pulumi.export("tags", tags)


def test_equal_questions_share_one_listing_in_each_run(
    engine: Engine, configured: Emulator
) -> None:
    """Any mix of functions and forms; the next run of the process asks again."""
    assert "" == engine.run(_many_look_ups)
    assert 1 == len(configured.requests)
    assert ["1.1.0"] * 50 == engine.exports["tags"]
    configured.push("ucs", "helloworld", "2.0.0")
    assert "" == engine.run(_many_look_ups)

    assert ["2.0.0"] * 50 == engine.exports["tags"]
    assert 2 == len(configured.requests)


def test_runs_in_one_event_loop_share_nothing(engine: Engine, configured: Emulator) -> None:
    """A run is what has an engine's monitor, wherever it runs."""

    def program() -> None:
        tags.append(ucimage.get_docker_image("ucs").tag)
        configured.push("ucs", "helloworld", f"2.0.{len(tags)}")

    tags: list[str] = []
    assert "" == engine.run(program, program, program)
    assert ["1.1.0", "2.0.1", "2.0.2"] == tags


@pytest.mark.usefixtures("configured")
def test_calls_that_waited_together_share(
    engine: Engine, listing_waits: list[threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of fifty look-ups that waited for one resource, two list and the others share."""

    def respond(_: object) -> bytes:
        until(lambda: len(listing_waits) >= 49)
        return answer()

    def program() -> None:
        opts = pulumi.InvokeOutputOptions(depends_on=[Push()])
        found = [ucimage.get_docker_image_output("ucs", opts=opts) for _ in range(50)]
        pulumi.export("tags", [each.tag for each in found])

    with FaultServer(respond) as server:
        monkeypatch.setenv("UCLOUD_API_BASE_URL", server.url)
        assert "" == engine.run(program)

        # Those for which the first listing began too early share the next one.
        assert len(server.requests) <= 2
    assert ["6"] * 50 == engine.exports["tags"]


class _Changed:
    """A way to run programs that is not a function."""


@pytest.mark.parametrize("run_in_stack", [depends_on_a_resource, _Changed(), None])
def test_without_the_private_part_of_pulumi_nothing_is_shared(
    engine: Engine,
    configured: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    run_in_stack: object,
) -> None:
    """If Pulumi runs programs in another way, each call lists for itself and works."""
    if run_in_stack is None:
        monkeypatch.delattr(pulumi.runtime, "run_in_stack")
    else:
        monkeypatch.setattr(pulumi.runtime, "run_in_stack", run_in_stack)

    def program() -> None:
        pulumi.export("tags", [ucimage.get_docker_image("ucs").tag for _ in range(3)])

    assert "" == engine.run(program)
    assert ["1.1.0"] * 3 == engine.exports["tags"]
    assert 3 == len(configured.requests)


def test_without_the_children_of_components_depends_on_is_an_error(
    engine: Engine, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If Pulumi hides them, nothing is asked too early, and resources still work."""
    monkeypatch.delattr(pulumi.runtime.rpc, "_expand_dependencies")
    engine.at_creation("pushed", lambda: configured.push("ucs", "helloworld", "2.0.0"))

    assert "name the resources in it instead" in engine.run(depends_on_a_component)
    assert not configured.requests
    assert "" == engine.run(depends_on_a_resource)
    assert {"tag": "2.0.0"} == engine.exports


def test_a_look_up_has_the_environment_of_its_call(
    engine: Engine, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the program sets later has no effect on it, and they share a listing."""

    def program() -> None:
        images = [ucimage.get_docker_image_output("ucs").image]
        monkeypatch.setenv("UCIMAGE_REGISTRY", "mirror.example.com")
        images.append(ucimage.get_docker_image_output("ucs").image)
        monkeypatch.delenv("UCIMAGE_REGISTRY")
        images.append(ucimage.get_docker_image_output("ucs").image)
        pulumi.export("images", images)

    assert "" == engine.run(program)
    mirror = "mirror.example.com/ucs/helloworld:1.1.0"
    image = f"{DEMO_IMAGE}:1.1.0"
    assert [image, mirror, image] == engine.exports["images"]
    assert 1 == len(configured.requests)


def test_a_look_up_that_fails_does_not_fail_others(
    engine: Engine, configured: Emulator
) -> None:
    """Each gets its own error, and an error of the arguments is raised by the call."""

    def program() -> None:
        def name(error: Exception) -> str:
            return type(error).__name__

        def image(**arguments: Any) -> Any:
            return ucimage.get_docker_image_output("ucs", **arguments).image

        with pytest.raises(ucimage.InvalidPolicyError):
            image(policy="nope")
        pulumi.export("missing", image(tag="nope").recover(name))
        pulumi.export("image", image())

    assert "" == engine.run(program)
    assert {"missing": "NoMatchingTagError", "image": f"{DEMO_IMAGE}:1.1.0"} == (
        engine.exports
    )


@pytest.fixture
def profiles(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Emulator]:
    """Three profiles: the default, one with another key, and one with another endpoint."""
    with Emulator() as elsewhere:
        rows = {
            "default": (emulator.url, DEMO_PUBLIC_KEY),
            "other-key": (emulator.url, "unknown"),
            "elsewhere": (elsewhere.url, DEMO_PUBLIC_KEY),
        }
        config = [
            {"profile": name, "region": "cn-bj2", "base_url": url}
            for name, (url, _) in rows.items()
        ]
        keys = [
            {"profile": name, "public_key": key, "private_key": DEMO_PRIVATE_KEY}
            for name, (_, key) in rows.items()
        ]
        for variable, content in (
            ("UCLOUD_SHARED_CONFIG_FILE", config),
            ("UCLOUD_SHARED_CREDENTIAL_FILE", keys),
        ):
            path = tmp_path / variable
            path.write_text(json.dumps(content))
            monkeypatch.setenv(variable, str(path))
        yield elsewhere


def test_other_questions_and_errors_are_not_shared(
    engine: Engine, emulator: Emulator, profiles: Emulator
) -> None:
    """Region, project, order, window, key and endpoint are part of the question."""
    questions: list[dict[str, Any]] = [
        *({}, {"registry": "mirror.example.com"}, {"image_name": "helloworld"}),
        *({"order_by": "Default"}, {"project_id": "org-1"}, {"limit": 1}, {"offset": 1}),
        *({"region": "cn-sh2"}, {"profile": "other-key"}, {"profile": "elsewhere"}),
        *({"bucket_name": "nope"}, {"bucket_name": "nope"}),
    ]

    def program() -> None:
        for arguments in questions:
            with suppress(ucimage.ApiError):
                ucimage.get_docker_images(**{"bucket_name": "ucs", **arguments})

    assert "" == engine.run(program)
    asked = Counter(
        (r["BucketName"], r["Region"], r["PublicKey"], r.get("ProjectId"), r.get("OrderBy"))
        for r in emulator.requests
    )
    key = DEMO_PUBLIC_KEY
    assert {
        # With a limit, and with an offset, these are questions of their own too.
        ("ucs", "cn-bj2", key, None, None): 3,
        ("ucs", "cn-bj2", key, None, "Default"): 1,
        ("ucs", "cn-bj2", key, "org-1", None): 1,
        ("ucs", "cn-sh2", key, None, None): 1,
        ("ucs", "cn-bj2", "unknown", None, None): 1,
        ("nope", "cn-bj2", key, None, None): 2,
    } == asked
    assert 1 == len(profiles.requests)


def test_without_threads_look_ups_run_in_place(
    engine: Engine, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No form fails where the machine gives no thread, and an error is still ours."""

    class NoThread:
        def __init__(self, **_: object) -> None:
            pass

        def start(self) -> None:
            message = "can't start new thread"
            raise RuntimeError(message)

    monkeypatch.setattr(
        worker_threads,
        "threading",
        SimpleNamespace(Lock=threading.Lock, Thread=NoThread),
    )

    def program() -> None:
        pulumi.export("plain", ucimage.get_docker_image("ucs").tag)
        pulumi.export("output", ucimage.get_docker_image_output("ucs").tag)
        pulumi.export("input", ucimage.get_docker_image_output(Push().bucket).tag)
        with pytest.raises(ucimage.NoMatchingTagError):
            ucimage.get_docker_image("ucs", tag="nope")

    assert "" == engine.run(program)
    assert dict.fromkeys(("plain", "output", "input"), "1.1.0") == engine.exports


def test_a_look_up_behind_one_that_hangs_ends_at_its_own_deadline(
    engine: Engine, configured: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for the other's listing any longer, and says what to do."""
    monkeypatch.setenv("UCIMAGE_TIMEOUT_SECONDS", "30")
    configured.fault("delay=30*1")

    def program() -> None:
        ucimage.get_docker_image_output("ucs").tag.recover(lambda _: "")
        os.environ["UCIMAGE_TIMEOUT_SECONDS"] = "0.2"
        pulumi.export("tag", ucimage.get_docker_image_output("ucs").tag)

    assert "did not answer in time" in engine.run(program)


# What a run leaves in the process.


def _plain_form() -> None:
    ucimage.get_docker_image("ucs")
    ucimage.get_docker_images("ucs")


def _output_form() -> None:
    pulumi.export("tag", ucimage.get_docker_image_output("ucs").tag)


def _output_form_that_takes_an_output() -> None:
    pulumi.export("tag", ucimage.get_docker_image_output(Push().bucket).tag)


def _output_form_that_fails() -> None:
    pulumi.export("tag", ucimage.get_docker_image_output("nope").tag)


def test_nothing_of_a_run_stays_alive(engine: Engine, configured: Emulator) -> None:
    """Its monitor, and all that it listed, is gone when the next one has begun."""
    monitors: list[weakref.ref[Any]] = []
    forms = (
        _plain_form,
        _output_form,
        _output_form_that_takes_an_output,
        _output_form_that_fails,
        lambda: None,
    )
    before = kept()
    for form in forms:

        def program(form: Callable[[], None] = form) -> None:
            monitors.append(weakref.ref(pulumi.runtime.settings.get_monitor()))
            form()

        engine.run(program)

    # Pulumi itself keeps the last one.
    assert before == kept()
    assert [None] * 4 == [monitor() for monitor in monitors[:-1]]


def kept() -> int:
    """How many listings and runs this process keeps, once its look-ups have ended."""
    for thread in threading.enumerate():
        if thread.name == worker_threads.THREAD_NAME:
            thread.join()
    gc.collect()
    kinds = (Listing, program_module._Run)  # noqa: SLF001
    return sum(isinstance(each, kinds) for each in gc.get_objects())
