"""Every error of this package; each is one sentence that says what to do.

    UcimageError (a pulumi.RunError: `pulumi` shows the message and no traceback)
      ArgumentError           (also a ValueError) invalid argument
        ArgumentTypeError     (also a TypeError) argument of the wrong type
      ConfigError             missing or malformed setting
      TransportError          no usable connection
      ResponseError           unusable response
      ApiError                the API answered with a RetCode that is not 0
      RegistryError           the registry refused the request or does not know the tag
      SelectionError          no tag could be chosen
        InvalidPolicyError    (also an ArgumentError) invalid policy or rule
        NoSuchImageError      no image of that name
        AmbiguousImageError   several images match
        NoMatchingTagError    nothing left to choose from
        AmbiguousTagError     two tags share the best extracted text
        DowngradeError        a pin would be downgraded

No error holds a private key, a security token, a password or a signature. Each may be
pickled and copied.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pulumi

from pulumi_ucimage._formatting import address, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable


class UcimageError(pulumi.RunError):
    """The root of every error that this package raises on purpose.

    Being a `pulumi.RunError`, it ends a Pulumi program with its message alone.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message, keep="\n"))

    def __reduce__(self) -> tuple[Callable[..., UcimageError], tuple[Any, ...]]:
        # By default an exception is rebuilt by calling its class with `args`; these
        # classes take other arguments.
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(
    cls: type[UcimageError], args: tuple[Any, ...], facts: dict[str, Any]
) -> UcimageError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(facts)
    return error


def _in_quotes(words: str) -> str:
    """A server's words in quotes; the CLI and the plugin rename no arguments in them."""
    return '"' + words.replace('"', "'") + '"'


class ArgumentError(UcimageError, ValueError):
    """Invalid argument; raised before any call."""


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument of the wrong type, such as an `Output` given to a plain function."""


class ConfigError(UcimageError):
    """A setting is missing or malformed; the message names every way to set it."""


class TransportError(UcimageError):
    """No usable connection: refused, timed out, cut off, or TLS failed.

    Attributes:
        host: the host that was called, without credentials.
        port: its TCP port.
    """

    def __init__(
        self, problem: str, *, host: str, port: int, peer: str = "The UCloud API"
    ) -> None:
        super().__init__(f"{peer} at {printable(address(host, port))} {problem}")
        self.host = host
        self.port = port


class ResponseError(UcimageError):
    """An unusable response.

    Attributes:
        status: the HTTP status if it is the problem; else None.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


UGC_INTERNAL_RET_CODES: Final = (43000, 43001, 43002, 43003, 43019, 43020, 43021)
"""UGC's own database or image service failed or timed out."""

_TEMPORARY_KEYS = (
    "set ucimage:securityToken (`pulumi config set --secret ucimage:securityToken`) or"
    " UCIMAGE_SECURITY_TOKEN, in the same place as the key pair"
)
# RetCodes as described in UCloud's `summary/public.md` and `ugc-api/error_code.md`.
_HINTS = {
    110: "the API timed out; try again later",
    130: "the API's gateway could not forward the call; try again later",
    150: "the API is unavailable at the moment; try again later",
    153: "the API limits how often these keys may call it; try again later, or look up"
    " fewer images at once",
    160: "the call arrived without its action; check ucimage:baseUrl (UCLOUD_API_BASE_URL)",
    161: "this endpoint does not know the action; check ucimage:baseUrl"
    " (UCLOUD_API_BASE_URL)",
    170: "the signature did not arrive; check whether a proxy or firewall changes requests",
    171: "the private key does not belong to the public key; set both again, using one key"
    " pair from UCloud's console",
    172: "UCloud does not know the public key; set the key pair again",
    174: "the key needs a security token, which is missing or has expired;"
    f" {_TEMPORARY_KEYS}",
    292: "the key may not use this project;"
    " set ucimage:projectId (`pulumi config set ucimage:projectId org-abc123`),"
    " UCLOUD_PROJECT_ID, the profile's project_id or the argument project_id to one of"
    " the account's projects",
    294: "the key may not be used from this machine's IP address; allow it in UCloud's"
    " console",
    299: "the key's user lacks the permission; allow GetDockerImageList in UCloud's IAM",
    **dict.fromkeys(
        UGC_INTERNAL_RET_CODES,
        "UCloud's image service failed internally; try again later",
    ),
    **dict.fromkeys(
        (43004, 43005),
        f"the token is invalid or has expired; with temporary keys, {_TEMPORARY_KEYS};"
        " otherwise set the key pair again",
    ),
    43006: "a parameter is missing; set project_id, which is sent only if it is set",
    43023: "the bucket does not exist in this region and project, or the API could not"
    " list it (it has one code for both); check bucket_name, region and project_id",
    43025: "UCloud does not accept the bucket's name; check bucket_name",
    43027: "this endpoint does not serve the call; set ucimage:baseUrl"
    " (UCLOUD_API_BASE_URL) to https://api.ucloud.cn/",
    43033: "UCloud does not accept a parameter; check region, bucket_name,"
    " order_by, limit and offset",
}
"""What to do about a RetCode. Which are retried: `_ucloud.client.RETRIED_RET_CODES`."""


