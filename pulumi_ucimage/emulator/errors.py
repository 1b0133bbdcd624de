"""Every error of the emulator: those for its user, and those that become answers.

EmulatorError (a ValueError)   an invalid argument or request; one sentence, what to do
  DataError                    an invalid data file, or invalid data
  FaultError                   an invalid fault
  PushError                    a push or a deletion of something that does not exist
  RequestError                 a control request with invalid fields
ServiceError                   becomes an answer of the API, with a RetCode
RegistryError                  becomes an answer of the registry, with an HTTP status
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http import HTTPStatus


class EmulatorError(ValueError):
    """The root of the errors for the emulator's user."""


class DataError(EmulatorError):
    """A data file, or data, is invalid; says where."""


class FaultError(EmulatorError):
    """A fault is invalid."""


class PushError(EmulatorError):
    """A push or a deletion names something that does not exist or is ambiguous."""


class RequestError(EmulatorError):
    """A control request has invalid fields."""


class RetCode(IntEnum):
    """The RetCodes that the emulator answers without a fault.

    160 to 292 are common to all of UCloud's API; those from 43000 are the product's.
    """

    MISSING_ACTION = 160
    UNKNOWN_ACTION = 161
    MISSING_SIGNATURE = 170
    WRONG_SIGNATURE = 171
    UNKNOWN_KEY = 172
    WRONG_TOKEN = 174
    WRONG_PROJECT = 292
    UNKNOWN_BUCKET = 43023
    INVALID_BUCKET_NAME = 43025
    BAD_PARAMETER = 43033


class ServiceError(Exception):
    """A call that the API refuses.

    Attributes:
        ret_code: the RetCode of the answer.
    """

    def __init__(self, ret_code: RetCode, message: str) -> None:
        super().__init__(message)
        self.ret_code = ret_code


class RegistryError(Exception):
    """A request that the registry refuses.

    Attributes:
        status: the HTTP status.
        code: the error code of the OCI specification.
        message: a sentence.
        headers: further headers.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        headers: Mapping[str, str] = {},
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
