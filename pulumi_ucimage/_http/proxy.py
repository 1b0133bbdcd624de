"""How the environment says that an endpoint is reached: proxy and certificates."""

from __future__ import annotations

import ipaddress
import os
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final
from urllib.parse import unquote

import urllib3.exceptions
import urllib3.util

from pulumi_ucimage._formatting import address, quoted
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3.util import Url

    from pulumi_ucimage._http.endpoint import Endpoint


@final
@dataclass(frozen=True, slots=True)
class Route:
    """The way to an endpoint.

    Not shown in a repr, for an address of a proxy may hold a password.

    Attributes:
        proxy: address of the proxy; None where the way is direct.
        ca_bundle: path of the certificates to trust; True for those of certifi.
    """

    proxy: str | None = field(repr=False)
    ca_bundle: str | bool

    @classmethod
    def to(cls, endpoint: Endpoint) -> Route:
        """The route by the proxy variables, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE.

        Raises:
            ConfigError: the bundle is not there, or the proxy is none that can be used.
        """
        return cls(_proxy(endpoint), _ca_bundle())


def proxy_address(proxy: str) -> tuple[Url, str | None]:
    """A proxy's address without its password, and what its Authorization is made of.

    Args:
        proxy: `http://user:password@host:port`; what is not needed may be left out.

    Raises:
        ValueError: it is no address of a proxy.
    """
    try:
        parsed = urllib3.util.parse_url(proxy if "://" in proxy else f"http://{proxy}")
    except urllib3.exceptions.HTTPError:
        raise ValueError from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError
    user_and_password = unquote(parsed.auth) if parsed.auth else None
    (user_and_password or "").encode("latin-1")
    return parsed._replace(auth=None), user_and_password


def _ca_bundle() -> str | bool:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        bundle = os.environ.get(variable)
        if bundle and not os.path.exists(bundle):  # noqa: PTH110 - Path.exists raises on NUL
            message = (
                f"{variable} names {quoted(bundle)}, which does not exist; set it"
                " to a file of certificates to trust, or unset it."
            )
            raise ConfigError(message)
        if bundle:
            return bundle
    return True


def _proxy(endpoint: Endpoint) -> str | None:
    proxies = urllib.request.getproxies()
    proxy = proxies.get(endpoint.scheme) or proxies.get("all")
    if not proxy or _goes_past(proxies, endpoint):
        return None
    try:
        proxy_address(proxy)
    except ValueError:
        # The address itself may hold a password.
        message = (
            f"The proxy for {endpoint.scheme}://{endpoint.host} cannot be used: set"
            f" {endpoint.scheme.upper()}_PROXY (or ALL_PROXY) to an address such as"
            " http://proxy.example.com:3128 (SOCKS is not supported), or add the host to"
            " NO_PROXY."
        )
        raise ConfigError(message) from None
    return proxy


def _goes_past(proxies: Mapping[str, str], endpoint: Endpoint) -> bool:
    """Whether NO_PROXY names the endpoint: by name, suffix, port, address or network."""
    host = endpoint.host
    if endpoint.is_loopback:
        return True
    if any(map(urllib.request.proxy_bypass, (host, address(host, endpoint.port)))):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    networks = map(_network, proxies.get("no", "").split(","))
    return any(network is not None and number in network for network in networks)


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """A network such as `10.0.0.0/8`, which the standard library passes over."""
    try:
        return ipaddress.ip_network(name.strip(), strict=False)
    except ValueError:
        return None
