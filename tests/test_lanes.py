"""Calls of one lane are made one after another, and those of others beside them."""

from __future__ import annotations

import threading
from functools import partial
from threading import Barrier, Event

import pytest

from pulumi_ucimage._pulumi.lanes import Lanes

LONG_S = 20


class Calls:
    """Calls that tell where and when they were made."""

    def __init__(self) -> None:
        self.lanes = Lanes(head_start_s=0)
        self.made: list[tuple[int, int]] = []
        self.ended = Event()

    def run(self, numbers: range, *, lane: str = "a", failing: int = -1) -> None:
        """Make calls with these numbers behind one that waits for all to be there."""
        gate = Event()
        self.lanes.run(lane, lambda: gate.wait(LONG_S))
        for number in numbers:
            self.lanes.run(lane, partial(self._call, number, numbers, failing))
        gate.set()
        assert self.ended.wait(LONG_S)

    def _call(self, number: int, numbers: range, failing: int) -> bool:
        self.made.append((number, threading.get_ident()))
        if len(self.made) == len(numbers):
            self.ended.set()
        return number != failing


def test_a_lane_is_one_thread() -> None:
    """Calls are made in the order in which they came, all in the same thread."""
    calls = Calls()
    calls.run(range(20))

    assert list(range(20)) == [number for number, _ in calls.made]
    assert 1 == len({thread for _, thread in calls.made})


def test_lanes_do_not_wait_for_each_other() -> None:
    """Calls of two lanes can meet."""
    meeting, lanes = Barrier(3), Lanes(head_start_s=0)
    for lane in ("a", "b"):
        lanes.run(lane, lambda: meeting.wait(LONG_S) >= 0)

    meeting.wait(LONG_S)


def test_behind_a_failure_each_has_a_thread() -> None:
    """Where there is nothing to share, calls wait for nobody: they can all meet."""
    lanes, gate, meeting = Lanes(head_start_s=0), Event(), Barrier(4)
    lanes.run("a", lambda: not gate.wait(LONG_S))
    for _ in range(3):
        lanes.run("a", lambda: meeting.wait(LONG_S) >= 0)
    gate.set()

    meeting.wait(LONG_S)


@pytest.mark.parametrize("failing", [-1, 4])
def test_a_lane_that_has_ended_begins_anew(failing: int) -> None:
    """Whether its last call succeeded or failed."""
    calls = Calls()
    calls.run(range(5), failing=failing)
    calls.ended.clear()
    calls.made.clear()

    calls.run(range(5))

    assert list(range(5)) == [number for number, _ in calls.made]


def test_a_first_call_has_a_head_start() -> None:
    """Who begins a lane goes on when its call has ended, or some time has passed."""
    made: list[int] = []
    lanes = Lanes(head_start_s=LONG_S)

    lanes.run("a", partial(_made, made))

    assert [1] == made


def _made(made: list[int]) -> bool:
    made.append(1)
    return True
