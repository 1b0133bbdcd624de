"""Other callers of the same action: the official SDK, `requests.post`, and a raw socket."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

import requests
from ucloud.client import Client as SdkClient

from benchmarks.server import HOST, PRIVATE_KEY, PUBLIC_KEY, REGION

if TYPE_CHECKING:
    from benchmarks.server import Api

_ACTION: Final = "GetDockerImageList"
_PAGE: Final = 100


class Peer(Protocol):
    """Calls the API."""

    def images(self, bucket: str, limit: int, offset: int) -> list[Any]:
        """The images of one page, as raw dicts."""


class OfficialSdk:
    """`Client.invoke` of ucloud-sdk-python3, with its log switched off."""

    def __init__(self, api: Api, scheme: str, delay_ms: int = 0) -> None:
        logging.getLogger("ucloud").setLevel(logging.CRITICAL)
        self._client = SdkClient(
            {
                "public_key": PUBLIC_KEY,
                "private_key": PRIVATE_KEY,
                "region": REGION,
                "base_url": api.url(scheme, delay_ms),
                "ssl_verify": True,
                "ssl_cacert": api.bundle,
                "timeout": 60,
            }
        )

    def images(self, bucket: str, limit: int, offset: int) -> list[Any]:
        parameters = {"BucketName": bucket, "Limit": limit, "Offset": offset}
        return list(self._client.invoke(_ACTION, parameters)["ImageSet"])


class BarePost:
    """One `requests.post` a call, as most scripts do it."""

    def __init__(self, api: Api, scheme: str, delay_ms: int = 0) -> None:
        self._url = api.url(scheme, delay_ms)
        self._bundle = api.bundle

    def images(self, bucket: str, limit: int, offset: int) -> list[Any]:
        answer = requests.post(
            self._url, data=_form(bucket, limit, offset), verify=self._bundle, timeout=60
        )
        return _images(answer.content)


class RawSocket:
    """One kept socket: signs, sends, reads and parses, and checks next to nothing."""

    def __init__(self, api: Api, scheme: str, delay_ms: int = 0) -> None:
        url = urlsplit(api.url(scheme, delay_ms))
        self._head = (
            f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        )
        self._socket = socket.create_connection((HOST, api.ports[scheme]), timeout=60)
        if scheme == "https":
            context = ssl.create_default_context(cafile=api.bundle)
            self._socket = context.wrap_socket(self._socket, server_hostname=HOST)

    def images(self, bucket: str, limit: int, offset: int) -> list[Any]:
        form = urlencode(_form(bucket, limit, offset))
        self._socket.sendall(f"{self._head}{len(form)}\r\n\r\n{form}".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._received()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        chunks, missing = [body], length - len(body)
        while missing > 0:
            chunks.append(self._received())
            missing -= len(chunks[-1])
        return _images(b"".join(chunks))

    def _received(self) -> bytes:
        received = self._socket.recv(64 * 1024)
        if not received:
            message = "the benchmark's server has ended"
            raise ConnectionError(message)
        return received

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _form(bucket: str, limit: int, offset: int) -> dict[str, str | int]:
    form: dict[str, str | int] = {
        "Action": _ACTION,
        "BucketName": bucket,
        "Limit": limit,
        "Offset": offset,
        "PublicKey": PUBLIC_KEY,
        "Region": REGION,
    }
    joined = "".join(f"{name}{form[name]}" for name in sorted(form))
    form["Signature"] = hashlib.sha1(  # noqa: S324 - the API's signature is this one
        (joined + PRIVATE_KEY).encode()
    ).hexdigest()
    return form


def _images(body: bytes) -> list[Any]:
    answer = json.loads(body)
    if answer["RetCode"] != 0:
        raise RuntimeError(answer["Message"])
    return list(answer["ImageSet"])


def list_in_turn(peer: Peer, bucket: str, images: int) -> None:
    """A listing as a script makes it, every field of the raw dicts read."""
    listed: list[Any] = []
    while len(listed) < images:
        listed += peer.images(bucket, _PAGE, len(listed))
    for image in listed:
        _ = image["ImageName"], image["BucketName"], image["ResourceId"]
        _ = image["OrgId"], image["UpdateTime"]
        for tag in image["TagSet"]:
            _ = tag["TagName"], tag["CreateTime"]
