"""Proxies and certificates, as environment variables configure them."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, final
from urllib.parse import unquote

import requests.utils
import urllib3.exceptions
import urllib3.util

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.machine import explain_machine_problem
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pulumi_ucimage._http.endpoint import Endpoint

_HASHED_FILE: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL names a certificate in a folder (`openssl rehash`)."""


@final
@dataclass(frozen=True, slots=True)
class CaBundle:
    """Certificates to trust instead of those that requests brings.

    Attributes:
        path: a file in PEM format, or a folder of hashed certificates.
        variable: the environment variable that names it.
    """

    path: str
    variable: str


@final
@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How an endpoint is reached.

    Attributes:
        proxy: URL of the proxy; None without one. Not shown in a repr, because it may
            hold a password.
        ca_bundle: certificates to trust; None for those that requests brings.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: CaBundle | None = None

    @classmethod
    def from_environment(cls, endpoint: Endpoint) -> NetworkSettings:
        """What the proxy variables, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE say.

        Raises:
            ConfigError: the proxy's URL cannot be used.
        """
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            if path := os.environ.get(variable):
                return cls(_find_proxy(endpoint), CaBundle(path, variable))
        return cls(_find_proxy(endpoint))

    def ssl_context(self) -> ssl.SSLContext:
        """A context that trusts the certificates; reading them takes some 15 ms.

        Raises:
            ConfigError: the CA bundle cannot be used.
            OSError: the certificates of requests cannot be read, or the machine is out of
                files or memory.
        """
        context = urllib3.util.create_urllib3_context()
        if self.ca_bundle is None:
            context.load_verify_locations(requests.utils.DEFAULT_CA_BUNDLE_PATH)
            return context
        try:
            problem = _load(context, self.ca_bundle.path)
        except OSError as error:
            if explain_machine_problem(error):
                raise
            problem = _explain_ca_problem(error)
        if not problem:
            return context
        message = (
            f"{self.ca_bundle.variable} names {quoted(self.ca_bundle.path)}, which"
            f" {problem}; set it to a file of certificates in PEM format, or unset it."
        )
        raise ConfigError(message)


def _load(context: ssl.SSLContext, path: str) -> str:
    """Load the certificates of a file or a folder; what is wrong with the folder."""
    if not Path(path).is_dir():
        context.load_verify_locations(cafile=path)
        return ""
    if not any(_HASHED_FILE.fullmatch(file.name) for file in Path(path).iterdir()):
        return "is a folder without hashed certificates (see `openssl rehash`)"
    context.load_verify_locations(capath=path)
    return ""


def _explain_ca_problem(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "holds no certificate in PEM format"
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read ({error.strerror})"


def _find_proxy(endpoint: Endpoint) -> str | None:
    """The URL of the endpoint's proxy, with its scheme in lower case; None without one."""
    if endpoint.is_loopback or _is_excluded_address(endpoint):
        return None
    # With an explicit port, requests also reads NO_PROXY=host:443.
    url = f"{endpoint.scheme}://{endpoint.address}/"
    proxies = requests.utils.get_environ_proxies(url)
    proxy = requests.utils.select_proxy(url, proxies)
    if not proxy:
        return None
    scheme, separator, rest = proxy.partition("://")
    # requests refuses a URL without a scheme.
    proxy = f"{scheme.lower()}://{rest}" if separator else f"http://{proxy}"
    if not _is_usable(proxy):
        # The URL itself may hold a password.
        message = (
            f"The proxy for {endpoint.scheme}://{endpoint.host} cannot be used: set"
            f" {endpoint.scheme.upper()}_PROXY (or ALL_PROXY) to an address such as"
            " http://proxy.example.com:3128 (SOCKS is not supported), or add the host to"
            " NO_PROXY."
        )
        raise ConfigError(message)
    return proxy


def _is_usable(proxy: str) -> bool:
    try:
        url = urllib3.util.parse_url(proxy)
        unquote(url.auth or "").encode("latin-1")
    except (urllib3.exceptions.HTTPError, ValueError):
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _is_excluded_address(endpoint: Endpoint) -> bool:
    """Whether NO_PROXY names the endpoint's IP address.

    requests reads neither IPv6 networks nor addresses with brackets or a port.
    """
    address = endpoint.ip_address
    if address is None:
        return False
    port = f":{endpoint.port}" if address.version == 4 else f"]:{endpoint.port}"  # noqa: PLR2004
    for name in urllib.request.getproxies().get("no", "").split(","):
        try:
            network = ipaddress.ip_network(
                name.strip().removesuffix(port).strip("[]"), strict=False
            )
        except ValueError:
            continue
        if address in network:
            return True
    return False
