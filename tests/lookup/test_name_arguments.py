"""The arguments bucket_name and image_name, and hints for what else was written there."""

from __future__ import annotations

import re

import pytest

from pulumi_ucimage._lookup.name_arguments import parse_bucket_name, parse_image_name

DIGEST = f"sha256:{'0' * 64}"
CHARACTERS = "must have 1 to 63 letters, digits, '_', '-' and '.' only"


def test_a_bucket_s_name_is_accepted() -> None:
    """It is returned unchanged; a dot does not make it a host."""
    assert parse_bucket_name("A_b.c-9") == "A_b.c-9"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b", CHARACTERS),
        ("ucs/", CHARACTERS),
        ("/helloworld", CHARACTERS),
        ("host:5000/ucs", CHARACTERS),
        (
            "ucs/helloworld",
            "must be only the bucket (write bucket_name='ucs', image_name='helloworld')",
        ),
        (
            "ucs/team/app",
            "must be only the bucket (write bucket_name='ucs', image_name='team/app')",
        ),
        (
            "ucs/helloworld:1.0",
            "must be only the bucket (write bucket_name='ucs', image_name='helloworld',"
            " tag='1.0')",
        ),
        (
            f"ucs/helloworld@{DIGEST}",
            "must be only the bucket (write bucket_name='ucs', image_name='helloworld')",
        ),
        (
            "host:5000/ucs/helloworld",
            "must be only the bucket (write bucket_name='ucs',"
            " image_name='host:5000/ucs/helloworld')",
        ),
        (
            "host:5000/ucs/helloworld:2",
            "must be only the bucket (write bucket_name='ucs',"
            " image_name='host:5000/ucs/helloworld', tag='2')",
        ),
    ],
)
def test_other_text_is_not_a_bucket_s_name(text: str, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        parse_bucket_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "helloworld",
        "ucs/helloworld",
        "ucsdr.ucloud.cn:5000/ucs/helloworld",
        "localhost:5000/helloworld",
        "[::1]:5000/helloworld",
        "sha256/app",
    ],
)
def test_an_image_s_name_is_accepted(text: str) -> None:
    """A full name, also with a port, a path and a last part are returned unchanged."""
    assert parse_image_name(text) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "web:1.0",
            "must be an image without a tag (write image_name='web', tag='1.0')",
        ),
        (
            "shop/web:1.0",
            "must be an image without a tag (write image_name='shop/web', tag='1.0')",
        ),
        (
            "host:5000/shop/web:1.0",
            "must be an image without a tag (write image_name='host:5000/shop/web',"
            " tag='1.0')",
        ),
        ("web:", "must be an image without a tag (write image_name='web')"),
        (
            f"shop/web@{DIGEST}",
            "must be an image without a digest (write image_name='shop/web';"
            " resolve_digest looks digests up)",
        ),
        (
            f"host:5000/web:1.0@{DIGEST}",
            "must be an image without a digest (write image_name='host:5000/web';"
            " resolve_digest looks digests up)",
        ),
        (
            DIGEST,
            "must be an image without a digest (write the image's name; resolve_digest"
            " looks digests up)",
        ),
    ],
)
def test_other_text_is_not_an_image_s_name(text: str, message: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        parse_image_name(text)
