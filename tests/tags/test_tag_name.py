"""Tag names: the OCI grammar, and hints for what was probably meant."""

from __future__ import annotations

import re

import pytest

from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.tag_name import parse_tag_name
from pulumi_ucimage.errors import InvalidPolicyError

GRAMMAR = (
    "a tag has 1 to 128 letters, digits, '_', '.' and '-', and does not begin with '.' or"
    " '-'"
)
DIGEST = (
    "it is a digest, not a tag; name the tag, and set resolve_digest to deploy by its"
    " digest"
)
IMAGE = "it is an image name; write it in image_name, and only the tag here"
BRANCH = "a tag has no '/'; a branch is often pushed as "
SPACE = "it has white space around the tag; write "

VALID = ["1", "v1.2.0", "_", "A.b-9_", "a" * 128, "1.", "1-", "5000", "sha256-abc"]

# text, message.
INVALID = [
    ("", GRAMMAR),
    (" ", GRAMMAR),
    ("-a", GRAMMAR),
    (".a", GRAMMAR),
    ("a b", GRAMMAR),
    ("a" * 129, GRAMMAR),
    ("\u00e9", GRAMMAR),
    ("\u0661", GRAMMAR),
    ("1+b", GRAMMAR),
    ("rc-*", GRAMMAR),
    ("app@1.2", GRAMMAR),
    ("1:", GRAMMAR),
    (":1", GRAMMAR),
    ("5.0.x-17\n\n", SPACE + "'5.0.x-17'"),
    (" 1.0", SPACE + "'1.0'"),
    ("1.0\t", SPACE + "'1.0'"),
    ("web:1.0", "it names the image too; write only '1.0', and image_name='web'"),
    ("web:1.0\n", "it names the image too; write only '1.0', and image_name='web'"),
    ("shop/web:1.0", "it names the image too; write only '1.0', and image_name='shop/web'"),
    (
        "host:5000/shop/web:1.0",
        "it names the image too; write only '1.0', and image_name='host:5000/shop/web'",
    ),
    ("host:5000/shop/web", IMAGE),
    ("host:5000/web:", IMAGE),
    ("web:-1", GRAMMAR),
    ("sha256:" + "0" * 64, DIGEST),
    ("sha512:" + "0" * 128, DIGEST),
    ("app@sha256:\u2026", DIGEST),
    ("host:5000/app:1@sha256:" + "0" * 64, DIGEST),
    ("feature/login", BRANCH + "'feature-login'"),
    ("feature/login ", BRANCH + "'feature-login'"),
    ("dependabot/npm/a", BRANCH + "'dependabot-npm-a'"),
    ("/a", GRAMMAR),
    ("a/" + "b" * 127, GRAMMAR),
    ("feature/a b", GRAMMAR),
]


@pytest.mark.parametrize("text", VALID)
def test_a_tag_name_is_accepted(text: str) -> None:
    """A name in the OCI grammar is returned unchanged."""
    assert parse_tag_name(text) == text


@pytest.mark.parametrize(("text", "message"), INVALID)
def test_other_text_is_not_a_tag_name(text: str, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        parse_tag_name(text)


@pytest.mark.parametrize(
    "arguments",
    [
        {"tag": "web:1.0"},
        {"tag": "web:1.0", "wait": "90s"},
        {"default_tag": "web:1.0"},
        {"floating_tags": ["edge", "web:1.0"]},
    ],
)
def test_every_argument_with_a_tag_is_checked(arguments: dict[str, object]) -> None:
    """tag, default_tag and each of floating_tags have the same grammar and hints."""
    name = next(iter(arguments))
    message = rf"\A{name} 'web:1\.0' is invalid: it names the image too; "

    with pytest.raises(InvalidPolicyError, match=message):
        Policy.from_arguments(arguments)
