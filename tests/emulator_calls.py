"""Calls of the emulator's API, signed and sent without this package's client."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from pulumi_ucimage.emulator import (
    DEMO_BUCKET,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    Emulator,
)
from pulumi_ucimage.emulator.signature import sign

if TYPE_CHECKING:
    from collections.abc import Callable

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
GOOD: dict[str, str | None] = {
    "Action": "GetDockerImageList",
    "PublicKey": PUBLIC_KEY,
    "Region": "cn-bj2",
    "BucketName": "many",
}


def signed(key: str = PRIVATE_KEY, /, **changes: str | None) -> dict[str, str]:
    """The parameters of a good call with these changes, signed if they are not yet.

    None leaves a parameter out.
    """
    parameters = {
        name: value for name, value in {**GOOD, **changes}.items() if value is not None
    }
    if "Signature" not in changes:
        parameters["Signature"] = sign(parameters, key)
    return parameters


def demo(**changes: str | None) -> dict[str, str]:
    """The parameters of a call for the bucket that an emulator has without data."""
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


def control(url: str, name: str, body: Any, **headers: str) -> requests.Response:
    """Send a control request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    return requests.post(f"{url}emulator/{name}", content, headers=headers, timeout=30)


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.001)


def raw(emulator: Emulator) -> socket.socket:
    """A connection for bytes that no HTTP library sends."""
    address = urlsplit(emulator.url)
    return socket.create_connection((address.hostname, address.port or 0), timeout=30)
