"""The emulator: what it answers, refuses, does wrong on request, and leaves behind."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from pulumi_ucimage.emulator import (
    DEMO_BUCKET,
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    DEMO_TAGS,
    DataError,
    Emulator,
    EmulatorError,
    FaultError,
    PushError,
    __main__,
)
from pulumi_ucimage.emulator.data_file import parse as parse_data
from pulumi_ucimage.emulator.faults import FaultQueue
from pulumi_ucimage.emulator.signature import sign, verify
from pulumi_ucimage.emulator.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
PUBLIC_KEY, PRIVATE_KEY, TOKEN = "made-up-public", "made-up-private", "made-up-token"
NAMES = [f"registry.example/many/image-{number:02}" for number in range(25)]
HELLO = "registry.example/tools/hello"
DATA: dict[str, Any] = {
    "Keys": [
        {"PublicKey": PUBLIC_KEY, "PrivateKey": PRIVATE_KEY},
        {"PublicKey": "temporary", "PrivateKey": PRIVATE_KEY, "SecurityToken": TOKEN},
    ],
    "Buckets": [
        {
            "Region": "cn-bj2",
            "BucketName": "many",
            "ImageSet": [{"ImageName": name} for name in NAMES],
        },
        {"Region": "cn-bj2", "BucketName": "tools", "ImageSet": [{"ImageName": HELLO}]},
        {"Region": "hk", "BucketName": "tools", "ImageSet": []},
        {"Region": "hk", "BucketName": "ours", "ProjectId": "org-1", "ImageSet": []},
    ],
}
# What each key of a call's dict means; None leaves the parameter out.
GOOD: dict[str, str | None] = {
    "Action": "GetDockerImageList",
    "PublicKey": PUBLIC_KEY,
    "Region": "cn-bj2",
    "BucketName": "many",
}


def signed(key: str = PRIVATE_KEY, /, **changes: str | None) -> dict[str, str]:
    """The parameters of a good call with these changes, signed unless told otherwise."""
    parameters = {
        name: value for name, value in {**GOOD, **changes}.items() if value is not None
    }
    if "Signature" not in changes:
        parameters["Signature"] = sign(parameters, key)
    return parameters


def demo(**changes: str | None) -> dict[str, str]:
    """The parameters of a call that asks for the demo's own bucket."""
    ours = {"PublicKey": DEMO_PUBLIC_KEY, "Region": DEMO_REGION, "BucketName": DEMO_BUCKET}
    return signed(DEMO_PRIVATE_KEY, **{**ours, **changes})


def post(url: str, parameters: dict[str, str]) -> requests.Response:
    """Send a call as the official tools do: a form in the body of a POST."""
    return requests.post(url, data=parameters, timeout=30, allow_redirects=False)


def listed(emulator: Emulator, bucket: str, region: str = "cn-bj2") -> list[dict[str, Any]]:
    """The bucket's images as the API lists them."""
    call = signed(BucketName=bucket, Region=region, Limit="1000")
    images: list[dict[str, Any]] = post(emulator.url, call).json()["ImageSet"]
    return images


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.001)


def raw(emulator: Emulator) -> socket.socket:
    """A connection to speak bytes on."""
    address = urlsplit(emulator.url)
    return socket.create_connection((address.hostname, address.port or 0), timeout=30)


@pytest.fixture
def many() -> Iterator[Emulator]:
    """An emulator with the data above."""
    with Emulator(data=DATA) as running:
        yield running


# A second reading


def test_only_the_standard_library_is_used() -> None:
    """What no part of this project and no package has a hand in cannot agree by mistake."""
    folder = ROOT / "pulumi_ucimage" / "emulator"
    imported = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(
            r"^\s*(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE
        )
    }

    assert "http.server" in imported
    assert {
        name
        for name in imported
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith("pulumi_ucimage.emulator")
    } == set()


# The signature


def test_the_published_vector_is_met() -> None:
    """The example of the API's page on signatures has the signature given there."""
    parameters = {
        "Action": "DescribeUHostInstance",
        "Limit": "10",
        "PublicKey": "ucloudsomeone@example.com1296235120854146120",
        "Region": "cn-bj2",
    }

    assert sign(parameters, "46f09bb9fab4f12dfc160dae12273d5332b5debe") == (
        "cba5cf5ec4d4233d206b1b54951e3787350a642f"
    )


SIGNATURE = sign({"Limit": "10"}, PRIVATE_KEY)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (SIGNATURE, True),
        (SIGNATURE.upper(), False),
        (SIGNATURE[:-1], False),
        (SIGNATURE + "0", False),
        ("", False),
        ("é", False),
        (sign({"Limit": "10"}, "another key"), False),
        (sign({"Limit": "11"}, PRIVATE_KEY), False),
    ],
)
def test_only_the_very_signature_is_accepted(given: str, expected: bool) -> None:  # noqa: FBT001
    """Nothing but the lower-case hex of these parameters and this key will do."""
    assert verify({"Limit": "10", "Signature": given}, PRIVATE_KEY) is expected


# What is answered


def test_the_demo_is_listed_as_its_constants_say(emulator: Emulator) -> None:
    """Without data there are one key pair, one bucket and one image with fixed tags."""
    assert post(emulator.url, demo()).json() == {
        "RetCode": 0,
        "Action": "GetDockerImageListResponse",
        "Message": "",
        "TotalCount": 1,
        "ImageSet": [
            {
                "ImageName": "ucsdr.ucloud.cn:5000/ucs/helloworld",
                "TagSet": [
                    {"TagName": name, "CreateTime": create_time}
                    for name, create_time in DEMO_TAGS
                ],
                "UpdateTime": 1719792060,
            }
        ],
    }


def test_the_demo_has_a_tag_for_every_policy() -> None:
    """There are a moving tag, a number, and versions whose newest is a plain release."""
    by_age = sorted(DEMO_TAGS, key=lambda tag: tag[1], reverse=True)

    assert [name for name, _ in by_age] == ["latest", "1.1.0", "1.2.0-rc.1", "1.0.0", "6"]
    assert len({create_time for _, create_time in DEMO_TAGS}) == len(DEMO_TAGS)
    assert by_age[0][1] < time.time()


@pytest.mark.parametrize(
    "image",
    [
        {
            "ImageName": "ucsdr.ucloud.cn:5000/ucs/helloworld",
            "TagSet": [{"CreateTime": 1234567890, "TagName": "6"}],
            "UpdateTime": 1234567890,
        },
        {"BucketName": "named as in the page's table", "OrgId": 5, "ResourceId": "x"},
        {"ImageName": None, "TagSet": None, "UpdateTime": None},
        {"TagSet": [{}, {"TagName": None}, 7, "text"], "Unknown": {"nested": [1, None]}},
        {"ImageName": "中文 \ud800"},
        {},
    ],
)
def test_images_are_sent_as_they_are(image: dict[str, Any]) -> None:
    """Whatever an image of the data has or lacks comes out unchanged."""
    bucket = {"Region": "cn-bj2", "BucketName": "many", "ImageSet": [image]}
    with Emulator(data={"Keys": DATA["Keys"], "Buckets": [bucket]}) as emulator:
        assert listed(emulator, "many") == [image]


