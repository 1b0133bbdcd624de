"""The signature of a call: parameters and a private key in, lower-case hex out."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE: Final = "Signature"


def sign(parameters: Mapping[str, str], private_key: str) -> str:
    """Compute the signature of a call's parameters.

    The SHA-1 of the sorted names, each followed by its value, and of the private key at the
    end (the API's page on signatures). A parameter called `Signature` is not signed.

    Args:
        parameters: the call's parameters as text, unescaped.
        private_key: the private key that belongs to the call's `PublicKey`.

    Returns:
        40 lower-case hexadecimal digits.
    """
    digest = hashlib.sha1(usedforsecurity=False)  # the API names the algorithm
    for name in sorted(parameters):
        if name != SIGNATURE:
            digest.update(f"{name}{parameters[name]}".encode())
    digest.update(private_key.encode())
    return digest.hexdigest()


def verify(parameters: Mapping[str, str], private_key: str) -> bool:
    """Whether the parameters have the right `Signature`; compares in constant time."""
    given = parameters.get(SIGNATURE, "")
    return hmac.compare_digest(given.encode(), sign(parameters, private_key).encode())
