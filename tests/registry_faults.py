"""The table of what a registry can do wrong, and what a look-up says about it."""

from __future__ import annotations

import json
import ssl
from typing import Any, NamedTuple, TypedDict

import trustme
from faults import Do, Drip, Steps, answer
from registry_answers import (
    BASIC,
    BODY,
    DIGEST,
    GET,
    PATH,
    SPEAKS_HTTP,
    TOKEN,
    Reply,
    Script,
    bearer,
    client,
    get,
    head,
    lines,
    refusal,
    resolve,
    serve,
)

from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import (
    ConfigError,
    RegistryError,
    ResponseError,
    TransportError,
    UcimageError,
)

CANARY = "canary-77c1"
OTHER = "sha256:" + "0" * 64
CREDENTIALS = RegistryCredentials("ann", Secret(CANARY), "the environment")
WITH_IDENTITY_TOKEN = RegistryCredentials("", Secret(""), "a helper", Secret(CANARY))

HTML = answer(
    b"<html>Log in to the hotel's network</html>", headers={"Content-Type": "text/html"}
)

NO_DIGEST = head(None)
DRIP: Steps = (Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Drip: x\r\n" * 1000),)


class Fault(NamedTuple):
    """What a registry does, and what comes of it.

    Attributes:
        error: the error's class.
        says: part of the error's text.
        head: the answer to HEAD.
        get: the answer to GET.
        token: the answer of the token service.
        credentials: those that there are.
        status: the error's status.
        code: the error's code.
        requests: how many requests are made.
        probe: the answer to the question whether the registry speaks plain HTTP.
        timeout_s: how long the look-up may take.
        has_unknown_ca: whether it speaks TLS with a certificate that nobody trusts.
    """

    error: type[UcimageError]
    says: str
    head: Reply = NO_DIGEST
    get: Reply = GET
    token: Reply = TOKEN
    credentials: RegistryCredentials | None = CREDENTIALS
    status: int | None = None
    code: str | None = None
    requests: int = 2
    probe: Reply = SPEAKS_HTTP
    timeout_s: float = 10.0
    has_unknown_ca: bool = False


class Both(TypedDict):
    """The answers to HEAD and to GET."""

    head: Reply
    get: Reply


def refused(status: int, code: str = "", message: str = "") -> Both:
    """The same status for HEAD, which has no body, and for GET."""
    return {"head": refusal(status), "get": refusal(status, code, message)}


def redirect(location: str) -> Both:
    """A redirect for HEAD and GET."""
    reply = refusal(307, headers={"Location": location})
    return {"head": reply, "get": reply}


def late(**replies: Any) -> Fault:
    """A fault that never ends: the deadline ends it."""
    says = "did not answer in time: one look-up has 0.3 s"
    return Fault(TransportError, says, timeout_s=0.3, **replies)


ASKS_ANONYMOUS = "asks for credentials to pull 'ucs/helloworld:1.4.2', and there are none"

FAULTS = {
    "401, Basic, no credentials": Fault(
        ConfigError, ASKS_ANONYMOUS, head=BASIC, credentials=None, requests=1
    ),
    "401, Basic, wrong password": Fault(
        RegistryError,
        "refused the credentials from the environment",
        head=BASIC,
        get=BASIC,
        status=401,
        code="UNAUTHORIZED",
        requests=3,
    ),
    "401, Basic, no body": Fault(
        RegistryError,
        "refused the credentials from the environment",
        head=BASIC,
        get=refusal(401),
        status=401,
        requests=3,
    ),
    "401, Basic, identity token": Fault(
        ConfigError,
        "and a helper has an identity token",
        head=BASIC,
        credentials=WITH_IDENTITY_TOKEN,
        requests=1,
    ),
    "401, Bearer, no credentials": Fault(
        ConfigError,
        ASKS_ANONYMOUS,
        head=bearer(),
        get=bearer(),
        credentials=None,
        requests=4,
    ),
    "401, Bearer, not allowed": Fault(
        RegistryError,
        "refused the credentials from the environment for 'ucs/helloworld:1.4.2'",
        head=bearer(),
        get=bearer(),
        status=401,
        code="UNAUTHORIZED",
        requests=4,
    ),
    "401 without a challenge": Fault(
        ResponseError, "offers no way to log in", **refused(401), status=401, requests=1
    ),
    "401 with another scheme": Fault(
        ResponseError,
        "offers 'negotiate'",
        head=refusal(401, headers={"WWW-Authenticate": "Negotiate"}),
        status=401,
        requests=1,
    ),
    "403 with a body": Fault(
        RegistryError,
        "does not allow an anonymous user to pull 'ucs/helloworld:1.4.2' (HTTP status 403,"
        ' DENIED: "not yours"): allow it, or use credentials that may pull it.',
        **refused(403, "DENIED", "not yours"),
        status=403,
        code="DENIED",
    ),
    "403 without a body": Fault(
        RegistryError, "(HTTP status 403): allow it", **refused(403), status=403
    ),
    "404 with a body": Fault(
        RegistryError,
        "The image 'ucs/helloworld:1.4.2' is listed by the API, but unknown to the",
        **refused(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        status=404,
        code="MANIFEST_UNKNOWN",
    ),
    "404 without a body": Fault(
        RegistryError, "unknown to the registry", **refused(404), status=404
    ),
    "404 that is a page": Fault(
        RegistryError,
        "unknown to the registry",
        head=refusal(404),
        get=answer(b"<html>", status=404),
        status=404,
    ),
    "429": Fault(
        RegistryError,
        "limits how often it is asked",
        **refused(429),
        status=429,
        requests=1,
    ),
    "429 with a body": Fault(
        RegistryError,
        '(HTTP status 429, TOOMANYREQUESTS: "slow down")',
        get=refusal(429, "TOOMANYREQUESTS", "slow down"),
        status=429,
        code="TOOMANYREQUESTS",
    ),
    "400 with a code": Fault(
        RegistryError,
        "refused the request",
        **refused(400, "NAME_INVALID", "bad name"),
        status=400,
        code="NAME_INVALID",
    ),
    "400 without a code": Fault(
        ResponseError,
        "whether a proxy or firewall answers in its place",
        **refused(400),
        status=400,
    ),
    "500": Fault(ResponseError, "HTTP status 500", **refused(500), status=500, requests=1),
    "a code with status 500": Fault(
        ResponseError, "try again later", get=refusal(500, "UNKNOWN", "x"), status=500
    ),
    "a redirect": Fault(
        ResponseError,
        "redirects are not followed",
        **redirect("/v2/other"),
        status=307,
        requests=1,
    ),
    "a redirect to another host": Fault(
        ResponseError,
        "redirects are not followed",
        **redirect("https://evil.example.com/v2/"),
        status=307,
        requests=1,
    ),
    "a malformed digest": Fault(
        ResponseError, "malformed Docker-Content-Digest", get=get("sha256:12")
    ),
    "a digest in capitals": Fault(
        ResponseError, "malformed Docker-Content-Digest", get=get(DIGEST.upper())
    ),
    "a digest of another algorithm": Fault(
        ResponseError, "malformed Docker-Content-Digest", get=get("md5:" + "0" * 32)
    ),
    "a digest of another body": Fault(
        ResponseError, "does not match its digest", get=get(OTHER)
    ),
    "a body that was changed": Fault(
        ResponseError, "does not match its digest", get=get(body=BODY + b" ")
    ),
    "a login page": Fault(ResponseError, "not an image's manifest", head=HTML, get=HTML),
    "JSON that is no manifest": Fault(
        ResponseError, "not an image's manifest", get=get(None, b'{"schemaVersion": 2}')
    ),
    "a manifest of schema 1": Fault(
        ResponseError,
        "not an image's manifest",
        get=get(None, b'{"schemaVersion": 1, "config": {}}'),
    ),
    "a manifest that is too large": Fault(
        ResponseError,
        "more than 4 MiB",
        get=get(None, json.dumps({"schemaVersion": 2, "config": "x" * 2**22}).encode()),
    ),
    "a manifest that is cut": Fault(
        TransportError, "The registry at 127.0.0.1:", get=(get()[:-1], Do.CLOSE)
    ),
    "a hang-up": Fault(
        TransportError, "The registry at 127.0.0.1:", head=(Do.CLOSE,), requests=1
    ),
    "a realm on another host": Fault(
        ResponseError,
        "asks for a login at 'https://evil.example.com/token', which is on another domain",
        head=bearer("https://evil.example.com/token"),
        status=401,
        requests=1,
    ),
    "a realm over plain HTTP": Fault(
        ResponseError,
        "'http://uhub.example.com/token', which is not an https:// address",
        head=bearer("http://uhub.example.com/token"),
        status=401,
        requests=1,
    ),
    "a realm that is no URL": Fault(
        ResponseError,
        "'token', which is not an https:// address",
        head=bearer("token"),
        status=401,
        requests=1,
    ),
    "no realm": Fault(
        ResponseError,
        "which is not an https:// address",
        head=refusal(401, headers={"WWW-Authenticate": "Bearer"}),
        status=401,
        requests=1,
    ),
    "a token service that refuses": Fault(
        RegistryError,
        "refused the credentials from the environment",
        head=bearer(),
        token=refusal(401),
        status=401,
    ),
    "a token service that refuses an anonymous user": Fault(
        ConfigError,
        ASKS_ANONYMOUS,
        head=bearer(),
        token=refusal(401),
        credentials=None,
    ),
    "a token service that refuses an identity token": Fault(
        RegistryError,
        "refused the credentials from a helper",
        head=bearer(),
        token=answer(b'{"error": "invalid_grant"}', status=400),
        credentials=WITH_IDENTITY_TOKEN,
        status=400,
    ),
    "a token service that fails": Fault(
        ResponseError,
        "The registry's token service at 127.0.0.1:",
        head=bearer(),
        token=refusal(500),
        status=500,
    ),
    "a token service that does not allow it": Fault(
        RegistryError,
        "does not allow the user from the environment to pull",
        head=bearer(),
        token=refusal(403),
        status=403,
    ),
    "a token service that is not there": Fault(
        ResponseError,
        "answered with HTTP status 404: check the argument registry",
        head=bearer(),
        token=refusal(404),
        status=404,
    ),
    "a token service that redirects": Fault(
        ResponseError,
        "answered with HTTP status 302: redirects are not followed; check the argument",
        head=bearer(),
        token=refusal(302, headers={"Location": "/other"}),
        status=302,
    ),
    "a token service that hangs up": Fault(
        TransportError,
        "The registry's token service at 127.0.0.1:",
        head=bearer(),
        token=(Do.CLOSE,),
    ),
    "a token service without JSON": Fault(
        ResponseError, "without a token", head=bearer(), token=answer(b"abc")
    ),
    "a token service with a list": Fault(
        ResponseError, "without a token", head=bearer(), token=answer(b'["abc"]')
    ),
    "a token that is a number": Fault(
        ResponseError, "without a token", head=bearer(), token=answer(b'{"token": 5}')
    ),
    "a token with a line break": Fault(
        ResponseError,
        "without a token",
        head=bearer(),
        token=answer(b'{"token": "a\\r\\nHost: evil"}'),
    ),
    "a token that is too large": Fault(
        ResponseError,
        "more than 0.25 MiB",
        head=bearer(),
        token=answer(json.dumps({"token": "x" * 2**18}).encode()),
    ),
    "headers that drip": late(head=DRIP, requests=1),
    "a manifest that drips": late(get=(Drip(get(body=BODY * 1000)),), requests=2),
    "a token that drips": late(head=bearer(), token=DRIP, requests=2),
    "an answer to the first question that drips": late(probe=DRIP, requests=0),
    "silence": late(head=(Do.WAIT,), requests=1),
    "a certificate of an unknown authority": Fault(
        TransportError, "has an untrusted certificate", has_unknown_ca=True, requests=0
    ),
}


def commit(fault: Fault) -> tuple[BaseException | None, list[str]]:
    """Look up a digest at a registry that has the fault.

    Returns:
        the error, None if there is none, and the requests for an image or a token.
    """
    script = Script(head=fault.head, get=fault.get, token=fault.token, probe=fault.probe)
    tls = None
    if fault.has_unknown_ca:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with serve(script, tls=tls) as server, server.cut_after(fault.timeout_s + 1.5):
        try:
            resolve(client(server, credentials=fault.credentials), PATH, fault.timeout_s)
        except UcimageError as error:
            return error, lines(server)
        return None, lines(server)