def test_a_get_is_answered_like_a_post(many: Emulator) -> None:
    """The query of a GET says what the form of a POST says."""
    call = signed(Limit="3", Offset="1")

    by_get = requests.get(many.url, params=call, timeout=30)

    assert by_get.json() == post(many.url, call).json()
    assert len(by_get.json()["ImageSet"]) == 3


def test_the_query_of_a_post_says_nothing(many: Emulator) -> None:
    """The official Go SDK repeats Action there, outside the signature."""
    answer = post(f"{many.url}?Action=Another&Limit=1", signed())

    assert len(answer.json()["ImageSet"]) == 20


@pytest.mark.parametrize("order_by", ["Default", "", "a b+c&d=e%20", "按时间", "\x00"])
def test_any_order_is_accepted(many: Emulator, order_by: str) -> None:
    """OrderBy may be anything that the signature covers, escaped as a form escapes."""
    answer = post(many.url, signed(OrderBy=order_by)).json()

    assert (answer["RetCode"], answer["ImageSet"][0]) == (0, {"ImageName": NAMES[0]})


def test_unknown_parameters_do_no_harm(many: Emulator) -> None:
    """A parameter that the page does not name is signed and then ignored."""
    assert post(many.url, signed(Zone="cn-bj2-02")).json()["RetCode"] == 0


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({}, NAMES[:20]),
        ({"Offset": "0"}, NAMES[:20]),
        ({"Offset": "20"}, NAMES[20:]),
        ({"Limit": "5"}, NAMES[:5]),
        ({"Limit": "5", "Offset": "3"}, NAMES[3:8]),
        ({"Limit": "100"}, NAMES),
        ({"Limit": "100", "Offset": "24"}, NAMES[24:]),
        ({"Limit": "0"}, []),
        ({"Offset": "25"}, []),
        ({"Offset": "999999999999999999"}, []),
        ({"Limit": "007"}, NAMES[:7]),
    ],
)
def test_pages_are_cut_as_asked(
    many: Emulator, window: dict[str, str | None], expected: list[str]
) -> None:
    """Limit (default 20) and Offset count images, and TotalCount is always of them all."""
    answer = post(many.url, signed(**window)).json()

    assert [image["ImageName"] for image in answer["ImageSet"]] == expected
    assert answer["TotalCount"] == 25


# What is refused

REFUSED: list[tuple[dict[str, str | None], int]] = [
    ({"Action": None}, 160),
    ({"Action": ""}, 160),
    ({"Action": "DescribeUHostInstance"}, 161),
    ({"Action": "getdockerimagelist"}, 161),
    ({"Signature": None}, 170),
    ({"Signature": ""}, 170),
    ({"PublicKey": "nobody"}, 172),
    ({"PublicKey": None}, 172),
    ({"Signature": "0" * 40}, 171),
    ({"Signature": "é"}, 171),
    ({"Region": None}, 43033),
    ({"Region": ""}, 43033),
    ({"BucketName": None}, 43033),
    ({"BucketName": ""}, 43033),
    ({"BucketName": "not a name"}, 43025),
    ({"BucketName": "b" * 64}, 43025),
    ({"BucketName": "many\n"}, 43025),
    ({"Limit": "-1"}, 43033),
    ({"Limit": "ten"}, 43033),
    ({"Limit": ""}, 43033),
    ({"Limit": "1.5"}, 43033),
    ({"Limit": "\u0661"}, 43033),
    ({"Limit": "9" * 5000}, 43033),
    ({"Offset": "-1"}, 43033),
    ({"Offset": "+1"}, 43033),
    ({"BucketName": "few"}, 43023),
    ({"BucketName": "MANY"}, 43023),
    ({"Region": "hk"}, 43023),
    ({"Region": "nowhere"}, 43023),
    ({"Region": "hk", "BucketName": "ours"}, 292),
    ({"Region": "hk", "BucketName": "ours", "ProjectId": "org-2"}, 292),
]


@pytest.mark.parametrize(("changes", "ret_code"), REFUSED)
def test_what_is_wrong_has_its_ret_code(
    many: Emulator, changes: dict[str, str | None], ret_code: int
) -> None:
    """Each thing wrong with a call has the documented RetCode, with HTTP status 200."""
    answer = post(many.url, signed(**changes))

    assert (answer.status_code, answer.json()["RetCode"]) == (200, ret_code)
    assert "ImageSet" not in answer.json()


@pytest.mark.parametrize(
    ("changes", "ret_code"),
    [
        ({"Action": "Another", "Signature": None, "PublicKey": "nobody"}, 161),
        ({"Signature": None, "PublicKey": "nobody"}, 170),
        ({"Signature": "0", "PublicKey": "nobody", "Region": None}, 172),
        ({"Signature": "0", "PublicKey": "temporary", "Region": None}, 171),
        ({"PublicKey": "temporary", "Region": None}, 174),
        ({"Region": None, "BucketName": "not a name"}, 43033),
        ({"BucketName": "not a name", "Limit": "x"}, 43025),
        ({"BucketName": "few", "Limit": "x"}, 43033),
        ({"Region": "cn-bj2", "BucketName": "ours"}, 43023),
    ],
)
def test_the_first_wrong_thing_is_named(
    many: Emulator, changes: dict[str, str | None], ret_code: int
) -> None:
    """In this order: Action, Signature, PublicKey, token, parameters, bucket."""
    assert post(many.url, signed(**changes)).json()["RetCode"] == ret_code


def test_a_refusal_has_the_envelope_and_no_more(many: Emulator) -> None:
    """An error is RetCode, Action and Message, as the page says."""
    assert post(many.url, signed("another key")).json() == {
        "RetCode": 171,
        "Action": "GetDockerImageListResponse",
        "Message": "Signature is wrong",
    }


@pytest.mark.parametrize(
    ("token", "ret_code"),
    [(None, 174), ("", 174), ("made-up", 174), ("é", 174), (TOKEN, 0)],
)
def test_a_temporary_key_needs_its_token(
    many: Emulator, token: str | None, ret_code: int
) -> None:
    """A key with a SecurityToken is refused with another one, and without."""
    call = signed(PublicKey="temporary", SecurityToken=token)

    assert post(many.url, call).json()["RetCode"] == ret_code


