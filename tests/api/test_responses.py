"""Bytes are a page, an error response or neither; never a page that was not sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from faults import IMAGE, PAGE, encoded
from hypothesis import example, given
from hypothesis import strategies as st
from records import page, record

from pulumi_ucimage._ucloud.responses import (
    ErrorResponse,
    InvalidResponseError,
    Page,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DEEP = b"[" * 100_000
LONG = b"9" * 5000


def good(**fields: object) -> bytes:
    """A good response with these fields."""
    return encoded({"RetCode": 0, "TotalCount": 1, "ImageSet": [{}], **fields})


def image(**fields: object) -> bytes:
    """A good response with one image of these fields."""
    return good(ImageSet=[fields])


def tag(**fields: object) -> bytes:
    """A good response with one tag of these fields."""
    return image(TagSet=[fields])


PAGES: dict[str, tuple[bytes, Page]] = {
    "the example of the API's page": (
        encoded(
            {
                "Action": "GetDockerImageListResponse",
                "ImageSet": [
                    {
                        "ImageName": IMAGE,
                        "TagSet": [{"CreateTime": 1234567890, "TagName": "6"}],
                        "UpdateTime": 1234567890,
                    }
                ],
                "Message": "",
                "RetCode": 0,
                "TotalCount": 1,
            }
        ),
        page(
            [
                {
                    "ImageName": IMAGE,
                    "TagSet": [{"CreateTime": 1234567890, "TagName": "6"}],
                    "UpdateTime": 1234567890,
                }
            ],
            1,
        ),
    ),
    "no images": (b'{"RetCode": 0, "TotalCount": 0, "ImageSet": []}', page([], 0)),
    "ImageSet is null": (good(ImageSet=None, TotalCount=0), page([], 0)),
    "ImageSet is missing": (b'{"RetCode": 0, "TotalCount": 0}', page([], 0)),
    "TotalCount is null": (good(TotalCount=None), page([{}], None)),
    "TotalCount is missing": (b'{"RetCode": 0, "ImageSet": [{}]}', page([{}], None)),
    "Action and Message are null": (good(Action=None, Message=None), page([{}], 1)),
    "Action is empty": (good(Action=""), page([{}], 1)),
    "Action without Response": (good(Action="GetDockerImageList"), page([{}], 1)),
    "another action": (good(Action="DescribeImageResponse"), page([{}], 1)),
    "Action is a number": (good(Action=1), page([{}], 1)),
    "Action is an object": (good(Action={"a": "b"}), page([{}], 1)),
    "Action twice": (good(Action="a")[:-1] + b', "Action": "b"}', page([{}], 1)),
    "every field of an image is null": (
        image(
            ImageName=None,
            BucketName=None,
            TagSet=None,
            UpdateTime=None,
            ResourceId=None,
            OrgId=None,
        ),
        page(
            [
                {
                    "ImageName": None,
                    "BucketName": None,
                    "TagSet": None,
                    "UpdateTime": None,
                    "ResourceId": None,
                    "OrgId": None,
                }
            ],
            1,
        ),
    ),
    "every field of a tag is null": (
        tag(TagName=None, CreateTime=None),
        page([{"TagSet": [{"TagName": None, "CreateTime": None}]}], 1),
    ),
    "a tag without fields": (tag(), page([{"TagSet": [{}]}], 1)),
    "no tags": (image(TagSet=[]), page([{"TagSet": []}], 1)),
    "BucketName, as the page's table has it": (
        image(BucketName=IMAGE),
        page([{"BucketName": IMAGE}], 1),
    ),
    "OrgId is a number": (image(OrgId=50), page([{"OrgId": 50}], 1)),
    "OrgId is a text": (image(OrgId="org-1"), page([{"OrgId": "org-1"}], 1)),
    "the first second": (tag(CreateTime=0), page([{"TagSet": [{"CreateTime": 0}]}], 1)),
    "the last second that RFC 3339 can write": (
        tag(CreateTime=253402300799),
        page([{"TagSet": [{"CreateTime": 253402300799}]}], 1),
    ),
    "a lone surrogate in a tag's name": (
        rb'{"RetCode": 0, "ImageSet": [{"TagSet": [{"TagName": "a\ud800"}]}]}',
        page([{"TagSet": [{"TagName": "a\ufffd"}]}], None),
    ),
    "a lone surrogate among other escapes": (
        rb'{"RetCode": 0, "ImageSet":'
        rb' [{"ResourceId": "\udc00\ud83d\ude00\\ud800\n\uDBFF"}]}',
        page([{"ResourceId": "\ufffd\U0001f600\\ud800\n\ufffd"}], None),
    ),
    "unknown fields": (
        good(
            Request={"RetCode": 1, "TotalCount": -1},
            ImageSet=[{"Size": "1 MB", "TagSet": [{"Digest": 7}]}],
        ),
        page([{"TagSet": [{}]}], 1),
    ),
    "names of fields as values": (
        image(ImageName='"RetCode" "RetCode" "ImageSet"'),
        page([{"ImageName": '"RetCode" "RetCode" "ImageSet"'}], 1),
    ),
    "names of fields with escapes": (
        rb'{"\u0052etCode": 0, "ImageS\u0065t": [], "TotalCount": 0}',
        page([], 0),
    ),
    "white space around": (b"\r\n " + good() + b"\n", page([{}], 1)),
    "a long whole number in an unknown field": (
        b'{"RetCode": 0, "TotalCount": 0, "X": 1' + b"0" * 100 + b"}",
        page([], 0),
    ),
}


@pytest.mark.parametrize(("body", "expected"), PAGES.values(), ids=PAGES)
def test_a_page(body: bytes, expected: Page) -> None:
    """Fields below the envelope may be missing or null; unknown fields are ignored."""
    assert expected == parse(body)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"ImageName": "a"}, "a"),
        ({"BucketName": "a"}, "a"),
        ({"ImageName": "a", "BucketName": "b"}, "a"),
        ({"ImageName": "", "BucketName": "b"}, "b"),
        ({"ImageName": None, "BucketName": None}, None),
        ({"ImageName": ""}, None),
        ({"ImageName": "r.io/a\ufffd"}, None),
        ({"ImageName": "r.io/a\ufffd", "BucketName": "b"}, None),
        ({}, None),
    ],
)
def test_an_images_name(image: dict[str, str | None], expected: str | None) -> None:
    """`ImageName` as on the API's page, else `BucketName`; a broken one does not count."""
    assert expected == record(image).name


