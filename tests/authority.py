"""A certificate authority of the tests."""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import trustme

from pulumi_ucimage._http.network import CaBundle, NetworkSettings

if TYPE_CHECKING:
    from pathlib import Path

EXPIRED = datetime(2020, 1, 1, tzinfo=timezone.utc)


class Authority:
    """An authority, and what servers show that it has vouched for.

    Args:
        folder: where its certificate is written, as `authority.pem`.
    """

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.file = folder / "authority.pem"
        self.ca.cert_pem.write_to_path(str(self.file))
        self.trusted = NetworkSettings(
            ca_bundle=CaBundle(str(self.file), "REQUESTS_CA_BUNDLE")
        )

    def server(self, name: str, *, not_after: datetime | None = None) -> ssl.SSLContext:
        """What a server of that name shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        not_before = datetime(2000, 1, 1, tzinfo=timezone.utc) if not_after else None
        self.ca.issue_cert(name, not_after=not_after, not_before=not_before).configure_cert(
            context
        )
        return context
