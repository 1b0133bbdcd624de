"""Pages are prefetched, a few at a time, in their order, and by one attempt each."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from records import page

from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage._ucloud.prefetch import PageRange, Prefetch
from pulumi_ucimage.errors import UcimageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi_ucimage._ucloud.responses import Page

RANGES = [PageRange(100, 99 * number) for number in range(1, 11)]


def page_of(wanted: PageRange) -> Page:
    """A page that differs from others."""
    return page([{"ImageName": f"{wanted.offset}"}], None)


def failure(retry: Retry) -> Failure:
    """A failed attempt."""
    return Failure(UcimageError("failed"), retry)


class Server:
    """Answers attempts, and keeps which there were."""

    def __init__(
        self, answer: Callable[[PageRange], Page | Failure | None] = lambda _: None
    ) -> None:
        self.calls: list[PageRange] = []
        self._answer = answer

    def __call__(self, wanted: PageRange) -> Page | Failure:
        self.calls.append(wanted)
        return self._answer(wanted) or page_of(wanted)


@contextmanager
def prefetching(
    attempt: Callable[[PageRange], Page | Failure], concurrency: int
) -> Iterator[Prefetch]:
    """Pages whose attempts have all ended after the block."""
    prefetch = Prefetch(attempt, concurrency)
    try:
        yield prefetch
    finally:
        prefetch.wait()


def test_pages_come_in_their_order() -> None:
    """Each page is read once, by its own attempt."""
    server = Server()

    with prefetching(server, 4) as prefetch:
        prefetch.start(RANGES)
        found = [prefetch.take(wanted) for wanted in RANGES]

    assert [page_of(wanted) for wanted in RANGES] == found
    assert RANGES == sorted(server.calls)


def test_four_pages_are_read_at_once() -> None:
    """Four attempts begin before one of them ends."""
    barrier = Barrier(4)

    def meet(_: PageRange) -> None:
        barrier.wait(60)

    with prefetching(Server(meet), 4) as prefetch:
        prefetch.start(RANGES[:4])
        for wanted in RANGES[:4]:
            prefetch.take(wanted)


class LazyExecutor(Executor):
    """Runs a call when its result is asked for, and counts those that have not ended."""

    def __init__(self) -> None:
        self.unfinished = 0
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        self.unfinished += 1
        self.most = max(self.most, self.unfinished)
        future: Future[Any] = Future()
        take_result = future.result

        def result(timeout: float | None = None) -> Any:
            if not future.done():
                self.unfinished -= 1
                future.set_result(fn(*args))
            return take_result(timeout)

        future.result = result  # type: ignore[method-assign]
        return future


def test_no_more_than_four_pages_are_read_at_once() -> None:
    """The page that the caller waits for is one of the four."""
    executor = LazyExecutor()
    prefetch = Prefetch(Server(), 4, executor)
    prefetch.start(RANGES)

    assert [page_of(each) for each in RANGES] == [prefetch.take(each) for each in RANGES]
    assert 4 == executor.most


def test_only_the_next_four_pages_are_prefetched() -> None:
    """Nothing more is read until a page is taken."""
    server = Server()
    with prefetching(server, 4) as prefetch:
        prefetch.start(RANGES)
        prefetch.take(RANGES[0])
    assert {*RANGES[:4]} <= {*server.calls} <= {*RANGES[:5]}


@pytest.mark.parametrize(
    ("concurrency", "expected"), [(1, RANGES), (4, RANGES[:1]), (4, [])]
)
def test_some_pages_are_not_prefetched(concurrency: int, expected: list[PageRange]) -> None:
    """With one page at a time, or one page left, the reader reads it itself."""
    server = Server()

    with prefetching(server, concurrency) as prefetch:
        prefetch.start(expected)

        assert prefetch.take(RANGES[0]) is None
    assert not server.calls


def test_pages_of_another_length_end_prefetching() -> None:
    """What was prefetched does not fit any more, and nothing else is read."""
    server = Server()
    with prefetching(server, 4) as prefetch:
        prefetch.start(RANGES)
        prefetch.take(RANGES[0])

        assert prefetch.take(PageRange(100, 42)) is None
        assert prefetch.take(RANGES[1]) is None
    assert {*server.calls} <= {*RANGES[:5]}


def test_a_failure_that_may_pass_is_the_readers_and_prefetching_goes_on() -> None:
    """The attempt's failure comes in its turn; it is not repeated here."""
    failed = failure(Retry.TRANSIENT)
    server = Server(lambda wanted: failed if wanted == RANGES[2] else None)

    with prefetching(server, 4) as prefetch:
        prefetch.start(RANGES)
        found = [prefetch.take(wanted) for wanted in RANGES]

    assert [failed if w == RANGES[2] else page_of(w) for w in RANGES] == found
    assert RANGES == sorted(server.calls)


def test_a_throttled_attempt_ends_prefetching() -> None:
    """After a 153 no attempt begins; those that run are still taken."""
    failed = failure(Retry.THROTTLED)
    server = Server(lambda wanted: failed if wanted == RANGES[0] else None)

    with prefetching(server, 4) as prefetch:
        prefetch.start(RANGES[:4])
        found = [prefetch.take(wanted) for wanted in RANGES[:4]]
        prefetch.start(RANGES[4:])

        assert prefetch.take(RANGES[4]) is None
        assert 1 == prefetch.concurrency
    assert failed == found[0]
    assert {*server.calls} <= {*RANGES[:4]}


@pytest.mark.parametrize("threads", [0, 1, 3, 6])
def test_without_threads_the_reader_reads_one_page_at_a_time(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that can start no more threads slows a listing, and does not end it."""
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def start_some(thread: threading.Thread) -> None:
        if len(started) == threads:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    server = Server()

    with prefetching(server, 4) as prefetch:
        prefetch.start(RANGES)
        found = [prefetch.take(wanted) for wanted in RANGES]

    expected = [page_of(wanted) for wanted in RANGES[:threads]]
    assert [*expected, *[None] * (10 - threads)] == found


def test_an_exception_is_raised_in_its_turn() -> None:
    """The pages before it are there; nothing goes on after it."""

    def fail(wanted: PageRange) -> None:
        if wanted == RANGES[2]:
            raise ValueError

    found: list[object] = []

    def read() -> None:
        with prefetching(Server(fail), 4) as prefetch:
            prefetch.start(RANGES)
            found.extend(prefetch.take(wanted) for wanted in RANGES)

    with pytest.raises(ValueError, match=r"^$"):
        read()

    assert [page_of(wanted) for wanted in RANGES[:2]] == found


def test_threads_do_not_keep_the_process_alive() -> None:
    """Python waits at its end for threads that are not daemons."""
    daemons = []

    def note(_: PageRange) -> None:
        daemons.append(threading.current_thread().daemon)

    with prefetching(Server(note), 4) as prefetch:
        prefetch.start(RANGES[:2])

    assert [True, True] == daemons
