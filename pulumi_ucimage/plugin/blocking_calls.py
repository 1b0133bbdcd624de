"""Calls that block, run in threads and awaited on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, final

from pulumi_ucimage._pulumi.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class NoThreadError(Exception):
    """The machine gives this process no thread, and none runs."""


class CallCancelledError(Exception):
    """The call was cancelled before it had a result."""


@final
class BlockingCalls:
    """Runs calls that block; all methods are for the event loop's own thread.

    Args:
        limit: how many calls run at the same time; the others wait for their turn.
    """

    def __init__(self, limit: int) -> None:
        self._threads = WorkerThreads(limit)
        self._results: set[asyncio.Future[Any]] = set()

    async def run(self, call: Callable[[], T]) -> T:
        """The result of a call that blocks.

        Raises:
            NoThreadError: no thread runs, and none can be started.
            CallCancelledError: `cancel` was called.
            Exception: what the call raises.
        """
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()

        def settle(set_outcome: Callable[[], None]) -> None:
            if not result.done():
                set_outcome()

        def run() -> None:
            # Cancelled while it waited for its turn.
            if result.done():
                return
            try:
                set_outcome = partial(result.set_result, call())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                set_outcome = partial(result.set_exception, error)
            # The loop is closed if the process ends meanwhile.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, set_outcome)

        if not self._threads.start(run):
            raise NoThreadError
        self._results.add(result)
        try:
            return await result
        finally:
            self._results.discard(result)

    def cancel(self) -> None:
        """Let every call without a result fail now.

        What runs in a thread is not stopped: its result is dropped.
        """
        for result in self._results:
            if not result.done():
                result.set_exception(CallCancelledError())
