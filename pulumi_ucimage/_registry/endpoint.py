"""Where a registry is called: by HTTPS, or by plain HTTP on this machine."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.client import HttpResponse, http_client_for
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.peer import Peer
from pulumi_ucimage._registry.responses import MAX_ERROR_BYTES
from pulumi_ucimage.errors import ResponseError

if TYPE_CHECKING:
    from pulumi_ucimage._http.clock import Deadline

REGISTRY: Final = Peer(
    "The registry", "the argument registry, ucimage:registry and UCIMAGE_REGISTRY"
)

_answered: Final[dict[Endpoint, Endpoint]] = {}
"""Where registries on this machine have answered, by their HTTPS endpoint."""


def parse_registry_host(host: str) -> Endpoint:
    """The HTTPS endpoint of a registry.

    Args:
        host: `host[:port]`, the first part of an image's name.

    Raises:
        ResponseError: it cannot be a host.
    """
    try:
        return Endpoint.parse(f"https://{host}/")
    except ValueError:
        pass
    message = (
        f"{quoted(host)} in the image's name cannot be a registry's host; give the"
        " argument registry, or set ucimage:registry or UCIMAGE_REGISTRY."
    )
    raise ResponseError(message)


def probe_endpoint(endpoint: Endpoint, deadline: Deadline) -> Endpoint:
    """The same endpoint, or its plain HTTP form if the server there does not speak TLS.

    Only a registry on this machine may speak plain HTTP. It is asked by plain HTTP and
    without credentials: a server that speaks TLS cuts the connection, or answers with
    status 400 as Go, nginx and Apache do. An answer by plain HTTP is remembered. Without
    one the result is HTTPS, so that no fault of TLS ever leads to plain HTTP.

    Args:
        endpoint: the HTTPS endpoint.
        deadline: when the answer must be there.

    Raises:
        UcimageError: see `http_client_for`.
    """
    if endpoint in _answered:
        return _answered[endpoint]
    if not endpoint.is_loopback:
        return endpoint
    plain = replace(endpoint, scheme="http")
    response = http_client_for(plain, peer=REGISTRY).request(
        "GET", "/v2/", headers={}, deadline=deadline, max_bytes=MAX_ERROR_BYTES
    )
    if isinstance(response, HttpResponse) and response.status != HTTPStatus.BAD_REQUEST:
        _answered[endpoint] = plain
        return plain
    return endpoint


def remember_tls(endpoint: Endpoint) -> None:
    """Remember that a registry on this machine answered by HTTPS."""
    if endpoint.is_loopback and endpoint.scheme == "https":
        _answered[endpoint] = endpoint
