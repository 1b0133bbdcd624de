"""GetDockerImageList: the parameters of a call in, the API's answer out; no HTTP."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Final

from pulumi_ucimage.emulator.errors import RetCode, ServiceError
from pulumi_ucimage.emulator.models import is_bucket_name
from pulumi_ucimage.emulator.signature import SIGNATURE, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage.emulator.state import State

ACTION: Final = "GetDockerImageList"
_DEFAULT_LIMIT: Final = 20  # the API's page
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def answer(
    parameters: Mapping[str, str], state: State, *, cap: int | None = None
) -> dict[str, object]:
    """Answer a call as the API's page says.

    Checked in this order: Action (160 missing, 161 unknown), Signature missing (170),
    PublicKey (172), Signature wrong (171), SecurityToken (174), Region, BucketName, Limit
    and Offset (43033, 43025 for an invalid bucket name), the bucket in this region
    (43023), its project if it has one (292). `OrderBy` may be anything.

    Args:
        parameters: the call's parameters, unescaped.
        state: keys and buckets.
        cap: the most images per page; None: as many as the call wants.
    """
    try:
        _check_action(parameters)
        _check_signature(parameters, state)
        return _list_images(parameters, state, cap)
    except ServiceError as error:
        return refuse(parameters, error.ret_code, str(error))


def refuse(parameters: Mapping[str, str], ret_code: int, message: str) -> dict[str, object]:
    """The answer to a refused call."""
    action = parameters.get("Action", "")
    return {"RetCode": ret_code, "Action": f"{action}Response", "Message": message}


def _check_action(parameters: Mapping[str, str]) -> None:
    """Refuse calls of other actions."""
    action = parameters.get("Action")
    if not action:
        raise ServiceError(
            RetCode.MISSING_ACTION,
            "Missing Action; the emulator reads a GET's query and a POST's form body",
        )
    if action != ACTION:
        raise ServiceError(
            RetCode.UNKNOWN_ACTION, f"Unknown Action; the emulator knows {ACTION} only"
        )


def _check_signature(parameters: Mapping[str, str], state: State) -> None:
    """Refuse a call that is not signed by a known key."""
    if not parameters.get(SIGNATURE):
        raise ServiceError(RetCode.MISSING_SIGNATURE, "Missing Signature")
    key = state.key(parameters.get("PublicKey", ""))
    if key is None:
        raise ServiceError(RetCode.UNKNOWN_KEY, "PublicKey is missing or unknown")
    if not verify(parameters, key.private_key):
        raise ServiceError(RetCode.WRONG_SIGNATURE, "Signature is wrong")
    token = parameters.get("SecurityToken", "")
    if key.security_token is not None and not hmac.compare_digest(
        token.encode(), key.security_token.encode()
    ):
        raise ServiceError(RetCode.WRONG_TOKEN, "SecurityToken is missing or wrong")


def _list_images(
    parameters: Mapping[str, str], state: State, cap: int | None
) -> dict[str, object]:
    """The page of the bucket's images that Limit and Offset name."""
    region = _required(parameters, "Region")
    bucket_name = _required(parameters, "BucketName")
    if not is_bucket_name(bucket_name):
        raise ServiceError(RetCode.INVALID_BUCKET_NAME, "BucketName is not a valid name")
    limit = _whole_number(parameters, "Limit", _DEFAULT_LIMIT)
    offset = _whole_number(parameters, "Offset", 0)
    bucket = state.bucket(region, bucket_name)
    if bucket is None:
        raise ServiceError(
            RetCode.UNKNOWN_BUCKET, f"There is no bucket {bucket_name} in {region}"
        )
    if bucket.project_id not in (None, parameters.get("ProjectId")):
        raise ServiceError(
            RetCode.WRONG_PROJECT, f"The bucket {bucket_name} is not in this ProjectId"
        )
    page = bucket.images[offset : offset + (limit if cap is None else min(limit, cap))]
    return {
        "RetCode": 0,
        "Action": f"{ACTION}Response",
        "Message": "",
        "TotalCount": len(bucket.images),
        "ImageSet": list(page),
    }


def _required(parameters: Mapping[str, str], name: str) -> str:
    """A required parameter, which must not be empty."""
    value = parameters.get(name)
    if not value:
        raise ServiceError(RetCode.BAD_PARAMETER, f"Missing {name}")
    return value


def _whole_number(parameters: Mapping[str, str], name: str, default: int) -> int:
    """An optional parameter that is a count."""
    value = parameters.get(name)
    if value is None:
        return default
    if not _WHOLE_NUMBER.fullmatch(value):
        raise ServiceError(
            RetCode.BAD_PARAMETER, f"{name} must be a whole number of 0 or more"
        )
    return int(value)
