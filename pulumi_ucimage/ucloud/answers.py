"""The bytes of an answer become a page of images, or it is no answer at all.

Everything is read strictly: a RetCode of `"0"`, `0.0` or `false` is no success, and a
number that does not fit its meaning is no number. Fields that the page of the API does not
name are passed over.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

# pydantic asks for this one below Python 3.12.
from typing_extensions import TypedDict

ACTION: Final = "GetDockerImageList"
_ACTIONS: Final = (f"{ACTION}Response", ACTION)

_LARGEST: Final = 2**63 - 1
"""The largest number that any API of this kind can mean."""

_Seconds = Annotated[int, Field(ge=0, lt=253402300800)]
"""Unix seconds up to the year 9999, the last that RFC 3339 can write."""

_STRICT: Final = ConfigDict(strict=True, hide_input_in_errors=True)


class TagRecord(TypedDict, total=False):
    """A tag as the API sends it."""

    TagName: str | None
    CreateTime: _Seconds | None


class ImageRecord(TypedDict, total=False):
    """An image as the API sends it."""

    ImageName: str | None
    BucketName: str | None
    TagSet: list[TagRecord] | None
    UpdateTime: _Seconds | None
    ResourceId: str | None
    OrgId: str | int | None


class _Envelope(TypedDict, total=False):
    __pydantic_config__ = _STRICT  # type: ignore[misc]

    RetCode: Annotated[int, Field(ge=-_LARGEST, le=_LARGEST)]
    Action: str | None
    Message: str | None
    TotalCount: Annotated[int, Field(ge=0, le=_LARGEST)] | None
    ImageSet: list[ImageRecord] | None


_ENVELOPES: Final = TypeAdapter(_Envelope)


class Page(NamedTuple):
    """A page of a listing.

    Attributes:
        images: as the API sent them, in its order.
        total_count: how many images match, as the API says; None where it does not.
    """

    images: list[ImageRecord]
    total_count: int | None


class Refusal(NamedTuple):
    """An answer whose RetCode is not 0.

    Attributes:
        ret_code: the API's code.
        message: the API's words; may be empty.
    """

    ret_code: int
    message: str


class UnreadableAnswerError(Exception):
    """The bytes are no answer of this API; the text says what is wrong with them."""


def parse(body: bytes) -> Page | Refusal:
    """What an answer says.

    Raises:
        UnreadableAnswerError: it is not JSON, not of the page's shape, or says two
            things at once.
    """
    try:
        envelope = _ENVELOPES.validate_json(body)
    except ValidationError as error:
        if (refusal := _refusal(body)) is not None:
            return refusal
        raise UnreadableAnswerError(_complaint(error)) from None
    if "RetCode" not in envelope:
        message = "it has no RetCode"
        raise UnreadableAnswerError(message)
    _refuse_two_meanings(body)
    if envelope["RetCode"] != 0:
        return Refusal(envelope["RetCode"], envelope.get("Message") or "")
    action = envelope.get("Action")
    if action and action not in _ACTIONS:
        message = "it answers another action"
        raise UnreadableAnswerError(message)
    images, total_count = envelope.get("ImageSet"), envelope.get("TotalCount")
    if images is None and total_count is None:
        message = "it has neither ImageSet nor TotalCount"
        raise UnreadableAnswerError(message)
    return Page(images or [], total_count)


def _refusal(body: bytes) -> Refusal | None:
    """A refusal is understood even where the rest of the answer is not."""
    try:
        answer = _thoroughly(body)
    except UnreadableAnswerError:
        return None
    ret_code = answer.get("RetCode") if isinstance(answer, dict) else None
    if type(ret_code) is not int or ret_code == 0 or abs(ret_code) > _LARGEST:
        return None
    message = answer.get("Message")
    return Refusal(ret_code, message if isinstance(message, str) else "")


def _complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return "it is not JSON"
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    return f"{place}: {first['msg']}"


_ENVELOPE_KEYS: Final = (b'"RetCode"', b'"TotalCount"', b'"ImageSet"')


def _refuse_two_meanings(body: bytes) -> None:
    """Refuse a field of the envelope that stands twice: every parser takes the last.

    Counting the bytes first keeps the thorough reading to answers that need it; among
    them those with escapes, in which a name can be written in two ways.
    """
    if b"\\u" in body or any(body.count(key) > 1 for key in _ENVELOPE_KEYS):
        _thoroughly(body)


def _thoroughly(body: bytes) -> Any:
    """What JSON says, if it says nothing twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            message = "it has a field twice"
            raise UnreadableAnswerError(message)
        return fields

    try:
        return json.loads(body.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        message = "it is not JSON"
        raise UnreadableAnswerError(message) from None
