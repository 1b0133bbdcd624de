"""The Pulumi program around a look-up: its engine, configuration, outputs and event loop.

Each use of a private part of Pulumi, here and in `stack_config`, `pin_inputs` and `pin`,
names its reason, and what happens if a later version changes that part.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, final
from weakref import WeakKeyDictionary

import pulumi
import pulumi.runtime

# Every generated SDK imports this one.
from pulumi.runtime.sync_await import _sync_await

from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._pulumi.stack_config import stack_config, warn_about_stack_config
from pulumi_ucimage._pulumi.worker_threads import WorkerThreads, future_of
from pulumi_ucimage.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pulumi_ucimage._ucloud.listing import Listing

T = TypeVar("T")

MAX_THREADS: Final = 64
"""How many look-ups of a process run at the same time; few wait for more than the API."""


# The run.


def is_mocked() -> bool:
    """Whether the program runs under `pulumi.runtime.set_mocks`."""
    # Loaded with pulumi itself, so this costs nothing.
    from pulumi.runtime.proto import resource_pb2_grpc  # noqa: PLC0415

    monitor = pulumi.runtime.settings.get_monitor()
    return monitor is not None and not isinstance(
        monitor, resource_pb2_grpc.ResourceMonitorStub
    )


def lookup_context(*, not_before: float) -> LookupContext:
    """What a look-up takes from this program; call it in the thread of the user's call.

    Args:
        not_before: a listing must have begun after this time of `time.monotonic`.
    """
    run = _run()
    context = run.context if run else _context(_concurrent)
    warn_about_stack_config()
    return replace(context, not_before=not_before)


@final
class _MainCode:
    """The main code of a program, as far as it has waited for nothing but look-ups.

    The event loop runs it in one piece. When it waits, the loop runs other things: so a
    callback that the loop runs shows that it waited.
    """

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._watches = 0

    def began_s(self) -> float:
        """When the piece of code that runs now began, on the clock of `time.monotonic`."""
        if self._began_s is None:
            self._began_s = time.monotonic()
        self.watch()
        return self._began_s

    def watch(self) -> None:
        """End the piece when the loop runs next."""
        # The handle of this call must not be kept: it refers to the run's monitor.
        asyncio.get_running_loop().call_soon(self._end, self._new_watch())

    def ignore(self) -> None:
        """Let the loop run without ending the piece, until `watch` is called."""
        self._new_watch()

    def _new_watch(self) -> int:
        self._watches += 1
        return self._watches

    def _end(self, watch: int) -> None:
        if watch == self._watches:
            self._began_s = None


@final
class _Run:
    """What the look-ups of one run of a program share.

    Nothing in it may keep the run's event loop or monitor alive: with the loop, all that
    the run listed is freed.
    """

    def __init__(self, monitor: object) -> None:
        self._monitor = weakref.ref(monitor)
        self.context = _context(ListingCache(keeps=True))
        self.main_code = _MainCode()

    def is_of(self, monitor: object) -> bool:
        """Whether this is the run of an engine's monitor."""
        return self._monitor() is monitor


_runs: WeakKeyDictionary[asyncio.AbstractEventLoop, _Run] = WeakKeyDictionary()
"""The latest run in each event loop; Pulumi itself keeps the last monitor for ever."""
_concurrent: ListingCache[Listing] = ListingCache(keeps=False)
"""For calls without an engine or in a thread of the user's."""
_lock = threading.Lock()
_threads = WorkerThreads(MAX_THREADS)


def _run() -> _Run | None:
    """The run that makes this call; None without an engine or outside its event loop."""
    monitor = pulumi.runtime.settings.get_monitor()
    if monitor is None or not _is_in_event_loop():
        return None
    loop = asyncio.get_running_loop()
    with _lock:
        run = _runs.get(loop)
        if run is None or not run.is_of(monitor):
            run = _runs[loop] = _Run(monitor)
    return run


def _context(listings: ListingCache[Listing]) -> LookupContext:
    return LookupContext(stack=stack_config(), log=pulumi.log, listings=listings)


def _forget_runs() -> None:
    """In a forked child the parent's threads do not run, and its locks stay locked."""
    global _lock, _threads, _concurrent  # noqa: PLW0603 - see the docstring
    _lock = threading.Lock()
    _threads = WorkerThreads(MAX_THREADS)
    _concurrent = ListingCache(keeps=False)
    _runs.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runs)


