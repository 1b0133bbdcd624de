"""A single-flight cache: callers that ask for the same share one load.

A caller says how old a load may be. One that waited for something, such as a push by the
same program, only takes a load that began after that.
"""

from __future__ import annotations

import time
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_OLDER_LOAD_SHARE: Final = 0.25
"""The part of its time that a caller spends on waiting for a load it cannot use."""


@final
class _Load(Generic[T]):
    """One load.

    Attributes:
        began_s: when it began, on the clock of `time.monotonic`.
        ended: set once it succeeded or failed.
        results: the result; empty if it failed or still runs.
    """

    __slots__ = ("began_s", "ended", "results")

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.ended = Event()
        self.results: list[T] = []


@final
class ListingCache(Generic[T]):
    """What callers of one run, or of one process, share.

    Args:
        keeps: whether a result is kept after its load; otherwise only callers that ask
            while the load runs share it.
    """

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._lock = Lock()
        self._latest: dict[Hashable, _Load[T]] = {}

    def get(
        self, key: Hashable, load: Callable[[], T], *, not_before: float, max_wait_s: float
    ) -> T:
        """The result of a load that began after `not_before`, by this or another caller.

        Callers that cannot use the load that runs wait for its end, so that one next load
        serves all of them; for that they use at most a quarter of `max_wait_s`.

        Args:
            key: what is asked for; equal keys share.
            load: does the work. Must end by itself: nothing stops it.
            not_before: the load must have begun after this time of `time.monotonic`.
            max_wait_s: how long to wait for other callers, in seconds; then this caller
                loads by itself, even if they are still loading.

        Raises:
            Exception: what `load` raises; the error of another caller is never raised.
        """
        give_up_s = time.monotonic() + max_wait_s
        older = self._running(key, not_before)
        if older is not None:
            older.ended.wait(max_wait_s * _OLDER_LOAD_SHARE)
        with self._lock:
            latest = self._latest.get(key)
            joins = latest is not None and latest.began_s > not_before
            if latest is None or not joins:
                latest = self._latest[key] = _Load()
        if joins:
            latest.ended.wait(max(0.0, give_up_s - time.monotonic()))
            if latest.results:
                return latest.results[0]
            with self._lock:
                latest = self._latest[key] = _Load()
        return self._run(key, latest, load)

    def _running(self, key: Hashable, not_before: float) -> _Load[T] | None:
        """A load that runs and began too early; None if there is none."""
        with self._lock:
            latest = self._latest.get(key)
        if latest is None or latest.began_s > not_before or latest.ended.is_set():
            return None
        return latest

    def _run(self, key: Hashable, running: _Load[T], load: Callable[[], T]) -> T:
        try:
            result = load()
            running.results.append(result)
            return result
        finally:
            with self._lock:
                kept = self._keeps and running.results
                if not kept and self._latest.get(key) is running:
                    del self._latest[key]
            running.ended.set()
