"""The API's address, checked: signed calls go nowhere but there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, final

_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[a-z0-9._~/-]*)?",
    re.ASCII | re.IGNORECASE,
)

_PLAIN_HTTP_HOST: Final = "api.service.ucloud.cn"
"""The endpoint inside UCloud's network; it speaks HTTP only."""


@final
@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API is.

    Attributes:
        url: the whole address, in the form it is called.
        scheme: `https` or `http`.
        host: name or address, without brackets.
        port: TCP port.
        is_loopback: whether the host is this machine; such calls take no proxy.
    """

    url: str
    scheme: str
    host: str
    port: int
    is_loopback: bool

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """The endpoint at `url`, by a grammar too narrow to be read in two ways.

        Raises:
            ValueError: one clause that says what the address must be.
        """
        match = _URL.fullmatch(url)
        if match is None:
            message = (
                "must be an address such as https://api.ucloud.cn/, with no user name,"
                " query or fragment"
            )
            raise ValueError(message)
        scheme, host = match["scheme"].lower(), match["host"].strip("[]").lower()
        port = int(match["port"] or {"http": 80, "https": 443}[scheme])
        if not 0 < port < 2**16:
            message = "must have a port from 1 to 65535"
            raise ValueError(message)
        loopback = _is_loopback(host)
        if scheme == "http" and not loopback and host != _PLAIN_HTTP_HOST:
            message = (
                "must begin with https://, for whoever sees a signed call can repeat"
                " it; http:// is accepted for a loopback address and for"
                f" {_PLAIN_HTTP_HOST} alone"
            )
            raise ValueError(message)
        return cls(
            url=url if match["path"] else f"{url}/",
            scheme=scheme,
            host=host,
            port=port,
            is_loopback=loopback,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
