"""A secret gives its text in one way only."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import dill  # type: ignore[import-untyped]
import pytest

from pulumi_ucimage._secret import Credentials, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary-4b1d"
ASTERISKS = "Secret('********')"


@pytest.fixture
def secret() -> Secret:
    """Make a secret that holds the canary."""
    return Secret(CANARY)


@pytest.fixture
def credentials() -> Credentials:
    """Make credentials whose every secret holds the canary."""
    return Credentials(Secret(CANARY), Secret(CANARY), Secret(CANARY), "a test")


def test_reveal_gives_the_text(secret: Secret) -> None:
    """The one way to the text."""
    assert secret.reveal() == CANARY


@pytest.mark.parametrize(("text", "expected"), [("x", True), (" ", True), ("", False)])
def test_an_empty_secret_is_false(text: str, *, expected: bool) -> None:
    """A secret is true if it has any text."""
    assert expected == bool(Secret(text))


SHOWS: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": "{}".format,
    "format r": "{!r}".format,
    "f": lambda secret: f"{secret}",
    "percent": lambda secret: "%s" % secret,  # noqa: UP031 - the old way must be safe too
    "percent r": lambda secret: "%r" % secret,  # noqa: UP031 - likewise
}


@pytest.mark.parametrize("show", SHOWS.values(), ids=SHOWS)
def test_a_secret_shows_asterisks(show: Callable[[Secret], str], secret: Secret) -> None:
    """However a secret is shown, its text is asterisks."""
    assert show(secret) == ASTERISKS


def test_credentials_show_asterisks(credentials: Credentials) -> None:
    """Credentials show where they are from, and asterisks for each key."""
    assert repr(credentials) == (
        f"Credentials(public_key={ASTERISKS}, private_key={ASTERISKS},"
        f" security_token={ASTERISKS}, origin='a test')"
    )


COPIES: dict[str, Callable[[Any], object]] = {
    "pickle": pickle.dumps,
    "pickle 0": lambda value: pickle.dumps(value, protocol=0),
    "dill": dill.dumps,
    "deepcopy": copy.deepcopy,
    "json": json.dumps,
    "vars": vars,
    "format": lambda value: format(value, ">30"),
}


@pytest.mark.parametrize("whole", [False, True], ids=["secret", "credentials"])
@pytest.mark.parametrize("take", COPIES.values(), ids=COPIES)
def test_a_secret_cannot_be_copied_or_written(
    take: Callable[[Any], object], secret: Secret, credentials: Credentials, *, whole: bool
) -> None:
    """Whatever would copy or write a secret is an error, alone or within credentials."""
    with pytest.raises(TypeError) as caught:
        take(credentials if whole else secret)

    assert CANARY not in str(caught.value)


def test_a_secret_cannot_be_copied(secret: Secret) -> None:
    """A shallow copy is an error too, and says so."""
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy.copy(secret)


def test_credentials_cannot_become_a_dict(credentials: Credentials) -> None:
    """`asdict`, which copies what it finds, is an error."""
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        dataclasses.asdict(credentials)


def test_secrets_are_not_compared_by_their_text(secret: Secret) -> None:
    """Two secrets with one text are different, so that nothing can be guessed by trying."""
    assert secret != Secret(CANARY)


def test_a_traceback_with_locals_shows_asterisks(credentials: Credentials) -> None:
    """A traceback that shows variables shows no text of a secret."""

    def fail(credentials: Credentials) -> None:
        parts = [credentials, {"key": credentials.private_key}]
        raise ValueError(parts)

    with pytest.raises(ValueError, match="Credentials") as caught:
        fail(credentials)
    shown = "".join(
        traceback.TracebackException.from_exception(
            caught.value, capture_locals=True
        ).format()
    )

    assert CANARY not in shown
    assert ASTERISKS in shown
