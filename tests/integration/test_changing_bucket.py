"""A model of a bucket that changes while it is listed: a listing is complete or an error.

The API is the emulator. In front of it is a server that changes the bucket just before
it passes on a call, so that images come and go between the pages of one listing.
"""

from __future__ import annotations

import http.client
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from calling import BUCKET, PRIVATE_KEY, PUBLIC_KEY, Caller
from faults import FaultServer, answer
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._ucloud.listing import list_images
from pulumi_ucimage.emulator import Emulator
from pulumi_ucimage.errors import ResponseError

if TYPE_CHECKING:
    from faults import Request

NUMBERS = st.integers(0, 30)
CHANGES = st.lists(
    st.tuples(st.integers(2, 7), st.sampled_from(["push", "delete", "rename"]), NUMBERS),
    min_size=1,
    max_size=5,
)


class ChangingBucket(RuleBasedStateMachine):
    """Pushes, deletions and renames, before and between the pages of listings."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        keys = [{"PublicKey": PUBLIC_KEY, "PrivateKey": PRIVATE_KEY}]
        bucket = {"Region": BUCKET.region, "BucketName": BUCKET.name, "ImageSet": []}
        self.emulator = self.open.enter_context(
            Emulator(data={"Keys": keys, "Buckets": [bucket]})
        )
        self.address = self.emulator.url.removeprefix("http://").rstrip("/")
        self.server = self.open.enter_context(FaultServer(self.pass_on))
        self.caller = self.open.enter_context(Caller(self.server.url))
        self.lock = threading.Lock()
        self.names: set[str] = set()
        self.pushed = 0
        self.calls = 0
        self.to_come: list[tuple[int, str, int]] = []
        self.states: list[frozenset[str]] = []

    def teardown(self) -> None:
        self.open.close()

    def pass_on(self, request: Request) -> bytes:
        """Make the planned change, and return the emulator's response."""
        with self.lock:
            self.calls += 1
            for call, kind, number in self.to_come:
                if call == self.calls:
                    self.change(kind, number)
            self.states.append(frozenset(self.names))
            connection = http.client.HTTPConnection(self.address)
            try:
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", "/", request.body, form)
                return answer(connection.getresponse().read())
            finally:
                connection.close()

    def change(self, kind: str, number: int) -> None:
        """Push an image, delete one, or replace one."""
        if kind != "push" and self.names:
            name = sorted(self.names)[number % len(self.names)]
            self.names.remove(name)
            self.emulator.delete(BUCKET.name, name)
        if kind != "delete":
            self.pushed += 1
            name = f"r.io/app{number}-{self.pushed}"
            self.names.add(name)
            self.emulator.push(BUCKET.name, name, "1", region=BUCKET.region)

    @initialize(count=st.integers(6, 16), cap=st.integers(2, 5))
    def fill(self, count: int, cap: int) -> None:
        """Begin with several pages of images."""
        for number in range(count):
            self.change("push", number)
        self.cap_pages(cap)

    @rule(kind=st.sampled_from(["push", "delete", "rename"]), number=NUMBERS)
    def change_it(self, kind: str, number: int) -> None:
        """Change the bucket between listings."""
        self.change(kind, number)

    @rule(cap=st.integers(2, 6))
    def cap_pages(self, cap: int) -> None:
        """Limit the length of pages from now on."""
        self.emulator.clear_faults()
        self.emulator.fault(f"cap={cap}*100000")

    @rule(changes=CHANGES, at_once=st.sampled_from([1, 4]))
    def list_changing(self, changes: list[tuple[int, str, int]], at_once: int) -> None:
        """List it while it changes, one page at a time or reading ahead."""
        self.calls, self.to_come, self.states = 0, changes, [frozenset(self.names)]
        try:
            listing = list_images(
                self.caller.client,
                BUCKET,
                deadline=Deadline.after(60, Clock()),
                at_once=at_once,
            )
        except ResponseError:
            assert changes
            return
        finally:
            self.to_come = []
        found = [str(image.name) for image in listing.images]

        assert len(found) == len({*found})
        always = self.states[0].intersection(*self.states)
        ever = self.states[0].union(*self.states)
        assert always <= {*found} <= ever

    @precondition(lambda self: self.names)
    @rule()
    def list_without_changes(self) -> None:
        """Without changes, the listing is the bucket."""
        self.list_changing([], 4)
        listing = list_images(
            self.caller.client, BUCKET, deadline=Deadline.after(60, Clock())
        )

        assert self.names == {str(image.name) for image in listing.images}


ChangingBucket.TestCase.settings = settings(stateful_step_count=10)
TestChangingBucket = ChangingBucket.TestCase
