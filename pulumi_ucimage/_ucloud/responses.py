"""The bytes of an answer become a page of images, or it is no answer at all.

Everything is read strictly: a RetCode of `"0"`, `0.0` or `false` is no success, and a
number that does not fit its meaning is no number. Fields that the page of the API does not
name are passed over.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

ACTION: Final = "GetDockerImageList"
_ACTIONS: Final = (f"{ACTION}Response", ACTION)

_LARGEST: Final = 2**63 - 1
"""The largest number that any API of this kind can mean."""

_SMALL: Final = 3 * 2**20
"""Bytes of which no answer takes much memory, whatever it is made of."""
_MOST_PARTS: Final = 500_000
"""Objects and lists of one answer: 100 images of 5,000 tags."""

_Seconds = Annotated[int, Meta(ge=0, lt=253402300800)]
"""Unix seconds up to the year 9999, the last that RFC 3339 can write."""


class TagRecord(Struct, frozen=True, gc=False):
    """A tag as the API sends it."""

    name: str | None = msgspec.field(default=None, name="TagName")
    create_time: _Seconds | None = msgspec.field(default=None, name="CreateTime")


class ImageRecord(Struct, rename="pascal", frozen=True, gc=False):
    """An image as the API sends it."""

    image_name: str | None = None
    bucket_name: str | None = None
    tag_set: list[TagRecord] | None = None
    update_time: _Seconds | None = None
    resource_id: str | None = None
    org_id: str | int | None = None

    @property
    def name(self) -> str | None:
        """The full name: the API's example has `ImageName`, its table `BucketName`."""
        return self.image_name or self.bucket_name or None


class _Envelope(Struct, rename="pascal", frozen=True, gc=False):
    ret_code: Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)] | UnsetType = UNSET
    action: str | None = None
    message: str | None = None
    total_count: Annotated[int, Meta(ge=0, le=_LARGEST)] | None = None
    image_set: list[ImageRecord] | None = None


_ENVELOPES: Final = msgspec.json.Decoder(_Envelope)


class Page(NamedTuple):
    """A page of a listing.

    Attributes:
        images: as the API sent them, in its order.
        total_count: how many images match, as the API says; None where it does not.
    """

    images: list[ImageRecord]
    total_count: int | None


class ErrorResponse(NamedTuple):
    """An answer whose RetCode is not 0.

    Attributes:
        ret_code: the API's code.
        message: the API's words; may be empty.
    """

    ret_code: int
    message: str


class InvalidResponseError(Exception):
    """The bytes are no answer of this API; the text says what is wrong with them."""


def parse(body: bytes) -> Page | ErrorResponse:
    """What an answer says.

    Raises:
        InvalidResponseError: it is not JSON, not of the page's shape, or says two
            things at once.
    """
    _refuse_crumbs(body)
    try:
        envelope = _ENVELOPES.decode(body)
        if not body.isascii():
            body.decode()  # what is passed over must be text too
    except (ValueError, RecursionError) as error:
        if (refusal := _refusal(body)) is not None:
            return refusal
        raise InvalidResponseError(_complaint(error)) from None
    if envelope.ret_code is UNSET:
        message = "it has no RetCode"
        raise InvalidResponseError(message)
    _refuse_two_meanings(body)
    if envelope.ret_code != 0:
        return ErrorResponse(envelope.ret_code, envelope.message or "")
    if envelope.action and envelope.action not in _ACTIONS:
        message = "it answers another action"
        raise InvalidResponseError(message)
    if envelope.image_set is None and envelope.total_count is None:
        message = "it has neither ImageSet nor TotalCount"
        raise InvalidResponseError(message)
    return Page(envelope.image_set or [], envelope.total_count)


def _refuse_crumbs(body: bytes) -> None:
    """Refuse parts so many and so small that each takes many times its bytes once read."""
    if len(body) <= _SMALL:
        return
    parts = body.count(b"{") + body.count(b"[")
    if parts > _MOST_PARTS or body.count(b",") > 4 * _MOST_PARTS:
        message = "it has more parts than any page"
        raise InvalidResponseError(message)


def _refusal(body: bytes) -> ErrorResponse | None:
    """A refusal is understood even where the rest of the answer is not."""
    try:
        answer = _thoroughly(body)
    except InvalidResponseError:
        return None
    ret_code = answer.get("RetCode") if isinstance(answer, dict) else None
    if type(ret_code) is not int or ret_code == 0 or abs(ret_code) > _LARGEST:
        return None
    message = answer.get("Message")
    return ErrorResponse(ret_code, message if isinstance(message, str) else "")


def _complaint(error: Exception) -> str:
    # Tells types and places, and never what stood there.
    if not isinstance(error, msgspec.ValidationError):
        return "it is not JSON"
    text = str(error)
    return f"{text[0].lower()}{text[1:]}"


_ENVELOPE_KEYS: Final = (b'"RetCode"', b'"Action"', b'"TotalCount"', b'"ImageSet"')


def _refuse_two_meanings(body: bytes) -> None:
    """Refuse a field of the envelope that stands twice: every parser takes the last.

    Counting the bytes first keeps the thorough reading to answers that need it; among
    them those with escapes, in which a name can be written in two ways.
    """
    has_escapes = b"\\" in body and b"\\u" in body  # one byte is found sooner than two
    if has_escapes or any(body.count(key) > 1 for key in _ENVELOPE_KEYS):
        _thoroughly(body)


def _thoroughly(body: bytes) -> Any:
    """What JSON says, if it says nothing twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            message = "it has a field twice"
            raise InvalidResponseError(message)
        return fields

    try:
        return json.loads(body.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        message = "it is not JSON"
        raise InvalidResponseError(message) from None