IMPLAUSIBLE_TIMES = {
    "negative": -1,
    "Go's zero time": -62135596800,
    "milliseconds": 1700000000000,
    "after the year 9999": 253402300800,
    "a huge number": 10**100,
    "a float": 1234567890.0,
    "a text": "1234567890",
    "an empty text": "",
    "a date": "2009-02-13T23:31:30Z",
    "true": True,
    "a list": [1234567890],
    "an object": {"Seconds": 1234567890},
    "not a number": float("nan"),
    "infinite": float("inf"),
}


@pytest.mark.parametrize("time", IMPLAUSIBLE_TIMES.values(), ids=IMPLAUSIBLE_TIMES)
def test_an_implausible_time_is_missing(time: object) -> None:
    """It is missing for its own tag or image only; the rest is as it was sent."""
    document = {
        "RetCode": 0,
        "TotalCount": 2,
        "ImageSet": [
            {
                "ImageName": "a",
                "UpdateTime": time,
                "TagSet": [
                    {"TagName": "1", "CreateTime": time},
                    {"TagName": "2", "CreateTime": 5},
                ],
            },
            {"ImageName": "b", "UpdateTime": 6},
        ],
    }

    assert page(
        [
            {
                "ImageName": "a",
                "TagSet": [{"TagName": "1"}, {"TagName": "2", "CreateTime": 5}],
            },
            {"ImageName": "b", "UpdateTime": 6},
        ],
        2,
    ) == parse(encoded(document))


