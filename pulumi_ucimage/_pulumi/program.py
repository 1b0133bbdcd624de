"""The Pulumi program around a look-up: its engine, configuration, outputs and event loop.

All that leans on Pulumi's inner parts stands here; each such part is one that generated
SDKs lean on too, or is named with its reason.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import math
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary

import pulumi
import pulumi.runtime

# What `depends_on` means for a component: its children. Pulumi's own invoke uses it.
from pulumi.runtime.rpc import _expand_dependencies

# Every generated SDK imports this one.
from pulumi.runtime.sync_await import _sync_await

from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._pulumi.lanes import Lanes
from pulumi_ucimage._pulumi.stack_config import stack_config, warn_about_stack_config

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping
    from types import FrameType

    from pulumi_ucimage._ucloud.listing import Listing

T = TypeVar("T")

_RUNNER: Final = pulumi.runtime.run_in_stack.__code__.co_filename
"""The file with the coroutines that run a program's text."""

_LOOP_STEP: Final = asyncio.events.Handle._run.__code__  # noqa: SLF001
_ANY_COROUTINE: Final = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE

_by_run: WeakKeyDictionary[Any, LookupContext] = WeakKeyDictionary()
"""What holds for a run, by its monitor: its configuration, and the listings it shares."""
_without_engine: ListingCache[Listing] = ListingCache(keeps=False)
_lock = threading.Lock()
_lanes = Lanes()


def is_mocked() -> bool:
    """Whether the program runs under `pulumi.runtime.set_mocks`."""
    # Loaded with pulumi itself, so this costs nothing.
    from pulumi.runtime.proto import resource_pb2_grpc  # noqa: PLC0415

    monitor = pulumi.runtime.settings.get_monitor()
    return monitor is not None and not isinstance(
        monitor, resource_pb2_grpc.ResourceMonitorStub
    )


def lookup_context(*, not_before: float) -> LookupContext:
    """What a look-up takes from this program; to be asked for on the thread that asks.

    Args:
        not_before: from when on a listing that was begun will do.
    """
    run = pulumi.runtime.settings.get_monitor()
    if run is None:
        return _lookup_context(_without_engine)
    with _lock:
        context = _by_run.get(run)
        if context is None:
            context = _by_run[run] = _lookup_context(ListingCache(keeps=True))
            warn_about_stack_config()
    return replace(context, not_before=not_before, asked_s=context.clock.monotonic())


def _lookup_context(shared: ListingCache[Listing]) -> LookupContext:
    return LookupContext(stack=stack_config(), log=pulumi.log, shared=shared)


def _forget_runs() -> None:
    """In a forked child the parent's listings will never end."""
    global _lanes, _lock, _without_engine  # noqa: PLW0603 - see `clients`
    _lock = threading.Lock()
    _lanes = Lanes()
    _without_engine = ListingCache(keeps=False)
    _by_run.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runs)


class _Stretch:
    """A part of a program's text in which the event loop ran for look-ups alone.

    In it the program has waited for nothing else, as plain functions of other packages do.

    Attributes:
        not_before: when it began, on the clock of `time.monotonic`.
        ended: whether the loop has run since for somebody else.
    """

    __slots__ = ("_sentinel", "ended", "not_before")

    def __init__(self) -> None:
        self.not_before = time.monotonic()
        self.ended = False
        self._sentinel: asyncio.Handle | None = None

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """End when the loop runs next."""
        self.let_run()
        self._sentinel = loop.call_soon(self._end)

    def let_run(self) -> None:
        """Go on while the loop runs, until `watch`."""
        if self._sentinel:
            self._sentinel.cancel()

    def _end(self) -> None:
        self.ended = True


_stretches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Stretch] = WeakKeyDictionary()


def not_before() -> float:
    """From when on a listing that was begun will do for a call that is made here and now.

    Infinity, which means from now on, where the call may come after a wait: within
    `apply`, in a coroutine of the user's, in a thread.
    """
    stretch = _stretch()
    if stretch is None:
        return math.inf
    stretch.watch(asyncio.get_running_loop())
    return stretch.not_before


def _stretch() -> _Stretch | None:
    """The stretch of the program's text that makes this call; None elsewhere."""
    if not is_in_main_text():
        return None
    loop = asyncio.get_running_loop()
    stretch = _stretches.get(loop)
    if stretch is None or stretch.ended:
        stretch = _stretches[loop] = _Stretch()
    return stretch


