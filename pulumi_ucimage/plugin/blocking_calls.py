"""Calls that block, awaited until they end or are cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, final

from pulumi_ucimage._pulumi.worker_threads import WorkerThreads

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

T = TypeVar("T")


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
        result = self._threads.future(call)
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
