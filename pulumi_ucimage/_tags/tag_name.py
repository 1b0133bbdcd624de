"""The grammar of tag names, and hints for what was probably meant instead of one."""

from __future__ import annotations

import re
from typing import Final

from pulumi_ucimage._formatting import quoted

TAG_NAME: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)
"""The grammar of the OCI distribution specification."""

_DIGEST: Final = re.compile(r"(?:.*@)?sha(?:256|512):.*", re.DOTALL)
_IMAGE_AND_TAG: Final = re.compile(rf"(?P<image>.+):(?P<tag>{TAG_NAME.pattern})", re.ASCII)


def parse_tag_name(text: str) -> str:
    """The text if it is a tag name.

    Raises:
        ValueError: it is not; the message is a clause that says what to write.
    """
    if not TAG_NAME.fullmatch(text):
        raise ValueError(_make_hint(text))
    return text


def _make_hint(text: str) -> str:
    stripped = text.strip()
    if TAG_NAME.fullmatch(stripped):
        return f"it has white space around the tag; write {quoted(stripped)}"
    if _DIGEST.fullmatch(stripped):
        return (
            "it is a digest, not a tag; name the tag, and set resolve_digest to deploy by"
            " its digest"
        )
    if both := _IMAGE_AND_TAG.fullmatch(stripped):
        return (
            f"it names the image too; write only {quoted(both['tag'])}, and"
            f" image_name={quoted(both['image'])}"
        )
    first, slash, _ = stripped.partition("/")
    if slash and ":" in first:
        return "it is an image name; write it in image_name, and only the tag here"
    dashed = stripped.replace("/", "-")
    if slash and TAG_NAME.fullmatch(dashed):
        return f"a tag has no '/'; a branch is often pushed as {quoted(dashed)}"
    return (
        "a tag has 1 to 128 letters, digits, '_', '.' and '-', and does not begin with"
        " '.' or '-'"
    )
