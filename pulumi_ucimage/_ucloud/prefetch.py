"""Pages that are read in threads before they are needed.

This changes when a page is read, never which pages make a listing: `listing` judges them
one by one, in their order.
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

    from typing_extensions import Self

    from pulumi_ucimage._ucloud.responses import Page

AT_ONCE: Final = 4
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
    """A thread for each call. Unlike ThreadPoolExecutor, Ctrl-C waits for none of them."""

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
    """Reads pages ahead, each by a single attempt; a failure is for the reader to retry.

    Args:
        attempt: reads one page.
        at_once: at most this many are being read, or wait to be taken.
        executor: runs the attempts; by default daemon threads.
    """

    def __init__(
        self,
        attempt: Callable[[PageRange], Page | Failure],
        at_once: int,
        executor: Executor | None = None,
    ) -> None:
        self.at_once = at_once
        self._attempt = attempt
        self._executor = executor or _DaemonThreads()
        self._expected: Iterator[PageRange] = iter(())
        self._ahead: deque[tuple[PageRange, Future[Page | Failure]]] = deque()
        self._futures: list[Future[Page | Failure]] = []

    def start(self, ranges: Iterable[PageRange]) -> None:
        """Begin to read these, if they are more than one."""
        if self.at_once == 1:
            return
        expected = iter(ranges)
        first = list(islice(expected, 2))
        if len(first) > 1:
            self._expected = expected
            self._read(first)
            self._fill()

    def take(self, page_range: PageRange) -> Page | Failure | None:
        """What the attempt at a page returned; None if this page was not read ahead."""
        if not self._ahead:
            return None
        expected, future = self._ahead.popleft()
        if expected != page_range:
            # Pages are shorter than expected: what was read ahead does not fit.
            self._expected = iter(())
            self._ahead.clear()
            return None
        self._fill()
        return future.result()

    def one_at_a_time(self) -> None:
        """Read no further pages ahead."""
        self.at_once = 1
        self._expected = iter(())

    def _fill(self) -> None:
        self._read(islice(self._expected, max(0, self.at_once - len(self._ahead))))

    def _read(self, ranges: Iterable[PageRange]) -> None:
        for page_range in ranges:
            try:
                future = self._executor.submit(self._run, page_range)
            except RuntimeError:  # can't start new thread
                self.one_at_a_time()
                return
            self._ahead.append((page_range, future))
            self._futures.append(future)

    def _run(self, page_range: PageRange) -> Page | Failure:
        outcome = self._attempt(page_range)
        if isinstance(outcome, Failure) and outcome.retry is Retry.THROTTLED:
            self.one_at_a_time()
        return outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until every attempt has ended, except on Ctrl-C."""
        self.one_at_a_time()
        if kind is None or issubclass(kind, Exception):
            for future in self._futures:
                with suppress(Exception):
                    future.result()