def test_a_bucket_is_of_one_region(many: Emulator) -> None:
    """Two regions may have a bucket of one name, with images of their own."""
    assert listed(many, "tools") == [{"ImageName": HELLO}]
    assert listed(many, "tools", region="hk") == []


def test_a_bucket_of_a_project_is_listed_for_it(many: Emulator) -> None:
    """A call that names the bucket's project is answered."""
    call = signed(Region="hk", BucketName="ours", ProjectId="org-1")

    assert post(many.url, call).json()["RetCode"] == 0


def test_a_bucket_without_a_project_is_listed_for_any(many: Emulator) -> None:
    """Where the data names no project, the call may name one."""
    assert post(many.url, signed(ProjectId="org-2")).json()["RetCode"] == 0


def test_a_body_of_json_is_no_form(many: Emulator) -> None:
    """A call that is no form misses its Action, and the answer says what is read."""
    answer = requests.post(many.url, json=signed(), timeout=30).json()

    assert (answer["RetCode"], "form body" in answer["Message"]) == (160, True)


# What goes wrong on request


@pytest.mark.parametrize(
    ("spec", "wish"),
    [
        ("", "KIND is one of retcode, http, drop, delay, cap, retry_after."),
        ("flood", "KIND[=VALUE][*TIMES]"),
        ("HTTP=503", "KIND[=VALUE][*TIMES]"),
        ("*2", "KIND[=VALUE][*TIMES]"),
        ("retcode", "a RetCode other than 0"),
        ("retcode=", "a RetCode other than 0"),
        ("retcode=0", "a RetCode other than 0"),
        ("retcode=15x", "a RetCode other than 0"),
        ("http", "an HTTP status from 200 to 599"),
        ("http=199", "an HTTP status from 200 to 599"),
        ("http=600", "an HTTP status from 200 to 599"),
        ("http=503\n", "an HTTP status from 200 to 599"),
        ("delay=-1", "seconds below 10000"),
        ("delay=inf", "seconds below 10000"),
        ("delay=10000", "seconds below 10000"),
        ("drop=1", "no value"),
        ("drop=", "no value"),
        ("cap=0", "a page length of 1 or more"),
        ("cap=1.5", "a page length of 1 or more"),
        ("retry_after=1.5", "whole seconds"),
        ("drop*", "drop*2"),
        ("drop*0", "drop*2"),
        ("http=503*-1", "http=503*2"),
        ("http=503*2*2", "http=503*2"),
    ],
)
def test_a_bad_fault_is_one_sentence(spec: str, wish: str) -> None:
    """What is no fault is named, with what to give in its place."""
    with pytest.raises(FaultError) as caught:
        Emulator(faults=[spec])

    said = str(caught.value)
    assert (repr(spec) in said, wish in said, said[-1]) == (True, True, ".")


def test_a_ret_code_is_answered(many: Emulator) -> None:
    """`retcode` answers any call with that RetCode, signed or not."""
    many.fault("retcode=153")

    answer = post(many.url, signed(Signature=None)).json()

    assert answer == {
        "RetCode": 153,
        "Action": "GetDockerImageListResponse",
        "Message": "The emulator was asked for this RetCode",
    }


@pytest.mark.parametrize("status", [200, 204, 302, 304, 307, 404, 429, 503, 599])
def test_a_status_is_answered(many: Emulator, status: int) -> None:
    """`http` answers any call with that status, and nothing that reads as a listing."""
    many.fault(f"http={status}")

    answer = post(many.url, signed())

    assert (answer.status_code, "{" in answer.text) == (status, False)


@pytest.mark.parametrize("status", [204, 304, 503])
def test_the_connection_serves_after_a_status(many: Emulator, status: int) -> None:
    """What is sent with a status is no part of the next answer."""
    many.fault(f"http={status}*1")
    with raw(many) as connection:
        request = b"GET / HTTP/1.1\r\nHost: x\r\n"
        connection.sendall(request + b"\r\n" + request + b"Connection: close\r\n\r\n")
        with connection.makefile("rb") as file:
            answers = file.read().split(b"HTTP/1.1 ")

    assert [answer[:3] for answer in answers[1:]] == [str(status).encode(), b"200"]
    assert answers[1].endswith(b"\r\n\r\n") is (status in (204, 304))


def test_a_redirection_leads_to_where_a_follower_is_seen(many: Emulator) -> None:
    """A client that follows a redirection would be answered, and counted again."""
    many.fault("http=307*1")

    answer = requests.post(many.url, data=signed(), timeout=30)

    assert (answer.json()["RetCode"], len(many.requests)) == (0, 2)


