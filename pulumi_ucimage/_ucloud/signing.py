"""Sign the parameters of a call with a key pair.

The rule is UCloud's (`api/summary/signature`): sort the parameters by name, join name and
value of each without separators, append the private key, SHA-1, lower-case hex. The
signature covers neither a time nor a nonce. Anyone who sees a signed form can send it
again, so the form is a secret.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pulumi_ucimage._secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._secret import Credentials


def sign(parameters: Mapping[str, str | int], private_key: Secret) -> str:
    """The signature of `parameters`: 40 lower-case hexadecimal digits.

    The joined text is never in a variable, because it contains the private key.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    for name in sorted(parameters):
        digest.update(f"{name}{parameters[name]}".encode())
    digest.update(private_key.reveal().encode())
    return digest.hexdigest()


def sign_form(parameters: Mapping[str, str | int], credentials: Credentials) -> Secret:
    """The body of a signed POST: `application/x-www-form-urlencoded`."""
    token = credentials.security_token
    whole = _Parameters(
        parameters,
        PublicKey=credentials.public_key.reveal(),
        **({"SecurityToken": token.reveal()} if token else {}),
    )
    whole["Signature"] = sign(whole, credentials.private_key)
    return Secret(urlencode(whole))


class _Parameters(dict[str, "str | int"]):
    """Parameters whose repr has no values."""

    def __repr__(self) -> str:
        return f"<parameters {', '.join(self)}>"
