"""A bounded number of threads for calls that block."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias, final

if TYPE_CHECKING:
    from collections.abc import Callable

    Call: TypeAlias = Callable[[], object]

THREAD_NAME: Final = "ucimage-look-up"


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