def test_a_drop_resets_the_connection(many: Emulator) -> None:
    """`drop` ends the connection with a RST and without a byte."""
    many.fault("drop")

    with raw(many) as connection:
        connection.sendall(b"GET /?Action=x HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_delays_add_up(many: Emulator) -> None:
    """The answer comes no sooner than all delays together."""
    many.fault("delay=0.05")
    many.fault("delay=0.05*1")
    before = time.monotonic()

    answer = post(many.url, signed())

    assert (answer.json()["RetCode"], time.monotonic() - before >= 0.1) == (0, True)


@pytest.mark.parametrize(
    ("caps", "limit", "length"),
    [(["cap=10"], "20", 10), (["cap=10", "cap=7"], "20", 7), (["cap=10"], "3", 3)],
)
def test_a_cap_shortens_pages(
    many: Emulator, caps: list[str], limit: str, length: int
) -> None:
    """The lowest cap stands over Limit; TotalCount stays what it is."""
    for cap in caps:
        many.fault(cap)

    answer = post(many.url, signed(Limit=limit)).json()

    assert (len(answer["ImageSet"]), answer["TotalCount"]) == (length, 25)


@pytest.mark.parametrize(
    ("faults", "header"),
    [
        (["retry_after=2", "http=503"], "2"),
        (["retcode=153", "retry_after=2", "retry_after=7"], "7"),
        (["retry_after=2"], None),
        (["http=503"], None),
    ],
)
def test_retry_after_comes_with_a_fault(
    many: Emulator, faults: list[str], header: str | None
) -> None:
    """The header is on what a fault answers, never on a listing."""
    for fault in faults:
        many.fault(fault)

    assert post(many.url, signed()).headers.get("Retry-After") == header


def test_faults_that_answer_come_one_after_the_other() -> None:
    """One is used up before the next one has its turn, and then all is well."""
    faults = ["http=503*2", "retcode=110*1", "http=500*1"]
    with Emulator(data=DATA, faults=faults) as emulator:
        seen = [post(emulator.url, signed()) for _ in range(6)]

    assert [answer.status_code for answer in seen] == [503, 503, 200, 500, 200, 200]
    assert [seen[at].json()["RetCode"] for at in (2, 4, 5)] == [110, 0, 0]


def test_each_request_uses_one_of_the_times() -> None:
    """Delay, cap and retry_after count down beside the one fault that answers."""
    queue = FaultQueue(["drop*2", "cap=5*1", "http=500*1", "delay=1*3", "retry_after=1"])

    queue.take()

    assert queue.specs() == ["drop*1", "http=500*1", "delay=1*2", "retry_after=1"]


def test_faults_can_be_cleared(many: Emulator) -> None:
    """After `clear_faults` everything goes right."""
    many.fault("http=503")

    many.clear_faults()

    assert post(many.url, signed()).json()["RetCode"] == 0


# What was received


def test_calls_are_remembered_without_secrets(many: Emulator) -> None:
    """A call's parameters are there by name, but neither signature nor token."""
    post(many.url, signed(PublicKey="temporary", SecurityToken=TOKEN, Limit="3"))

    assert many.requests == [{**GOOD, "PublicKey": "temporary", "Limit": "3"}]


def test_calls_that_go_wrong_are_remembered(many: Emulator) -> None:
    """Refused, answered by a fault or dropped: each call counts."""
    many.fault("retcode=153*1")
    many.fault("drop*1")
    post(many.url, signed())
    with pytest.raises(requests.ConnectionError):
        post(many.url, signed())
    post(many.url, signed("another key"))

    assert len(many.requests) == 3


def test_what_was_received_is_a_copy(many: Emulator) -> None:
    """Changing what `requests` gave does not change what it gives next."""
    post(many.url, signed())

    many.requests[0].clear()
    many.requests.clear()

    assert many.requests == [GOOD]


def test_calls_can_be_forgotten(many: Emulator) -> None:
    """After a reset the count begins again."""
    post(many.url, signed())

    many.reset_requests()

    assert many.requests == []


# Pushes


def state(*images: dict[str, Any], now: float = 1000.9) -> State:
    """Buckets with these images, at a moment that stands still."""
    bucket = {"Region": "cn-bj2", "BucketName": "tools", "ImageSet": list(images)}
    other = {"Region": "hk", "BucketName": "tools", "ImageSet": []}
    return State(parse_data({"Keys": [], "Buckets": [bucket, other]}), now=lambda: now)


def images_of(state: State) -> list[Any]:
    """What the first of these buckets holds."""
    bucket = state.bucket("cn-bj2", "tools")
    assert bucket is not None
    return list(bucket.images)


@pytest.mark.parametrize("image", [DEMO_IMAGE, "ucs/helloworld", "helloworld"])
def test_an_image_is_found_in_every_spelling(emulator: Emulator, image: str) -> None:
    """Full name, path and last part push to the same image, and are listed."""
    pushed = emulator.push("ucs", image, "1.2.0", create_time=1800000000)

    assert pushed == {
        "Region": "cn-bj2",
        "BucketName": "ucs",
        "ImageName": DEMO_IMAGE,
        "TagName": "1.2.0",
        "CreateTime": 1800000000,
    }
    (listing,) = post(emulator.url, demo()).json()["ImageSet"]
    assert listing["TagSet"][-1] == {"TagName": "1.2.0", "CreateTime": 1800000000}
    assert (len(listing["TagSet"]), listing["UpdateTime"]) == (6, 1800000000)


@pytest.mark.parametrize(
    ("first", "image", "name"),
    [
        (HELLO, "new", "registry.example/tools/new"),
        (HELLO, "team/new", "registry.example/team/new"),
        (HELLO, "localhost/new", "localhost/new"),
        (HELLO, "other.example:5000/a/new", "other.example:5000/a/new"),
        ("hello", "new", "ucsdr.ucloud.cn:5000/tools/new"),
        ("team/hello", "team/new", "ucsdr.ucloud.cn:5000/team/new"),
        ("a.b", "new", "ucsdr.ucloud.cn:5000/tools/new"),
    ],
)
def test_a_new_image_gets_a_full_name(first: str, image: str, name: str) -> None:
    """The bucket lends its images' host, and its name where there is a last part only."""
    known = state({"ImageName": first})

    known.push("tools", image, "1", region="cn-bj2")

    assert images_of(known) == [
        {"ImageName": first},
        {
            "ImageName": name,
            "TagSet": [{"TagName": "1", "CreateTime": 1000}],
            "UpdateTime": 1000,
        },
    ]


@pytest.mark.parametrize(
    ("image", "tag", "expected"),
    [
        ({"TagSet": None}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 1000}),
        ({"UpdateTime": None}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 1000}),
        ({"UpdateTime": 2000}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 2000}),
        ({"TagSet": [("1", 500)]}, "1", {"TagSet": [("1", 1000)], "UpdateTime": 1000}),
        ({"TagSet": [("1", 1000)]}, "1", {"TagSet": [("1", 1001)], "UpdateTime": 1001}),
        (
            {"TagSet": [("1", None), ("2", 5000), ("3", "x")], "UpdateTime": 1},
            "4",
            {
                "TagSet": [("1", None), ("2", 5000), ("3", "x"), ("4", 5001)],
                "UpdateTime": 5001,
            },
        ),
        (
            {"TagSet": [("1", 1), ("1", 2)]},
            "1",
            {"TagSet": [("1", 1000), ("1", 1000)], "UpdateTime": 1000},
        ),
    ],
)
def test_a_push_is_newer_than_what_is_there(
    image: dict[str, Any], tag: str, expected: dict[str, Any]
) -> None:
    """It is made now, or just after the newest tag; the image's time never goes back."""
    known = state({"ImageName": HELLO, **with_tags(image)})

    known.push("tools", HELLO, tag, region="cn-bj2")

    assert images_of(known) == [{"ImageName": HELLO, **with_tags(expected)}]


def with_tags(image: dict[str, Any]) -> dict[str, Any]:
    """An image whose tags are written as pairs, as the API sends it."""
    if not image.get("TagSet"):
        return image
    tags = [{"TagName": name, "CreateTime": at} for name, at in image["TagSet"]]
    return {**image, "TagSet": tags}


def test_a_push_leaves_strange_entries_alone() -> None:
    """What is no tag, and unknown fields of one, stay as they are."""
    known = state(
        {"ImageName": HELLO, "TagSet": [7, {"TagName": "1", "Digest": "x"}], "OrgId": 5}
    )

    known.push("tools", HELLO, "1", create_time=0, region="cn-bj2")

    assert images_of(known) == [
        {
            "ImageName": HELLO,
            "TagSet": [7, {"TagName": "1", "Digest": "x", "CreateTime": 0}],
            "OrgId": 5,
            "UpdateTime": 0,
        }
    ]


def test_an_image_named_as_in_the_table_is_found() -> None:
    """The page's table calls the image's name BucketName."""
    known = state({"BucketName": HELLO})

    assert known.push("tools", "hello", "1", region="cn-bj2")["ImageName"] == HELLO


