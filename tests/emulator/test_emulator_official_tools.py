"""The emulator and UCloud's own tools: their SDK, and what their CLI sends."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import strategies as st
from ucloud.core import exc
from ucloud.core.client import Client

from pulumi_ucimage.emulator import (
    DEMO_BUCKET,
    DEMO_IMAGE,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    DEMO_TAGS,
    Emulator,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def client(emulator: Emulator, **changes: str) -> Any:
    """The official SDK's generic client."""
    config = {
        "region": DEMO_REGION,
        "public_key": DEMO_PUBLIC_KEY,
        "private_key": DEMO_PRIVATE_KEY,
        "base_url": emulator.url,
        **changes,
    }
    return Client(config, logger=logging.getLogger("test"))


def listing(client: Any, **arguments: object) -> Any:
    """What the SDK gets for the demo's bucket."""
    return client.invoke("GetDockerImageList", {"BucketName": DEMO_BUCKET, **arguments})


def test_the_sdk_lists(emulator: Emulator) -> None:
    """The official SDK gets the demo's image and its tags."""
    answer = listing(client(emulator))

    (image,) = answer["ImageSet"]
    assert (answer["TotalCount"], image["ImageName"]) == (1, DEMO_IMAGE)
    assert [(tag["TagName"], tag["CreateTime"]) for tag in image["TagSet"]] == [*DEMO_TAGS]


@pytest.mark.parametrize(("fault", "code"), [("retcode=153", 153), ("retcode=-1", -1)])
def test_the_sdk_sees_a_fault(emulator: Emulator, fault: str, code: int) -> None:
    """A RetCode that was asked for reaches the SDK like a real one."""
    emulator.fault(fault)

    with pytest.raises(exc.RetCodeException) as caught:
        listing(client(emulator))

    assert caught.value.code == code


# What the official CLI (its source of 2026-07-22, with Go SDK 0.22.98) sent on a loopback
# socket for `ucloud api --Action GetDockerImageList --BucketName ucs ...` with the demo's
# made-up keys. The CLI itself is in no package registry, so it cannot run here.
CLI_REQUEST = (
    "POST /?Action=GetDockerImageList HTTP/1.1\r\n"
    "Host: {host}\r\n"
    "User-Agent: GO/go1.26.8 GO-SDK/0.22.98 Product/@generic UCloud-CLI/dev\r\n"
    "Content-Length: {length}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
    "Cookie: \r\n"
    "Csrf-Token: \r\n"
    "U-Timestamp-Ms: 1795485960328\r\n"
    "Accept-Encoding: gzip\r\n"
    "\r\n"
    "{body}"
)
CLI_FIRST_PAGE = (
    "Action=GetDockerImageList&BucketName=ucs&PublicKey=demo-public-key&Region=cn-bj2"
    "&Signature=bb8117fe42d047c16194a06adc59b7a1de2667ab"
)
CLI_SECOND_IMAGE = (
    "Action=GetDockerImageList&BucketName=ucs&Limit=1&Offset=1&PublicKey=demo-public-key"
    "&Region=cn-bj2&Signature=3671772a51d54ff638e8b05349ead67e8733cff2"
)


def replay(emulator: Emulator, body: str) -> Any:
    """Send what the official CLI sent, byte for byte but for the port."""
    address = urlsplit(emulator.url)
    request = CLI_REQUEST.format(host=address.netloc, length=len(body), body=body)
    with socket.create_connection((address.hostname, address.port or 0), 30) as connection:
        connection.sendall(request.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        with answer:
            return json.loads(answer.read())


def test_what_the_cli_sends_is_listed(emulator: Emulator) -> None:
    """A recorded request of the official CLI, with the CLI's own signature, is answered."""
    answer = replay(emulator, CLI_FIRST_PAGE)

    assert (answer["RetCode"], answer["TotalCount"]) == (0, 1)
    assert answer["ImageSet"][0]["ImageName"] == DEMO_IMAGE


def test_what_the_cli_sends_is_paged(emulator: Emulator) -> None:
    """A recorded request with Limit and Offset gets the page it names."""
    emulator.push(DEMO_BUCKET, "second", "1")

    (image,) = replay(emulator, CLI_SECOND_IMAGE)["ImageSet"]

    assert image["ImageName"].endswith("/second")


def test_what_the_cli_sends_is_checked(emulator: Emulator) -> None:
    """A recorded signature is refused for any other parameters."""
    changed = CLI_SECOND_IMAGE.replace("Offset=1", "Offset=0")

    assert replay(emulator, changed)["RetCode"] == 171
