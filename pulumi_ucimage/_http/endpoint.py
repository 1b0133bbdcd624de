"""The API's address, checked: signed calls go nowhere but there."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, final

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\]"
_ADDRESS: Final = rf"(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?"
_HOST_AND_PORT: Final = re.compile(_ADDRESS, re.ASCII)
_URL: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<address>{_ADDRESS})(?P<path>/[A-Za-z0-9._~/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_PORTS: Final = {"http": 80, "https": 443}

_PLAIN_HTTP_HOST: Final = "api.service.ucloud.cn"
"""The endpoint inside UCloud's network; it speaks HTTP only."""


@final
@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API is.

    Attributes:
        url: the whole address, in the form it is called; one form for equal addresses.
        scheme: `https` or `http`.
        host: name or address in lower case, without brackets.
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
        if match is None or not is_host_and_port(match["address"]):
            message = (
                "must be an address such as https://api.ucloud.cn/, with a port from 1"
                " to 65535 if any, and no user name, query or fragment"
            )
            raise ValueError(message)
        scheme, host = match["scheme"].lower(), match["host"].strip("[]").lower()
        port = int(match["port"] or _PORTS[scheme])
        is_loopback = _is_loopback(host)
        if scheme == "http" and not is_loopback and host != _PLAIN_HTTP_HOST:
            message = (
                "must begin with https://, for whoever sees a signed call can repeat"
                " it; http:// is accepted for a loopback address and for"
                f" {_PLAIN_HTTP_HOST} alone"
            )
            raise ValueError(message)
        address = match["host"].lower()
        if port != _PORTS[scheme]:
            address = f"{address}:{port}"
        return cls(
            url=f"{scheme}://{address}{match['path'] or '/'}",
            scheme=scheme,
            host=host,
            port=port,
            is_loopback=is_loopback,
        )


def is_host_and_port(text: str) -> bool:
    """Whether a text is `host[:port]`, the host a name or an address."""
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None or int(match["port"] or 1) not in range(1, 2**16):
        return False
    if match["host"].startswith("["):
        try:
            ipaddress.IPv6Address(match["host"][1:-1])
        except ValueError:
            return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    # Pythons differ on whether ::ffff:127.0.0.1 is loopback, which it is.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
