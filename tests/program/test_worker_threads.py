"""Calls run in a bounded number of threads, and also if the machine gives none."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from threading import Barrier, Event

from pulumi_ucimage._pulumi.worker_threads import WorkerThreads

LONG_S = 20.0


class Call(Future[int]):
    """A call that waits until it may end; its result is the thread it ran in."""

    def __init__(self, may_end: Event) -> None:
        super().__init__()
        self.began = Event()
        self._may_end = may_end

    def __call__(self) -> None:
        self.began.set()
        assert self._may_end.wait(LONG_S)
        self.set_result(threading.get_ident())


def test_calls_run_at_the_same_time_up_to_the_limit() -> None:
    """Up to the limit, calls can wait for each other."""
    meeting, threads = Barrier(4), WorkerThreads(limit=3)
    for _ in range(3):
        threads.run(partial(meeting.wait, LONG_S))

    meeting.wait(LONG_S)


def test_more_calls_wait_for_a_thread() -> None:
    """A call above the limit begins when another one has ended, and all of them run."""
    may_end, threads = Event(), WorkerThreads(limit=2)
    calls = [Call(may_end) for _ in range(20)]
    for call in calls:
        threads.run(call)
    assert all(call.began.wait(LONG_S) for call in calls[:2])
    assert not any(call.began.is_set() for call in calls[2:])
    may_end.set()

    assert 2 >= len({call.result(LONG_S) for call in calls})


def test_threads_end_when_nothing_is_left() -> None:
    """No thread stays behind, and a later call gets one."""
    may_end, threads = Event(), WorkerThreads(limit=2)
    may_end.set()
    before = set(threading.enumerate())
    for _ in range(2):
        call = Call(may_end)
        threads.run(call)
        call.result(LONG_S)
        for thread in set(threading.enumerate()) - before:
            thread.join(LONG_S)
        assert before == set(threading.enumerate())


def test_without_a_thread_a_call_runs_in_the_callers() -> None:
    """Nothing is raised and nothing is left undone; the next call has a thread again."""
    may_end, threads = Event(), WorkerThreads(limit=2)
    may_end.set()
    here, there = Call(may_end), Call(may_end)
    usual = threading.stack_size(2**46)  # more than there is
    try:
        for _ in range(3):
            threads.run(here := Call(may_end))
            assert threading.get_ident() == here.result(0)
    finally:
        threading.stack_size(usual)
    threads.run(there)

    assert threading.get_ident() != there.result(LONG_S)


def test_without_one_more_thread_calls_wait_for_those_there_are() -> None:
    """A call is not run in the caller's thread while another thread will be free."""
    may_end, threads = Event(), WorkerThreads(limit=3)
    first, later = Call(may_end), [Call(may_end) for _ in range(5)]
    threads.run(first)
    usual = threading.stack_size(2**46)  # more than there is
    try:
        for call in later:
            assert threads.start(call)
        may_end.set()
        used = {call.result(LONG_S) for call in [first, *later]}
    finally:
        threading.stack_size(usual)

    assert 1 == len(used)
    assert threading.get_ident() not in used
