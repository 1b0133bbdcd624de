"""Clients whose connections are kept from one look-up to the next.

Everything that needs urllib3 or msgspec is loaded with this module, and by nobody else.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from pulumi_ucimage._http.proxy import Route
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._http.transport import Transport
from pulumi_ucimage._ucloud.client import Client

if TYPE_CHECKING:
    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._http.clock import Clock
    from pulumi_ucimage._http.endpoint import Endpoint

_transports: dict[tuple[Endpoint, Route], Transport] = {}
_lock = threading.Lock()


def client_for(settings: Settings, clock: Clock) -> Client:
    """A client with the settings' keys, on connections that are kept.

    Raises:
        ConfigError: the certificates that the environment names are not there.
    """
    route = Route.to(settings.endpoint)
    with _lock:
        transport = _transports.get((settings.endpoint, route))
        if transport is None:
            transport = Transport(settings.endpoint, route)
            _transports[settings.endpoint, route] = transport
    return Client(
        transport=transport,
        credentials=settings.credentials,
        retries=RetryPolicy(max_retries=settings.max_retries, clock=clock),
    )


def close_connections() -> None:
    """Close every kept connection; the next look-up opens its own."""
    with _lock:
        for transport in _transports.values():
            transport.close()
        _transports.clear()


def _forget_connections() -> None:
    """In a forked child the parent's connections are not its own to use or close."""
    global _lock  # noqa: PLW0603 - another thread may have held it at the fork
    _lock = threading.Lock()
    _transports.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