ERROR_RESPONSES: dict[str, tuple[bytes, ErrorResponse]] = {
    "as the API says it": (
        b'{"RetCode": 171, "Action": "GetDockerImageListResponse", "Message": "No"}',
        ErrorResponse(171, "No"),
    ),
    "RetCode alone": (b'{"RetCode": 171}', ErrorResponse(171, "")),
    "Message is null": (b'{"RetCode": 153, "Message": null}', ErrorResponse(153, "")),
    "Message is not a text": (b'{"RetCode": 153, "Message": [1]}', ErrorResponse(153, "")),
    "RetCode is negative": (b'{"RetCode": -1}', ErrorResponse(-1, "")),
    "with images": (good(RetCode=150), ErrorResponse(150, "")),
    "another action": (good(RetCode=161, Action="Other"), ErrorResponse(161, "")),
    "Action is not a text": (good(RetCode=160, Action=7), ErrorResponse(160, "")),
    "another field twice": (
        b'{"RetCode": 171, "X": {"a": 1, "a": 2}}',
        ErrorResponse(171, ""),
    ),
    "another field twice, and escapes": (
        rb'{"RetCode": 171, "Message": "\u9519", "X": {"a": 1, "a": 2}}',
        ErrorResponse(171, "\u9519"),
    ),
    "a time is not plausible": (good(RetCode=150, UpdateTime=-1), ErrorResponse(150, "")),
    "ImageSet is not a list": (good(RetCode=172, ImageSet={}), ErrorResponse(172, "")),
    "TotalCount is negative": (good(RetCode=299, TotalCount=-1), ErrorResponse(299, "")),
    "all fields are odd": (
        encoded({"RetCode": 43023, "Message": "m", "TotalCount": "1", "ImageSet": 5}),
        ErrorResponse(43023, "m"),
    ),
    "a broken character in Message": (
        rb'{"RetCode": 171, "Message": "\ud800"}',
        ErrorResponse(171, "\ufffd"),
    ),
}


@pytest.mark.parametrize(
    ("body", "expected"), ERROR_RESPONSES.values(), ids=ERROR_RESPONSES
)
def test_an_error_response(body: bytes, expected: ErrorResponse) -> None:
    """The RetCode of an error counts, whatever the other fields are."""
    assert expected == parse(body)


