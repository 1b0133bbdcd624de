"""Calls that block, in a bounded number of threads, awaited on an event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable

    Call: TypeAlias = Callable[[], object]

T = TypeVar("T")

THREAD_NAME: Final = "ucimage-look-up"


class NoThreadError(Exception):
    """The machine gives this process no thread, and none runs."""


@final
class WorkerThreads:
    """Runs calls in threads, at most `limit` at a time; the others wait for their turn.

    A thread ends when no call is left. The end of the process waits for none of them.

    Args:
        limit: how many threads there may be; at least 2.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._threads = 0
        self._waiting: deque[Call] = deque()

    def future(self, call: Callable[[], T], *, or_here: bool = False) -> asyncio.Future[T]:
        """The result of a call that blocks, on the running event loop.

        Not run in one of Pulumi's own threads: they are few, and Pulumi needs them.

        Args:
            call: runs with the context variables of this caller: Pulumi keeps its
                settings there. It is not run if the future is done before its turn.
            or_here: whether to run it here and now if the machine gives no thread.

        Raises:
            NoThreadError: no thread runs, and the machine gives none.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(set_outcome: Callable[[], None]) -> None:
            if not future.done():
                set_outcome()

        def run() -> None:
            if future.done():
                return
            try:
                set_outcome = partial(future.set_result, call())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                set_outcome = partial(future.set_exception, error)
            # The loop is closed if the program or the plugin ended meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, set_outcome)

        in_context = partial(contextvars.copy_context().run, run)
        if or_here:
            self.run(in_context)
        elif not self.start(in_context):
            raise NoThreadError
        return future

    def run(self, call: Call) -> None:
        """Run a call in a thread, or here and now if the machine gives no thread.

        Args:
            call: must not raise anything.
        """
        if not self.start(call):
            call()

    def start(self, call: Call) -> bool:
        """Run a call in a thread, or when a running one is free.

        Args:
            call: must not raise anything.

        Returns:
            False if no thread runs and the machine gives none; the call is then not run.
        """
        with self._lock:
            if self._threads < self._limit:
                try:
                    self._start_thread(call)
                except (RuntimeError, MemoryError):
                    if not self._threads:
                        return False
                else:
                    self._threads += 1
                    return True
            self._waiting.append(call)
            return True

    def _start_thread(self, call: Call) -> None:
        threading.Thread(
            target=self._work, args=(call,), name=THREAD_NAME, daemon=True
        ).start()

    def _work(self, call: Call | None) -> None:
        while call is not None:
            call()
            with self._lock:
                call = self._waiting.popleft() if self._waiting else None
                if call is None:
                    self._threads -= 1
