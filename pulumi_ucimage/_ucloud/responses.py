"""Parse a response into a page of images, or into an error of the API.

Types are strict: a RetCode of `"0"`, `0.0` or `false` is not success. Times are lenient: an
implausible time counts as missing. Unknown fields are ignored.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, NamedTuple

from pydantic import ConfigDict, Field, GetPydanticSchema, TypeAdapter, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import core_schema

ACTION: Final = "GetDockerImageList"

_MAX_INT: Final = 2**63 - 1
_SMALL_BYTES: Final = 3 * 2**20
"""No response of this size takes much memory, whatever it is made of."""
_MAX_PARTS: Final = 600_000
"""Most objects and lists of one response: 100 images of 5,000 tags have 500,202."""
_MAX_FIELDS: Final = 4 * _MAX_PARTS

_CONFIG: Final = ConfigDict(
    alias_generator=to_pascal, strict=True, hide_input_in_errors=True
)
_Seconds = Annotated[
    Annotated[int, Field(ge=0, lt=253402300800)] | None,
    GetPydanticSchema(
        lambda source, handler: core_schema.with_default_schema(
            handler(source), default=None, on_error="default"
        )
    ),
]
"""Unix seconds up to the year 9999; None for anything else."""


@dataclass(frozen=True, slots=True)
class TagRecord:
    """A tag as the API sends it."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    name: Annotated[str | None, Field(alias="TagName")] = None
    create_time: _Seconds = None


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image as the API sends it."""

    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    image_name: str | None = None
    bucket_name: str | None = None
    tag_set: list[TagRecord] | None = None
    update_time: _Seconds = None
    resource_id: str | None = None
    org_id: str | int | None = None

    @property
    def name(self) -> str | None:
        """The full name: `ImageName` in the API's example, `BucketName` in its table.

        None if there is none, or if it is broken (U+FFFD: an undecodable character).
        """
        name = self.image_name or self.bucket_name
        return None if not name or "\ufffd" in name else name


@dataclass(frozen=True, slots=True)
class _Envelope:
    __pydantic_config__: ClassVar[ConfigDict] = _CONFIG

    ret_code: Annotated[int, Field(ge=-_MAX_INT, le=_MAX_INT)]
    message: str | None = None
    total_count: Annotated[int, Field(ge=0, le=_MAX_INT)] | None = None
    image_set: list[ImageRecord] | None = None


_ENVELOPE: Final = TypeAdapter(_Envelope)
"""Built here, once: building it at the first use is not thread-safe."""


class Page(NamedTuple):
    """A page of a listing.

    Attributes:
        images: as the API sent them, in its order.
        total_count: how many images match; None if the API does not say.
    """

    images: list[ImageRecord]
    total_count: int | None


class ErrorResponse(NamedTuple):
    """A response whose RetCode is not 0.

    Attributes:
        ret_code: the API's code.
        message: the API's message; may be empty.
    """

    ret_code: int
    message: str


class InvalidResponseError(Exception):
    """The body is not a response of this API; the message says why."""


def parse(body: bytes) -> Page | ErrorResponse:
    """Parse the body of a response.

    Raises:
        InvalidResponseError: it is not JSON, has another shape than the API's page
            describes, or has RetCode, TotalCount or ImageSet twice.
    """
    _check_size(body)
    has_escapes = b"\\" in body and b"\\u" in body  # one byte is found faster than two
    if has_escapes:
        body = _LONE_SURROGATE.sub(lambda match: match[1] or rb"\ufffd", body)
    try:
        envelope = _ENVELOPE.validate_json(body)
    except ValidationError as error:
        # The error's frames hold what the server sent, so ours is raised outside of this.
        problem = _explain_problem(error)
    else:
        # pydantic takes the last of two fields of one name; an escape can hide the name.
        if has_escapes or any(body.count(b'"%b"' % n.encode()) > 1 for n in _ONLY_ONCE):
            _parse_without_repeats(body)
        if envelope.ret_code != 0:
            return ErrorResponse(envelope.ret_code, envelope.message or "")
        if envelope.image_set is None and envelope.total_count is None:
            raise InvalidResponseError("it has neither ImageSet nor TotalCount")
        return Page(envelope.image_set or [], envelope.total_count)
    if (response := _find_error_response(body)) is not None:
        return response
    raise InvalidResponseError(problem)


_LONE_SURROGATE: Final = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\[^u])"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}",
    re.DOTALL,
)
r"""An escape such as `\ud800` without its other half. Group 1: escapes to keep."""

_ONLY_ONCE: Final = ("RetCode", "TotalCount", "ImageSet")
"""Fields that change the whole answer."""


def _check_size(body: bytes) -> None:
    """Refuse a response that takes many times its size in memory."""
    if len(body) <= _SMALL_BYTES:
        return
    parts = body.count(b"{") + body.count(b"[")
    if parts > _MAX_PARTS or body.count(b",") > _MAX_FIELDS:
        raise InvalidResponseError("it has too many objects, lists or fields")


def _find_error_response(body: bytes) -> ErrorResponse | None:
    """A RetCode that is not 0 counts even if other fields cannot be understood."""
    try:
        document = _parse_without_repeats(body)
    except InvalidResponseError:
        return None
    ret_code = document.get("RetCode") if isinstance(document, dict) else None
    if type(ret_code) is not int or ret_code == 0 or abs(ret_code) > _MAX_INT:
        return None
    message = document.get("Message")
    return ErrorResponse(ret_code, message if isinstance(message, str) else "")


def _parse_without_repeats(body: bytes) -> Any:
    """JSON in which no object has one of `_ONLY_ONCE` twice."""

    def make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            names = [name for name, _ in pairs]
            if any(names.count(name) > 1 for name in _ONLY_ONCE):
                raise InvalidResponseError("it has a field twice")
        return fields

    try:
        return json.loads(body.decode(), object_pairs_hook=make_object)
    except (ValueError, RecursionError):
        raise InvalidResponseError("it is not JSON") from None


# By pydantic's error types, because its messages may change, and may repeat the input.
_EXPECTED: Final = {
    "dataclass_type": "an object",
    "int_type": "a whole number",
    "list_type": "a list",
    "string_type": "a string",
}


def _explain_problem(error: ValidationError) -> str:
    """What is wrong first, in words that repeat nothing of the response."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    first = errors[0]
    kind, path = first["type"], _format_path(first["loc"])
    if kind == "json_invalid":
        return "it is not JSON"
    if kind == "missing":
        return f"it has no {path}"
    if kind in _EXPECTED:
        # A field that allows several types has one error for each.
        expected = dict.fromkeys(
            _EXPECTED.get(e["type"], "") for e in errors if _format_path(e["loc"]) == path
        )
        return f"{path or 'it'} is not {' or '.join(filter(None, expected))}"
    return f"{path or 'it'} is out of range"


def _format_path(loc: tuple[int | str, ...]) -> str:
    """A place such as `ImageSet[0].TagSet[2].TagName`."""
    parts = (
        f"[{part}]" if isinstance(part, int) else f".{part}"
        for part in loc
        if isinstance(part, int) or part[0].isupper()  # not the types of a union
    )
    return "".join(parts).lstrip(".")
