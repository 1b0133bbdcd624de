"""The requests by which other processes change a running emulator."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import requests
from emulator_calls import TOKEN, control, demo, post, signed

from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator


def test_another_process_pushes(emulator: Emulator) -> None:
    """The documented request pushes from any program that can send HTTP."""
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
        "Digest": emulator.digest("ucs", "helloworld", "2.0.0"),
    }
    (listing,) = post(emulator.url, demo()).json()["ImageSet"]
    assert listing["TagSet"][-1]["TagName"] == "2.0.0"


def test_a_push_by_request_may_name_the_region(many: Emulator) -> None:
    """Region distinguishes buckets of one name; null is the same as no region."""
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
    """The documented request replaces those there are; an empty list removes them."""
    many.fault("drop")

    answer = control(many.url, "faults", {"faults": ["http=503*2", "cap=3"]})

    assert answer.json() == {"faults": ["http=503*2", "cap=3"]}
    assert post(many.url, signed()).status_code == 503
    assert control(many.url, "faults", {"faults": []}).json() == {"faults": []}
    assert post(many.url, signed()).json()["RetCode"] == 0


def test_another_process_sees_the_calls(many: Emulator) -> None:
    """The documented request lists the calls, without their secrets."""
    post(many.url, signed(PublicKey="temporary", SecurityToken=TOKEN))

    answer = requests.get(f"{many.url}emulator/requests", timeout=30)

    assert answer.json() == {"requests": many.requests}
    assert "Signature" not in answer.text
    assert TOKEN not in answer.text


def test_control_requests_are_not_calls(many: Emulator) -> None:
    """Faults do not touch control requests, and they are not counted."""
    many.fault("drop")

    requests.get(f"{many.url}emulator/requests", timeout=30)
    control(many.url, "push", {"BucketName": "many", "ImageName": "x", "TagName": "1"})

    assert many.requests == []


PUSH = {"BucketName": "many", "ImageName": "x", "TagName": "1"}


@pytest.mark.usefixtures("no_finalizers")
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
        ("push", {**PUSH, "SameBytes": "yes"}, "SameBytes must be true or false"),
        ("push", {**PUSH, "SameBytes": True}, "was never pushed"),
        ("push", {**PUSH, "MediaType": "text/plain"}, "is not one of a manifest"),
        ("push", {**PUSH, "MediaType": 1}, "MediaType must be text"),
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
    """A browser sends these types to another site without asking first: refused."""
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
def test_a_foreign_host_name_controls_nothing(
    many: Emulator, host: str, status: int
) -> None:
    """A site whose name resolves to 127.0.0.1 (DNS rebinding) changes and sees nothing."""
    headers = {"Host": host}

    seen = requests.get(f"{many.url}emulator/requests", headers=headers, timeout=30)
    pushed = control(many.url, "push", PUSH, **headers)

    assert (seen.status_code, pushed.status_code) == (status, status)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "other", 404, "GET knows /, /v2/, /token and /emulator/requests."),
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
    """The answer names the paths that exist."""
    answer = requests.request(method, many.url + path, json={}, timeout=30)

    assert (answer.status_code, said in answer.json()["error"]) == (status, True)
