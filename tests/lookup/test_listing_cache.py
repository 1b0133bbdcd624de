"""Equal questions share one load, and no caller gets a result that is too old for it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import TYPE_CHECKING

import pytest
from emulator_calls import until

from pulumi_ucimage._lookup.listing_cache import ListingCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

LONG_S = 20.0


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """More threads than any test asks for."""
    with ThreadPoolExecutor(64) as executor:
        yield executor


class Load:
    """A load that runs until it may end; its results are numbered as the loads begin."""

    def __init__(self) -> None:
        self.count = 0
        self.running = Event()
        self.may_end = Event()

    def __call__(self) -> int:
        self.count += 1
        number = self.count
        self.running.set()
        assert self.may_end.wait(LONG_S)
        return number


def get(
    cache: ListingCache[int],
    load: Callable[[], int],
    key: str = "a",
    *,
    not_before: float = 0,
) -> int:
    """Ask with enough time."""
    return cache.get(key, load, not_before=not_before, max_wait_s=LONG_S)


def get_from_now_on(cache: ListingCache[int], load: Callable[[], int]) -> int:
    """Ask for what is there from now on."""
    return get(cache, load, not_before=time.monotonic())


def results(futures: list[Future[int]]) -> list[int]:
    """What the callers got."""
    return [future.result(LONG_S) for future in futures]


def test_a_result_is_kept_for_callers_that_waited_for_nothing() -> None:
    """One load serves the whole run."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    numbers = iter(range(100))

    assert [0, 0, 0] == [get(cache, lambda: next(numbers)) for _ in range(3)]


def test_a_caller_that_waited_loads_again() -> None:
    """It does not get an older result; callers that waited for nothing get the new one."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    numbers = iter(range(100))

    first = get(cache, lambda: next(numbers))
    second = get_from_now_on(cache, lambda: next(numbers))
    third = get(cache, lambda: next(numbers))

    assert (0, 1, 1) == (first, second, third)


def test_a_cache_that_keeps_nothing_loads_for_each_caller_in_turn() -> None:
    """Without an engine, only callers at the same time share."""
    cache: ListingCache[int] = ListingCache(keeps=False)
    numbers = iter(range(100))

    assert [0, 1, 2] == [get(cache, lambda: next(numbers)) for _ in range(3)]


def test_other_keys_are_loaded_separately() -> None:
    """Different questions share nothing."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    numbers = iter(range(100))

    assert [0, 1] == [get(cache, lambda: next(numbers), key) for key in "ab"]


@pytest.mark.parametrize("keeps", [True, False])
def test_callers_join_a_load_that_runs(
    threads: ThreadPoolExecutor, listing_waits: list[Event], *, keeps: bool
) -> None:
    """A load that began late enough serves all who ask until it ends."""
    cache: ListingCache[int] = ListingCache(keeps=keeps)
    load = Load()
    start = time.monotonic()

    futures = [threads.submit(get, cache, load, not_before=start)]
    assert load.running.wait(LONG_S)
    futures += [threads.submit(get, cache, load, not_before=start) for _ in range(7)]
    until(lambda: len(listing_waits) >= 7)
    load.may_end.set()

    assert [1] * 8 == results(futures)


def test_callers_that_come_too_late_share_the_next_load(
    threads: ThreadPoolExecutor,
    listing_waits: list[Event],
) -> None:
    """They wait for the load that runs, and then one of them loads for all."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    load = Load()

    first = threads.submit(get, cache, load)
    assert load.running.wait(LONG_S)
    late = [threads.submit(get_from_now_on, cache, load) for _ in range(49)]
    until(lambda: len(listing_waits) >= 49)
    assert 1 == load.count
    load.may_end.set()

    assert 1 == first.result(LONG_S)
    assert [2] * 49 == results(late)


def test_a_caller_that_came_too_late_does_not_wait_for_long(
    threads: ThreadPoolExecutor,
) -> None:
    """After a quarter of its time it loads beside the older load, and each gets its own."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    slow = Load()
    first = threads.submit(get, cache, slow)
    assert slow.running.wait(LONG_S)

    now = time.monotonic()
    assert 9 == cache.get("a", lambda: 9, not_before=now, max_wait_s=0.01)
    assert not first.done()
    slow.may_end.set()

    assert 1 == first.result(LONG_S)
    assert 9 == get(cache, slow)


def test_an_error_is_not_shared(
    threads: ThreadPoolExecutor, listing_waits: list[Event]
) -> None:
    """A caller that joined a load that failed loads by itself."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    load = Load()

    def fail() -> int:
        load()
        raise ValueError

    failed = threads.submit(get, cache, fail)
    assert load.running.wait(LONG_S)
    other = threads.submit(get, cache, lambda: 7)
    until(lambda: len(listing_waits) >= 1)
    load.may_end.set()

    assert isinstance(failed.exception(LONG_S), ValueError)
    assert 7 == other.result(LONG_S)


def test_an_error_is_not_kept() -> None:
    """The next caller loads again, and so it does for a result of before the error."""
    cache: ListingCache[int] = ListingCache(keeps=True)

    def fail() -> int:
        raise ValueError

    assert 0 == get(cache, lambda: 0)
    with pytest.raises(ValueError, match=r"^$"):
        get_from_now_on(cache, fail)

    assert 1 == get(cache, lambda: 1)


def test_no_caller_waits_past_its_deadline(threads: ThreadPoolExecutor) -> None:
    """If a load never ends, the caller loads by itself, and others join that."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    dead = Load()

    first = threads.submit(get, cache, dead)
    assert dead.running.wait(LONG_S)

    assert 9 == cache.get("a", lambda: 9, not_before=0, max_wait_s=0.001)
    assert 9 == get(cache, dead)
    dead.may_end.set()
    assert 1 == first.result(LONG_S)


def test_no_result_is_older_than_its_question(threads: ThreadPoolExecutor) -> None:
    """In any order of threads, a caller sees what was there when it asked."""
    cache: ListingCache[int] = ListingCache(keeps=True)
    pushed, lock = [0], Lock()

    def push_and_ask(_: int) -> bool:
        with lock:
            pushed[0] += 1
            before = pushed[0]
        return get_from_now_on(cache, lambda: pushed[0]) >= before

    assert all(threads.map(push_and_ask, range(2000)))
