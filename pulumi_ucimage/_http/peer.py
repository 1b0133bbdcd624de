"""How messages name a server, and what they advise if it does not answer as expected."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import final

from pulumi_ucimage._http.retry import RETRIED_STATUSES
from pulumi_ucimage.errors import ResponseError


@final
@dataclass(frozen=True, slots=True)
class Peer:
    """The server of a connection, as messages name it.

    Attributes:
        name: "The UCloud API", for the beginning of a sentence.
        setting: what the user checks if the address is wrong, for "check ...".
    """

    name: str
    setting: str

    @property
    def advice(self) -> str:
        """What to do if the answers are not those of this server."""
        return f"check {self.setting}, and whether a proxy or firewall answers in its place"

    def make_status_error(
        self, status: int, address: str, *, subject: str = ""
    ) -> ResponseError:
        """The error for an HTTP status that says nothing else.

        Args:
            status: the status.
            address: the server's, for messages.
            subject: what was asked for, if that helps.
        """
        answered = f"answered with HTTP status {status}{subject and f' for {subject}'}"
        message = f"{self.name} at {address} {answered}: {self._status_advice(status)}."
        return ResponseError(message, status=status)

    def _status_advice(self, status: int) -> str:
        """What to do about an HTTP status that is an error."""
        if status in RETRIED_STATUSES:
            return "try again later"
        if is_redirect(status):
            return f"redirects are not followed; check {self.setting}"
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return "put the proxy's user and password into HTTP_PROXY, or set NO_PROXY"
        return self.advice


def is_redirect(status: int) -> bool:
    """Whether an HTTP status sends the client to another address."""
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
