"""One call of GetDockerImageList: signed, sent, parsed and retried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.peer import Peer
from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage._secret import redact
from pulumi_ucimage._ucloud.responses import ACTION, InvalidResponseError, Page, parse
from pulumi_ucimage._ucloud.signing import sign_form
from pulumi_ucimage.errors import UGC_INTERNAL_RET_CODES, ApiError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_ucimage._http.client import HttpClient
    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.retry import RetryPolicy
    from pulumi_ucimage._secret import Credentials, Secret

UCLOUD_API: Final = Peer(
    name="The UCloud API", setting="ucimage:baseUrl (UCLOUD_API_BASE_URL)"
)

RETRIED_RET_CODES: Final = {
    110: Retry.TRANSIENT,
    130: Retry.TRANSIENT,
    150: Retry.TRANSIENT,
    153: Retry.THROTTLED,
    **dict.fromkeys(UGC_INTERNAL_RET_CODES, Retry.TRANSIENT),
}
"""RetCodes that are retried; no other RetCode is."""

_HEADERS: Final = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
}
_SIGNATURE: Final = re.compile(r"[0-9A-Fa-f]{40}")
"""A signature: SHA-1 in hex. Some servers repeat the one that they expected."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket whose images are listed.

    Attributes:
        name: the bucket, an image repository.
        region: where it is, such as `cn-bj2`.
        project_id: the project it belongs to; None for the key's own.
        order_by: passed through unchanged; None for the API's default.
    """

    name: str
    region: str
    project_id: str | None = None
    order_by: str | None = None

    def build_parameters(self, *, limit: int, offset: int) -> dict[str, str | int]:
        """The parameters of one call, except those that every UCloud call has."""
        parameters: dict[str, str | int] = {
            "Action": ACTION,
            "Region": self.region,
            "BucketName": self.name,
            "Limit": limit,
            "Offset": offset,
        }
        if self.project_id:
            parameters["ProjectId"] = self.project_id
        if self.order_by:
            parameters["OrderBy"] = self.order_by
        return parameters


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Calls the API with one key pair.

    Attributes:
        http: connections to the API.
        path: path of the API's URL.
        credentials: the key pair that signs.
        retry_policy: which failures are retried, and how often.
        on_throttled: called if the server limits how often it may be called.
    """

    http: HttpClient
    path: str
    credentials: Credentials
    retry_policy: RetryPolicy
    on_throttled: Callable[[], object] = lambda: None

    def get_page(
        self,
        bucket: Bucket,
        *,
        limit: int,
        offset: int,
        deadline: Deadline,
        first: Page | Failure | None = None,
    ) -> Page:
        """One page of a bucket's images, with retries.

        Args:
            bucket: which bucket.
            limit: at most this many images; the server may return fewer.
            offset: how many images to skip.
            deadline: when the page must be there, all attempts included.
            first: what `attempt_page` returned for this page, if it was called.

        Raises:
            TransportError, ResponseError, ApiError: the last attempt failed.
        """
        return self.retry_policy.call(
            lambda: self.attempt_page(
                bucket, limit=limit, offset=offset, deadline=deadline
            ),
            deadline,
            first=first,
        )

    def attempt_page(
        self, bucket: Bucket, *, limit: int, offset: int, deadline: Deadline
    ) -> Page | Failure:
        """One attempt to get a page."""
        outcome = self._attempt(bucket, limit=limit, offset=offset, deadline=deadline)
        if isinstance(outcome, Failure) and outcome.retry is Retry.THROTTLED:
            self.on_throttled()
        return outcome

    def _attempt(
        self, bucket: Bucket, *, limit: int, offset: int, deadline: Deadline
    ) -> Page | Failure:
        form = sign_form(
            bucket.build_parameters(limit=limit, offset=offset), self.credentials
        )
        response = self.http.request(
            "POST", self.path, headers=_HEADERS, body=form, deadline=deadline
        )
        if isinstance(response, Failure):
            return response
        if response.status != HTTPStatus.OK:
            error = UCLOUD_API.make_status_error(response.status, self.http.address)
            return Failure.from_response(error, response, deadline.clock)
        try:
            parsed = parse(response.body)
        except InvalidResponseError as error:
            problem = str(error)
        else:
            if isinstance(parsed, Page):
                return parsed
            api_error = ApiError(
                ret_code=parsed.ret_code,
                message=self._remove_secrets(parsed.message, form),
                action=ACTION,
                bucket=bucket.name,
                region=bucket.region,
            )
            retry = RETRIED_RET_CODES.get(parsed.ret_code, Retry.NEVER)
            return Failure.from_response(api_error, response, deadline.clock, retry=retry)
        return Failure(
            ResponseError(
                f"The response to {ACTION} for bucket {quoted(bucket.name)} cannot be used:"
                f" {problem}; {UCLOUD_API.advice}."
            ),
            Retry.NEVER,
        )

    def _remove_secrets(self, message: str, form: Secret) -> str:
        """A message of the server without the secrets that it repeats."""
        secrets = (form, self.credentials.private_key, self.credentials.security_token)
        return _SIGNATURE.sub("[signature]", redact(message, secrets))
