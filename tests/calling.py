"""Calls of the API with keys to search for, and without waits between attempts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from faults import IMAGE
from typing_extensions import Self

from pulumi_ucimage._http.client import HttpClient
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.network import NetworkSettings
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._secret import Credentials, Secret
from pulumi_ucimage._ucloud.client import UCLOUD_API, Bucket, Client
from pulumi_ucimage.errors import TransportError, UcimageError

if TYPE_CHECKING:
    from pulumi_ucimage._ucloud.responses import Page

PUBLIC_KEY = "canary-public-5f1e"
PRIVATE_KEY = "canary-private-8b2d"
TOKEN = "canary/token+c07a="
SECRETS = (PUBLIC_KEY, PRIVATE_KEY, TOKEN)
BUCKET = Bucket(name="ucs", region="cn-bj2")
DIRECT = NetworkSettings()

TIMEOUT_S = 0.25
LATEST_S = 10.0  # far below the longest silence that one read may have


def credentials() -> Credentials:
    """The keys above."""
    keys = Secret(PUBLIC_KEY), Secret(PRIVATE_KEY), Secret(TOKEN)
    return Credentials(*keys, origin="the environment")


class Caller:
    """Gets pages from one server; it does not wait between attempts.

    Args:
        url: where the server is.
        retries: attempts after the first.
        timeout_s: the look-up's deadline, in real seconds.
        network: proxy and certificates.
        read_timeout_s: the longest silence of the server.
        bucket: the bucket to list.
        clock: by default the real time, without waiting.
    """

    def __init__(
        self,
        url: str,
        *,
        retries: int = 3,
        timeout_s: float = 60,
        network: NetworkSettings = DIRECT,
        read_timeout_s: float = 30,
        bucket: Bucket = BUCKET,
        clock: Clock | None = None,
    ) -> None:
        self.sleeps: list[float] = []
        self.timeout_s = timeout_s
        endpoint = Endpoint.parse(url)
        self.http = HttpClient(
            endpoint, network, peer=UCLOUD_API, read_timeout_s=read_timeout_s
        )
        self._bucket = bucket
        self._clock = clock or Clock(sleep=self.sleeps.append, random=lambda: 1.0)
        self.client = Client(
            http=self.http,
            path=endpoint.path,
            credentials=credentials(),
            retry_policy=RetryPolicy(max_retries=retries, clock=self._clock),
        )

    @property
    def attempts(self) -> int:
        """How many attempts the last page took."""
        return len(self.sleeps) + 1

    def get_page(self) -> Page:
        """The first page of the bucket."""
        self.sleeps.clear()
        deadline = Deadline.after(self.timeout_s, self._clock)
        return self.client.get_page(self._bucket, limit=100, offset=0, deadline=deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()


def outcome(caller: Caller) -> UcimageError | None:
    """The error of a call; None if it returned the page that was sent."""
    try:
        page = caller.get_page()
    except UcimageError as error:
        return error
    assert [IMAGE] == [image.name for image in page.images]
    return None


def late(caller: Caller) -> float:
    """How long a call took that ended at the deadline, in seconds."""
    begun = time.monotonic()
    with pytest.raises(TransportError, match=r"did not answer in time.*timeoutSeconds"):
        caller.get_page()
    return time.monotonic() - begun
