"""The requests by which other processes change an emulator; knows no HTTP.

The package's docstring describes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pulumi_ucimage.emulator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_ucimage.emulator.faults import FaultQueue
    from pulumi_ucimage.emulator.state import State

PREFIX: Final = "/emulator/"


class Control:
    """The control requests of a running emulator.

    Attributes:
        posts: those that change something, by the last part of their path: a JSON object
            in, a JSON object out. They raise EmulatorError with a sentence for the user.
        gets: those that only read, in the same way.
    """

    def __init__(self, state: State, faults: FaultQueue) -> None:
        self._state = state
        self._faults = faults
        self.posts: Mapping[str, Callable[[Mapping[str, object]], Mapping[str, object]]] = {
            "push": self._push,
            "delete": self._delete,
            "faults": self._replace_faults,
        }
        self.gets: Mapping[str, Callable[[], Mapping[str, object]]] = {
            "requests": lambda: {"requests": state.requests()},
        }

    def _push(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        _check_names(
            fields,
            ("BucketName", "ImageName", "TagName"),
            ("CreateTime", "Region", "SameBytes", "MediaType"),
        )
        create_time = fields.get("CreateTime")
        if create_time is not None and not isinstance(create_time, int):
            raise RequestError("CreateTime must be a whole number of Unix seconds.")
        same_bytes = fields.get("SameBytes") or False
        if not isinstance(same_bytes, bool):
            raise RequestError("SameBytes must be true or false.")
        return self._state.push(
            _text(fields, "BucketName"),
            _text(fields, "ImageName"),
            _text(fields, "TagName"),
            create_time,
            _optional_text(fields, "Region"),
            same_bytes=same_bytes,
            media_type=_optional_text(fields, "MediaType"),
        )

    def _delete(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        _check_names(fields, ("BucketName", "ImageName"), ("TagName", "Digest", "Region"))
        return self._state.delete(
            _text(fields, "BucketName"),
            _text(fields, "ImageName"),
            _optional_text(fields, "TagName"),
            _optional_text(fields, "Region"),
            digest=_optional_text(fields, "Digest"),
        )

    def _replace_faults(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        _check_names(fields, ("faults",))
        specs = fields["faults"]
        if not isinstance(specs, list) or not all(isinstance(spec, str) for spec in specs):
            raise RequestError('faults must be a list of text, such as ["http=503*2"].')
        self._faults.replace(specs)
        return {"faults": self._faults.specs()}


def _check_names(
    fields: Mapping[str, object], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    """Refuse missing and unknown fields: a typo must not be ignored."""
    if not set(required) <= set(fields) <= {*required, *optional}:
        also = f", and may have {', '.join(optional)}" if optional else ""
        raise RequestError(f"The request must have {', '.join(required)}{also}; no more.")


def _text(fields: Mapping[str, object], name: str) -> str:
    """A field that is text."""
    value = fields[name]
    if not isinstance(value, str):
        raise RequestError(f"{name} must be text.")
    return value


def _optional_text(fields: Mapping[str, object], name: str) -> str | None:
    """A field that may be missing or null."""
    return None if fields.get(name) is None else _text(fields, name)
