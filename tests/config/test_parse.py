"""Texts are parsed, or an error says what they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_ucimage._config import parse

if TYPE_CHECKING:
    from collections.abc import Callable

REGISTRY = (
    "must be host[:port], such as mirror.example.com or 10.0.0.5:5000, with no scheme and"
    " no path"
)
SECONDS = "must be a number of seconds above 0 and below 1000000, such as 60"


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse.name, "cn-bj2", "cn-bj2"),
        (parse.name, "org_Abc-123", "org_Abc-123"),
        (parse.name, "x", "x"),
        (parse.name, "x" * 128, "x" * 128),
        (parse.bucket, "ucs", "ucs"),
        (parse.bucket, "a", "a"),
        (parse.bucket, "A_b.c-9", "A_b.c-9"),
        (parse.bucket, "x" * 63, "x" * 63),
        (parse.registry_host, "uhub.service.ucloud.cn", "uhub.service.ucloud.cn"),
        (parse.registry_host, "10.0.0.5:5000", "10.0.0.5:5000"),
        (parse.registry_host, "registry:5000", "registry:5000"),
        (parse.registry_host, "localhost", "localhost"),
        (parse.registry_host, "localhost:65535", "localhost:65535"),
        (parse.registry_host, "Mirror.Example.com", "Mirror.Example.com"),
        (parse.registry_host, "[::1]:5000", "[::1]:5000"),
        (parse.registry_host, "[2001:db8::1]", "[2001:db8::1]"),
        (parse.seconds, "60", 60.0),
        (parse.seconds, "0.5", 0.5),
        (parse.seconds, "999999", 999999.0),
        (parse.count, "0", 0),
        (parse.count, "3", 3),
        (parse.count, "99", 99),
        (parse.boolean, "true", True),
        (parse.boolean, "True", True),
        (parse.boolean, "1", True),
        (parse.boolean, "false", False),
        (parse.boolean, "FALSE", False),
        (parse.boolean, "0", False),
    ],
)
def test_a_text_is_parsed(
    parse: Callable[[str], object], text: str, expected: object
) -> None:
    """A text of the right form gives its value."""
    value = parse(text)

    assert (type(expected), expected) == (type(value), value)


NAME = "must have 1 to 128 letters, digits, '_' and '-' only"
BUCKET = "must have 1 to 63 letters, digits, '_', '-' and '.' only"
COUNT = "must be a whole number from 0 to 99"
BOOLEAN = "must be true or false"
MALFORMED: dict[str, tuple[Callable[[str], object], str, list[str]]] = {
    "name": (
        parse.name,
        NAME,
        [
            "",
            " ",
            "cn bj2",
            "cn-bj2\n",
            "cn.bj2",
            "a/b",
            "北京",
            "\u0661",
            "x" * 129,
            "a=b",
        ],
    ),
    "bucket": (
        parse.bucket,
        BUCKET,
        ["", "a b", "a/b", "a:b", "ucs\n", "x" * 64, "桶", "a@b", "a\0"],
    ),
    "registry": (
        parse.registry_host,
        REGISTRY,
        [
            "",
            # Docker would take these for the first part of a path on Docker Hub.
            "mirror",
            "ucs",
            "LOCALHOST",
            "https://mirror.example.com",
            "mirror.example.com/ucs",
            "mirror.example.com/",
            "user:hunter2@mirror.example.com",
            "mirror.example.com:",
            "mirror.example.com:0",
            "mirror.example.com:65536",
            "mirror.example.com:5000:5000",
            "mirror..example.com",
            ".example.com",
            "mirror.example.com.",
            "-mirror.example.com",
            "mirror-.example.com",
            "mirror_x.example.com",
            "mirror.example.com\n",
            " mirror.example.com",
            "::1",
            "[::1",
            "[:::]",
            "[127.0.0.1]",
            "镜像.cn",
        ],
    ),
    "seconds": (
        parse.seconds,
        SECONDS,
        [
            *["", "0", "0.0", "-1", "+1", "1e3", "60s", "60 ", "1,5", "1.", ".5"],
            *["nan", "inf", "1000000", "1_0", "\u0666"],
        ],
    ),
    "count": (parse.count, COUNT, ["", "-1", "+1", "100", "1.0", "3 ", "three", "\u0663"]),
    "boolean": (
        parse.boolean,
        BOOLEAN,
        ["", "yes", "no", "on", "t", "2", " true", "null"],
    ),
}


@pytest.mark.parametrize(
    ("parse", "expected", "text"),
    [
        pytest.param(parse, expected, text, id=f"{kind} {text[:40]!a}")
        for kind, (parse, expected, texts) in MALFORMED.items()
        for text in texts
    ],
)
def test_a_malformed_text_is_an_error(
    parse: Callable[[str], object], expected: str, text: str
) -> None:
    """The error says what the text must be, and does not repeat it."""
    with pytest.raises(ValueError, match="must ") as caught:
        parse(text)

    assert expected == str(caught.value)
