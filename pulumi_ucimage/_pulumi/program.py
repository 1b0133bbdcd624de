"""The run of a Pulumi program: its engine, its event loop, and what its look-ups share.

Each use of a private part of Pulumi, here and elsewhere in this package and in `pin`,
names its reason, and what happens if a later version changes that part.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar, final
from weakref import WeakKeyDictionary

import pulumi
import pulumi.runtime

# Every generated SDK imports this one.
from pulumi.runtime.sync_await import _sync_await

from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._pulumi.stack_config import stack_config, warn_about_stack_config
from pulumi_ucimage._pulumi.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """The part of a program's main code that runs without waiting for anything else.

    Look-ups do not count. The event loop runs such a part in one piece. When the code
    waits, the loop runs other things: so a callback that the loop runs shows that it
    waited.
    """

    def __init__(self) -> None:
        self._began_s: float | None = None
        self._watches = 0

    def began_s(self) -> float:
        """When the piece of code that runs now began, on the clock of `time.monotonic`."""
        if self._began_s is None:
            self._began_s = time.monotonic()
        self.resume()
        return self._began_s

    def resume(self) -> None:
        """Watch again: the piece ends when the loop runs next."""
        # The handle of this call must not be kept: it refers to the run's monitor.
        asyncio.get_running_loop().call_soon(self._end, self._new_watch())

    def pause(self) -> None:
        """Let the loop run without ending the piece, until `resume` is called."""
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
"""For calls without an engine or in a thread that the user started."""
_lock = threading.Lock()
_threads = WorkerThreads(MAX_THREADS)


def _run() -> _Run | None:
    """The run that makes this call; None without an engine or outside its event loop."""
    monitor = pulumi.runtime.settings.get_monitor()
    if monitor is None:
        return None
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
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
    """The time after which a listing must begin to be usable for this call.

    For the program's main code that is when it last waited for something that is not a
    look-up. Every other call may have waited until now: it is within `apply`, or in a
    coroutine or a thread that the user started.
    """
    run = _run()
    if run is not None and _is_main_code():
        return run.main_code.began_s()
    return time.monotonic()


def _is_main_code() -> bool:
    """Whether the program's main code makes this call; there must be an event loop.

    Pulumi runs that code in the task of `run_in_stack`, and all else in other tasks, in
    callbacks or in threads. Without this, equal look-ups of a run could not share a
    listing. If Pulumi changes it, this is False: look-ups share less, and nothing
    else changes.
    """
    task = asyncio.current_task()
    code = getattr(task and task.get_coro(), "cr_code", None)
    main = getattr(pulumi.runtime, "run_in_stack", None)
    return code is not None and code is getattr(main, "__code__", None)


def wait_for(call: Callable[[], T]) -> T:
    """The result of a call that blocks, while the program's other work goes on."""
    run = _run()
    if run is None:
        return call()
    if not _is_main_code():
        return _sync_await(run_in_thread(call))
    run.main_code.pause()
    try:
        return _sync_await(run_in_thread(call))
    finally:
        run.main_code.resume()


def run_in_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """The result of a call that blocks, which runs in another thread if there is one."""
    return _threads.future(call, or_here=True)


def output_of(call: Callable[[], T]) -> pulumi.Output[T]:
    """The result of a call that blocks."""
    # Within `apply` there is a running event loop, which a caller may not have yet.
    return pulumi.Output.from_input("").apply(lambda _: run_in_thread(call))