INVALID: dict[str, bytes] = {
    # no JSON
    "nothing": b"",
    "white space": b" \r\n",
    "HTML": b"<!doctype html><html><body>Welcome!</body></html>",
    "cut": good()[:-1],
    "garbage behind": good() + b"x",
    "two documents": good() + good(),
    "a byte order mark": b"\xef\xbb\xbf" + good(),
    "a refusal behind a byte order mark": b'\xef\xbb\xbf{"RetCode": 171}',
    "UTF-16": good().decode().encode("utf-16"),
    "a refusal in UTF-16": b'{"RetCode": 171}'.decode().encode("utf-16-le"),
    "not UTF-8": b'{"RetCode": 0, "TotalCount": 0, "Message": "\xb4\xed"}',
    "a refusal that is not UTF-8": b'{"RetCode": 171, "Message": "\xb4\xed"}',
    "deep": DEEP,
    "deep in a field": b'{"RetCode": 0, "TotalCount": 0, "X": ' + DEEP,
    "deep in a refusal": b'{"RetCode": 171, "X": ' + DEEP,
    "deep objects": b'{"RetCode": 171, "X": ' + b'{"a":' * 100_000,
    "an escape and a number that is too long": (
        rb'{"RetCode": 0, "TotalCount": 0, "Message": "\u0041", "X": ' + LONG + b"}"
    ),
    # no object
    "a list": b"[]",
    "a list of an answer": b"[" + good() + b"]",
    "a text": b'"RetCode"',
    "a number": b"0",
    "null": b"null",
    # RetCode
    "RetCode is missing": b'{"TotalCount": 0, "ImageSet": []}',
    "RetCode is null": good(RetCode=None),
    "RetCode is false": good(RetCode=False),
    "RetCode is true": good(RetCode=True),
    "RetCode is a text": good(RetCode="0"),
    "RetCode is another text": good(RetCode="171"),
    "RetCode is a float": good(RetCode=0.0),
    "RetCode is another float": good(RetCode=171.0),
    "RetCode has an exponent": b'{"RetCode": 0e0, "TotalCount": 0}',
    "RetCode is a list": good(RetCode=[0]),
    "RetCode is huge": good(RetCode=2**63),
    "RetCode is hugely negative": good(RetCode=-(2**63) - 1),
    "RetCode has 5000 digits": b'{"RetCode": ' + LONG + b', "TotalCount": 0}',
    "RetCode is NaN": b'{"RetCode": NaN, "TotalCount": 0}',
    "RetCode in small letters": b'{"retcode": 0, "TotalCount": 0}',
    # what is said twice
    "RetCode twice, and good": b'{"RetCode": 0, "RetCode": 0, "TotalCount": 0}',
    "RetCode twice, good last": b'{"RetCode": 171, "RetCode": 0, "TotalCount": 0}',
    "RetCode twice, good first": b'{"RetCode": 0, "RetCode": 171, "TotalCount": 0}',
    "RetCode twice, with an odd field": b'{"RetCode": 0, "RetCode": 171, "Action": 5}',
    "RetCode twice, once with escapes": (
        rb'{"RetCode": 171, "\u0052etCode": 0, "TotalCount": 0}'
    ),
    "TotalCount twice": b'{"RetCode": 0, "TotalCount": 1, "TotalCount": 0}',
    "ImageSet twice": b'{"RetCode": 0, "ImageSet": [{}], "ImageSet": []}',
    # the other fields of the envelope
    "neither ImageSet nor TotalCount": b'{"RetCode": 0}',
    "ImageSet and TotalCount are null": good(ImageSet=None, TotalCount=None),
    "TotalCount is negative": good(TotalCount=-1),
    "TotalCount is a text": good(TotalCount="1"),
    "TotalCount is a float": good(TotalCount=1.0),
    "TotalCount is true": good(TotalCount=True),
    "TotalCount is huge": good(TotalCount=2**63),
    "TotalCount has 5000 digits": b'{"RetCode": 0, "TotalCount": ' + LONG + b"}",
    "TotalCount is infinite": b'{"RetCode": 0, "TotalCount": 1e999}',
    "Message is not a text": good(Message={}),
    "ImageSet is an object": good(ImageSet={}),
    "ImageSet is a text": good(ImageSet="[]"),
    "ImageSet is false": good(ImageSet=False),
    # images and tags
    "an image is null": good(ImageSet=[None]),
    "an image is a text": good(ImageSet=["a"]),
    "an image is a list": good(ImageSet=[[]]),
    "ImageName is a number": image(ImageName=1),
    "BucketName is a list": image(BucketName=["a"]),
    "ResourceId is a number": image(ResourceId=7),
    "OrgId is a float": image(OrgId=1.5),
    "OrgId is true": image(OrgId=True),
    "TagSet is an object": image(TagSet={}),
    "TagSet is a text": image(TagSet="latest"),
    "a tag is null": image(TagSet=[None]),
    "a tag is a text": image(TagSet=["latest"]),
    "TagName is a number": tag(TagName=1.2),
    "CreateTime has 5000 digits": (
        b'{"RetCode": 0, "ImageSet": [{"TagSet": [{"CreateTime": ' + LONG + b"}]}]}"
    ),
}


@pytest.mark.usefixtures("no_finalizers")
@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
def test_an_invalid_response(body: bytes) -> None:
    """Another shape than the page describes is neither a page nor an error response."""
    with pytest.raises(InvalidResponseError) as caught:
        parse(body)

    assert caught.value.__cause__ is caught.value.__context__ is None
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", "it is not JSON"),
        (good(RetCode="0"), "RetCode is not a whole number"),
        (good(RetCode=[], Action="x"), "RetCode is not a whole number"),
        (good(TotalCount=-1), "TotalCount is out of range"),
        (good(ImageSet={}), "ImageSet is not a list"),
        (good(ImageSet=[{}, 5]), "ImageSet[1] is not an object"),
        (tag(TagName=1), "ImageSet[0].TagSet[0].TagName is not a string"),
        (image(OrgId=1.5), "ImageSet[0].OrgId is not a string or a whole number"),
        (b"[]", "it is not an object"),
        (b'{"TotalCount": 0}', "it has no RetCode"),
        (b'{"RetCode": 0}', "it has neither ImageSet nor TotalCount"),
        (good()[:-1] + b', "ImageSet": []}', "it has a field twice"),
    ],
)
def test_an_invalid_response_is_explained_in_our_words(body: bytes, says: str) -> None:
    """The text names the field and what it should be, never in pydantic's words."""
    with pytest.raises(InvalidResponseError) as caught:
        parse(body)

    assert says == str(caught.value)


