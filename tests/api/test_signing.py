"""Signatures are those of UCloud's own page and of its official SDK."""

from __future__ import annotations

import copy
import pickle
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ucloud.core.auth import Credential

from pulumi_ucimage._secret import Credentials, Secret
from pulumi_ucimage._ucloud.signing import sign, sign_form
from pulumi_ucimage.emulator import signature as emulators

PUBLISHED: dict[str, str | int] = {
    "Action": "DescribeUHostInstance",
    "Limit": 10,
    "PublicKey": "ucloudsomeone@example.com1296235120854146120",
    "Region": "cn-bj2",
}
PUBLISHED_KEY = Secret("46f09bb9fab4f12dfc160dae12273d5332b5debe")
PUBLISHED_SIGNATURE = "cba5cf5ec4d4233d206b1b54951e3787350a642f"

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
PARAMETERS = st.dictionaries(
    TEXTS.filter(lambda name: name not in {"PublicKey", "SecurityToken", "Signature"}),
    TEXTS | st.integers(),
    max_size=12,
)
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


def test_the_published_vector() -> None:
    """UCloud's example has the signature that UCloud published."""
    assert PUBLISHED_SIGNATURE == sign(PUBLISHED, PUBLISHED_KEY)


@pytest.mark.parametrize("change", [{"Limit": 11}, {"Region": "cn-bj1"}, {"Offset": 0}])
def test_another_call_has_another_signature(change: dict[str, str | int]) -> None:
    """A changed or added parameter changes the signature."""
    assert PUBLISHED_SIGNATURE != sign({**PUBLISHED, **change}, PUBLISHED_KEY)


def test_parameters_are_sorted_by_name() -> None:
    """Capital letters come first, in whatever order the parameters are given."""
    names = ["b", "B", "a", "A", "_", "1", "ä", "AB"]
    shuffled = dict.fromkeys(names, "x")
    in_order = dict.fromkeys(["1", "A", "AB", "B", "_", "a", "b", "ä"], "x")

    assert [*in_order] == sorted(names)
    assert sign(shuffled, Secret("k")) == sign(in_order, Secret("k"))
    # printf '1xAxABxBx_xaxbxäxk' | sha1sum
    assert "78b05fda12c76c76d353c3a9bdf580d289c65679" == sign(shuffled, Secret("k"))


@given(PARAMETERS, KEYS, KEYS)
@example({"Limit": 1, "Offset": 0}, "public", "private")
def test_signatures_are_the_official_sdks(
    parameters: dict[str, str | int], public_key: str, private_key: str
) -> None:
    """For any parameters and keys, the official SDK makes the same signature."""
    theirs = Credential(public_key, private_key).verify_ac({**parameters})

    ours = sign({**parameters, "PublicKey": public_key}, Secret(private_key))

    assert theirs == ours


@given(PARAMETERS, KEYS, KEYS, st.none() | KEYS)
def test_a_form_has_the_signed_parameters(
    parameters: dict[str, str | int],
    public_key: str,
    private_key: str,
    token: str | None,
) -> None:
    """A server reads from the form exactly what was signed, each parameter once."""
    keys = Credentials(
        Secret(public_key), Secret(private_key), Secret(token) if token else None, "here"
    )
    sent = {name: str(value) for name, value in parameters.items()}
    sent |= {"PublicKey": public_key} | ({"SecurityToken": token} if token else {})

    pairs = parse_qsl(
        sign_form(parameters, keys).reveal(),
        keep_blank_values=True,
        strict_parsing=True,
    )

    fields = dict(pairs)
    assert emulators.verify(fields, private_key)
    assert len(pairs) == len(fields)
    assert sent == {k: v for k, v in fields.items() if k != "Signature"}


def test_signing_does_not_change_its_argument() -> None:
    """The signature is not added to the parameters that were passed."""
    parameters: dict[str, str | int] = {"Limit": 1}

    sign_form(parameters, Credentials(Secret("p"), Secret("k"), None, "here"))

    assert {"Limit": 1} == parameters


def test_an_empty_token_is_not_sent() -> None:
    """No token, and an empty one, are the same."""
    keys = Credentials(Secret("public"), Secret("private"), Secret(""), "here")

    assert "SecurityToken" not in sign_form({}, keys).reveal()


def test_a_form_is_a_secret() -> None:
    """Anyone who sees a signed form can send it again, so its repr shows nothing."""
    keys = Credentials(Secret("public"), Secret("private"), Secret("token"), "here")

    form = sign_form({"Action": "A"}, keys)

    assert "Signature=" in form.reveal()
    assert "private" not in form.reveal()
    assert "Secret('********')" == repr(form) == str(form) == f"{form}"
    for send in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            send(form)
