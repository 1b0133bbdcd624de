"""A call that waited for something never uses a listing from before that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.sync_await import _sync_await

import pulumi_ucimage as ucimage
from program.run_programs import (
    Push,
    depends_on_a_component,
    depends_on_a_resource,
    export_tag,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor import Engine

    from pulumi_ucimage.emulator import Emulator


def _depends_on_an_output() -> None:
    opts = pulumi.InvokeOutputOptions(depends_on=pulumi.Output.from_input(Push()))
    export_tag(ucimage.get_docker_image_output("ucs", opts=opts))


def _depends_on_a_coroutine_that_names_nothing() -> None:
    pushed = Push()

    async def later() -> list[pulumi.Resource]:
        await pushed.urn.future()
        return []

    opts = pulumi.InvokeOutputOptions(depends_on=later())
    export_tag(ucimage.get_docker_image_output("ucs", opts=opts))


def _argument() -> None:
    export_tag(ucimage.get_docker_image_output(Push().bucket))


def _argument_whose_value_is_known() -> None:
    bucket = pulumi.Output.all("ucs", Push().urn).apply(lambda both: both[0])
    export_tag(ucimage.get_docker_image_output(bucket))


def _argument_that_was_known_before_the_call() -> None:
    pushed = Push()
    _sync_await(pushed.urn.future())
    export_tag(ucimage.get_docker_image_output(pushed.bucket))


def _argument_that_is_a_coroutine() -> None:
    pushed = Push()

    async def later() -> str:
        await pushed.urn.future()
        return "ucs"

    export_tag(ucimage.get_docker_image_output(later()))


def _argument_that_is_an_output_of_a_coroutine() -> None:
    pushed = Push()

    async def later() -> str:
        await pushed.urn.future()
        return "ucs"

    export_tag(ucimage.get_docker_image_output(pulumi.Output.from_input(later())))


def _argument_that_contains_a_coroutine() -> None:
    pushed = Push()

    async def later() -> str:
        await pushed.urn.future()
        return "none"

    export_tag(
        ucimage.get_docker_image_output("ucs", tag_regex=".*", floating_tags=[later()])
    )


def _argument_that_waits_within_apply() -> None:
    pushed = Push()

    async def later(bucket: str) -> str:
        await pushed.urn.future()
        return bucket

    bucket: pulumi.Output[Any] = pulumi.Output.from_input("ucs")
    bucket = bucket.apply(later)
    export_tag(ucimage.get_docker_image_output(bucket))


def _argument_that_recovered() -> None:
    def fail(_: str) -> str:
        raise ValueError

    bucket = Push().urn.apply(fail).recover(lambda _: "ucs")
    export_tag(ucimage.get_docker_image_output(bucket))


def _plain_within_apply() -> None:
    export_tag(Push().urn.apply(lambda _: ucimage.get_docker_image("ucs")))


def _output_within_apply() -> None:
    export_tag(Push().urn.apply(lambda _: ucimage.get_docker_image_output("ucs")))


def _thread_within_apply() -> None:
    export_tag(
        Push().urn.apply(lambda _: asyncio.to_thread(ucimage.get_docker_image, "ucs"))
    )


def _coroutine() -> None:
    pushed = Push()

    async def later() -> Any:
        await pushed.urn.future()
        return ucimage.get_docker_image("ucs")

    export_tag(pulumi.Output.from_input(later()).apply(lambda result: result))


def _coroutine_and_output_form() -> None:
    pushed = Push()

    async def later() -> Any:
        await pushed.urn.future()
        return await ucimage.get_docker_image_output("ucs").future()

    export_tag(pulumi.Output.from_input(later()))


def _asynchronous_program() -> None:
    pushed = Push()

    async def main() -> dict[str, Any]:
        await pushed.urn.future()
        return {"tag": ucimage.get_docker_image("ucs").tag}

    pulumi.run(main)


def _asynchronous_program_that_looks_up_first() -> None:
    async def main() -> dict[str, Any]:
        ucimage.get_docker_image("ucs")
        await Push().urn.future()
        return {"tag": ucimage.get_docker_image("ucs").tag}

    pulumi.run(main)


def _asynchronous_program_with_output_form() -> None:
    pushed = Push()

    async def main() -> dict[str, Any]:
        ucimage.get_docker_image_output("ucs")
        await pushed.urn.future()
        return {"tag": ucimage.get_docker_image_output("ucs").tag}

    pulumi.run(main)


def _main_code_that_waits_for_all_resources() -> None:
    Push()
    pulumi.runtime.register_resource_transform(lambda _: None)
    export_tag(ucimage.get_docker_image("ucs"))


def _main_code_that_calls_a_plain_function_of_another_package() -> None:
    pushed = Push()
    pulumi.runtime.invoke("test:index:other", {"urn": pushed.urn})
    export_tag(ucimage.get_docker_image_output("ucs"))


def _main_code_that_runs_the_event_loop() -> None:
    _sync_await(Push().urn.future())
    export_tag(ucimage.get_docker_image("ucs"))


def _task_that_runs_while_the_main_code_waits() -> None:
    pushed = Push()

    class Later:
        def __await__(self) -> Any:
            yield from pushed.urn.future().__await__()
            return ucimage.get_docker_image("ucs")

    task = asyncio.ensure_future(Later())
    _sync_await(asyncio.wait([task]))
    export_tag(pulumi.Output.from_input(task).apply(lambda result: result))


def _callback_that_runs_while_a_look_up_waits() -> None:
    pushed = Push()
    results: list[Any] = []

    async def later() -> None:
        await pushed.urn.future()
        results.append(ucimage.get_docker_image("ucs"))

    task = asyncio.ensure_future(later())
    while not task.done():
        ucimage.get_docker_images("ucs", project_id="org-2")
    export_tag(results[0])


WAITING = (
    depends_on_a_resource,
    _depends_on_an_output,
    depends_on_a_component,
    _depends_on_a_coroutine_that_names_nothing,
    _argument,
    _argument_whose_value_is_known,
    _argument_that_was_known_before_the_call,
    _argument_that_is_a_coroutine,
    _argument_that_is_an_output_of_a_coroutine,
    _argument_that_contains_a_coroutine,
    _argument_that_waits_within_apply,
    _argument_that_recovered,
    _plain_within_apply,
    _output_within_apply,
    _thread_within_apply,
    _coroutine,
    _coroutine_and_output_form,
    _asynchronous_program,
    _asynchronous_program_that_looks_up_first,
    _asynchronous_program_with_output_form,
    _main_code_that_waits_for_all_resources,
    _main_code_that_calls_a_plain_function_of_another_package,
    _main_code_that_runs_the_event_loop,
    _task_that_runs_while_the_main_code_waits,
    _callback_that_runs_while_a_look_up_waits,
)


@pytest.mark.parametrize("wait", WAITING)
def test_a_call_that_waited_does_not_use_an_older_listing(
    engine: Engine, configured: Emulator, wait: Callable[[], None]
) -> None:
    """A push by a resource of the program is seen by every call that waited for it."""
    engine.at_creation("pushed", lambda: configured.push("ucs", "helloworld", "2.0.0"))

    def program() -> None:
        before = ucimage.get_docker_image("ucs"), ucimage.get_docker_image_output("ucs")
        pulumi.export("before", [before[0].tag, before[1].tag])
        wait()

    assert "" == engine.run(program)
    assert {"tag": "2.0.0", "before": ["1.1.0", "1.1.0"]} == engine.exports


@pytest.mark.parametrize(
    "wait",
    [
        depends_on_a_resource,
        depends_on_a_component,
        _argument,
        _argument_whose_value_is_known,
    ],
)
def test_a_call_that_waits_is_unknown_in_a_preview(
    engine: Engine, configured: Emulator, wait: Callable[[], None]
) -> None:
    """What it waits for does not exist yet, so nothing is asked."""
    engine.has_ids = False

    assert "" == engine.run(wait, preview=True)
    assert not configured.requests
    assert UNKNOWN == engine.exports["tag"]