def test_an_exact_name_comes_before_a_part() -> None:
    """A full name is meant even where it is also the last part of another one."""
    known = state({"ImageName": HELLO}, {"ImageName": "hello"})

    assert known.push("tools", "hello", "1", region="cn-bj2")["ImageName"] == "hello"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "hello", "1"), "the emulator has cn-bj2/tools, hk/tools."),
        (("tools", "hello", "1", None, "us"), "in the region 'us'"),
        (("tools", "hello", "1"), "give one of the regions cn-bj2, hk."),
        (("tools", "app", "1", None, "cn-bj2"), "give one of a.b/one/app, a.b/two/app."),
        (("tools", "", "1", None, "cn-bj2"), "not empty"),
        (("tools", "hello", "", None, "cn-bj2"), "not empty"),
        (("tools", "hello", "1", -1, "cn-bj2"), "Unix seconds"),
        (("tools", "hello", "1", True, "cn-bj2"), "Unix seconds"),
    ],
)
def test_a_push_that_cannot_be_is_one_sentence(arguments: Any, said: str) -> None:
    """What is not there or not clear is named, and nothing is changed."""
    known = state({"ImageName": "a.b/one/app"}, {"ImageName": "a.b/two/app"}, {})
    before = images_of(known)

    with pytest.raises(PushError) as caught:
        known.push(*arguments)

    assert (said in str(caught.value), str(caught.value)[-1]) == (True, ".")
    assert images_of(known) == before


def test_an_emulator_without_buckets_says_so() -> None:
    """The sentence about an unknown bucket reads well where there is none at all."""
    with pytest.raises(PushError, match=r"the emulator has none\.$"):
        Emulator(data={"Keys": [], "Buckets": []}).push("ucs", "hello", "1")


def test_the_data_that_was_given_is_apart() -> None:
    """A push does not change the dict that was given, nor the dict what is listed."""
    data = json.loads(json.dumps(DATA))
    emulator = Emulator(data=data)

    emulator.push("many", NAMES[0], "1")
    unchanged = data == DATA
    data["Buckets"][0]["ImageSet"][1]["ImageName"] = "another"

    with emulator:
        assert (unchanged, listed(emulator, "many")[1]) == (True, {"ImageName": NAMES[1]})


def test_a_tag_is_deleted(emulator: Emulator) -> None:
    """A deleted tag is no longer listed; the others are."""
    deleted = emulator.delete("ucs", "helloworld", "6")

    (listing,) = post(emulator.url, demo()).json()["ImageSet"]
    assert deleted["TagName"] == "6"
    assert [tag["TagName"] for tag in listing["TagSet"]] == [
        name for name, _ in DEMO_TAGS[1:]
    ]


def test_an_image_is_deleted(many: Emulator) -> None:
    """Without a tag the whole image goes, and TotalCount with it."""
    deleted = many.delete("many", NAMES[1])

    answer = post(many.url, signed(Limit="2")).json()
    assert deleted == {
        "Region": "cn-bj2",
        "BucketName": "many",
        "ImageName": NAMES[1],
        "TagName": None,
    }
    assert answer["ImageSet"] == [{"ImageName": NAMES[0]}, {"ImageName": NAMES[2]}]
    assert answer["TotalCount"] == 24


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "hello"), "There is no bucket 'nope'"),
        (("tools", "hello", None, "hk"), "which has none."),
        (("tools", "hell", None, "cn-bj2"), f"which has {HELLO}."),
        (("tools", "hello", "2", "cn-bj2"), "which has 1."),
        (("tools", "hello", "", "cn-bj2"), "which has 1."),
    ],
)
def test_a_deletion_of_nothing_is_one_sentence(arguments: Any, said: str) -> None:
    """What is not there is named, with what there is."""
    known = state({"ImageName": HELLO, "TagSet": [{"TagName": "1"}, {}, None]}, {})

    with pytest.raises(PushError) as caught:
        known.delete(*arguments)

    assert said in str(caught.value)


# Control by other processes


