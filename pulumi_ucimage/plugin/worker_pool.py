"""A bounded pool of threads for calls that may take long, used from an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

THREAD_NAME: Final = "ucimage-call"

_Job: TypeAlias = "tuple[Callable[[], Any], asyncio.Future[Any]]"


class NoThreadError(Exception):
    """The machine gives this process no thread, and the pool has none yet."""


class CallCancelledError(Exception):
    """The call was cancelled before it had a result."""


@final
class WorkerPool:
    """Runs blocking calls on at most `max_threads` threads.

    Threads start when they are needed and are kept. If one more cannot be started, calls
    wait for those there are. All methods are for the event loop's own thread.

    Args:
        max_threads: how many calls run at the same time; the others wait their turn.
    """

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._threads = 0
        self._unfinished = 0
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._results: set[asyncio.Future[Any]] = set()

    async def run(self, call: Callable[[], T]) -> T:
        """The result of a blocking call.

        Raises:
            NoThreadError: the pool has no thread, and none can be started.
            CallCancelledError: `cancel` was called.
            Exception: what `call` raises.
        """
        if self._threads <= self._unfinished and self._threads < self._max_threads:
            self._start_thread()
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._results.add(result)
        self._unfinished += 1
        self._jobs.put((call, result))
        try:
            return await result
        finally:
            self._results.discard(result)

    def cancel(self) -> None:
        """Let every call that has no result yet fail now.

        What runs on a thread is not stopped: its result is dropped.
        """
        for result in self._results:
            if not result.done():
                result.set_exception(CallCancelledError())

    def _start_thread(self) -> None:
        try:
            # Daemons: the end of the process does not wait for a slow API.
            threading.Thread(target=self._work, name=THREAD_NAME, daemon=True).start()
        except (RuntimeError, MemoryError):
            if not self._threads:
                raise NoThreadError from None
        else:
            self._threads += 1

    def _work(self) -> None:
        while True:
            call, result = self._jobs.get()
            outcome: Any = None
            deliver = result.set_result
            if not result.done():
                try:
                    outcome = call()
                except BaseException as error:  # noqa: BLE001 - the caller gets it
                    outcome, deliver = error, result.set_exception
            # The loop is closed when the process ends while a call is running.
            with contextlib.suppress(RuntimeError):
                result.get_loop().call_soon_threadsafe(
                    self._finish, result, deliver, outcome
                )
            del call, result, deliver, outcome

    def _finish(
        self,
        result: asyncio.Future[Any],
        deliver: Callable[[Any], None],
        outcome: Any,
    ) -> None:
        self._unfinished -= 1
        if not result.done():
            deliver(outcome)
