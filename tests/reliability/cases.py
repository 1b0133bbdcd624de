"""A case: what servers do, and what a look-up does by contract.md."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from faults import IMAGE, PAGE, Do, answer, encoded

if TYPE_CHECKING:
    from faults import Answer, Request, Steps

    from pulumi_ucimage.errors import UcimageError


class Way(enum.Enum):
    """How a look-up reaches the server."""

    PLAIN = enum.auto()
    REFUSED = enum.auto()  # no server listens
    TLS = enum.auto()
    UNKNOWN_AUTHORITY = enum.auto()
    OTHER_HOST = enum.auto()
    EXPIRED = enum.auto()
    NO_TLS = enum.auto()  # the server does not speak TLS
    PROXY = enum.auto()  # the server is the proxy


class Exhausted(enum.Enum):
    """What the machine has none of when a look-up makes its first call."""

    FILES = enum.auto()
    THREADS = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What one server does, and which images it has.

    Attributes:
        responses: one for each request; the last repeats.
        greeting: steps before a request is read.
        way: how it is reached.
        images: the image names of a whole answer.
    """

    responses: tuple[Answer, ...]
    greeting: Steps = ()
    way: Way = Way.PLAIN
    images: Sequence[str] = (IMAGE,)


Scripts: TypeAlias = Callable[[], Sequence[Script]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row of the table.

    Attributes:
        expected: the class of the error; None for a whole answer.
        calls: how often the API is called, with three retries allowed.
        scripts: makes the servers; the row holds for each of them.
        at_most: whether `calls` is a bound: pages are prefetched.
        page: the offset of the only page whose calls are counted.
        timeout_s: the look-up's deadline.
        alone: whether it runs in a process of its own, to measure its memory.
        exhausted: what its process runs out of; it has a process of its own.
        together: whether its servers run together, and their connections are kept.
        settings: further environment variables.
        window: `limit` and `offset`, if given.
    """

    expected: type[UcimageError] | None
    calls: int
    scripts: Scripts
    at_most: bool = False
    page: int | None = None
    timeout_s: float = 1.0
    alone: bool = False
    exhausted: Exhausted | None = None
    together: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    window: Mapping[str, Any] = field(default_factory=dict)

    @property
    def expected_text(self) -> str:
        """What is expected, as the page says it."""
        return self.expected.__name__ if self.expected else "whole answer"

    @property
    def calls_text(self) -> str:
        """How many calls are expected, as the page says it."""
        bound = "at most " if self.at_most else ""
        return f"{bound}{self.calls}" + (" of that page" if self.page is not None else "")


def always(*responses: Answer, greeting: Steps = (), way: Way = Way.PLAIN) -> Scripts:
    """One server with these responses, one after another; the last repeats."""
    return lambda: [Script(responses=responses, greeting=greeting, way=way)]


def each(*responses: Answer) -> Scripts:
    """A server for each of these responses, which it always gives."""
    return lambda: [Script(responses=(one,)) for one in responses]


def refusal(ret_code: object, **headers: str) -> bytes:
    """An error response of the API."""
    return answer(encoded({"RetCode": ret_code, "Message": "No"}), headers=headers)


def good(**fields: object) -> bytes:
    """A good response with these fields."""
    return answer(encoded({**PAGE, **fields}))


def cut_everywhere(whole: bytes) -> Scripts:
    """A server for each length at which a response can be cut."""
    return each(*((whole[:length], Do.CLOSE) for length in range(len(whole))))


@dataclass(slots=True)
class Pages:
    """A bucket that a server lists page by page; it may misbehave.

    Attributes:
        images: the names of its images.
        cap: the length of its longest page.
        total: TotalCount, from the number of the call, 1 for the first, and the true count.
        change: changes the images before a call, by the number of the call.
        responses: sent instead of a page, by its offset; the last repeats.
        ignores_limit: whether it ignores Limit.
        ignores_offset: whether it ignores Offset.
    """

    images: list[str]
    cap: int = 10**9
    total: Callable[[int, int], int | None] = lambda _, true: true
    change: Callable[[int, list[str]], object] = lambda _, __: None
    responses: dict[str, list[Answer]] = field(default_factory=dict)
    ignores_limit: bool = False
    ignores_offset: bool = False
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> bytes | Steps:
        """The answer to a call."""
        form = request.form
        with self._lock:
            self.calls += 1
            self.change(self.calls, self.images)
            if planned := self.responses.get(form["Offset"]):
                given = planned.pop(0) if len(planned) > 1 else planned[0]
                if given:
                    return given(request) if callable(given) else given
            start = 0 if self.ignores_offset else int(form["Offset"])
            limit = self.cap if self.ignores_limit else min(int(form["Limit"]), self.cap)
            names = self.images[start : start + limit]
            total = self.total(self.calls, len(self.images))
        return good(TotalCount=total, ImageSet=[{"ImageName": name} for name in names])


def pages(count: int, **fields: Any) -> Scripts:
    """One server with this many images."""

    def scripts() -> Sequence[Script]:
        planned = {
            offset: [*responses]
            for offset, responses in fields.get("responses", {}).items()
        }
        images = [f"r.io/app{number}" for number in range(count)]
        # The list itself, because a whole answer has the images of the end.
        server = Pages(images, **{**fields, "responses": planned})
        return [Script(responses=(server,), images=images)]

    return scripts