class ApiError(UcimageError):
    """The API answered, and its RetCode is not 0.

    Attributes:
        ret_code: the API's code.
        message: the API's own words, made printable; may be empty.
        action: the API action that was called.
        bucket: the bucket that was asked for.
        region: the region that was asked for.
    """

    def __init__(
        self, *, ret_code: int, message: str, action: str, bucket: str, region: str
    ) -> None:
        said = printable(message, limit=500)
        hint = _HINTS.get(ret_code, "look it up in UCloud's list of error codes")
        words = f" ({_in_quotes(said)})" if said else ""
        super().__init__(
            f"{action} for bucket {quoted(bucket)} in region {quoted(region)} failed with"
            f" RetCode {ret_code}{words}: {hint}."
        )
        self.ret_code = ret_code
        self.message = said
        self.action = action
        self.bucket = bucket
        self.region = region


class RegistryError(UcimageError):
    """The registry refused the request, or does not know what was asked for.

    Attributes:
        status: the HTTP status.
        code: the registry's own code, such as `MANIFEST_UNKNOWN`; None if it sent none.
        host: the registry, `host[:port]`.
        name: what was asked for, `ucs/helloworld:1.4.2`.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str | None,
        message: str,
        host: str,
        name: str,
        credentials: str | None = None,
        is_listed: bool = True,
        is_login: bool = False,
    ) -> None:
        """Build the message.

        Args:
            status: the HTTP status.
            code: the registry's own code.
            message: the registry's own words; may be empty.
            host: the registry.
            name: what was asked for.
            credentials: where the credentials that were sent come from; None if none
                were sent.
            is_listed: whether the API lists the tag.
            is_login: whether a login was refused; 400 then means the credentials, too.
        """
        quote = _in_quotes(printable(message, limit=300)) if message else ""
        said = ": ".join(filter(None, (code, quote)))
        words = f"HTTP status {status}{f', {said}' if said else ''}"
        registry, image = f"The registry at {printable(host)}", quoted(name)
        if status == HTTPStatus.UNAUTHORIZED or (
            is_login and status == HTTPStatus.BAD_REQUEST
        ):
            sentence = (
                f"{registry} refused the credentials from {credentials} for {image}"
                f" ({words}): check the user name and password, and that this user may pull"
                " the image."
            )
        elif status == HTTPStatus.FORBIDDEN:
            who = f"the user from {credentials}" if credentials else "an anonymous user"
            sentence = (
                f"{registry} does not allow {who} to pull {image} ({words}): allow it, or"
                " use credentials that may pull it."
            )
        elif status == HTTPStatus.NOT_FOUND:
            listed = (
                "is listed by the API, but unknown to" if is_listed else "is unknown to"
            )
            sentence = (
                f"The image {image} {listed} the registry at {printable(host)} ({words}):"
                " push it there, choose another tag, or check the argument registry,"
                " ucimage:registry and UCIMAGE_REGISTRY."
            )
        elif status == HTTPStatus.TOO_MANY_REQUESTS:
            sentence = (
                f"{registry} limits how often it is asked for {image} ({words}): try again"
                " later, or resolve fewer digests at once."
            )
        else:
            sentence = (
                f"{registry} refused the request for {image} ({words}): check the image's"
                " name, the argument registry, ucimage:registry and UCIMAGE_REGISTRY."
            )
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.host = host
        self.name = name


class SelectionError(UcimageError):
    """No tag could be chosen."""


class InvalidPolicyError(SelectionError, ArgumentError):
    """Invalid policy, range, regular expression, order, time or duration."""


class NoSuchImageError(SelectionError):
    """The bucket has no image of that name."""


class AmbiguousImageError(SelectionError):
    """The bucket has several images, and the name is missing or matches several."""


class NoMatchingTagError(SelectionError):
    """Nothing is left to choose from, or the explicit tag is not there."""


class AmbiguousTagError(SelectionError):
    """Two different tags share the best extracted text."""


class DowngradeError(SelectionError):
    """A pin would be downgraded.

    Attributes:
        pinned: the tag that is pinned.
        chosen: the lower tag that would be chosen now.
    """

    def __init__(self, message: str, *, pinned: str, chosen: str) -> None:
        super().__init__(message)
        self.pinned = pinned
        self.chosen = chosen