# Waiting.


def not_before() -> float:
    """The time after which a listing must begin to be good enough for a call made here.

    For the program's main code that is when it last waited for something that is not a
    look-up. Every other call may have waited until now: it is within `apply`, or in a
    coroutine or a thread of the user's.
    """
    run = _run()
    if run is not None and _is_main_code():
        return run.main_code.began_s()
    return time.monotonic()


def _is_main_code() -> bool:
    """Whether the program's main code makes this call; there must be an event loop.

    Pulumi runs that code in the task of `run_in_stack`, and all else in other tasks, in
    callbacks or in threads. Without this, equal look-ups of a run could not share a
    listing. If Pulumi changes it, this is False: look-ups share less, and that is all.
    """
    task = asyncio.current_task()
    code = getattr(task and task.get_coro(), "cr_code", None)
    main = getattr(pulumi.runtime, "run_in_stack", None)
    return code is not None and code is getattr(main, "__code__", None)


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def wait_for(call: Callable[[], T]) -> T:
    """The result of a call that blocks, while the program's other work goes on."""
    run = _run()
    if run is None:
        return call()
    if not _is_main_code():
        return _sync_await(run_in_thread(call))
    run.main_code.ignore()
    try:
        return _sync_await(run_in_thread(call))
    finally:
        run.main_code.watch()


def run_in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """The result of a call that blocks, which runs in another thread if there is one."""
    return future_of(call, _threads.run)


# Inputs.


def contains_input(value: object) -> bool:
    """Whether a value is or contains an Output, or something else to wait for."""
    if isinstance(value, dict):
        return any(map(contains_input, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(contains_input, value))
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


def has_dependencies(opts: pulumi.InvokeOptions | None) -> bool:
    """Whether `depends_on` names something to wait for."""
    depends_on = getattr(opts, "depends_on", None)
    return depends_on is not None and depends_on not in ([], ())


def output_of(call: Callable[[], T]) -> pulumi.Output[T]:
    """The result of a call that blocks."""
    return pulumi.Output.from_input("").apply(lambda _: run_in_thread(call))


def when_known(
    values: Mapping[str, Any], opts: pulumi.InvokeOptions | None
) -> pulumi.Output[dict[str, Any]]:
    """The values of inputs, when they and all that they depend on are ready.

    Unknown while a value is unknown, or while a resource does not exist yet that a value
    comes from or that `depends_on` names.
    """
    # An Output costs a dozen tasks, and most arguments are plain or not given.
    plain = {key: value for key, value in values.items() if not contains_input(value)}
    inputs = {key: value for key, value in values.items() if key not in plain}
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(inputs)
    depends_on = pulumi.Output.from_input(getattr(opts, "depends_on", None))

    async def ids() -> list[pulumi.Output[str]] | None:
        named = await depends_on.future() or []
        direct = {named} if isinstance(named, pulumi.Resource) else set(named)
        resources = direct | await depends_on.resources() | await known.resources()
        expanded = await _with_children(resources)
        # A resource that another program made has no id to wait for.
        return (
            None
            if expanded is None
            else [
                resource.id
                for resource in expanded
                if isinstance(resource, pulumi.CustomResource) and vars(resource).get("id")
            ]
        )

    def all_values(ready: list[Any]) -> dict[str, Any]:
        if ready[1] is None:
            message = (
                "depends_on names a component, whose children this version of Pulumi does"
                " not show: name the resources in it instead."
            )
            raise ArgumentError(message)
        return {**plain, **ready[0]}

    exist: pulumi.Output[Any] = pulumi.Output.from_input(ids())
    named = depends_on.apply(lambda _: None)
    return pulumi.Output.all(known, exist, named).apply(all_values)


async def _with_children(
    resources: Collection[pulumi.Resource],
) -> Collection[pulumi.Resource] | None:
    """Resources, with the children of components in place of the components.

    The contract promises that `depends_on` a component waits for its children, and Pulumi
    shows them to nothing but its own `invoke`. None if that changes and there are
    components: a look-up that does not wait for them would give an old answer.
    """
    expand = getattr(pulumi.runtime.rpc, "_expand_dependencies", None)
    if expand is not None:
        expanded: dict[str, pulumi.Resource] = await expand(resources, None)
        return expanded.values()
    components = any(isinstance(each, pulumi.ComponentResource) for each in resources)
    return None if components else resources
