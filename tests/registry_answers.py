"""What a scripted registry answers, and a client that asks it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from faults import FaultServer, Request, Steps, answer

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._registry.client import RegistryClient
from pulumi_ucimage._registry.endpoint import parse_registry_host
from pulumi_ucimage._secret import RegistryCredentials, Secret

if TYPE_CHECKING:
    import ssl

    from pulumi_ucimage._registry.auth import Login

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
BODY = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()
DIGEST = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
LONG_DIGEST = f"sha512:{hashlib.sha512(BODY).hexdigest()}"
PATH, TAG = "ucs/helloworld", "1.4.2"
PROBE = "/v2/"

ANN = RegistryCredentials("ann", Secret("se cret"), "the environment")


def head(digest: str | None = DIGEST, **headers: str | None) -> bytes:
    """The answer to HEAD; its Content-Length is that of the body that GET would send."""
    fields = {
        "Content-Type": OCI_INDEX,
        "Content-Length": str(len(BODY)),
        "Docker-Content-Digest": digest,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return answer(b"", headers=fields)


def get(
    digest: str | None = DIGEST, body: bytes = BODY, content_type: str = OCI_INDEX
) -> bytes:
    """The answer to GET."""
    return answer(
        body, headers={"Content-Type": content_type, "Docker-Content-Digest": digest}
    )


def refusal(
    status: int, code: str = "", message: str = "", headers: Mapping[str, str | None] = {}
) -> bytes:
    """An error of the registry; without a body if there is no code."""
    error = {"errors": [{"code": code, "message": message, "detail": None}]}
    return answer(json.dumps(error).encode() if code else b"", status, headers)


def bearer(realm: str = "{url}token", more: str = "") -> bytes:
    """The answer to a request without a token; `{url}` is the server's own address."""
    return refusal(
        401,
        "UNAUTHORIZED",
        headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="registry"{more}'},
    )


BASIC = refusal(401, "UNAUTHORIZED", headers={"WWW-Authenticate": 'Basic realm="Registry"'})
HEAD, GET = head(), get()
TOKEN = answer(b'{"token": "abc"}')
SPEAKS_HTTP = answer(b"{}")

Reply = bytes | Steps | Callable[[Request], bytes | Steps]
Replies = Reply | list[bytes] | list[Steps]


class Script:
    """A registry whose answers are written down.

    Args:
        head: answers to HEAD, one after the other; the last one stays.
        get: answers to GET.
        token: answers of the token service at `/token`.
        probe: the answer to the question whether the server speaks plain HTTP.
    """

    def __init__(
        self,
        *,
        head: Replies = HEAD,
        get: Replies = GET,
        token: Replies = TOKEN,
        probe: Replies = SPEAKS_HTTP,
    ) -> None:
        self._replies: dict[str, Replies] = {
            "HEAD": head,
            "GET": get,
            "token": token,
            "probe": probe,
        }
        self.url = ""

    def __call__(self, request: Request) -> bytes | Steps:
        """The answer to a request."""
        method, target, _ = request.head.split(" ", 2)
        kind = "token" if target.startswith("/token") else method  # GET and POST
        kind = "probe" if target == PROBE else kind
        replies = self._replies[kind]
        reply: Reply
        if isinstance(replies, list):
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        else:
            reply = replies
        if callable(reply):
            return reply(request)
        if isinstance(reply, bytes):
            return reply.replace(b"{url}", self.url.encode())
        return reply


def serve(
    script: Script, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> FaultServer:
    """A server for the script."""
    server = FaultServer(script, tls=tls, port=port)
    script.url = server.url
    return server


def asked(server: FaultServer) -> list[Request]:
    """The requests, without the question whether the server speaks plain HTTP."""
    return [each for each in server.requests if each.head.split(" ", 2)[1] != PROBE]


def lines(server: FaultServer) -> list[str]:
    """Method and path of each of these requests, without query."""
    return [
        " ".join(request.head.split(" ", 2)[:2]).partition("?")[0]
        for request in asked(server)
    ]


def client(
    server: FaultServer,
    *,
    credentials: RegistryCredentials | None = ANN,
    max_retries: int = 0,
    clock: Clock = Clock(),  # noqa: B008
) -> RegistryClient:
    """A client of a server."""
    host = f"127.0.0.1:{server.port}"
    logins: dict[str, Login] = {}
    return RegistryClient(
        host=host,
        endpoint=parse_registry_host(host),
        find_credentials=lambda _seconds: credentials,
        logins=logins,
        retry_policy=RetryPolicy(max_retries=max_retries, clock=clock),
    )


def resolve(asking: RegistryClient, path: str = PATH, timeout_s: float = 10.0) -> str:
    """The digest of the tag."""
    return asking.get_digest(
        path, TAG, Deadline.after(timeout_s, asking.retry_policy.clock)
    )