def control(url: str, name: str, body: Any, **headers: str) -> requests.Response:
    """Send a control request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    return requests.post(f"{url}emulator/{name}", content, headers=headers, timeout=30)


def test_another_process_pushes(emulator: Emulator) -> None:
    """The documented request pushes from any program that speaks HTTP."""
    code = (
        "import json, sys, urllib.request;"
        "body = json.dumps({'BucketName': 'ucs', 'ImageName': 'helloworld',"
        " 'TagName': '2.0.0', 'CreateTime': 1900000000}).encode();"
        "headers = {'Content-Type': 'application/json'};"
        "request = urllib.request.Request(sys.argv[1] + 'emulator/push', body, headers);"
        "print(urllib.request.urlopen(request).read().decode())"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, emulator.url],
        check=True,
        capture_output=True,
        text=True,
    )

    assert json.loads(done.stdout) == {
        "Region": "cn-bj2",
        "BucketName": "ucs",
        "ImageName": DEMO_IMAGE,
        "TagName": "2.0.0",
        "CreateTime": 1900000000,
    }
    (listing,) = post(emulator.url, demo()).json()["ImageSet"]
    assert listing["TagSet"][-1]["TagName"] == "2.0.0"


def test_a_push_by_request_may_name_the_region(many: Emulator) -> None:
    """Region tells buckets of one name apart; null is the same as none."""
    fields = {"BucketName": "tools", "ImageName": "x", "TagName": "1", "CreateTime": None}

    answer = control(many.url, "push", {**fields, "Region": "hk"})

    assert (answer.status_code, answer.json()["Region"]) == (200, "hk")
    assert control(many.url, "push", {**fields, "Region": None}).status_code == 400


def test_another_process_deletes(emulator: Emulator) -> None:
    """The documented request deletes a tag, and then the image."""
    fields = {"BucketName": "ucs", "ImageName": "helloworld"}

    tag = control(emulator.url, "delete", {**fields, "TagName": "6"})
    image = control(emulator.url, "delete", fields)

    assert (tag.json()["TagName"], image.json()["TagName"]) == ("6", None)
    assert post(emulator.url, demo()).json()["TotalCount"] == 0


def test_another_process_replaces_the_faults(many: Emulator) -> None:
    """The documented request puts faults in the place of those there are."""
    many.fault("drop")

    answer = control(many.url, "faults", {"faults": ["http=503*2", "cap=3"]})

    assert answer.json() == {"faults": ["http=503*2", "cap=3"]}
    assert post(many.url, signed()).status_code == 503


def test_another_process_ends_the_faults(many: Emulator) -> None:
    """An empty list lets everything go right."""
    many.fault("drop")

    assert control(many.url, "faults", {"faults": []}).json() == {"faults": []}
    assert post(many.url, signed()).json()["RetCode"] == 0


def test_another_process_sees_the_calls(many: Emulator) -> None:
    """The documented request lists the calls, without their secrets."""
    post(many.url, signed(PublicKey="temporary", SecurityToken=TOKEN))

    answer = requests.get(f"{many.url}emulator/requests", timeout=30)

    assert answer.json() == {"requests": many.requests}
    assert "Signature" not in answer.text
    assert TOKEN not in answer.text


def test_control_requests_are_no_calls(many: Emulator) -> None:
    """Faults do not touch control requests, and they are not counted."""
    many.fault("drop")

    requests.get(f"{many.url}emulator/requests", timeout=30)
    control(many.url, "push", {"BucketName": "many", "ImageName": "x", "TagName": "1"})

    assert many.requests == []


PUSH = {"BucketName": "many", "ImageName": "x", "TagName": "1"}


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("push", {}, "must have BucketName, ImageName, TagName, and may have"),
        ("push", {**PUSH, "Tag": "1"}, "no more"),
        ("push", {**PUSH, "BucketName": "few"}, "There is no bucket 'few'"),
        ("push", {**PUSH, "TagName": 1}, "TagName must be text"),
        ("push", {**PUSH, "TagName": None}, "TagName must be text"),
        ("push", {**PUSH, "Region": 1}, "Region must be text"),
        ("push", {**PUSH, "CreateTime": "now"}, "CreateTime must be a whole number"),
        ("push", {**PUSH, "CreateTime": 1.5}, "CreateTime must be a whole number"),
        ("push", {**PUSH, "CreateTime": -1}, "Unix seconds"),
        ("push", [], "must be a JSON object"),
        ("push", b"{", "must be a JSON object"),
        ("push", b"\xff", "must be a JSON object"),
        ("push", b"[" * 100_000, "must be a JSON object"),
        ("delete", {"BucketName": "many"}, "must have BucketName, ImageName, and may have"),
        ("delete", {"BucketName": "many", "ImageName": "x"}, "There is no image 'x'"),
        ("faults", {}, "must have faults; no more"),
        ("faults", {"faults": "drop"}, "must be a list of text"),
        ("faults", {"faults": [1]}, "must be a list of text"),
        ("faults", {"faults": ["http=503", "flood"]}, "The fault 'flood'"),
    ],
)
def test_a_bad_control_request_is_one_sentence(
    many: Emulator, name: str, body: Any, said: str
) -> None:
    """Status 400 and a sentence; nothing is changed."""
    answer = control(many.url, name, body)

    assert (answer.status_code, said in answer.json()["error"]) == (400, True)
    assert post(many.url, signed()).json()["TotalCount"] == 25


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_page_of_another_site_cannot_push(
    many: Emulator, content_type: str | None
) -> None:
    """What a browser sends to another site without asking is refused."""
    answer = requests.post(
        f"{many.url}emulator/push",
        json.dumps(PUSH).encode(),
        headers={"Content-Type": content_type},
        timeout=30,
    )

    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:1", 200),
        ("localhost:1", 200),
        ("rebound.example", 403),
        ("127.0.0.1.rebound.example:80", 403),
        ("", 403),
        ("[127.0.0.1", 403),
    ],
)
def test_a_name_that_was_bound_to_loopback_controls_nothing(
    many: Emulator, host: str, status: int
) -> None:
    """A site whose name leads here (DNS rebinding) can neither change nor see anything."""
    headers = {"Host": host}

    seen = requests.get(f"{many.url}emulator/requests", headers=headers, timeout=30)
    pushed = control(many.url, "push", PUSH, **headers)

    assert (seen.status_code, pushed.status_code) == (status, status)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "other", 404, "GET knows / and /emulator/requests."),
        ("GET", "emulator/push", 404, "GET knows"),
        ("GET", "push", 404, "GET knows"),
        ("POST", "emulator/requests", 404, "/emulator/push and /emulator/delete"),
        ("POST", "emulator/", 404, "POST knows"),
        ("POST", "other", 404, "POST knows"),
    ],
)
def test_an_unknown_path_is_one_sentence(
    many: Emulator, method: str, path: str, status: int, said: str
) -> None:
    """What is not there is answered with what is."""
    answer = requests.request(method, many.url + path, json={}, timeout=30)

    assert (answer.status_code, said in answer.json()["error"]) == (status, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", b"411"),
        ("Content-Length: -1\r\n", b"411"),
        ("Content-Length: many\r\n", b"411"),
        ("Transfer-Encoding: chunked\r\n", b"411"),
        ("Content-Length: 1048577\r\n", b"413"),
        (f"Content-Length: {'9' * 5000}\r\n", b"413"),
    ],
)
def test_a_body_of_unknown_or_great_length_is_refused(
    many: Emulator, headers: str, status: bytes
) -> None:
    """The connection ends, since nobody knows where the next request begins."""
    with raw(many) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        with connection.makefile("rb") as file:
            answer = file.read()

    assert answer.split(b" ")[1] == status
    assert b"Connection: close" in answer


def test_an_unknown_method_is_refused(many: Emulator) -> None:
    """Nothing but GET and POST is answered."""
    assert requests.put(many.url, data=signed(), timeout=30).status_code == 501


# The server


def test_a_connection_is_kept(many: Emulator) -> None:
    """Request after request is answered on one connection, refusals of the API too."""
    address = urlsplit(many.url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=30
    )
    connection.connect()
    kept = connection.sock
    codes = []
    for call in (signed(), signed("another key"), signed()):
        connection.request("GET", f"/?{urlencode(call)}")
        codes.append(json.loads(connection.getresponse().read())["RetCode"])

    assert (codes, connection.sock is kept) == ([0, 171, 0], True)
    connection.close()


def test_it_listens_on_loopback_only(many: Emulator) -> None:
    """The URL is of 127.0.0.1, and the port is free on every other address."""
    address = urlsplit(many.url)
    with socket.socket() as other:
        other.bind(("127.0.0.2", address.port or 0))

    assert address.hostname == "127.0.0.1"


def test_many_threads_are_answered_at_once(many: Emulator) -> None:
    """Sixteen threads each get their own pages, and every call is counted."""

    def pages(number: int) -> list[str]:
        with requests.Session() as session:
            calls = [signed(Limit="1", Offset=str(number + at)) for at in range(9)]
            answers = [session.post(many.url, call, timeout=30).json() for call in calls]
        return [answer["ImageSet"][0]["ImageName"] for answer in answers]

    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(pages, range(16)))

    assert seen == [NAMES[number : number + 9] for number in range(16)]
    assert len(many.requests) == 16 * 9


def test_pushes_of_many_threads_are_all_there(many: Emulator) -> None:
    """No push is lost, and no two of an image have the same time."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda at: many.push("many", "image-00", str(at)), range(200)))

    tags = listed(many, "many")[0]["TagSet"]
    assert {tag["TagName"] for tag in tags} == {str(at) for at in range(200)}
    assert len({tag["CreateTime"] for tag in tags}) == 200


