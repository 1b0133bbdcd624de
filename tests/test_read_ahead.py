"""Pages are asked for before their turn, a few at once, and never more of them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, active_count
from typing import TYPE_CHECKING

import pytest
from records import page

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._ucloud.concurrency import Concurrency, StoppedError
from pulumi_ucimage._ucloud.prefetch import PageRange, Prefetch

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._ucloud.responses import Page

DEADLINE = Deadline.after(3600, Clock())
SPANS = [PageRange(100, 99 * number) for number in range(1, 11)]


def page_of(span: PageRange) -> Page:
    """A page that can be told from others."""
    return page([{"ImageName": f"{span.offset}"}], None)


class Server:
    """Answers calls, and keeps how many there were at once."""

    def __init__(self, meet: Callable[[PageRange], object] = lambda _: None) -> None:
        self.calls: list[PageRange] = []
        self._meet = meet

    def __call__(self, span: PageRange) -> Page:
        self.calls.append(span)
        self._meet(span)
        return page_of(span)


def test_pages_come_in_their_order() -> None:
    """Each as if it was asked for by itself, and each once."""
    server = Server()

    with Prefetch(server, Concurrency(), 4) as pages:
        pages.expect(SPANS)
        found = [pages.page(span) for span in SPANS]

    assert [page_of(span) for span in SPANS] == found
    assert SPANS == sorted(server.calls)


def test_four_calls_are_under_way_at_once() -> None:
    """All of the first four must have begun before one of them ends."""
    barrier = Barrier(4)

    with Prefetch(Server(lambda _: barrier.wait(10)), Concurrency(), 4) as pages:
        pages.expect(SPANS[:4])
        for span in SPANS[:4]:
            pages.page(span)


def test_no_more_is_asked_for_than_a_few_pages() -> None:
    """Until a page is taken, nothing but the next four is asked for."""
    server = Server()
    with Prefetch(server, Concurrency(), 4) as pages:
        pages.expect(SPANS)
        pages.page(SPANS[0])
    assert {*SPANS[:4]} <= {*server.calls} <= {*SPANS[:5]}


@pytest.mark.parametrize(("at_once", "expected"), [(1, SPANS), (4, SPANS[:1]), (4, [])])
def test_one_page_is_not_read_ahead(at_once: int, expected: list[PageRange]) -> None:
    """In turn, or where there is one page to come, nothing is asked for before its turn."""
    server = Server()

    with Prefetch(server, Concurrency(), at_once) as pages:
        pages.expect(expected)
        assert not server.calls
        pages.page(SPANS[0])

    assert SPANS[:1] == server.calls


def test_what_was_not_expected_is_asked_for_by_itself() -> None:
    """Where pages are of another length, what was read ahead is thrown away."""
    other = PageRange(100, 42)

    with Prefetch(Server(), Concurrency(), 4) as pages:
        pages.expect(SPANS)
        pages.page(SPANS[0])

        assert page_of(other) == pages.page(other)
        assert page_of(SPANS[1]) == pages.page(SPANS[1])


def test_an_error_comes_in_its_turn() -> None:
    """The pages before it are had; with it, nothing goes on."""

    def fail(span: PageRange) -> None:
        if span == SPANS[2]:
            raise ValueError

    before = active_count()
    found: list[Page] = []

    def read() -> None:
        with Prefetch(Server(fail), Concurrency(), 4) as pages:
            pages.expect(SPANS)
            found.extend(pages.page(span) for span in SPANS)

    with pytest.raises(ValueError, match=r"^$"):
        read()

    assert [page_of(span) for span in SPANS[:2]] == found

    while active_count() > before:  # they have answered, and end
        os.sched_yield()


def test_who_stops_at_once_waits_for_nothing() -> None:
    """A user's Ctrl-C does not wait for calls that hang."""
    let_go = Event()

    def read() -> None:
        with Prefetch(Server(lambda _: let_go.wait(10)), Concurrency(), 4) as pages:
            pages.expect(SPANS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read()

    assert not let_go.is_set()
    let_go.set()


def test_after_a_refusal_one_call_is_under_way() -> None:
    """Once the API has said that it is asked too often, calls wait for each other."""
    pace = Concurrency(4)
    under_way: list[int] = []
    most = []

    def call(_: int) -> None:
        with pace.turn(DEADLINE):
            under_way.append(1)
            most.append(len(under_way))
            os.sched_yield()
            under_way.pop()

    pace.slow_down()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call, range(200)))

    assert {1} == {*most}


def test_a_pace_lets_so_many_in() -> None:
    """Four may be inside together, and no fifth."""
    pace, barrier, inside = Concurrency(4), Barrier(4), [0]
    let_go = Event()

    def call(_: int) -> None:
        with pace.turn(DEADLINE):
            inside[0] += 1
            barrier.wait(10)
            assert let_go.wait(10)

    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(call, number) for number in range(8)]
        while barrier.n_waiting or inside[0] < 4:
            os.sched_yield()
        assert 4 == inside[0]
        let_go.set()
        for future in futures:
            future.result(10)


def test_nobody_waits_for_a_turn_past_the_deadline() -> None:
    """What is late goes on, for the call itself to say so."""
    pace = Concurrency(1)
    late = Deadline.after(0, Clock())

    with pace.turn(DEADLINE), pace.turn(late):
        pass


def test_a_stopped_pace_lets_nothing_in() -> None:
    """Tries that were to follow are not made."""
    pace = Concurrency(4)
    pace.stop()

    with pytest.raises(StoppedError), pace.turn(DEADLINE):
        pass
