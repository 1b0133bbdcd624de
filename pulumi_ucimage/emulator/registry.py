"""The registry's API (OCI Distribution, v2): a request in, an answer out; knows no HTTP.

It has the manifests of the images that the buckets list, and no blobs.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from pulumi_ucimage.emulator.errors import RegistryError
from pulumi_ucimage.emulator.manifests import DOCKER_LIST, DOCKER_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_ucimage.emulator.manifests import Manifest
    from pulumi_ucimage.emulator.registry_login import RegistryLogin
    from pulumi_ucimage.emulator.state import State

PREFIX: Final = "/v2/"
TOKEN_PATH: Final = "/token"  # noqa: S105 - a path
_MANIFEST: Final = re.compile(r"(?P<path>.+)/manifests/(?P<reference>[^/]+)")
_BLOB: Final = re.compile(r"(?P<path>.+)/blobs/.*")


class Response(NamedTuple):
    """An answer of the registry.

    Attributes:
        status: the HTTP status.
        content_type: the type of the body.
        body: the body; a HEAD is answered without it.
        headers: further headers.
        outcome: what the log says about it.
    """

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: Mapping[str, str] = {}
    outcome: str = ""


def answer(
    path: str, accept: Iterable[str], authorization: str, state: State, login: RegistryLogin
) -> Response:
    """Answer a GET or a HEAD.

    What is checked, in this order: the login (401 `UNAUTHORIZED`), that the request is one
    for a manifest (405 `UNSUPPORTED`), the name (404 `NAME_UNKNOWN`), the tag or digest and
    whether its type is accepted (404 `MANIFEST_UNKNOWN`).

    Args:
        path: the path from `/v2/` on, unescaped.
        accept: the values of the request's Accept headers.
        authorization: the value of its Authorization header; empty if it has none.
        state: the images.
        login: who may pull.
    """
    rest = path.removeprefix(PREFIX)
    found = _MANIFEST.fullmatch(rest)
    try:
        login.check(authorization, found["path"] if found else None)
        if not rest:
            return _json(HTTPStatus.OK, {})
        if found is None:
            raise _unsupported(rest)
        manifest = _manifest(found["path"], found["reference"], accept, state)
    except RegistryError as error:
        return _refuse(error)
    return Response(
        HTTPStatus.OK,
        manifest.media_type,
        manifest.body,
        {"Docker-Content-Digest": manifest.digest},
        manifest.digest,
    )


def answer_token(
    query: Mapping[str, str], authorization: str, login: RegistryLogin
) -> Response:
    """Answer a request for a Bearer token: Basic credentials in, a token out."""
    try:
        token = login.issue_token(query.get("scope", ""), authorization)
    except RegistryError as error:
        return _refuse(error)
    content = {"token": token, "access_token": token, "expires_in": 300}
    return _json(HTTPStatus.OK, content)


def _refuse(error: RegistryError) -> Response:
    """The answer to a request that is refused."""
    details = {"code": error.code, "message": error.message, "detail": None}
    answer = _json(error.status, {"errors": [details]})
    return answer._replace(headers=error.headers, outcome=error.code)


def _unsupported(rest: str) -> RegistryError:
    what = "no blobs" if _BLOB.fullmatch(rest) else "nothing else"
    return RegistryError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "UNSUPPORTED",
        f"The emulator has manifests only, and serves {what}.",
    )


def _manifest(path: str, reference: str, accept: Iterable[str], state: State) -> Manifest:
    """The manifest to send, in a type that the client accepts."""
    found = state.manifests(path, reference)
    if found is None:
        raise RegistryError(
            HTTPStatus.NOT_FOUND,
            "NAME_UNKNOWN",
            f"There is no image {path!r} in this registry.",
        )
    if not found:
        raise RegistryError(
            HTTPStatus.NOT_FOUND,
            "MANIFEST_UNKNOWN",
            f"The image {path!r} has no manifest {reference!r}.",
        )
    entries = (entry.partition(";")[0] for value in accept for entry in value.split(","))
    types = {entry.strip() for entry in entries} - {""}
    first, *children = found
    if not types or types & {first.media_type, "*/*", "application/*"}:
        return first
    # As the registry of the CNCF does for old clients.
    if first.media_type == DOCKER_LIST and DOCKER_MANIFEST in types and children:
        return children[0]
    raise RegistryError(
        HTTPStatus.NOT_FOUND,
        "MANIFEST_UNKNOWN",
        f"The manifest is of type {first.media_type}, which the Accept header leaves out.",
    )


def _json(status: HTTPStatus, content: Mapping[str, object]) -> Response:
    return Response(status, "application/json", f"{json.dumps(content)}\n".encode())
