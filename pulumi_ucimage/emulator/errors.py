"""Every error of the emulator: those its user is told of, and those the API answers.

EmulatorError (a ValueError)   what its user gave cannot be used; one sentence, what to do
  DataError                    a data file, or data of its shape
  FaultError                   a fault
  PushError                    a push or a deletion that names what is not there
ServiceError                   becomes an answer with a RetCode; never leaves the emulator
"""

from __future__ import annotations

from enum import IntEnum


class EmulatorError(ValueError):
    """Root of what the emulator's user is told."""


class DataError(EmulatorError):
    """A data file, or data of its shape, is not as it has to be; says where."""


class FaultError(EmulatorError):
    """A fault is not one of those that can be asked for."""


class PushError(EmulatorError):
    """A push or a deletion names what is not there, or not clearly enough."""


class RetCode(IntEnum):
    """The RetCodes that the emulator answers by itself.

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
        ret_code: The RetCode of the answer.
    """

    def __init__(self, ret_code: RetCode, message: str) -> None:
        super().__init__(message)
        self.ret_code = ret_code