REPEATING: dict[str, Callable[[str], bytes]] = {
    "TotalCount": lambda text: good(TotalCount=text),
    "Message": lambda text: good(Message=[text]),
    "RetCode": lambda text: good(RetCode=text),
    "TagSet": lambda text: image(TagSet=text),
    "the name of a field": lambda text: good(**{text: 1, "TotalCount": -1}),
    "a text": encoded,
    "no JSON": str.encode,
}


@pytest.mark.parametrize("make", REPEATING.values(), ids=REPEATING)
def test_the_explanation_repeats_nothing(make: Callable[[str], bytes]) -> None:
    """A server may send the signed form, so no part of its response is shown."""
    with pytest.raises(InvalidResponseError) as caught:
        parse(make("canary"))

    assert "canary" not in str(caught.value)


NAMES = st.sampled_from(
    [
        "RetCode",
        "Action",
        "Message",
        "TotalCount",
        "ImageSet",
        "ImageName",
        "BucketName",
        "TagSet",
        "TagName",
        "CreateTime",
        "UpdateTime",
        "ResourceId",
        "OrgId",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(0),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=20,
)
ANSWERS = st.dictionaries(NAMES, VALUES).map(lambda fields: {**PAGE, **fields})


def test_a_page_of_many_tags_is_accepted() -> None:
    """A page of 100 images with 5,000 tags each is not too large."""
    tags = ",".join(f'{{"TagName": "{n}", "CreateTime": {n}}}' for n in range(5_000))
    images = ",".join([f'{{"ImageName": "r.io/a", "TagSet": [{tags}]}}'] * 100)
    page = parse(f'{{"RetCode": 0, "ImageSet": [{images}]}}'.encode())

    assert isinstance(page, Page)
    assert [5_000] * 100 == [len(image.tag_set or ()) for image in page.images]


def outcome(body: bytes) -> Page | ErrorResponse | None:
    """What a response says; None if it is invalid."""
    try:
        return parse(body)
    except InvalidResponseError:
        return None


@given(st.binary() | st.binary().map(lambda some: good()[:40] + some))
@example(b'{"RetCode":' + LONG + b"}")
def test_any_bytes_are_valid_or_invalid(body: bytes) -> None:
    """No bytes raise another error than InvalidResponseError."""
    outcome(body)


@given(ANSWERS | VALUES, st.data())
def test_a_damaged_response_is_valid_or_invalid(document: Any, data: st.DataObject) -> None:
    """No damage raises another error than InvalidResponseError."""
    body = bytearray(json.dumps(document).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    outcome(bytes(body))


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_only_a_whole_number_0_is_success(ret_code: Any) -> None:
    """RetCode 0 makes a page, another whole number an error response."""
    found = outcome(json.dumps({**PAGE, "RetCode": ret_code}).encode())

    if type(ret_code) is not int or abs(ret_code) >= 2**63:
        assert found is None
    elif ret_code == 0:
        assert isinstance(found, Page)
    else:
        assert isinstance(found, ErrorResponse)
        assert ret_code == found.ret_code


TEXTS = st.none() | st.text(st.characters(codec="utf-8"))
SECONDS = st.none() | st.integers(0, 253402300799)
TAGS = st.fixed_dictionaries({}, optional={"TagName": TEXTS, "CreateTime": SECONDS})
IMAGES = st.fixed_dictionaries(
    {},
    optional={
        "ImageName": TEXTS,
        "BucketName": TEXTS,
        "TagSet": st.none() | st.lists(TAGS),
        "UpdateTime": SECONDS,
        "ResourceId": TEXTS,
        "OrgId": TEXTS | st.integers(0, 10**9),
    },
)


@given(images=st.lists(IMAGES), ascii_only=st.booleans())
def test_images_are_read_as_they_were_sent(
    images: list[dict[str, Any]], *, ascii_only: bool
) -> None:
    """Nothing is changed, left out or reordered, with and without escapes."""
    document = {"RetCode": 0, "ImageSet": images, "TotalCount": len(images)}

    body = json.dumps(document, ensure_ascii=ascii_only).encode()

    assert page(images, len(images)) == parse(body)
