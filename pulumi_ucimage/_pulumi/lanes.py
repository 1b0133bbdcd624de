"""Calls that will share their work, one after another in one thread.

A thread for each would cost more than what is left to do for it once the work is done.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    Call = Callable[[], bool]


_HEAD_START_S: Final = 0.003
"""Time to send a first request: while the program goes on, threads hardly get a turn."""


@final
class Lanes:
    """Threads by the work that calls share; each ends with the last call that it has.

    Args:
        head_start_s: how long who begins a lane waits for its first call, in seconds.
    """

    def __init__(self, head_start_s: float = _HEAD_START_S) -> None:
        self._head_start_s = head_start_s
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Call]] = {}

    def run(self, lane: Hashable, call: Call) -> None:
        """Make a call behind those in its lane, or at once where there are none.

        Args:
            lane: equal for calls that share their work.
            call: says whether it succeeded, and raises nothing. Behind one that failed
                there is nothing to share: those that wait then get threads of their own.
        """
        with self._lock:
            waiting = self._waiting.get(lane)
            if waiting is not None:
                waiting.append(call)
                return
            self._waiting[lane] = deque()
        ended = threading.Event()
        threading.Thread(target=self._run, args=(lane, call, ended), daemon=True).start()
        ended.wait(self._head_start_s)

    def _run(self, lane: Hashable, call: Call, ended: threading.Event) -> None:
        succeeded = call()
        ended.set()
        while succeeded and (following := self._next(lane)):
            succeeded = following()
        if succeeded:
            return
        with self._lock:
            left = self._waiting.pop(lane)
        for other in left:
            threading.Thread(target=other, daemon=True).start()

    def _next(self, lane: Hashable) -> Call | None:
        """The next call; where there is none, the lane has ended."""
        with self._lock:
            if self._waiting[lane]:
                return self._waiting[lane].popleft()
            del self._waiting[lane]
            return None
