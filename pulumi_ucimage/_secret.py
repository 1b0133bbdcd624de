"""Secrets, which are never printed, copied or pickled, and credentials made of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SALT: Final = os.urandom(32)


@final
class Secret:
    """A text that only `reveal` returns.

    `repr`, `str` and formatting show asterisks; `vars`, copying and pickling are errors, so
    that no state, log or traceback with locals can hold the text.
    """

    __slots__ = ("_reveal",)

    def __init__(self, text: str) -> None:
        # Held by a closure: a slot would show in tools that walk attributes.
        def reveal() -> str:
            return text

        self._reveal: Callable[[], str] = reveal

    def reveal(self) -> str:
        """The text; never keep it in a variable of a function that can raise."""
        return self._reveal()

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __repr__(self) -> str:
        return "Secret('********')"

    def __reduce__(self) -> NoReturn:
        message = "A secret cannot be pickled or copied."
        raise TypeError(message)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Credentials:
    """One key pair, from one place.

    Attributes:
        public_key: names the key; sent with each call.
        private_key: signs each call; never sent.
        security_token: sent with each call if the key is temporary, else None.
        origin: where the pair was found, for messages: "the environment".
    """

    public_key: Secret
    private_key: Secret
    security_token: Secret | None
    origin: str

    def fingerprint(self) -> bytes:
        """Equal for equal keys; different in every process."""
        parts = (self.public_key, self.private_key, self.security_token)
        return fingerprint(part.reveal() if part else "" for part in parts)


@final
@dataclass(frozen=True, slots=True, eq=False)
class RegistryCredentials:
    """A user name and password for a registry, from one place.

    Attributes:
        username: the user name.
        password: the password, or a token that the registry takes as one.
        origin: where they were found, for messages: "the environment".
        identity_token: in place of user name and password, exchanged for tokens at the
            registry's token service.
    """

    username: str
    password: Secret
    origin: str
    identity_token: Secret | None = None


def redact(text: str, secrets: Iterable[Secret | None]) -> str:
    """A server's words without the secrets that they repeat, as they are or in a URL."""
    for secret in filter(None, secrets):
        plain = secret.reveal()
        for form in {plain, quote(plain, safe=""), quote_plus(plain)}:
            text = text.replace(form, "[secret]")
    return text


def fingerprint(texts: Iterable[str]) -> bytes:
    """Equal for equal texts; different in every process."""
    digest = hashlib.blake2b(key=_SALT)
    for text in texts:
        digest.update(f"{len(text)} {text}".encode("utf-8", "surrogatepass"))
    return digest.digest()
