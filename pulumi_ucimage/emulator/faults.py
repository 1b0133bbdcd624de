"""Faults: what goes wrong on request, and for how many requests."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from pulumi_ucimage.emulator.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Kind(NamedTuple):
    """The values of a kind of fault.

    Attributes:
        pattern: the valid values; None if the kind takes no value.
        needs: what is needed, for a sentence that starts with "The fault … needs".
    """

    pattern: str | None
    needs: str


_KINDS: Final = {
    "retcode": _Kind(r"-?[1-9][0-9]{0,8}", "a RetCode other than 0, as in retcode=153"),
    "http": _Kind(r"[2-5][0-9]{2}", "an HTTP status from 200 to 599, as in http=503"),
    "drop": _Kind(None, "no value: use drop, or drop*2 for two requests"),
    "delay": _Kind(r"[0-9]{1,4}(\.[0-9]{1,6})?", "seconds below 10000, as in delay=0.5"),
    "cap": _Kind(r"[1-9][0-9]{0,8}", "a page length of 1 or more, as in cap=10"),
    "retry_after": _Kind(r"[0-9]{1,6}", "whole seconds, as in retry_after=2"),
}
_ANSWERS: Final = {"retcode", "http", "drop"}  # these answer instead of the API
_SPEC: Final = re.compile(
    r"(?P<kind>[^=*]*)(=(?P<value>[^*]*))?(?P<star>\*(?P<times>.*))?", re.DOTALL
)


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: one of `retcode`, `http`, `drop`, `delay`, `cap`, `retry_after`.
        value: its value as given; None for `drop`.
        times: for how many more requests it is; None: all.
    """

    kind: str
    value: str | None
    times: int | None

    def __str__(self) -> str:
        value = "" if self.value is None else f"={self.value}"
        return f"{self.kind}{value}" + ("" if self.times is None else f"*{self.times}")


@dataclass(frozen=True)
class Effect:
    """What the faults do to one request.

    Attributes:
        delay_s: seconds to wait before the answer.
        cap: the most images per page; None: as many as the request wants.
        retry_after_s: the `Retry-After` header of a fault that answers, in seconds.
        answer: the fault that answers; None: the API does.
    """

    delay_s: float = 0.0
    cap: int | None = None
    retry_after_s: int | None = None
    answer: Fault | None = None


def parse(spec: str) -> Fault:
    """Read a fault from `KIND[=VALUE][*TIMES]`.

    Raises:
        FaultError: the text is not a fault; says what to use.
    """
    match = _SPEC.fullmatch(spec)
    kind = _KINDS.get(match["kind"]) if match else None
    if match is None or kind is None:
        raise FaultError(
            f"The fault {spec!r} has an unknown kind: use KIND[=VALUE][*TIMES], "
            f"where KIND is one of {', '.join(_KINDS)}."
        )
    value: str | None = match["value"]
    if kind.pattern is None:
        fits = value is None
    else:
        fits = value is not None and re.fullmatch(kind.pattern, value) is not None
    if not fits:
        raise FaultError(f"The fault {spec!r} needs {kind.needs}.")
    if match["star"] and not re.fullmatch(r"[1-9][0-9]{0,8}", match["times"]):
        raise FaultError(
            f"The fault {spec!r} needs a whole number of 1 or more after the *, as in "
            f"{match['kind']}{'' if value is None else '=' + value}*2, or no * for always."
        )
    times = int(match["times"]) if match["star"] else None
    return Fault(match["kind"], value, times)


class FaultQueue:
    """The faults that are left, in the order in which they were added.

    Each request uses one of the TIMES of every `delay`, `cap` and `retry_after`, and of
    the first `retcode`, `http` or `drop` that is left; the other ones wait.
    """

    def __init__(self, specs: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._faults = [parse(spec) for spec in specs]

    def add(self, spec: str) -> None:
        """Add a fault after the others.

        Raises:
            FaultError: the text is not a fault.
        """
        fault = parse(spec)
        with self._lock:
            self._faults.append(fault)

    def replace(self, specs: Iterable[str]) -> None:
        """Replace all faults; on an error nothing is changed.

        Raises:
            FaultError: one of the texts is not a fault.
        """
        faults = [parse(spec) for spec in specs]
        with self._lock:
            self._faults = faults

    def specs(self) -> list[str]:
        """The faults that are left, each with its remaining TIMES."""
        with self._lock:
            return [str(fault) for fault in self._faults]

    def take(self) -> Effect:
        """What the faults do to the next request; counts them down.

        Delays add up, the lowest `cap` and the longest `retry_after` count.
        """
        with self._lock:
            used: list[Fault] = []
            left: list[Fault] = []
            answer: Fault | None = None
            for fault in self._faults:
                if fault.kind in _ANSWERS:
                    if answer is not None:
                        left.append(fault)
                        continue
                    answer = fault
                used.append(fault)
                if fault.times is None:
                    left.append(fault)
                elif fault.times > 1:
                    left.append(replace(fault, times=fault.times - 1))
            self._faults = left
        return Effect(
            delay_s=sum(_values(used, "delay")),
            cap=min(map(int, _values(used, "cap")), default=None),
            retry_after_s=max(map(int, _values(used, "retry_after")), default=None),
            answer=answer,
        )


def _values(faults: Iterable[Fault], kind: str) -> list[float]:
    """The values of all faults of a kind."""
    return [float(fault.value or 0) for fault in faults if fault.kind == kind]
