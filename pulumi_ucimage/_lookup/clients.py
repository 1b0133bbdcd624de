"""A client of the UCloud API for the settings of one look-up.

This module loads requests and pydantic. Others import it only when they need a client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_ucimage._http.client import http_client_for
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._ucloud.client import UCLOUD_API, Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._http.clock import Clock


def client_for(
    settings: Settings, clock: Clock, on_throttled: Callable[[], object]
) -> Client:
    """A client with the settings' keys, on connections that are kept.

    Args:
        settings: keys, endpoint and retries.
        clock: time, waiting and random numbers.
        on_throttled: called when the server limits the rate of calls.

    Raises:
        ConfigError: the environment's proxy or CA bundle cannot be used.
        TransportError: the machine is out of files or memory, or the certificates of
            requests cannot be read.
    """
    return Client(
        http=http_client_for(settings.endpoint, peer=UCLOUD_API),
        path=settings.endpoint.path,
        credentials=settings.credentials,
        retry_policy=RetryPolicy(max_retries=settings.max_retries, clock=clock),
        on_throttled=on_throttled,
    )
