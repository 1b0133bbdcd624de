"""What the emulator answers to a call of the API, and what it refuses."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

import pytest
import requests
from conftest import ROOT
from emulator_calls import (
    DATA,
    GOOD,
    HELLO,
    NAMES,
    PRIVATE_KEY,
    TOKEN,
    demo,
    listed,
    post,
    signed,
)

from pulumi_ucimage.emulator import DEMO_TAGS, Emulator
from pulumi_ucimage.emulator.signature import sign, verify


def test_only_the_standard_library_is_used() -> None:
    """The emulator then shares no mistake with the package that it tests."""
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


def test_the_published_signature_is_computed() -> None:
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
def test_only_the_exact_signature_is_accepted(given: str, expected: bool) -> None:  # noqa: FBT001
    """It must be the lower-case hex of these parameters and this key."""
    assert verify({"Limit": "10", "Signature": given}, PRIVATE_KEY) is expected


def test_the_demo_is_listed_as_its_constants_say(emulator: Emulator) -> None:
    """Without data it has one key pair, one bucket and one image with fixed tags."""
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
    """A moving tag, a number, and versions, of which the newest is a release."""
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
    """The fields of an image in the data are sent unchanged."""
    bucket = {"Region": "cn-bj2", "BucketName": "many", "ImageSet": [image]}
    with Emulator(data={"Keys": DATA["Keys"], "Buckets": [bucket]}) as emulator:
        assert listed(emulator, "many") == [image]


def test_a_get_is_answered_like_a_post(many: Emulator) -> None:
    """The query of a GET is read like the form of a POST."""
    call = signed(Limit="3", Offset="1")

    by_get = requests.get(many.url, params=call, timeout=30)

    assert by_get.json() == post(many.url, call).json()
    assert len(by_get.json()["ImageSet"]) == 3


def test_the_query_of_a_post_is_ignored(many: Emulator) -> None:
    """The official Go SDK repeats Action there, unsigned."""
    answer = post(f"{many.url}?Action=Another&Limit=1", signed())

    assert len(answer.json()["ImageSet"]) == 20


@pytest.mark.parametrize("order_by", ["Default", "", "a b+c&d=e%20", "按时间", "\x00"])
def test_any_order_is_accepted(many: Emulator, order_by: str) -> None:
    """OrderBy may be any text, escaped as forms are."""
    answer = post(many.url, signed(OrderBy=order_by)).json()

    assert (answer["RetCode"], answer["ImageSet"][0]) == (0, {"ImageName": NAMES[0]})


def test_unknown_parameters_are_ignored(many: Emulator) -> None:
    """The signature covers a parameter that the page does not name."""
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
def test_limit_and_offset_cut_pages(
    many: Emulator, window: dict[str, str | None], expected: list[str]
) -> None:
    """Limit (default 20) and Offset count images; TotalCount counts all of them."""
    answer = post(many.url, signed(**window)).json()

    assert [image["ImageName"] for image in answer["ImageSet"]] == expected
    assert answer["TotalCount"] == 25


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
def test_each_mistake_has_its_ret_code(
    many: Emulator, changes: dict[str, str | None], ret_code: int
) -> None:
    """The documented one, with HTTP status 200."""
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
def test_the_first_mistake_is_reported(
    many: Emulator, changes: dict[str, str | None], ret_code: int
) -> None:
    """The order is Action, Signature, PublicKey, token, parameters, bucket."""
    assert post(many.url, signed(**changes)).json()["RetCode"] == ret_code


def test_a_refusal_has_three_fields(many: Emulator) -> None:
    """RetCode, Action and Message, as the page says."""
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
    """A key with a SecurityToken is refused without it, or with another one."""
    call = signed(PublicKey="temporary", SecurityToken=token)

    assert post(many.url, call).json()["RetCode"] == ret_code


def test_a_bucket_is_in_one_region(many: Emulator) -> None:
    """Buckets of one name in two regions have their own images."""
    assert listed(many, "tools") == [{"ImageName": HELLO}]
    assert listed(many, "tools", region="hk") == []


@pytest.mark.parametrize(
    ("bucket", "project"), [("ours", "org-1"), ("tools", "org-1"), ("tools", None)]
)
def test_a_bucket_is_listed_for_its_project(
    many: Emulator, bucket: str, project: str | None
) -> None:
    """A bucket whose data names no project is listed for any."""
    call = signed(Region="hk", BucketName=bucket, ProjectId=project)

    assert post(many.url, call).json()["RetCode"] == 0


def test_a_json_body_is_refused(many: Emulator) -> None:
    """It has no Action, and the answer says which bodies are read."""
    answer = requests.post(many.url, json=signed(), timeout=30).json()

    assert (answer["RetCode"], "form body" in answer["Message"]) == (160, True)


def test_calls_are_remembered_without_secrets(many: Emulator) -> None:
    """A call's parameters, without its signature and its token."""
    post(many.url, signed(PublicKey="temporary", SecurityToken=TOKEN, Limit="3"))

    assert many.requests == [{**GOOD, "PublicKey": "temporary", "Limit": "3"}]


def test_failed_calls_are_remembered(many: Emulator) -> None:
    """Refused, answered by a fault or dropped: each one counts."""
    many.fault("retcode=153*1")
    many.fault("drop*1")
    post(many.url, signed())
    with pytest.raises(requests.ConnectionError):
        post(many.url, signed())
    post(many.url, signed("another key"))

    assert len(many.requests) == 3


def test_remembered_calls_are_copies(many: Emulator) -> None:
    """A change of `requests` does not change the emulator."""
    post(many.url, signed())

    many.requests[0].clear()
    many.requests.clear()

    assert many.requests == [GOOD]


def test_calls_can_be_forgotten(many: Emulator) -> None:
    """After `reset_requests` there are none."""
    post(many.url, signed())

    many.reset_requests()

    assert many.requests == []
