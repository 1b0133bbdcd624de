"""Equal questions are one piece of work, and nobody gets what is too old for them."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock
from typing import TYPE_CHECKING

import pytest

from pulumi_ucimage._lookup.listing_cache import ListingCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """More threads than any test asks for."""
    with ThreadPoolExecutor(32) as executor:
        yield executor


class Work:
    """Work that goes on until it is let go; results are numbered by their beginning."""

    def __init__(self) -> None:
        self.begun = 0
        self.has_begun = Event()
        self.may_end = Event()

    def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        self.has_begun.set()
        assert self.may_end.wait(10)
        return number


def ask(
    shared: ListingCache[int],
    do: Callable[[], int],
    key: str = "a",
    *,
    not_before: float = 0,
) -> int:
    """Ask with enough time."""
    return shared.get(key, do, not_before=not_before, remaining_s=10)


def joined(shared: ListingCache[int], waiters: int, key: str = "a") -> None:
    """Go on once so many ask for the work that is under way or next."""
    while shared.waiters(key) < waiters:
        os.sched_yield()


def numbers(futures: list[Future[int]]) -> list[int]:
    """What they came to."""
    return [future.result(10) for future in futures]


def test_who_waited_for_nothing_takes_what_is_there() -> None:
    """Once done, work serves the whole run."""
    shared: ListingCache[int] = ListingCache(keeps=True)
    results = iter(range(100))

    assert [0, 0, 0] == [ask(shared, lambda: next(results)) for _ in range(3)]


def test_who_waited_does_not_take_what_is_there() -> None:
    """It is done anew, and those who waited for nothing have the newer one after that."""
    shared: ListingCache[int] = ListingCache(keeps=True)
    results = iter(range(100))

    first = ask(shared, lambda: next(results))
    second = ask(shared, lambda: next(results), not_before=math.inf)
    third = ask(shared, lambda: next(results))

    assert (0, 1, 1) == (first, second, third)


def test_nothing_is_kept_where_there_are_no_runs() -> None:
    """Without an engine, one after another each asks anew."""
    shared: ListingCache[int] = ListingCache(keeps=False)
    results = iter(range(100))

    assert [0, 1] == [
        ask(shared, lambda: next(results), not_before=math.inf) for _ in range(2)
    ]
    assert 2 == ask(shared, lambda: next(results))


def test_other_keys_are_other_work() -> None:
    """Nothing is shared between different questions."""
    shared: ListingCache[int] = ListingCache(keeps=True)
    results = iter(range(100))

    assert [0, 1] == [ask(shared, lambda: next(results), key) for key in "ab"]


def test_who_waited_for_nothing_joins_work_under_way(threads: ThreadPoolExecutor) -> None:
    """Nobody begins what somebody is about to finish."""
    shared: ListingCache[int] = ListingCache(keeps=True)
    work = Work()

    futures = [threads.submit(ask, shared, work)]
    assert work.has_begun.wait(10)
    futures += [threads.submit(ask, shared, work) for _ in range(7)]
    joined(shared, 8)
    work.may_end.set()

    assert [1] * 8 == numbers(futures)


def test_who_came_too_late_makes_up_a_group(threads: ThreadPoolExecutor) -> None:
    """Work that was begun before they came will not do; the next one does for all."""
    shared: ListingCache[int] = ListingCache(keeps=False, max_wait_s=10)
    work = Work()

    first = threads.submit(ask, shared, work, not_before=math.inf)
    assert work.has_begun.wait(10)
    late = [threads.submit(ask, shared, work, not_before=math.inf) for _ in range(8)]
    joined(shared, 8)
    assert 1 == work.begun
    work.may_end.set()

    assert 1 == first.result(10)
    assert [2] * 8 == numbers(late)


def test_a_group_does_not_wait_long_for_slow_work(threads: ThreadPoolExecutor) -> None:
    """After its patience it begins beside the work before; each gets its own result."""
    shared: ListingCache[int] = ListingCache(keeps=False, max_wait_s=0.001)
    slow, quick = Work(), Work()
    quick.may_end.set()

    first = threads.submit(ask, shared, slow, not_before=math.inf)
    assert slow.has_begun.wait(10)

    assert 1 == ask(shared, quick, not_before=math.inf)
    assert not first.done()
    slow.may_end.set()
    assert 1 == first.result(10)


def test_who_comes_at_the_same_moment_is_waited_for(threads: ThreadPoolExecutor) -> None:
    """While others join, a group does not begin."""
    at_once = 8
    barrier = Barrier(at_once)

    def pause(_seconds: float) -> None:
        joined(shared, at_once)

    shared: ListingCache[int] = ListingCache(keeps=False, sleep=pause)
    work = Work()
    work.may_end.set()

    def come() -> int:
        barrier.wait(10)
        return ask(shared, work, not_before=math.inf)

    assert [1] * at_once == numbers([threads.submit(come) for _ in range(at_once)])


def test_an_error_is_nobody_elses(threads: ThreadPoolExecutor) -> None:
    """Who joined work that failed does it for itself."""
    shared: ListingCache[int] = ListingCache(keeps=True)
    work = Work()

    def fail() -> int:
        work()
        raise ValueError

    failed = threads.submit(ask, shared, fail)
    assert work.has_begun.wait(10)
    other = threads.submit(ask, shared, lambda: 7)
    joined(shared, 2)
    work.may_end.set()

    assert isinstance(failed.exception(10), ValueError)
    assert 7 == other.result(10)


def test_after_an_error_it_is_done_anew() -> None:
    """An error is not kept, and neither is what was there before it."""
    shared: ListingCache[int] = ListingCache(keeps=True)

    def fail() -> int:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        ask(shared, fail)

    assert 1 == ask(shared, lambda: 1)


def test_nobody_waits_longer_than_there_is_time(threads: ThreadPoolExecutor) -> None:
    """When its own time is up, a call goes on by itself, and says so by its deadline."""
    shared: ListingCache[int] = ListingCache(keeps=True)
    work = Work()

    first = threads.submit(ask, shared, work)
    assert work.has_begun.wait(10)

    assert 9 == shared.get("a", lambda: 9, not_before=0, remaining_s=0.001)
    work.may_end.set()
    assert 1 == first.result(10)


def test_many_callers_each_see_what_was_there_when_they_came(
    threads: ThreadPoolExecutor,
) -> None:
    """Under any order of threads, no answer is older than its query."""
    shared: ListingCache[int] = ListingCache(keeps=True, sleep=lambda _: None)
    pushed, lock = [0], Lock()

    def look() -> int:
        return pushed[0]

    def push_and_ask(_: int) -> bool:
        with lock:
            pushed[0] += 1
            before = pushed[0]
        return ask(shared, look, not_before=math.inf) >= before

    assert all(threads.map(push_and_ask, range(2000)))
