"""The signature, against the published vector and the official SDK."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st
from ucloud.core.auth import Credential

from pulumi_ucimage.credentials import Credentials, Secret
from pulumi_ucimage.ucloud.signing import sign, signed_form

NAMES = st.text("abcXYZ_.0129", min_size=1, max_size=12)
VALUES = st.one_of(
    st.integers(min_value=0, max_value=2**40),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40),
)


def test_the_published_vector() -> None:
    """UCloud's own example signs as UCloud says."""
    parameters: dict[str, str | int] = {
        "Action": "DescribeUHostInstance",
        "Limit": 10,
        "PublicKey": "ucloudsomeone@example.com1296235120854146120",
        "Region": "cn-bj2",
    }

    signature = sign(parameters, Secret("46f09bb9fab4f12dfc160dae12273d5332b5debe"))

    assert "cba5cf5ec4d4233d206b1b54951e3787350a642f" == signature


@settings(max_examples=1000)
@given(st.dictionaries(NAMES, VALUES, max_size=8), st.text(min_size=1, max_size=40))
def test_signatures_are_the_official_sdks(
    parameters: dict[str, Any], private_key: str
) -> None:
    """For any parameters and key the bytes are those that the official SDK sends."""
    private_key = private_key.encode("utf-8", "replace").decode()
    whole: dict[str, Any] = {**parameters, "PublicKey": "public"}
    official = Credential("public", private_key).verify_ac(dict(parameters))

    assert official == sign(whole, Secret(private_key))


def test_the_form_holds_everything_once() -> None:
    """Parameters, key, token and signature, as a form; the private key is not sent."""
    credentials = Credentials(Secret("public"), Secret("private"), Secret("token"), "here")

    form = signed_form({"Action": "A", "Limit": 5, "BucketName": "a b&c"}, credentials)
    fields = parse_qs(form.reveal())

    assert {"Action", "Limit", "BucketName", "PublicKey", "SecurityToken", "Signature"} == {
        *fields
    }
    assert ["a b&c"] == fields["BucketName"]
    assert "private" not in form.reveal()
    assert "Signature" not in repr(form)
