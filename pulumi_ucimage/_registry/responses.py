"""What a registry's responses say: media types, digests, manifests and errors."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MANIFEST_BYTES: Final = 4 * 1024 * 1024
MAX_ERROR_BYTES: Final = 64 * 1024

MEDIA_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""All four are accepted: with fewer, a registry answers 404 or with another digest."""

_SCHEMA_VERSION: Final = 2
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_CODE: Final = re.compile("[A-Z0-9_]{1,64}")


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 or SHA-512 digest, `sha256:<64 hex digits>`."""
    return _DIGEST.fullmatch(text) is not None


def parse_digest_header(headers: Mapping[str, str]) -> str | None:
    """The Docker-Content-Digest header; None if it is missing."""
    digest = headers.get("Docker-Content-Digest")
    return digest and digest.strip()


def has_manifest_type(headers: Mapping[str, str]) -> bool:
    """Whether a response has one of the media types that were accepted."""
    return headers.get("Content-Type", "").partition(";")[0].strip() in MEDIA_TYPES


def is_manifest(body: bytes) -> bool:
    """Whether a body is a manifest or an index, and not, say, a login page."""
    document = parse_json(body)
    if not isinstance(document, dict) or document.get("schemaVersion") != _SCHEMA_VERSION:
        return False
    return "config" in document or "manifests" in document


def compute_digest(body: bytes, algorithm: str) -> str:
    """The digest of a body.

    Args:
        body: a manifest.
        algorithm: `sha256` or `sha512`.
    """
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def parse_error(body: bytes) -> tuple[str | None, str]:
    """The code and the message of the first error; None and "" if there are none."""
    document = parse_json(body)
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return None, ""
    code, message = first.get("code"), first.get("message")
    return (
        code if isinstance(code, str) and _CODE.fullmatch(code) else None,
        message if isinstance(message, str) else "",
    )


def parse_json(body: bytes) -> Any:
    """The document of a body; None if it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