def test_a_burst_of_connections_is_taken(many: Emulator) -> None:
    """Hundreds that connect before the first one is served all get an answer."""
    connections = [raw(many) for _ in range(200)]
    query = urlencode(signed(Limit="1")).encode()
    for connection in connections:
        connection.sendall(b"GET /?" + query + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    statuses = []
    for connection in connections:
        with connection:
            statuses.append(connection.recv(12))

    assert statuses == [b"HTTP/1.1 200"] * 200


def test_nothing_is_left_after_a_stop() -> None:
    """Threads have ended, kept and half-used connections are closed, the port is free."""
    before = set(threading.enumerate())
    with Emulator() as emulator:
        idle, half = raw(emulator), raw(emulator)
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1) == b"H"
        half.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        until(lambda: len(threading.enumerate()) == len(before) + 3)
        port = urlsplit(emulator.url).port or 0

    assert set(threading.enumerate()) == before
    with idle, half, idle.makefile("rb") as rest:
        assert (rest.read().endswith(b"}"), half.recv(1)) == (True, b"")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_stop_does_not_wait_for_a_delay() -> None:
    """A request that would be answered in hours does not hold up the stop."""
    emulator = Emulator(faults=["delay=9999"]).start()
    with raw(emulator) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: emulator.requests)
        before = time.monotonic()

        emulator.stop()

    assert time.monotonic() - before < 10


def test_a_client_that_goes_away_is_no_matter(
    many: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    """A request cut in the middle is no call, ends its thread, and nothing is printed."""
    before = threading.active_count()
    for linger in (0, 1):
        with raw(many) as connection:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 0)
            )
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nAction=x")
            until(lambda: threading.active_count() > before)
        until(lambda: threading.active_count() == before)

    assert many.requests == []
    assert post(many.url, signed()).json()["RetCode"] == 0
    assert capfd.readouterr() == ("", "")


def test_nothing_is_logged(many: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    """Good and bad requests, with all their secrets, leave no word anywhere."""
    requests.get(many.url, params=signed(SecurityToken=TOKEN), timeout=30)
    post(many.url, signed("another key"))
    requests.get(f"{many.url}nowhere?{urlencode(signed())}", timeout=30)
    requests.put(many.url, data=signed(), timeout=30)

    assert capfd.readouterr() == ("", "")


def test_keys_do_not_show() -> None:
    """Neither a private key nor a token is in the text of what holds it."""
    keys = parse_data(DATA).keys

    assert PUBLIC_KEY in repr(keys)
    assert (PRIVATE_KEY in repr(keys), TOKEN in repr(keys)) == (False, False)


def test_it_can_be_started_again() -> None:
    """What was pushed and asked for outlives a stop, and a stop too many does nothing."""
    emulator = Emulator(data=DATA, faults=["retcode=153*1"])
    emulator.push("many", "image-00", "1")
    with emulator:
        assert post(emulator.url, signed()).json()["RetCode"] == 153
    emulator.stop()
    with emulator:
        assert "TagSet" in listed(emulator, "many")[0]

    assert len(emulator.requests) == 2


def test_a_second_start_is_refused(many: Emulator) -> None:
    """One emulator has one server."""
    with pytest.raises(EmulatorError, match="runs already: stop it first"):
        many.start()


def test_without_a_start_there_is_no_url() -> None:
    """The URL of an emulator that does not run is an error that says so."""
    with pytest.raises(EmulatorError, match="start it first"):
        _ = Emulator().url


def test_a_port_that_was_asked_for_is_used(many: Emulator) -> None:
    """The port of an emulator that closed connections can be had again at once."""
    port = urlsplit(many.url).port or 0
    with raw(many) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: many.requests)
        many.stop()
        with connection.makefile("rb") as file:
            file.read()  # to the end, lest the client's own close forgets the connection

    with Emulator(port=port) as emulator:
        assert emulator.url == f"http://127.0.0.1:{port}/"


def test_a_port_in_use_is_one_sentence(many: Emulator) -> None:
    """The sentence names the port and says what to give."""
    port = urlsplit(many.url).port or 0

    with pytest.raises(EmulatorError) as caught:
        Emulator(port=port).start()

    assert f"The port {port} of 127.0.0.1 cannot be listened on" in str(caught.value)
    assert str(caught.value).endswith("give another one, or 0 for a free one.")


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_one_sentence(port: int) -> None:
    """A number that is no port is refused before anything is started."""
    with pytest.raises(EmulatorError, match=f"The port {port} cannot be"):
        Emulator(port=port)


# Data

KEY = {"PublicKey": "a", "PrivateKey": "b"}
BUCKET = {"Region": "hk", "BucketName": "ucs", "ImageSet": []}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "The data must have Keys."),
        ({"Keys": []}, "The data must have Buckets."),
        ({"Keys": {}, "Buckets": []}, "Keys must be a list."),
        ({"Keys": [], "Buckets": None}, "Buckets must be a list."),
        (
            {"Keys": [], "Buckets": [], "Bucket": []},
            "The data cannot have 'Bucket', only Keys, Buckets.",
        ),
        ({"Keys": ["a"], "Buckets": []}, "Keys[0] must be an object."),
        ({"Keys": [{"PublicKey": "a"}], "Buckets": []}, "Keys[0] must have PrivateKey."),
        (
            {"Keys": [KEY, {**KEY, "PrivateKey": ""}], "Buckets": []},
            "Keys[1].PrivateKey must be text that is not empty.",
        ),
        (
            {"Keys": [{**KEY, "PublicKey": 1}], "Buckets": []},
            "Keys[0].PublicKey must be text that is not empty.",
        ),
        (
            {"Keys": [{**KEY, "SecurityToken": ""}], "Buckets": []},
            "Keys[0].SecurityToken must be text that is not empty.",
        ),
        (
            {"Keys": [KEY, KEY], "Buckets": []},
            "Keys[1] must not have the PublicKey of Keys[0] again.",
        ),
        ({"Keys": [], "Buckets": [[]]}, "Buckets[0] must be an object."),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "Region": None}]},
            "Buckets[0].Region must be text that is not empty.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "BucketName": "a b"}]},
            "Buckets[0].BucketName must be 1 to 63 of letters, digits, '_', '-' and '.'.",
        ),
        (
            {"Keys": [], "Buckets": [BUCKET, {**BUCKET, "ImageSet": None}]},
            "Buckets[1].ImageSet must be a list.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "ImageSet": [{}, 5]}]},
            "Buckets[0].ImageSet[1] must be an object.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "ProjectID": "org"}]},
            "Buckets[0] cannot have 'ProjectID', "
            "only Region, BucketName, ImageSet, ProjectId.",
        ),
        (
            {"Keys": [], "Buckets": [{**BUCKET, "ProjectId": 5}]},
            "Buckets[0].ProjectId must be text that is not empty.",
        ),
        (
            {"Keys": [], "Buckets": [BUCKET, BUCKET]},
            "Buckets[1] must not have the Region and BucketName of Buckets[0] again.",
        ),
    ],
)
def test_data_of_another_shape_is_one_sentence(data: dict[str, Any], said: str) -> None:
    """The sentence names the place and what must be there."""
    with pytest.raises(DataError) as caught:
        Emulator(data=data)

    assert str(caught.value) == said


