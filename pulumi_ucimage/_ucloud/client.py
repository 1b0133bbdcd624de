"""One call of GetDockerImageList: signed, sent, understood, and tried again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final
from urllib.parse import quote_plus

from pulumi_ucimage._formatting import printable
from pulumi_ucimage._http import retry
from pulumi_ucimage._http.retry import Failure, Retry
from pulumi_ucimage._ucloud.concurrency import Concurrency
from pulumi_ucimage._ucloud.responses import ACTION, InvalidResponseError, Page, parse
from pulumi_ucimage._ucloud.signing import signed_form
from pulumi_ucimage.errors import ApiError, ResponseError

if TYPE_CHECKING:
    from pulumi_ucimage._http.clock import Deadline
    from pulumi_ucimage._http.retry import RetryPolicy
    from pulumi_ucimage._http.transport import Transport
    from pulumi_ucimage._secret import Credentials, Secret

_SIGNATURE: Final = re.compile(r"[0-9A-Fa-f]{40}")
"""What a signature looks like; also the one that the server would have liked to see."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What is asked for, less the page.

    Attributes:
        name: the bucket, an image repository.
        region: where it is, such as `cn-bj2`.
        project_id: the project it belongs to; None for the key's own.
        order_by: passed on as it is; None for the API's default.
    """

    name: str
    region: str
    project_id: str | None = None
    order_by: str | None = None

    def parameters(self, *, limit: int, offset: int) -> dict[str, str | int]:
        """The parameters of one call, without those that all UCloud calls have."""
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
        transport: the way to the API.
        credentials: the key pair that signs.
        retries: which failures are tried again.
    """

    transport: Transport
    credentials: Credentials
    retries: RetryPolicy

    def get_page(
        self,
        bucket: Bucket,
        *,
        limit: int,
        offset: int,
        deadline: Deadline,
        pace: Concurrency | None = None,
    ) -> Page:
        """One page of a bucket's images.

        Args:
            bucket: which bucket.
            limit: at most so many images, if the server heeds it.
            offset: how many images to pass over.
            deadline: when the page must be there, all tries included.
            pace: what else is under way; by default nothing.

        Raises:
            TransportError, ResponseError, ApiError: what the last try came to.
            StoppedError: by its pace, the page is not wanted any more.
        """
        gate = pace or Concurrency()
        form = signed_form(bucket.parameters(limit=limit, offset=offset), self.credentials)

        def attempt() -> Page | Failure:
            with gate.turn(deadline):
                outcome = once()
                if isinstance(outcome, Failure) and outcome.retry is Retry.THROTTLED:
                    gate.slow_down()
                return outcome

        def once() -> Page | Failure:
            answer = self.transport.post(form, deadline)
            if isinstance(answer, Failure):
                return answer
            try:
                understood = parse(answer.body)
            except InvalidResponseError as error:
                return Failure(
                    ResponseError(
                        f"The answer to {ACTION} for bucket '{bucket.name}' cannot be"
                        f" used: {printable(str(error), limit=300)}; check"
                        " ucimage:baseUrl (UCLOUD_API_BASE_URL) and what stands between"
                        " here and the API."
                    ),
                    Retry.NEVER,
                )
            if isinstance(understood, Page):
                return understood
            return Failure(
                ApiError(
                    ret_code=understood.ret_code,
                    message=self._without_secrets(understood.message, form),
                    action=ACTION,
                    bucket=bucket.name,
                    region=bucket.region,
                ),
                retry.for_ret_code(understood.ret_code),
                answer.retry_after_s,
            )

        return self.retries.call(attempt, deadline)

    def _without_secrets(self, message: str, form: Secret) -> str:
        """A server's words, less anything secret that they repeat."""
        for secret in (
            form,
            self.credentials.private_key,
            self.credentials.security_token,
        ):
            if secret:
                message = message.replace(secret.reveal(), "[secret]")
                message = message.replace(quote_plus(secret.reveal()), "[secret]")
        return _SIGNATURE.sub("[signature]", message)
