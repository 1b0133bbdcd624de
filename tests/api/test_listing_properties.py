"""Whatever a bucket or a server does, a listing is complete, or an error."""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from hypothesis import assume, event, given
from hypothesis import strategies as st
from paged_server import Server, named, read

from pulumi_ucimage._ucloud.listing import Window
from pulumi_ucimage.errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._ucloud.responses import ImageRecord


class AnyOrder(Executor):
    """Runs calls when a result is needed, one by one, in any order."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._waiting: list[tuple[Future[Any], Callable[..., Any], Any]] = []

    def submit(self, call: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        future = Wanted(self)
        self._waiting.append((future, call, arguments))
        return future

    def run_until(self, wanted: Future[Any]) -> None:
        """Run waiting calls until this one is done."""
        while not wanted.done():
            chosen = self._choose(len(self._waiting)) % len(self._waiting)
            future, call, arguments = self._waiting.pop(chosen)
            try:
                future.set_result(call(*arguments))
            except Exception as error:  # noqa: BLE001 - it is the reader's
                future.set_exception(error)


class Wanted(Future[Any]):
    """A future that makes its executor work when its result is needed."""

    def __init__(self, executor: AnyOrder) -> None:
        super().__init__()
        self._executor = executor

    def result(self, timeout: float | None = None) -> Any:
        self._executor.run_until(self)
        return super().result(timeout)


COUNTS = st.integers(0, 40)
CAPS = st.integers(1, 12) | st.just(10**9)
TOTALS = st.sampled_from(["true", "unknown", "sometimes"])

OPERATIONS = st.tuples(
    st.sampled_from(["insert", "delete", "replace", "move"]),
    st.integers(0, 50),
    st.integers(0, 50),
)


def honest(kind: str) -> Callable[[int, int], int | None]:
    """A TotalCount that is true if it is there."""
    is_there = {"true": lambda _: True, "unknown": lambda _: False}.get(
        kind, lambda call: call % 2 == 0
    )
    return lambda call, true: true if is_there(call) else None  # type: ignore[no-untyped-call]


def operate(images: list[ImageRecord], operation: tuple[str, int, int], name: str) -> None:
    """Change one image."""
    kind, where, to = operation
    if kind == "insert" or not images:
        images.insert(where % (len(images) + 1), named(name))
        return
    image = images.pop(where % len(images))
    if kind == "replace":
        images.insert(where % (len(images) + 1), named(name))
    elif kind == "move":
        images.insert(to % (len(images) + 1), image)


@given(COUNTS, CAPS, TOTALS, st.integers(0, 45), st.none() | st.integers(1, 45), st.data())
def test_any_window_of_an_unchanged_bucket_is_complete(  # noqa: PLR0917
    count: int, cap: int, total: str, offset: int, limit: int | None, data: st.DataObject
) -> None:
    """A window of an unchanged bucket is complete, however long the pages are."""
    server = Server(count, cap=cap, total=honest(total))
    end = None if limit is None else offset + limit

    found = read(server, Window(offset, limit), check_total_count=data.draw(st.booleans()))

    assert server.images[offset:end] == found.images


@given(
    COUNTS,
    CAPS,
    TOTALS,
    st.lists(st.none() | OPERATIONS, max_size=30),
    st.booleans(),
    st.none() | st.lists(st.integers(0, 3), min_size=1),
)
def test_no_change_loses_or_repeats_an_image(  # noqa: PLR0917
    count: int,
    cap: int,
    total: str,
    operations: list[tuple[str, int, int] | None],
    check: Any,
    order: list[int] | None,
) -> None:
    """Each image once: all that were always there, and none that never was."""

    def change(call: int, images: list[ImageRecord]) -> None:
        if call <= len(operations) and (operation := operations[call - 1]):
            operate(images, operation, f"new{call}")

    server = Server(count, cap=cap, total=honest(total), change=change)

    orders = itertools.cycle(order or [0])
    try:
        images = read(
            server,
            check_total_count=check,
            concurrency=4 if order else 1,
            executor=AnyOrder(lambda _: next(orders)),
        ).images
        found = [str(image.name) for image in images]
    except ResponseError:
        event("error")
        return

    event("listing")
    assert len(found) == len({*found})
    always = {*server.states[0]}.intersection(*server.states)
    ever = {*server.states[0]}.union(*server.states)
    assert always <= {*found} <= ever
    if all(state == server.states[0] for state in server.states):
        assert server.states[0] == found


@given(
    COUNTS,
    CAPS,
    st.lists(st.none() | st.integers(0, 45), min_size=1, max_size=6),
    st.tuples(st.booleans(), st.booleans()),
    st.booleans(),
)
def test_no_wrong_answer_makes_an_incomplete_listing(
    count: int,
    cap: int,
    totals: list[int | None],
    ignores: tuple[bool, bool],
    check: Any,
) -> None:
    """TotalCount may be wrong, and Limit and Offset may be ignored."""
    # A cap that equals TotalCount looks like a bucket with that many images.
    assume(not (check and cap < count and cap in totals))
    server = Server(
        count,
        cap=cap,
        total=lambda call, _: totals[call % len(totals) - 1],
        ignores_limit=ignores[0],
        ignores_offset=ignores[1],
    )

    try:
        found = read(server, check_total_count=check).images
    except ResponseError:
        event("error")
        return

    event("listing")
    assert server.images == found
