"""The address of a server, checked before anything is sent to it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, final

from pulumi_ucimage import _formatting

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\]"
_ADDRESS: Final = rf"(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?"
_HOST_AND_PORT: Final = re.compile(_ADDRESS, re.ASCII)
_URL: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<address>{_ADDRESS})(?P<path>/[A-Za-z0-9._~/-]*)?",
    re.ASCII | re.IGNORECASE,
)
_PORTS: Final = {"http": 80, "https": 443}

_IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_PLAIN_HTTP_HOST: Final = "api.service.ucloud.cn"
"""The API inside UCloud's network; it speaks HTTP only."""


@final
@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is. Case, a default port and a missing path make no difference.

    Attributes:
        scheme: `https` or `http`.
        host: name or address in lower case, without brackets.
        port: TCP port.
        path: path of the URL, at least `/`.
    """

    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def address(self) -> str:
        """`host:port`, always with the port."""
        return _formatting.address(self.host, self.port)

    @property
    def origin(self) -> str:
        """Scheme, host and port; without the port if it is the scheme's own."""
        return f"{self.scheme}://{self.address}".removesuffix(f":{_PORTS[self.scheme]}")

    @property
    def url(self) -> str:
        """The whole URL."""
        return self.origin + self.path

    @property
    def ip_address(self) -> _IpAddress | None:
        """The host, if it is an address; None if it is a name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine; such calls take no proxy."""
        address = self.ip_address
        if address is None:
            return self.host == "localhost"
        # Python versions differ on ::ffff:127.0.0.1, which is a loopback address.
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """The endpoint at `url`, by a grammar that leaves no room for two readings.

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
        endpoint = cls(scheme, host, port, match["path"] or "/")
        if scheme == "http" and not endpoint.is_loopback and host != _PLAIN_HTTP_HOST:
            message = (
                "must begin with https://, because anyone who sees a signed request can"
                " send it again; http:// is accepted only for a loopback address and for"
                f" {_PLAIN_HTTP_HOST}"
            )
            raise ValueError(message)
        return endpoint


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
