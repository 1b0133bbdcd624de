"""Work that is done once for all who ask for the same, and is no older than they may have.

Who waited for something, such as a push made by the same program, takes only what was begun
since. So those who come while work is under way make up a group, and one of them does
the next piece of work for all: a group commit, as databases have it.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_MAX_WAIT_S: Final = 0.5
"""A group waits no longer for the work before its own: that may be a slow one."""
_PAUSE_S: Final = 0.002
"""Time for others, who came at the same moment, to join a group."""
_PAUSES: Final = 10


@final
class _Work(Generic[T]):
    """One piece of work, from when somebody first asks for it.

    Attributes:
        waiters: how many wait for it.
        begun_s: when it began, on the clock of `time.monotonic`.
        ended: set once it succeeded or failed.
        results: the result; empty where it failed or is not there yet.
    """

    __slots__ = ("begun_s", "ended", "results", "waiters")

    def __init__(self) -> None:
        self.waiters = 1
        self.begun_s = math.inf
        self.ended = threading.Event()
        self.results: list[T] = []


@final
class ListingCache(Generic[T]):
    """The work of one run of a program, or of one process without runs.

    Args:
        keeps: whether results are kept for those who waited for nothing.
        max_wait_s: how long a group waits for the work before its own, in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        *,
        keeps: bool,
        max_wait_s: float = _MAX_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._keeps = keeps
        self._max_wait_s = max_wait_s
        self._sleep = sleep
        self._lock = threading.Lock()
        self._gathering: dict[Hashable, _Work[T]] = {}
        self._latest: dict[Hashable, _Work[T]] = {}

    def get(
        self, key: Hashable, do: Callable[[], T], *, not_before: float, remaining_s: float
    ) -> T:
        """The result of the work, done by this call or by another one.

        Args:
            key: what is asked for; equal keys are the same work.
            do: does it.
            not_before: from when on work that was begun will do, on the clock of
                `time.monotonic`; infinity where it must not have begun yet.
            remaining_s: how long to wait for another's work, in seconds.

        Raises:
            Exception: what `do` raises; another's failure is never passed on.
        """
        with self._lock:
            work = self._gathering.get(key)
            latest = self._latest.get(key)
            if work is None and latest and latest.begun_s >= not_before:
                work = latest
            if joins := work is not None:
                work.waiters += 1
            else:
                work = self._gathering[key] = _Work()
        if not joins:
            # Most of the time that there is must be left for the work itself.
            max_wait_s = min(self._max_wait_s, remaining_s / 4)
            return self._lead(key, work, do, max_wait_s if math.isinf(not_before) else 0.0)
        work.ended.wait(max(0.0, remaining_s))
        return work.results[0] if work.results else do()

    def waiters(self, key: Hashable) -> int:
        """How many ask for the newest work of that key that is known."""
        with self._lock:
            work = self._gathering.get(key) or self._latest.get(key)
            return work.waiters if work else 0

    def _lead(
        self, key: Hashable, work: _Work[T], do: Callable[[], T], max_wait_s: float
    ) -> T:
        try:
            if max_wait_s > 0:
                self._gather(key, work, max_wait_s)
            with self._lock:
                del self._gathering[key]
                self._latest[key] = work
                work.begun_s = time.monotonic()
            result = do()
            work.results.append(result)
            return result
        finally:
            with self._lock:
                if self._gathering.get(key) is work:
                    del self._gathering[key]
                done = work.results and self._keeps
                if not done and self._latest.get(key) is work:
                    del self._latest[key]
            work.ended.set()

    def _gather(self, key: Hashable, work: _Work[T], max_wait_s: float) -> None:
        """Let others join before the work begins."""
        with self._lock:
            before = self._latest.get(key)
        if before:
            before.ended.wait(max_wait_s)
        if threading.active_count() == 1:
            return
        for _ in range(_PAUSES):
            waiters = work.waiters
            self._sleep(_PAUSE_S)
            if work.waiters == waiters:
                return