def is_in_main_text() -> bool:
    """Whether the program's own text makes this call, outside of any coroutine of its own.

    That text is run in one go by a coroutine of Pulumi's. What the event loop runs in
    between, while that text waits for a look-up, has a step of the loop before it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect has no cheaper way
    while frame is not None and not (
        frame.f_code is _LOOP_STEP or frame.f_code.co_flags & _ANY_COROUTINE
    ):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename == _RUNNER


def in_thread(ask: Callable[[], T], lane: Hashable = None) -> Awaitable[T]:
    """The result of a blocking call, made in another thread.

    Not in one of Pulumi's own: they are few, and calls that wait for an equal one would
    take them all.

    Args:
        ask: the call.
        lane: equal for calls of one run that will share their listing and may be made
            one after another; None for a thread of its own.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[Any], None], what: object) -> None:
        if not future.done():
            how(what)

    def run() -> bool:
        try:
            outcome: tuple[Callable[[Any], None], object] = future.set_result, ask()
        except BaseException as error:  # noqa: BLE001 - it is the waiting task's
            outcome = future.set_exception, error
        # The program may have ended meanwhile, by another error.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, *outcome)
        return outcome[0] == future.set_result

    # Pulumi keeps its settings in context variables.
    context = contextvars.copy_context()
    if lane is None:
        threading.Thread(target=context.run, args=(run,), daemon=True).start()
    else:
        run_of = pulumi.runtime.settings.get_monitor()
        _lanes.run((run_of, lane), lambda: context.run(run))
    return future


def wait_for(ask: Callable[[], T]) -> T:
    """The result of a blocking call, while the program's other work goes on."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ask()
    if pulumi.runtime.settings.get_monitor() is None:
        return ask()
    stretch = _stretch()
    if stretch is None:
        return _sync_await(in_thread(ask))
    stretch.let_run()
    try:
        return _sync_await(in_thread(ask))
    finally:
        stretch.watch(asyncio.get_running_loop())


def is_plain(values: Mapping[str, Any], opts: pulumi.InvokeOptions | None) -> bool:
    """Whether there is nothing among inputs and `depends_on` to wait for."""
    return getattr(opts, "depends_on", None) is None and all(
        map(_is_plain, values.values())
    )


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int))


def may_wait(values: Mapping[str, Any], opts: pulumi.InvokeOptions | None) -> bool:
    """Whether inputs or `depends_on` may have to be waited for, or have been already.

    All but constants may: an Output that came of a coroutine names no resource.
    """
    depends_on = getattr(opts, "depends_on", None)
    nothing = depends_on is None or (isinstance(depends_on, list) and not depends_on)
    return not (nothing and all(map(_is_constant, values.values())))


def _is_constant(value: object) -> bool:
    """Whether an input was there from the beginning."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_constant, value))
    if not isinstance(value, pulumi.Output):
        return not inspect.isawaitable(value)
    # `Output.from_input` of a value is such a future; every other Output is a task.
    data = vars(value).get("_data")
    return isinstance(data, asyncio.Future) and not isinstance(data, asyncio.Task)


def output_of(ask: Callable[[], T], lane: Hashable) -> pulumi.Output[T]:
    """The result of a blocking call that waits for nothing, and so begins at once.

    Args:
        ask: the call.
        lane: as `in_thread` has it.
    """
    try:
        result = in_thread(ask, lane)
    except RuntimeError:  # no event loop runs yet
        return pulumi.Output.from_input("").apply(lambda _: in_thread(ask))
    is_known = asyncio.get_running_loop().create_future()
    is_known.set_result(True)
    return pulumi.Output(set(), result, is_known)


def when_known(
    values: Mapping[str, Any], opts: pulumi.InvokeOptions | None
) -> pulumi.Output[dict[str, Any]]:
    """The values of inputs, once they and all that they depend on are there.

    Unknown while a value is unknown, or a resource is not there yet that a value comes
    from or that `depends_on` names.
    """
    # An Output costs a dozen tasks, and most arguments are plain or not there.
    plain = {key: value for key, value in values.items() if _is_plain(value)}
    inputs = {key: value for key, value in values.items() if key not in plain}
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(inputs)
    depends_on = pulumi.Output.from_input(getattr(opts, "depends_on", None))

    async def ids() -> list[pulumi.Output[str]]:
        named = await depends_on.future() or []
        direct = {named} if isinstance(named, pulumi.Resource) else set(named)
        resources = direct | await depends_on.resources() | await known.resources()
        expanded = await _expand_dependencies(resources, None)
        # A resource that another program made has no id to wait for.
        return [
            resource.id
            for resource in expanded.values()
            if isinstance(resource, pulumi.CustomResource) and vars(resource).get("id")
        ]

    awaited: Awaitable[Any] = ids()
    there: pulumi.Output[Any] = pulumi.Output.from_input(awaited)
    named = depends_on.apply(lambda _: None)
    return pulumi.Output.all(known, there, named).apply(
        lambda all_known: {**plain, **all_known[0]}
    )