def test_optional_fields_may_be_null() -> None:
    """A SecurityToken or a ProjectId of null is none."""
    data = {
        "Keys": [
            {"PublicKey": PUBLIC_KEY, "PrivateKey": PRIVATE_KEY, "SecurityToken": None}
        ],
        "Buckets": [{**BUCKET, "ProjectId": None}],
    }
    with Emulator(data=data) as emulator:
        call = signed(Region="hk", BucketName="ucs")

        assert post(emulator.url, call).json()["RetCode"] == 0


@pytest.mark.parametrize("as_text", [True, False])
def test_a_data_file_is_read(tmp_path: Path, as_text: bool) -> None:  # noqa: FBT001
    """A path, as text or as a Path, gives what the dict in it would give."""
    path = tmp_path / "data.json"
    path.write_text(json.dumps(DATA))
    with Emulator(data=str(path) if as_text else path) as emulator:
        assert len(listed(emulator, "many")) == 25


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory): give the path of a JSON file"),
        (b"", "is not JSON (Expecting value"),
        (b'{"Keys": [{"PrivateKey": "secret",}]}', "is not JSON (Expecting property name"),
        (b'"\xff secret"', "is not JSON ("),
        (b"[" * 100_000, "is not JSON ("),
        (b'["secret"]', "The data must be an object."),
    ],
)
def test_a_bad_data_file_is_one_sentence(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    """The sentence names the file and what to do, and shows nothing that stands in it."""
    path = tmp_path / "data.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError) as caught:
        Emulator(data=path)

    assert (str(path) in str(caught.value), said in str(caught.value)) == (True, True)
    assert ("secret" in str(caught.value), str(caught.value)[-1]) == (False, ".")


def test_a_path_that_cannot_be_is_one_sentence() -> None:
    """Even a path that the system does not take is told in a sentence."""
    with pytest.raises(DataError, match="cannot be read"):
        Emulator(data="a\x00b")


# The command line


def run(*arguments: str) -> subprocess.Popen[str]:
    """Start the program."""
    return subprocess.Popen(
        [sys.executable, "-m", "pulumi_ucimage.emulator", *arguments],
        cwd=ROOT,
        env={name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_serves_until_a_signal(number: signal.Signals) -> None:
    """The first line is the URL, calls are answered, and a signal ends it tidily."""
    with run() as program:
        assert program.stdout is not None
        url = program.stdout.readline()
        answer = post(url.strip(), demo()).json()
        program.send_signal(number)
        rest, errors = program.communicate(timeout=30)

    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]*/\n", url)
    assert (answer["RetCode"], answer["TotalCount"]) == (0, 1)
    assert (program.returncode, rest, errors) == (0, "", "")


def test_the_program_takes_port_data_and_faults(tmp_path: Path) -> None:
    """Each option does what it says, and --fault may be repeated."""
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--data", str(tmp_path / "data.json")]
    with run(*options, "--fault", "http=503*1", "--fault", "cap=3") as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        answers = [post(url, signed()) for _ in range(2)]
        program.terminate()
        program.communicate(timeout=30)

    assert url == f"http://127.0.0.1:{port}/"
    assert [answer.status_code for answer in answers] == [503, 200]
    assert len(answers[1].json()["ImageSet"]) == 3


def test_the_program_says_what_is_wrong_and_ends() -> None:
    """A mistake is one sentence on stderr, nothing on stdout, and status 2."""
    with run("--fault", "flood") as program:
        output, errors = program.communicate(timeout=30)

    assert (program.returncode, output) == (2, "")
    assert re.fullmatch(r"The fault 'flood' [^\n]*\.\n", errors)


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """Put back the handlers of signals."""
    before = [
        (number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)
    ]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.usefixtures("kept_signals")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--port", "x"],
            "Argument --port: invalid int value: 'x'; --help tells what can be.",
        ),
        (["--port", "65536"], "The port 65536 cannot be: give one up to 65535"),
        (["--data", "nowhere.json"], "The data file 'nowhere.json' cannot be read"),
        (["--data"], "Argument --data: expected one argument; --help"),
        (["--fault", "http=abc"], "The fault 'http=abc' needs an HTTP status"),
        (["--fault="], "The fault '' is of no known kind"),
        (["--verbose"], "Unrecognized arguments: --verbose; --help"),
        (["--por", "1"], "Unrecognized arguments: --por 1; --help"),
        (["data.json"], "Unrecognized arguments: data.json; --help"),
    ],
)
def test_a_bad_argument_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, one line on stderr that says what to do, nothing on stdout."""
    try:
        status: object = __main__.main(arguments)
    except SystemExit as caught:
        status = caught.code

    output, errors = capsys.readouterr()
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(said)


@pytest.mark.usefixtures("kept_signals")
def test_the_program_says_that_a_port_is_in_use(
    many: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that another program has is named in one sentence."""
    port = str(urlsplit(many.url).port)

    assert __main__.main(["--port", port]) == 2
    assert capsys.readouterr().err.startswith(f"The port {port} of 127.0.0.1 cannot be")


@pytest.mark.usefixtures("kept_signals")
def test_the_program_runs_in_this_process_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Started by hand, it prints its URL and ends with status 0 after a signal."""
    before = signal.getsignal(signal.SIGTERM)

    def end() -> None:
        until(lambda: signal.getsignal(signal.SIGTERM) is not before)
        os.kill(os.getpid(), signal.SIGTERM)

    with ThreadPoolExecutor() as pool:
        ending = pool.submit(end)
        status = __main__.main([])
        ending.result()

    assert (status, capsys.readouterr().out.count("\n")) == (0, 1)


def test_help_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """The help names each option, each kind of fault, the data's shape and the push."""
    with pytest.raises(SystemExit) as caught:
        __main__.main(["--help"])

    told = capsys.readouterr().out
    assert caught.value.code == 0
    for word in (
        *("--port", "--data", "--fault", "SIGTERM", "demo-private-key", "/emulator/push"),
        *("retcode=", "http=", "drop", "delay=", "cap=", "retry_after=", "ImageSet"),
    ):
        assert word in told
