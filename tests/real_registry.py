"""A real registry, its token service, and pushes by plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from typing_extensions import Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from authority import Authority

USER, PASSWORD = "ann", "pull-only"
IDENTITY_TOKEN = "identity-token"
_ISSUER, _SERVICE = "tests", "registry"
# bcrypt of PASSWORD, which the standard library cannot compute.
_HTPASSWD = f"{USER}:$2b$04$7hT/EG/bdjcHwm1XtjgoOuBU3/fU5yRqo15RrUoiDC.bJLrKPWcKW\n"

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_PARTS = {
    OCI_MANIFEST: (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ),
    DOCKER_MANIFEST: (
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
}


def digest_of(body: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class TokenService:
    """Gives tokens to USER with PASSWORD or IDENTITY_TOKEN: https://distribution.github.io/distribution/spec/auth/token/.

    Only pulling from repositories below `ucs/` is granted, whatever is asked for.

    Args:
        authority: vouches for the key that signs.

    Attributes:
        scopes: what was asked for, in order.
    """

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.scopes: list[str] = []
        leaf = authority.ca.issue_cert("tokens.example.com")
        self._key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
        certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        self._certificate = certificate.public_bytes(serialization.Encoding.DER)
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                known = self.headers["Authorization"] == f"Basic {basic}"
                self._answer(parse_qs(urlsplit(self.path).query), is_known=known)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = parse_qs(body)
                known = form["refresh_token"] == [IDENTITY_TOKEN]
                self._answer(form, is_known=known)

            def _answer(self, asked: dict[str, list[str]], *, is_known: bool) -> None:
                [scope] = asked["scope"]
                service.scopes.append(scope)
                name = scope.split(":")[1]
                granted = is_known and name.startswith("ucs/")
                token = service.token(name, ["pull"] if granted else [])
                body = json.dumps({"token": token}).encode()
                self.send_response(200 if is_known else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.realm = f"http://127.0.0.1:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def token(self, name: str, actions: Sequence[str]) -> str:
        """A signed token for one repository."""
        now = int(time.time())
        header = {
            "typ": "JWT",
            "alg": "ES256",
            "x5c": [base64.b64encode(self._certificate).decode()],
        }
        access = [{"type": "repository", "name": name, "actions": list(actions)}]
        claims = {
            "iss": _ISSUER,
            "sub": USER,
            "aud": _SERVICE,
            "nbf": now - 60,
            "iat": now,
            "exp": now + 600,
            "jti": str(len(self.scopes)),
            "access": access if actions else [],
        }
        signed = ".".join(
            _base64url(json.dumps(part).encode()) for part in (header, claims)
        )
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(
            self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        )
        return f"{signed}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Response(NamedTuple):
    """An answer of the registry, read without the package."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class RealRegistry:
    """A registry in a process of its own, on loopback.

    Args:
        program: the registry's executable.
        folder: for its configuration and data.
        has_users: whether it asks for USER and PASSWORD.
        tokens: asks for tokens of this service.
        authority: speaks TLS, with a certificate of this authority.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        has_users: bool = False,
        tokens: TokenService | None = None,
        authority: Authority | None = None,
    ) -> None:
        self._program = program
        self._folder = folder
        self._has_users = has_users
        self._tokens = tokens
        self._authority = authority
        self.host = ""

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        configuration = self._folder / "registry.json"  # JSON is YAML
        configuration.write_text(json.dumps(self._configuration()))
        self._process = subprocess.Popen(
            [self._program, "serve", configuration],
            env={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr
        log = ""
        for line in self._process.stderr:
            log += line
            if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
                self.host = found[1]
                break
        assert self.host, log
        self._drain = threading.Thread(target=self._process.stderr.read)
        self._drain.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._drain.join()
        assert self._process.stderr
        self._process.stderr.close()

    def _configuration(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "version": "0.1",
            "log": {"accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self._folder / "data")},
                "delete": {"enabled": True},
            },
            "http": {"addr": "127.0.0.1:0"},
        }
        if self._has_users:
            users = self._folder / "htpasswd"
            users.write_text(_HTPASSWD)
            settings["auth"] = {"htpasswd": {"realm": "tests", "path": str(users)}}
        if self._authority:
            shown = self._authority.ca.issue_cert("127.0.0.1", "localhost")
            pem = self._folder / "server.pem"
            shown.private_key_and_cert_chain_pem.write_to_path(str(pem))
            settings["http"]["tls"] = {"certificate": str(pem), "key": str(pem)}
        if self._tokens:
            bundle = self._folder / "tokens.pem"
            self._tokens.authority.ca.cert_pem.write_to_path(str(bundle))
            settings["auth"] = {
                "token": {
                    "realm": self._tokens.realm,
                    "service": _SERVICE,
                    "issuer": _ISSUER,
                    "rootcertbundle": str(bundle),
                }
            }
        return settings

    def push(
        self, name: str, tag: str, content: str, media_type: str = OCI_MANIFEST
    ) -> str:
        """Push an image for one platform; equal contents are equal bytes.

        Returns:
            its digest.
        """
        return self._push_manifest(name, tag, self._manifest(name, content, media_type))

    def push_index(
        self, name: str, tag: str, content: str, media_type: str = OCI_INDEX
    ) -> str:
        """Push an image for two platforms.

        Returns:
            the digest of its index.
        """
        child = OCI_MANIFEST if media_type == OCI_INDEX else DOCKER_MANIFEST
        manifests = []
        for architecture in ("amd64", "arm64"):
            manifest = self._manifest(name, f"{content} {architecture}", child)
            digest = self._push_manifest(name, digest_of(_encoded(manifest)), manifest)
            manifests.append(
                {
                    "mediaType": child,
                    "digest": digest,
                    "size": len(_encoded(manifest)),
                    "platform": {"os": "linux", "architecture": architecture},
                }
            )
        index = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
        return self._push_manifest(name, tag, index)

    def delete(self, name: str, digest: str) -> None:
        """Delete a manifest and with it the tags that name it."""
        response = self.request("DELETE", f"/v2/{name}/manifests/{digest}")
        assert response.status == http.HTTPStatus.ACCEPTED, response.body

    def delete_tag(self, name: str, tag: str) -> None:
        """Delete a tag; its manifest stays. In the storage: not every release can."""
        repositories = self._folder / "data" / "docker" / "registry" / "v2" / "repositories"
        shutil.rmtree(repositories / name / "_manifests" / "tags" / tag)

    def digest(self, name: str, reference: str) -> str | None:
        """What a tag names, read without the package; None if there is nothing."""
        response = self.request(
            "GET",
            f"/v2/{name}/manifests/{reference}",
            headers={
                "Accept": f"{OCI_MANIFEST}, {OCI_INDEX}, {DOCKER_MANIFEST}, {DOCKER_LIST}"
            },
        )
        if response.status == http.HTTPStatus.NOT_FOUND:
            return None
        assert response.status == http.HTTPStatus.OK, response.body
        assert response.headers["Docker-Content-Digest"] == digest_of(response.body)
        return digest_of(response.body)

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] = {},  # noqa: B006 - never changed
    ) -> Response:
        """One request, as a user who may do everything."""
        if self._authority:
            context = ssl.create_default_context(cafile=str(self._authority.file))
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self.host, context=context
            )
        else:
            connection = http.client.HTTPConnection(self.host)
        try:
            connection.request(method, target, body, {**headers, **self._login(target)})
            answer = connection.getresponse()
            return Response(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def _login(self, target: str) -> dict[str, str]:
        if self._tokens:
            name = re.sub("^/v2/|/(manifests|blobs)/.*$", "", target)
            token = self._tokens.token(name, ["pull", "push", "delete"])
            return {"Authorization": f"Bearer {token}"}
        if self._has_users:
            basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            return {"Authorization": f"Basic {basic}"}
        return {}

    def _manifest(self, name: str, content: str, media_type: str) -> dict[str, Any]:
        """A manifest whose parts are in the registry."""
        config_type, layer_type = _PARTS[media_type]
        config = _encoded(
            {
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": []},
                "config": {"Labels": {"content": content}},
            }
        )
        return {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": self._push_blob(name, config_type, config),
            "layers": [self._push_blob(name, layer_type, content.encode())],
        }

    def _push_blob(self, name: str, media_type: str, body: bytes) -> dict[str, Any]:
        started = self.request("POST", f"/v2/{name}/blobs/uploads/")
        assert started.status == http.HTTPStatus.ACCEPTED, started.body
        place = urlsplit(started.headers["Location"])
        target = f"{place.path}?{place.query}&digest={digest_of(body)}"
        done = self.request("PUT", target, body)
        assert done.status == http.HTTPStatus.CREATED, done.body
        return {"mediaType": media_type, "digest": digest_of(body), "size": len(body)}

    def _push_manifest(self, name: str, reference: str, manifest: dict[str, Any]) -> str:
        body = _encoded(manifest)
        done = self.request(
            "PUT",
            f"/v2/{name}/manifests/{reference}",
            body,
            {"Content-Type": manifest["mediaType"]},
        )
        assert done.status == http.HTTPStatus.CREATED, done.body
        return digest_of(body)


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()
