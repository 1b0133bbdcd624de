"""The table: every fault, and its outcome by contract.md.

Written from the contract before it was run: section 1 says what is retried and what a
listing is, section 7 has the classes of errors.
"""

from __future__ import annotations

import gzip
import time
import zlib
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from faults import (
    BODY,
    CHUNKED,
    CONNECTED,
    GZIP,
    HEAD,
    IMAGE,
    PACKED,
    PAGE,
    Do,
    Drip,
    answer,
    chunked,
    encoded,
)

from pulumi_ucimage.errors import (
    ApiError,
    ResponseError,
    TransportError,
    UcimageError,
)
from reliability.cases import (
    Case,
    Exhausted,
    Script,
    Way,
    always,
    cut_everywhere,
    each,
    good,
    pages,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faults import Answer, Step

TIMEOUT_S = 0.3
"""The deadline for faults that never end by themselves."""
UNCHECKED = {"UCIMAGE_CHECK_TOTAL_COUNT": "false"}
AGAIN = (408, 429, 500, 502, 503, 504)
INTERNAL = (43000, 43001, 43002, 43003, 43019, 43020, 43021)


def transient(*steps: Step, greeting: tuple[Step, ...] = (), way: Way = Way.PLAIN) -> Case:
    """No usable connection: one attempt and three retries."""
    script = always(tuple(steps), greeting=greeting, way=way)
    return Case(expected=TransportError, calls=4, scripts=script)


def no_http(answered: bytes) -> Case:
    """Invalid HTTP is an unusable connection, and is not retried."""
    return Case(expected=TransportError, calls=1, scripts=always((answered, Do.WAIT)))


def unusable(*answered: bytes) -> Case:
    """A response, or each of several, that does not match section 1."""
    scripts = each(*((one, Do.CLOSE) for one in answered))
    return Case(expected=ResponseError, calls=1, scripts=scripts)


def whole(*steps: Step) -> Case:
    """An unusual response that is valid."""
    return Case(expected=None, calls=1, scripts=always(steps))


def late(*steps: Step, way: Way = Way.PLAIN, greeting: tuple[Step, ...] = ()) -> Case:
    """A fault that never ends: the deadline leaves no time for a retry."""
    return Case(
        expected=TransportError,
        calls=1,
        scripts=always(steps, greeting=greeting, way=way),
        timeout_s=TIMEOUT_S,
    )


def statuses(*wanted: int, calls: int = 1) -> Case:
    """Each of these HTTP statuses, with a page as its body that must not be used."""
    scripts = each(*((answer(status=status), Do.CLOSE) for status in wanted))
    return Case(expected=ResponseError, calls=calls, scripts=scripts)


def ret_codes(*wanted: int, calls: int = 1) -> Case:
    """Each of these RetCodes."""
    return Case(expected=ApiError, calls=calls, scripts=each(*map(refusal, wanted)))


def third_page(
    *responses: Answer,
    expected: type[UcimageError] | None,
    calls: int,
    timeout_s: float = 1.0,
) -> Case:
    """A fault on the third page of eleven; the calls of that page are counted."""
    return Case(
        expected=expected,
        calls=calls,
        page=198,
        scripts=pages(1000, responses={"198": responses}),
        timeout_s=timeout_s,
    )


def windowed(
    count: int,
    *,
    calls: int,
    expected: type[UcimageError] | None = None,
    **fields: Any,
) -> Case:
    """A window of 120 images from the 90th on, in a bucket of `count`."""
    return Case(
        expected=expected,
        calls=calls,
        at_most=True,
        window={"limit": 120, "offset": 90},
        scripts=pages(count, **fields),
    )


def retry_after(value: str) -> Script:
    """A server that is unavailable, and sends Retry-After."""
    return Script(responses=(answer(b"", 503, {"Retry-After": value}),))


def once(
    change: Callable[[list[str]], object],
) -> Callable[[int, list[str]], object]:
    """A change just before the second call."""
    return lambda call, images: call == 2 and change(images)


def redirects() -> Sequence[Script]:
    """The five redirects, each to another host."""
    return [
        Script(responses=(answer(b"", status, {"Location": "http://127.0.0.2:9/"}),))
        for status in (301, 302, 303, 307, 308)
    ]


def bomb() -> Sequence[Script]:
    """Half a megabyte that unpacks to 512 MB."""
    compressor = zlib.compressobj(9, wbits=31)
    zeros = bytes(2**20)
    packed = b"".join(compressor.compress(zeros) for _ in range(512)) + compressor.flush()
    return [Script(responses=(answer(packed, headers=GZIP),))]


def alone(
    expected: type[UcimageError] | None, scripts: Callable[[], Sequence[Script]]
) -> Case:
    """One call, in a process of its own, to measure its memory."""
    return Case(expected=expected, calls=1, scripts=scripts, alone=True)


def many_parts(unit: bytes, before: bytes, behind: bytes, *, ret_code: int = 0) -> Case:
    """31 MiB of parts that are so small that each takes many times its size in memory."""

    def scripts() -> Sequence[Script]:
        parts = (unit * (31 * 2**20 // len(unit))).removesuffix(b",")
        body = b'{"RetCode": %d, ' % ret_code + before + parts + behind
        return [Script(responses=(answer(gzip.compress(body, 1), headers=GZIP),))]

    return alone(ResponseError, scripts)


MIB = b" " * 2**20
CASES: dict[str, dict[str, Case]] = {
    "Connections": {
        "refused": transient(way=Way.REFUSED),
        "reset before the request": transient(greeting=(Do.RESET,)),
        "closed before the request": transient(greeting=(Do.CLOSE,)),
        "reset before the headers": transient(Do.RESET),
        "closed before the headers": transient(Do.CLOSE),
        "reset within the headers": transient(HEAD[:20], Do.RESET),
        "reset before the body": transient(HEAD, Do.RESET),
        "reset within the body": transient(HEAD, BODY[:20], Do.RESET),
        "reset within a chunk": transient(chunked(BODY)[:-20], Do.RESET),
        "reset once, then whole": Case(
            expected=None, calls=2, scripts=always((Do.RESET,), answer())
        ),
        "Content-Length, cut at every length": Case(
            expected=TransportError, calls=4, scripts=cut_everywhere(answer())
        ),
        "chunks, cut at every length": Case(
            expected=TransportError,
            calls=4,
            scripts=cut_everywhere(chunked(BODY[:50], BODY[50:])),
        ),
        "gzip in chunks, cut at every length": Case(
            expected=TransportError,
            calls=4,
            scripts=cut_everywhere(chunked(PACKED, headers=GZIP)),
        ),
        "cut under TLS, before, in and after the headers": Case(
            expected=TransportError,
            calls=4,
            scripts=lambda: [
                Script(responses=((cut, Do.CLOSE),), way=Way.TLS)
                for cut in (b"", HEAD[:20], HEAD, HEAD + BODY[:20])
            ],
        ),
    },
    "Time": {
        "silence before the headers": late(Do.WAIT),
        "the status line drips": late(Drip(b"HTTP/1.1 200 " + b"x" * 9999)),
        "headers drip": late(HEAD[:30], Drip(b"X: y\r\n" * 9999)),
        "100 Continue drips": late(Drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 9999, 0.001)),
        "headers drip under TLS": late(HEAD[:30], Drip(b"X: y\r\n" * 9999), way=Way.TLS),
        "silence before the body": late(HEAD, Do.WAIT),
        "the body drips": late(
            answer(b"", headers={"Content-Length": "9999"}), Drip(b" " * 9999)
        ),
        "the body drips, without a length": late(
            answer(b"", headers={"Content-Length": None}), Drip(b" " * 9999)
        ),
        "the body drips under TLS": late(
            answer(b"", headers={"Content-Length": "9999"}),
            Drip(b" " * 9999),
            way=Way.TLS,
        ),
        "a compressed body drips": late(
            answer(PACKED[:10], headers={**GZIP, "Content-Length": "9999"}),
            Drip(b"\x00\x00\x00\xff\xff" * 9999),  # blocks of nothing
        ),
        "a chunk's size drips": late(answer(b"", headers=CHUNKED), Drip(b"0" * 9999)),
        "chunks drip": late(answer(b"", headers=CHUNKED), Drip(b"1\r\n \r\n" * 9999)),
        "trailers drip": late(answer(b"0\r\n", headers=CHUNKED), Drip(b"X: y\r\n" * 9999)),
        "the TLS handshake drips": late(
            greeting=(Drip(b"\x16\x03\x03\x40\x00" * 999),), way=Way.NO_TLS
        ),
        "silence in the TLS handshake": late(greeting=(Do.WAIT,), way=Way.NO_TLS),
        "one byte a second": Case(
            expected=TransportError,
            calls=1,
            scripts=lambda: [
                Script(responses=((begun, Drip(b" " * 99, 1.0)),)) for begun in (b"", HEAD)
            ],
        ),
        "byte by byte, and in time": Case(
            expected=None, calls=1, scripts=always((Drip(answer(), 0),))
        ),
    },
    "Framing": {
        "100,000 headers": no_http(answer(headers={f"X-{n}": "x" for n in range(100_000)})),
        "a header of 1 MB": no_http(answer(headers={"X": "x" * 2**20})),
        "a status line of 1 MB": no_http(b"HTTP/1.1 200 " + b"x" * 2**20),
        "garbage for a status line": no_http(b"\x00\xff garbage\r\n\r\n"),
        "HTTP/0.9": no_http(BODY + b"\r\n"),
        "HTTP/2": no_http(answer().replace(b"HTTP/1.1", b"HTTP/2.0")),
        "a header without a colon": no_http(
            answer().replace(b"Content-Length:", b"Content-Length")
        ),
        "a status that is no number": no_http(answer().replace(b" 200 ", b" 2x0 ")),
        "two Content-Lengths": no_http(answer(headers={"content-length": "7"})),
        "a chunk's size is no number": no_http(
            answer(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n", headers=CHUNKED)
        ),
        "a chunk's size is missing": no_http(
            answer(b"\r\n" + BODY + b"\r\n0\r\n\r\n", headers=CHUNKED)
        ),
        "a chunk's size is negative": no_http(
            answer(b"-5\r\n" + BODY + b"\r\n0\r\n\r\n", headers=CHUNKED)
        ),
        "a chunk's size is too small": no_http(
            answer(b"5\r\n" + BODY + b"\r\n0\r\n\r\n", headers=CHUNKED)
        ),
        "a chunk's size has no end": no_http(answer(b"0" * 100_000, headers=CHUNKED)),
        "a chunk longer than its data": transient(
            answer(b"ffff\r\n" + BODY, headers=CHUNKED), Do.CLOSE
        ),
        "a chunk larger than any memory": transient(
            answer(b"f" * 16 + b"\r\n" + BODY, headers=CHUNKED), Do.CLOSE
        ),
        "chunks without an end": transient(
            chunked(BODY).removesuffix(b"0\r\n\r\n"), Do.CLOSE
        ),
        "Content-Length too long": transient(
            answer(headers={"Content-Length": str(len(BODY) + 1)}), Do.CLOSE
        ),
        "Content-Length too short": unusable(
            answer(headers={"Content-Length": str(len(BODY) - 1)})
        ),
        "no length, cut": unusable(answer(BODY[:-1], headers={"Content-Length": None})),
        "no body": unusable(answer(b"")),
        "no length": whole(answer(headers={"Content-Length": None}), Do.CLOSE),
        "chunks": whole(chunked(BODY[:7], BODY[7:8], BODY[8:])),
        "chunks with extensions and trailers": whole(
            answer(
                b"%x;a=b\r\n%s\r\n000\r\nX: y\r\n\r\n" % (len(BODY), BODY),
                headers=CHUNKED,
            )
        ),
        "identity": whole(answer(headers={"Content-Encoding": "identity"})),
        "100 Continue first": whole(b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + answer()),
    },
    "Compression": {
        "gzip": whole(answer(PACKED, headers=GZIP)),
        "gzip by its old name": whole(
            answer(PACKED, headers={"Content-Encoding": "X-GZIP"})
        ),
        "gzip in chunks": whole(chunked(PACKED[:9], PACKED[9:], headers=GZIP)),
        "gzip, cut at every length, with a right Content-Length": unusable(
            *(answer(PACKED[:length], headers=GZIP) for length in range(len(PACKED)))
        ),
        "gzip with a wrong checksum": unusable(
            answer(PACKED[:-8] + b"\0" * 4 + PACKED[-4:], headers=GZIP)
        ),
        "gzip with garbage after it": unusable(answer(PACKED + b"garbage", headers=GZIP)),
        "not gzip at all": unusable(answer(BODY, headers=GZIP)),
        "deflate": unusable(
            answer(zlib.compress(BODY), headers={"Content-Encoding": "deflate"})
        ),
        "unknown encoding": unusable(answer(headers={"Content-Encoding": "br"})),
    },
    "Memory": {
        "gzip bomb, 512 MB of 0.5 MB": alone(ResponseError, bomb),
        "gzip bomb of 256 MB in a gzip bomb": alone(
            ResponseError,
            lambda: [
                Script(
                    responses=(
                        answer(gzip.compress(gzip.compress(MIB * 256, 1)), headers=GZIP),
                    )
                )
            ],
        ),
        "33 MB": alone(
            ResponseError, lambda: [Script(responses=(answer(MIB * 33 + BODY),))]
        ),
        "31 MB before a whole answer": alone(
            None, lambda: [Script(responses=(answer(MIB * 31 + BODY),))]
        ),
        "chunks without end": alone(
            ResponseError,
            lambda: [
                Script(
                    responses=(
                        (
                            answer(b"", headers=CHUNKED),
                            *(b"100000\r\n" + MIB + b"\r\n",) * 100,
                        ),
                    )
                )
            ],
        ),
        "30 million nested lists": alone(
            ResponseError, lambda: [Script(responses=(answer(b"[" * 30_000_000),))]
        ),
        "10 million images without a field": many_parts(b"{},", b'"ImageSet": [', b"]}"),
        "10 million tags without a field": many_parts(
            b"{},", b'"ImageSet": [{"TagSet": [', b"]}]}"
        ),
        "2 million images without tags": many_parts(
            b'{"TagSet":[]},', b'"ImageSet": [', b"]}"
        ),
        "10 million lists in an unknown field": many_parts(b"[],", b'"X": [', b"]}"),
        "10 million lists, and an escape": many_parts(
            b"[],", rb'"Message": "\u0041", "X": [', b"]}"
        ),
        "5 million texts, and an escape": many_parts(
            b'"ab",', rb'"Message": "\u0041", "X": [', b"]}"
        ),
        "10 million lists in a refusal": many_parts(
            b"[],", b'"TotalCount": -1, "X": [', b"]}", ret_code=171
        ),
        "a number of 30 million digits": alone(
            ResponseError,
            lambda: [
                Script(responses=(answer(b'{"RetCode": ' + b"9" * 30_000_000 + b"}"),))
            ],
        ),
        "a body without end behind status 404": alone(
            ResponseError,
            always((answer(b"", 404, {"Content-Length": "9" * 12}), *(MIB,) * 50)),
        ),
    },
    "HTTP": {
        "status 200": whole(answer()),
        "201 to 299": statuses(*range(201, 300)),
        "300 to 399": statuses(*range(300, 400)),
        "301, 302, 303, 307 and 308 to another host": Case(
            expected=ResponseError, calls=1, scripts=redirects
        ),
        "408, 429, 500, 502, 503 and 504": statuses(*AGAIN, calls=4),
        "other 400 to 499": statuses(*(s for s in range(400, 500) if s not in AGAIN)),
        "other 500 to 599": statuses(*(s for s in range(500, 600) if s not in AGAIN)),
        "503 once, then whole": Case(
            expected=None, calls=2, scripts=always(answer(b"", 503), answer())
        ),
        "503, then RetCode 150 for good": Case(
            expected=ApiError, calls=4, scripts=always(answer(b"", 503), refusal(150))
        ),
        "429 with Retry-After: 7, in 60 s": Case(
            expected=ResponseError,
            calls=4,
            timeout_s=60,
            scripts=always(answer(b"", 429, {"Retry-After": "7"})),
        ),
        "429 with Retry-After: 99, honoured up to 30 s, in 35 s": Case(
            expected=ResponseError,
            calls=2,
            timeout_s=35,
            scripts=always(answer(b"", 429, {"Retry-After": "99"})),
        ),
        "429 with Retry-After: 7, in 1 s": Case(
            expected=ResponseError,
            calls=1,
            scripts=always(answer(b"", 429, {"Retry-After": "7"})),
        ),
        "503 with Retry-After: in two hours, honoured up to 30 s, in 35 s": Case(
            expected=ResponseError,
            calls=2,
            timeout_s=35,
            scripts=lambda: [retry_after(formatdate(time.time() + 7200, usegmt=True))],
        ),
        "503 with a Retry-After in the past, negative or not a number, in 1 s": Case(
            expected=ResponseError,
            calls=4,
            scripts=lambda: [
                *map(retry_after, ("Sun, 06 Nov 1994 08:49:37 GMT", "-7", "1.5", "7s", ""))
            ],
        ),
    },
    "Certificates": {
        "trusted": Case(expected=None, calls=1, scripts=always(answer(), way=Way.TLS)),
        "of an unknown authority": Case(
            expected=TransportError,
            calls=1,
            scripts=always(answer(), way=Way.UNKNOWN_AUTHORITY),
        ),
        "of another host": Case(
            expected=TransportError, calls=1, scripts=always(answer(), way=Way.OTHER_HOST)
        ),
        "expired": Case(
            expected=TransportError, calls=1, scripts=always(answer(), way=Way.EXPIRED)
        ),
        "no TLS where there should be": Case(
            expected=TransportError,
            calls=1,
            scripts=always((), greeting=(answer(), Do.WAIT), way=Way.NO_TLS),
        ),
        "the TLS handshake is cut": transient(greeting=(Do.READ, Do.CLOSE), way=Way.NO_TLS),
    },
    "Proxies": {
        "407": Case(
            expected=TransportError,
            calls=1,
            scripts=always(
                answer(b"", 407, {"Proxy-Authenticate": "Basic"}), way=Way.PROXY
            ),
        ),
        "403": Case(
            expected=TransportError,
            calls=1,
            scripts=always(answer(b"", 403), way=Way.PROXY),
        ),
        "reset": transient(Do.RESET, way=Way.PROXY),
        "cut within its headers": transient(CONNECTED[:30], Do.CLOSE, way=Way.PROXY),
        "cut after its headers": transient(CONNECTED, Do.CLOSE, way=Way.PROXY),
        "its headers drip": late(CONNECTED[:-2], Drip(b"X: y\r\n" * 9999), way=Way.PROXY),
    },
    "RetCodes": {
        "110, 130, 150 and 153": ret_codes(110, 130, 150, 153, calls=4),
        "43000 to 43003 and 43019 to 43021": ret_codes(*INTERNAL, calls=4),
        "153 once, then whole": Case(
            expected=None, calls=2, scripts=always(refusal(153), answer())
        ),
        "153 with Retry-After: 99, honoured up to 30 s, in 35 s": Case(
            expected=ApiError,
            calls=2,
            timeout_s=35,
            scripts=always(refusal(153, **{"Retry-After": "99"})),
        ),
        "160 and 161": ret_codes(160, 161),
        "170, 171, 172 and 174": ret_codes(170, 171, 172, 174),
        "292, 294 and 299": ret_codes(292, 294, 299),
        "other 43004 to 43048": ret_codes(
            *(code for code in range(43004, 43049) if code not in INTERNAL)
        ),
        "any other, also below 0": ret_codes(-1, 1, 100, 151, 154, 2001, 5000, 10**9),
        "a text": unusable(refusal("0"), refusal("153"), good(RetCode="0")),
        "a float": unusable(refusal(0.0), refusal(153.0), good(RetCode=0.0)),
        "true and false": unusable(refusal(ret_code=True), good(RetCode=False)),
        "null": unusable(refusal(None), good(RetCode=None)),
        "missing": unusable(
            answer(encoded({key: PAGE[key] for key in PAGE if key != "RetCode"}))
        ),
        "twice": unusable(
            answer(b'{"RetCode": 171, ' + BODY[1:]),
            answer(BODY[:-1] + b', "RetCode": 150}'),
        ),
        "a list and a number too large": unusable(refusal([0]), refusal(2**64)),
    },
    "JSON": {
        "deep": unusable(
            answer(b"[" * 100_000), answer(BODY[:-1] + b', "X": ' + b"[" * 100_000)
        ),
        "a number of 5,000 digits": unusable(
            answer(BODY.replace(b'"TotalCount": 1', b'"TotalCount": ' + b"9" * 5000))
        ),
        "not UTF-8": unusable(
            answer(BODY.replace(b'"Message": ""', b'"Message": "\xb4\xed"'))
        ),
        "UTF-16": unusable(answer(BODY.decode().encode("utf-16"))),
        "a byte order mark": unusable(answer(b"\xef\xbb\xbf" + BODY)),
        "a list": unusable(answer(b"[]"), answer(b"[" + BODY + b"]")),
        "null": unusable(answer(b"null")),
        "an HTML page": unusable(answer(b"<!doctype html><html>Welcome!</html>")),
        "cut": unusable(*(answer(BODY[:length]) for length in range(len(BODY)))),
        "two documents": unusable(answer(BODY + BODY)),
        "another action": whole(good(Action="DescribeImageResponse")),
        "TotalCount of -1, 1.0, 1e999 and NaN": unusable(
            good(TotalCount=-1),
            good(TotalCount=1.0),
            answer(BODY.replace(b'"TotalCount": 1', b'"TotalCount": 1e999')),
            good(TotalCount=float("nan")),
        ),
        "images of another JSON type": unusable(
            good(ImageSet={}), good(ImageSet=[None]), good(ImageSet="[]")
        ),
        "a time of the year 10000, in milliseconds, negative or a text": Case(
            expected=None,
            calls=1,
            scripts=each(
                *(
                    good(
                        ImageSet=[
                            {
                                "ImageName": IMAGE,
                                "UpdateTime": time_,
                                "TagSet": [{"TagName": "6", "CreateTime": time_}],
                            }
                        ]
                    )
                    for time_ in (253402300800, 1700000000000, -62135596800, "1234567890")
                )
            ),
        ),
        "half a surrogate pair in a tag's name": whole(
            good(
                ImageSet=[{"ImageName": IMAGE, "TagSet": [{"TagName": "\ud800"}]}],
            )
        ),
        "half a surrogate pair in an image's name": Case(
            expected=None,
            calls=1,
            scripts=lambda: [
                Script(
                    responses=(
                        good(
                            TotalCount=2,
                            ImageSet=[{"ImageName": "\ud800"}, {"ImageName": IMAGE}],
                        ),
                    ),
                    images=("None", IMAGE),
                )
            ],
        ),
        "unknown fields": whole(good(Request={"RetCode": 1})),
    },
    "Listings": {
        "250 images": Case(expected=None, calls=3, scripts=pages(250)),
        "a cap of 20": Case(
            expected=None, calls=14, at_most=True, scripts=pages(250, cap=20)
        ),
        # No room for an overlap, which would show a replaced image: read twice.
        "a cap of 1": Case(expected=None, calls=62, at_most=True, scripts=pages(30, cap=1)),
        "an image pushed between pages": Case(
            expected=None,
            calls=6,
            at_most=True,
            scripts=pages(250, change=once(lambda images: images.insert(0, "r.io/new"))),
        ),
        "an image deleted between pages": Case(
            expected=None,
            calls=6,
            at_most=True,
            scripts=pages(250, change=once(lambda images: images.pop(0))),
        ),
        "an image renamed between pages": Case(
            expected=None,
            calls=6,
            at_most=True,
            scripts=pages(
                250, change=once(lambda images: images.__setitem__(99, "r.io/new"))
            ),
        ),
        "an image replaced by another between pages": Case(
            expected=None,
            calls=6,
            at_most=True,
            scripts=pages(
                250,
                change=once(
                    lambda images: (images.pop(5), images.append("r.io/new"))  # type: ignore[func-returns-value]
                ),
            ),
        ),
        "all images deleted between pages": Case(
            expected=None,
            calls=4,
            at_most=True,
            scripts=pages(250, change=once(lambda images: images.clear())),
        ),
        "an image pushed before every call": Case(
            expected=ResponseError,
            calls=9,
            at_most=True,
            scripts=pages(
                250, change=lambda call, images: images.insert(0, f"r.io/new{call}")
            ),
        ),
        "an image moved between pages": Case(
            expected=None,
            calls=6,
            at_most=True,
            scripts=pages(
                250, change=once(lambda images: images.insert(0, images.pop(150)))
            ),
        ),
        "Limit is ignored": Case(
            expected=None, calls=3, at_most=True, scripts=pages(250, ignores_limit=True)
        ),
        "Offset is ignored": Case(
            expected=ResponseError,
            calls=9,
            at_most=True,
            scripts=pages(250, ignores_offset=True),
        ),
        "a page comes twice": Case(
            expected=None,
            calls=6,
            at_most=True,
            scripts=pages(
                250,
                responses={
                    "99": [
                        good(
                            TotalCount=250,
                            ImageSet=[{"ImageName": f"r.io/app{n}"} for n in range(100)],
                        ),
                        b"",
                    ]
                },
            ),
        ),
        "TotalCount is missing": Case(
            expected=None,
            calls=10,
            at_most=True,
            scripts=pages(250, total=lambda _, __: None),
        ),
        "TotalCount is too small": Case(
            expected=ResponseError,
            calls=4,
            at_most=True,
            scripts=pages(250, total=lambda _, __: 249),
        ),
        "TotalCount is too large": Case(
            expected=ResponseError,
            calls=7,
            at_most=True,
            scripts=pages(250, total=lambda _, __: 300),
        ),
        "TotalCount changes at every call": Case(
            expected=ResponseError,
            calls=9,
            at_most=True,
            scripts=pages(250, total=lambda call, true: true + call),
        ),
        "TotalCount is wrong, and not checked": Case(
            expected=None,
            calls=12,
            at_most=True,
            settings=UNCHECKED,
            scripts=pages(250, total=lambda _, __: 17),
        ),
        "TotalCount changes at every call, and is not checked": Case(
            expected=None,
            calls=12,
            at_most=True,
            settings=UNCHECKED,
            scripts=pages(250, total=lambda call, true: true + call),
        ),
        "Offset is ignored, and TotalCount not checked": Case(
            expected=ResponseError,
            calls=9,
            at_most=True,
            settings=UNCHECKED,
            scripts=pages(250, ignores_offset=True),
        ),
        "an image pushed before every call, and TotalCount not checked": Case(
            expected=ResponseError,
            calls=9,
            at_most=True,
            settings=UNCHECKED,
            scripts=pages(
                250, change=lambda call, images: images.insert(0, f"r.io/new{call}")
            ),
        ),
    },
    "Windows": {
        "120 images from the 90th on": windowed(250, calls=2),
        "120 images from the 90th on, a cap of 20": windowed(250, calls=14, cap=20),
        "120 images from the 90th on, of 150": windowed(150, calls=3),
        "Limit is ignored": windowed(250, calls=2, ignores_limit=True),
        "an image pushed between pages": windowed(
            250, calls=4, change=once(lambda images: images.insert(0, "r.io/new"))
        ),
        "an image deleted between pages": windowed(
            250, calls=4, change=once(lambda images: images.pop(0))
        ),
        "an image renamed between pages": windowed(
            250, calls=4, change=once(lambda images: images.__setitem__(189, "r.io/new"))
        ),
        "Offset is ignored": windowed(
            250, calls=8, expected=ResponseError, ignores_offset=True
        ),
        "TotalCount is too small": windowed(
            250, calls=4, expected=ResponseError, total=lambda _, __: 200
        ),
        "TotalCount is too large": windowed(
            150, calls=4, expected=ResponseError, total=lambda _, __: 160
        ),
        "TotalCount is missing": windowed(250, calls=2, total=lambda _, __: None),
    },
    "The third page of eleven": {
        "reset for good": third_page((Do.RESET,), expected=TransportError, calls=4),
        "reset once": third_page((Do.RESET,), b"", expected=None, calls=2),
        "cut for good": third_page((HEAD, Do.CLOSE), expected=TransportError, calls=4),
        "503 for good": third_page(answer(b"", 503), expected=ResponseError, calls=4),
        "503 three times": third_page(
            *(answer(b"", 503),) * 3, b"", expected=None, calls=4
        ),
        "RetCode 153 for good": third_page(refusal(153), expected=ApiError, calls=4),
        "RetCode 153 once": third_page(refusal(153), b"", expected=None, calls=2),
        "RetCode 171": third_page(refusal(171), expected=ApiError, calls=1),
        "a redirect": third_page(
            answer(b"", 307, {"Location": "/"}), expected=ResponseError, calls=1
        ),
        "an HTML page": third_page(answer(b"<html>"), expected=ResponseError, calls=1),
        "gzip, cut": third_page(
            answer(PACKED[:-20], headers=GZIP), expected=ResponseError, calls=1
        ),
        "silence": third_page(
            (Do.WAIT,), expected=TransportError, calls=1, timeout_s=TIMEOUT_S
        ),
        "the body drips": third_page(
            (answer(b"", headers={"Content-Length": "9999"}), Drip(b" " * 9999)),
            expected=TransportError,
            calls=1,
            timeout_s=TIMEOUT_S,
        ),
    },
    "This machine": {
        "20 servers one after another: at most 8 connections are kept": Case(
            expected=None,
            calls=1,
            together=True,
            scripts=lambda: [Script(responses=(answer(),))] * 20,
        ),
        "no file can be opened": Case(
            expected=TransportError,
            calls=1,
            scripts=always(answer()),
            exhausted=Exhausted.FILES,
        ),
        "no file can be opened, nor the CA bundle": Case(
            expected=TransportError,
            calls=1,
            scripts=always(answer(), way=Way.TLS),
            exhausted=Exhausted.FILES,
        ),
        "no thread can be started": Case(
            expected=None, calls=3, scripts=pages(250), exhausted=Exhausted.THREADS
        ),
    },
}
