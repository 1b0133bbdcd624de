"""What a secret looks like, and what an error leads to: all that a debugger could show."""

from __future__ import annotations

import base64
import traceback
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = __file__.rpartition("/")[0]


def written(secret: str) -> list[str]:
    """A secret in each form in which it could be written.

    In base64 it looks different at each of three places, and at its ends depends on what
    is beside it; what does not is here.
    """
    encoded = secret.encode()
    in_base64 = [
        base64.b64encode(bytes(before) + encoded)[cut : (before + len(encoded)) * 8 // 6]
        for before, cut in ((0, 0), (1, 2), (2, 3))
    ]
    return [
        secret,
        quote_plus(secret),
        encoded.hex(),
        *(form.decode() for form in in_base64),
    ]


def held_by(error: BaseException) -> str:
    """Show an error, its causes and contexts, and every variable in their tracebacks.

    The variables of the tests themselves, which know the secrets, are passed over; a
    function's closure is not opened, for that is where a secret keeps its text.
    """
    seen: dict[int, Any] = {}
    return "\n".join(_of_error(error, seen))


def _of_error(error: BaseException, seen: dict[int, Any]) -> Iterator[str]:
    yield from traceback.format_exception_only(error)
    yield from (repr(error), repr(error.args))
    yield from _of_value(vars(error), seen)
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_filename.startswith(_TESTS):
            yield from _of_value(dict(frame.f_locals), seen)
    for other in (error.__cause__, error.__context__):
        if other is not None and id(other) not in seen:
            seen[id(other)] = other
            yield from _of_error(other, seen)


def _of_value(value: object, seen: dict[int, Any]) -> Iterator[str]:
    if id(value) in seen or isinstance(value, (type, FunctionType, ModuleType)):
        return
    # Kept, so that no other object gets the same id meanwhile.
    seen[id(value)] = value
    yield repr(value)
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = [*value]
    else:
        slots = [s for c in type(value).__mro__ for s in getattr(c, "__slots__", ())]
        inner = [getattr(value, slot, None) for slot in slots]
        inner += getattr(value, "__dict__", {}).values()
    for part in inner:
        yield from _of_value(part, seen)
