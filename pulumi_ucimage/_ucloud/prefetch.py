"""Pages that are read in threads before they are needed.

This changes when a page is read, never which pages make a listing: `listing` checks each
page in order.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Executor, Future
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, final

from pulumi_ucimage._http.retry import Failure, Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pulumi_ucimage._ucloud.responses import Page

MAX_CONCURRENCY: Final = 4
"""Pages of one listing that are read at the same time."""

T = TypeVar("T")


class PageRange(NamedTuple):
    """Which images a page is to have.

    Attributes:
        limit: at most this many.
        offset: images to skip.
    """

    limit: int
    offset: int


class _DaemonThreads(Executor):
    """A thread for each call. Unlike ThreadPoolExecutor, it does not delay Ctrl-C."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - for the thread that waits
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


@final
class Prefetch:
    """Reads pages ahead, with one attempt each; the caller retries failures.

    Args:
        attempt: reads one page.
        concurrency: at most this many pages are being read, or wait to be taken.
        executor: runs the attempts; by default daemon threads.
    """

    def __init__(
        self,
        attempt: Callable[[PageRange], Page | Failure],
        concurrency: int,
        executor: Executor | None = None,
    ) -> None:
        self.concurrency = concurrency
        self._attempt = attempt
        self._executor = executor or _DaemonThreads()
        self._expected: Iterator[PageRange] = iter(())
        self._prefetched: deque[tuple[PageRange, Future[Page | Failure]]] = deque()
        self._futures: list[Future[Page | Failure]] = []

    def start(self, ranges: Iterable[PageRange]) -> None:
        """Start to prefetch these pages, if there are at least two."""
        if self.concurrency == 1:
            return
        expected = iter(ranges)
        first = list(islice(expected, 2))
        if len(first) > 1:
            self._expected = expected
            self._read(first)
            self._fill()

    def take(self, page_range: PageRange) -> Page | Failure | None:
        """What the attempt at a page returned; None if it was not prefetched."""
        if not self._prefetched:
            return None
        prefetched_range, future = self._prefetched.popleft()
        if prefetched_range != page_range:
            # Pages are shorter than expected: what was prefetched does not fit.
            self._expected = iter(())
            self._prefetched.clear()
            return None
        outcome = future.result()
        self._fill()
        return outcome

    def wait(self) -> None:
        """Stop, and wait until every attempt has ended."""
        self.stop()
        for future in self._futures:
            with suppress(Exception):
                future.result()

    def stop(self) -> None:
        """Prefetch no further pages."""
        self.concurrency = 1
        self._expected = iter(())

    def _fill(self) -> None:
        self._read(islice(self._expected, max(0, self.concurrency - len(self._prefetched))))

    def _read(self, ranges: Iterable[PageRange]) -> None:
        for page_range in ranges:
            try:
                future = self._executor.submit(self._run, page_range)
            except RuntimeError:  # can't start new thread
                self.stop()
                return
            self._prefetched.append((page_range, future))
            self._futures.append(future)

    def _run(self, page_range: PageRange) -> Page | Failure:
        outcome = self._attempt(page_range)
        if isinstance(outcome, Failure) and outcome.retry is Retry.THROTTLED:
            self.stop()
        return outcome
