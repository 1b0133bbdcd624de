"""Rows on calls and listings: ours, and the peers, over one server."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Final

from benchmarks import bodies
from benchmarks.judgement import Measured
from benchmarks.looking import configured, read_every_field, read_every_item, results
from benchmarks.peers import BarePost, Floor, OfficialSdk, Ours, Peer, list_in_turn
from benchmarks.rows import Bench, Row
from benchmarks.timing import cpu_s, in_rounds, ratios, wall_s
from pulumi_ucimage import get_docker_images
from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._ucloud.client import Bucket
from pulumi_ucimage._ucloud.listing import Listing, list_images

_DELAY_MS: Final = 30
_IMAGES: Final = 1000
_BUCKET: Final = bodies.bucket(_IMAGES, 5)
_PAGE_OF_20: Final = bodies.bucket(20, 5)


def _calls(peer: Peer, count: int) -> None:
    for _ in range(count):
        peer.images(_PAGE_OF_20, limit=20, offset=0)


def _call(bench: Bench) -> Measured:
    api, count = bench.api, 200
    ours, floor = Ours(api, "https"), Floor(api, "https")
    counts: dict[str, tuple[Peer, int]] = {
        "ours": (ours, count),
        "floor": (floor, count),
        "the official SDK": (OfficialSdk(api, "https"), 5),
        "requests.post": (BarePost(api, "https"), 5),
    }
    with closing(ours.http), closing(floor):
        _calls(ours, 20)
        _calls(floor, 20)
        taken = in_rounds(
            bench.rounds(15, 5),
            {
                name: partial(_cpu_of_calls, peer, count)
                for name, (peer, count) in counts.items()
            },
        )
    return Measured(ratios(taken["ours"], taken["floor"]), _beside(taken, "floor"))


def _cpu_of_calls(peer: Peer, count: int) -> float:
    return cpu_s(lambda: _calls(peer, count)) / count


def _beside(taken: dict[str, list[float]], base: str) -> tuple[str, ...]:
    """A note for each contender: its median time, and its ratio to the base."""
    return tuple(
        f"{name}: {Measured(tuple(times)).median * 1000:.2f} ms,"
        f" {Measured(ratios(times, taken[base])).median:.2f} \N{MULTIPLICATION SIGN}"
        for name, times in taken.items()
    )


def _profiled_calls(bench: Bench) -> None:
    ours = Ours(bench.api, "https")
    with closing(ours.http):
        _calls(ours, 500)


class _Lister:
    """Listings on kept connections of our own, read in turn or ahead."""

    def __init__(self, bench: Bench) -> None:
        self.peer = Ours(bench.api, "https", _DELAY_MS)

    def listing(self, at_once: int) -> Listing:
        """The whole bucket, so many pages at once."""
        return list_images(
            self.peer.client,
            Bucket(name=_BUCKET, region="cn-bj2"),
            deadline=Deadline.after(60, self.peer.clock),
            at_once=at_once,
        )

    def results(self, at_once: int) -> None:
        """The results of the whole bucket, every field read."""
        read_every_field(results(_BUCKET, partial(self.listing, at_once)))

    def close(self) -> None:
        """Close the connections."""
        self.peer.http.close()


def _in_turn(bench: Bench) -> Measured:
    api = bench.api
    sdk, bare = OfficialSdk(api, "https", _DELAY_MS), BarePost(api, "https", _DELAY_MS)
    with (
        configured(api, "https", _DELAY_MS),
        closing(_Lister(bench)) as lister,
        closing(Floor(api, "https", _DELAY_MS)) as floor,
    ):
        list_in_turn(floor, _BUCKET, _IMAGES)
        lister.results(1)
        before = api.counts("calls")[_BUCKET]
        lister.results(1)
        network_s = (api.counts("calls")[_BUCKET] - before) * _DELAY_MS / 1000
        sdk_network_s = _IMAGES / 100 * _DELAY_MS / 1000
        taken = in_rounds(
            bench.rounds(9, 3),
            {
                "ours": lambda: wall_s(lambda: lister.results(1)) / network_s,
                "a raw socket": lambda: (
                    wall_s(lambda: list_in_turn(floor, _BUCKET, _IMAGES)) / sdk_network_s
                ),
                "the official SDK": lambda: (
                    wall_s(lambda: list_in_turn(sdk, _BUCKET, _IMAGES)) / sdk_network_s
                ),
                "requests.post": lambda: (
                    wall_s(lambda: list_in_turn(bare, _BUCKET, _IMAGES)) / sdk_network_s
                ),
            },
        )
    notes = (
        f"the network's own time: {network_s * 1000:.0f} ms,"
        f" {network_s * 1000 / _DELAY_MS:.0f} calls, for a page begins with the last"
        " image of the page before",
        *(
            f"{name}: {Measured(tuple(times)).median:.2f} \N{MULTIPLICATION SIGN} of the"
            " network's own time of its 10 calls"
            for name, times in taken.items()
            if name != "ours"
        ),
    )
    return Measured(tuple(taken["ours"]), notes)


def _ahead(bench: Bench) -> Measured:
    with (
        configured(bench.api, "https", _DELAY_MS),
        closing(_Lister(bench)) as lister,
    ):
        lister.results(4)

        def cold() -> float:
            with closing(_Lister(bench)) as fresh:
                return wall_s(lambda: fresh.results(4))

        taken = in_rounds(
            bench.rounds(9, 3),
            {
                "in turn": lambda: wall_s(lambda: lister.results(1)),
                "four at once": lambda: wall_s(lambda: lister.results(4)),
                "four at once, on new connections": cold,
            },
        )
    return Measured(
        ratios(taken["four at once"], taken["in turn"]), _beside(taken, "in turn")
    )


def _profiled_ahead(bench: Bench) -> None:
    with (
        configured(bench.api, "https", _DELAY_MS),
        closing(_Lister(bench)) as lister,
    ):
        lister.results(4)


def _plain_listing(bench: Bench) -> Measured:
    sdk, bare = OfficialSdk(bench.api, "http"), BarePost(bench.api, "http")
    with configured(bench.api, "http"):
        _list_and_read()
        taken = in_rounds(
            bench.rounds(11, 3),
            {
                "ours": lambda: cpu_s(_list_and_read),
                "the official SDK": lambda: cpu_s(
                    lambda: read_every_item(list_in_turn(sdk, _BUCKET, _IMAGES))
                ),
                "the official SDK, nothing read": lambda: cpu_s(
                    lambda: list_in_turn(sdk, _BUCKET, _IMAGES)
                ),
                "requests.post": lambda: cpu_s(
                    lambda: read_every_item(list_in_turn(bare, _BUCKET, _IMAGES))
                ),
            },
        )
        close_connections()
    return Measured(
        ratios(taken["ours"], taken["the official SDK"]),
        _beside(taken, "the official SDK"),
    )


def _list_and_read() -> None:
    read_every_field(get_docker_images(_BUCKET))


def _profiled_listing(bench: Bench) -> None:
    with configured(bench.api, "http"):
        for _ in range(5):
            _list_and_read()
        close_connections()


CALL: Final = Row(
    figure="CPU of one warm TLS call, page of 20 images",
    ours="Client.get_page",
    against="floor",
    target=3.5,
    measure=_call,
    compared="One call on a kept TLS 1.3 connection, its page validated, against a raw"
    " socket that signs, sends, reads and parses the same bytes.",
    bound="What requests, urllib3 and http.client do for each call bounds it, most of all"
    " writing and reading headers.",
    workload=_profiled_calls,
)
IN_TURN: Final = Row(
    figure="1,000 images, pages of 100, 30 ms round trip, in turn",
    ours="results, every field read",
    against="calls \N{MULTIPLICATION SIGN} delay",
    target=1.12,
    measure=_in_turn,
    compared="A listing on a warm TLS 1.3 connection, one page after another, until every"
    " field of its results is read, against the calls that were made times the delay.",
    bound="A raw socket that makes no results comes near it: each call wakes two processes"
    " and moves 0.1 MB through TLS. The CPU time of results comes on top.",
    workload=_profiled_ahead,
)
AHEAD: Final = Row(
    figure="the same, after the first page in parallel (at most 4 at once)",
    ours="results, every field read",
    against="in turn",
    target=0.5,
    measure=_ahead,
    compared="The same listing with four pages at once, against the same in turn, both on"
    " warm connections.",
    bound="One page, then ten pages four at a time, are four delays of eleven, 0.36"
    " \N{MULTIPLICATION SIGN}; the rest is CPU time, which threads do not share.",
    workload=_profiled_ahead,
)
PLAIN_LISTING: Final = Row(
    figure="CPU of a listing, 1,000 images \N{MULTIPLICATION SIGN} 5 tags, plain HTTP",
    ours="results, every field read",
    against="SDK, raw dicts read",
    target=1.7,
    measure=_plain_listing,
    compared="`get_docker_images` with every field read, against pages by `Client.invoke`"
    " with every item of the raw dicts read; its log is off.",
    bound="Results are objects with more fields than the API's: references, moments and"
    " an order of tags, made for 5,000 tags.",
    workload=_profiled_listing,
)
