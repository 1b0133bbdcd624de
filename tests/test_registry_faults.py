"""What a registry can do wrong, and what a look-up says about it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import pytest
from authority import Authority
from faults import Do, Drip, FaultServer, Steps, answer
from registry_answers import (
    BASIC,
    BODY,
    DIGEST,
    GET,
    LONG_DIGEST,
    PATH,
    TOKEN,
    Replies,
    Reply,
    Script,
    asked,
    bearer,
    client,
    get,
    head,
    lines,
    refusal,
    resolve,
    serve,
)
from secrecy import held_by, written

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._registry.endpoint import registry_endpoint
from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import (
    ConfigError,
    RegistryError,
    ResponseError,
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = "canary-77c1"
OTHER = "sha256:" + "0" * 64
CREDENTIALS = RegistryCredentials("ann", Secret(CANARY), "the environment")
IDENTITY = RegistryCredentials("", Secret(""), "a helper", Secret(CANARY))

HTML = answer(
    b"<html>Log in to the hotel's network</html>", headers={"Content-Type": "text/html"}
)

# Answers to HEAD and GET that lead to the digest: the requests that are made.
DIGESTS: dict[str, tuple[Reply, Reply, str]] = {
    "HEAD says it": (head(), HTML, DIGEST),
    "HEAD says a longer one": (head(LONG_DIGEST), HTML, LONG_DIGEST),
    "HEAD says a media type with a parameter": (
        head(Content_Type="application/vnd.oci.image.index.v1+json; charset=utf-8"),
        HTML,
        DIGEST,
    ),
    "HEAD does not say it": (head(None), get(), DIGEST),
    "neither says it": (head(None), get(None), DIGEST),
    "GET says a longer one": (head(None), get(LONG_DIGEST), LONG_DIGEST),
    "GET has no media type": (head(None), get(content_type=""), DIGEST),
    "HEAD is not allowed": (refusal(405), get(), DIGEST),
    "HEAD is not implemented": (refusal(501), get(), DIGEST),
    "HEAD is not found": (refusal(404), get(), DIGEST),
    "HEAD says a malformed one": (head("sha256:12"), get(None), DIGEST),
    "HEAD is a login page": (head(OTHER, Content_Type="text/html"), get(), DIGEST),
}


@pytest.mark.parametrize("name", DIGESTS)
def test_the_digest_is_stated_or_computed(name: str) -> None:
    """HEAD is believed if it has a digest and a media type; else GET is hashed."""
    head_reply, get_reply, expected = DIGESTS[name]
    with serve(Script(head=head_reply, get=get_reply)) as server:
        assert expected == resolve(client(server))


NO_DIGEST = head(None)


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
        credentials=IDENTITY,
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
        " DENIED: not yours): allow it, or use credentials that may.",
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
        "(HTTP status 429, TOOMANYREQUESTS: slow down)",
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
        credentials=IDENTITY,
        status=401,
    ),
    "a token service that fails": Fault(
        ResponseError,
        "The registry's token service at 127.0.0.1:",
        head=bearer(),
        token=refusal(500),
        status=500,
    ),
    "a token service that redirects": Fault(
        ResponseError,
        "answered with HTTP status 302",
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
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_an_error_and_never_a_digest(name: str) -> None:
    """Each fault has its own error; nothing is retried without need."""
    fault = FAULTS[name]
    script = Script(head=fault.head, get=fault.get, token=fault.token)
    with serve(script) as server:
        with pytest.raises(fault.error) as caught:
            resolve(client(server, credentials=fault.credentials))

        assert type(caught.value) is fault.error
        assert fault.says in str(caught.value)
        assert fault.status == getattr(caught.value, "status", None)
        assert fault.code == getattr(caught.value, "code", None)
        assert fault.requests == len(lines(server)), lines(server)
        assert not [form for form in written(CANARY) if form in held_by(caught.value)]


HANG_UP: Steps = (Do.RESET,)
SAYS_IT: Steps = (head(),)
SENDS_IT: Steps = (get(),)

# Answers to HEAD and then to GET, and the waits in between with a random part of 0.5.
RETRIES: dict[str, tuple[Replies, Replies, list[float]]] = {
    "a status that passes": (refusal(503), get(), [0.05]),
    "each retry asks GET": (
        refusal(500),
        [refusal(502), refusal(504), get()],
        [0.05, 0.1, 0.2],
    ),
    "too many requests": (refusal(429), get(), [0.5]),
    "Retry-After": (refusal(429, headers={"Retry-After": "7"}), get(), [7.0]),
    "a hang-up": ([HANG_UP, SAYS_IT], HTML, [0.05]),
    "a hang-up of GET": (head(None), [HANG_UP, SENDS_IT], [0.05]),
}


@pytest.mark.parametrize("name", RETRIES)
def test_a_failure_that_may_pass_is_retried(name: str) -> None:
    """The registry is retried by the table that holds for the API."""
    head_replies, get_replies, expected = RETRIES[name]
    waits: list[float] = []
    clock = Clock(sleep=waits.append, random=lambda: 0.5)
    with serve(Script(head=head_replies, get=get_replies)) as server:
        assert resolve(client(server, max_retries=3, clock=clock)) == DIGEST

    assert expected == waits


# Answers to HEAD and GET for a digest; whether it is there, or what the error says.
LOOKS: dict[str, tuple[Reply, Reply, bool | str]] = {
    "it is there": (head(), get(), True),
    "it is there, and not stated": (head(None), get(None), True),
    "it is gone": (refusal(404), refusal(404, "MANIFEST_UNKNOWN", "x"), False),
    "its repository is gone": (refusal(404), refusal(404, "NAME_UNKNOWN", "x"), False),
    "not found without a code": (refusal(404), refusal(404), "(HTTP status 404)"),
    "not found with another code": (refusal(404), refusal(404, "X", "x"), "404, X: x)"),
    "not allowed": (refusal(403), refusal(403, "DENIED", "x"), "DENIED"),
    "another digest": (head(OTHER), get(OTHER), "does not match its digest"),
    "another body": (head(OTHER), get(None, BODY + b" "), "does not match its digest"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_digest_is_gone_only_if_the_registry_says_so(name: str) -> None:
    """A 404 without the registry's code may come from a proxy, and is an error."""
    head_reply, get_reply, expected = LOOKS[name]
    with serve(Script(head=head_reply, get=get_reply)) as server:
        asking = client(server)
        deadline = Deadline.after(10, Clock())
        if isinstance(expected, bool):
            assert expected == asking.has_digest(PATH, DIGEST, deadline)
        else:
            with pytest.raises(UcimageError) as caught:
                asking.has_digest(PATH, DIGEST, deadline)
            assert expected in str(caught.value)

        assert lines(server)[0] == f"HEAD /v2/{PATH}/manifests/{DIGEST}"


UNUSABLE_NAMES = [
    "",
    "../v1",
    "ucs/../x",
    "ucs//x",
    "/ucs",
    "ucs/",
    "ucs/a?b",
    "ucs/a b",
    "ucs/%2e",
]


@pytest.mark.parametrize("path", UNUSABLE_NAMES)
def test_a_name_that_could_lead_elsewhere_is_not_asked_for(path: str) -> None:
    """The API's name of an image cannot change which URL of the registry is called."""
    with serve(Script()) as server:
        with pytest.raises(ResponseError, match="cannot be asked for at a registry"):
            resolve(client(server), path)

        assert not server.requests


HOSTS = {
    "uhub.service.ucloud.cn": "https://uhub.service.ucloud.cn",
    "10.0.0.5:5000": "https://10.0.0.5:5000",
    "127.0.0.1:5000": "https://127.0.0.1:5000",
    "localhost:5000": "https://localhost:5000",
    "[::1]:5000": "https://[::1]:5000",
}


@pytest.mark.parametrize("host", HOSTS)
def test_the_registry_is_the_host_of_the_name(host: str) -> None:
    """HTTPS is the rule."""
    assert HOSTS[host] == registry_endpoint(host).origin


@pytest.mark.parametrize("host", ["a.b:99999", "a.b@evil.com", "a..b", "a.b:x"])
def test_a_host_that_cannot_be_is_an_error(host: str) -> None:
    """An image's name with a malformed host is not asked for anywhere."""
    with pytest.raises(ResponseError, match="cannot be a registry's host"):
        registry_endpoint(host)


# What a registry on this machine answers to `GET /v2/` by plain HTTP.
PLAIN: dict[str, bytes] = {
    "everybody may pull": answer(b"{}"),
    "it asks for a login": BASIC,
    "no such page": refusal(404),
    "it is overloaded": refusal(503),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_registry_on_this_machine_may_speak_plain_http(name: str) -> None:
    """It is asked once what it speaks, without credentials."""
    with serve(Script(head=[BASIC, head()], probe=PLAIN[name])) as server:
        assert [resolve(client(server)) for _ in range(2)] == [DIGEST, DIGEST]

        probes = [each for each in server.requests if each not in asked(server)]
        assert ["GET /v2/ HTTP/1.1"] == [each.head.split("\r\n")[0] for each in probes]
        assert "authorization" not in probes[0].headers


def test_a_registry_on_this_machine_may_speak_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cuts the question by plain HTTP, and is not asked again after an answer."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    with serve(Script(), tls=authority.server("127.0.0.1")) as server:
        assert [resolve(client(server)) for _ in range(2)] == [DIGEST, DIGEST]

        assert len(lines(server)) == len(server.requests) == 2  # by TLS
        assert server.connections == 2  # the first one for the question


def test_an_untrusted_certificate_never_leads_to_plain_http(tmp_path: Path) -> None:
    """It is an error, again each time; no request and no password is sent."""
    with serve(Script(), tls=Authority(tmp_path).server("127.0.0.1")) as server:
        for _ in range(2):
            with pytest.raises(TransportError, match="has an untrusted certificate"):
                resolve(client(server))

        assert not server.requests


# Plain HTTP is not used after these; the second look-up gets its answer.
UNCLEAR: dict[str, Steps] = {
    "status 400": (refusal(400),),
    "a hang-up": (Do.RESET,),
    "half an answer": (b"HTTP/1.1 200 OK\r\nContent-Le", Do.CLOSE),
    "something else than HTTP": (b"\x15\x03\x01\x00\x02\x02\x46", Do.CLOSE),
    "a body that is too large": (answer(b"x" * 70_000),),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_without_a_clear_answer_the_registry_is_called_by_tls(name: str) -> None:
    """No credentials are sent, and the next look-up asks again."""
    script = Script(probe=[UNCLEAR[name], (answer(b"{}"),)])
    with serve(script) as server:
        with pytest.raises(TransportError):
            resolve(client(server))
        assert not asked(server)

        assert resolve(client(server)) == DIGEST


def test_a_registry_that_starts_meanwhile_is_asked_by_the_retry() -> None:
    """A refused connection says nothing about what the registry speaks."""
    with FaultServer() as free:
        port = free.port
    with ExitStack() as stack:

        def start(_seconds: float) -> None:
            stack.enter_context(serve(Script(), port=port))

        clock = Clock(sleep=start, random=lambda: 0.5)
        asking = client(free, max_retries=1, clock=clock)

        assert resolve(asking) == DIGEST


DRIP = b"HTTP/1.1 200 OK\r\n" + b"X-Drip: x\r\n" * 1000
DRIPS: dict[str, Callable[[], Script]] = {
    "headers": lambda: Script(head=(Drip(DRIP),)),
    "a body": lambda: Script(head=head(None), get=(Drip(get(body=BODY * 1000)),)),
    "a token": lambda: Script(head=bearer(), token=(Drip(DRIP),)),
    "nothing at all": lambda: Script(head=(Do.WAIT,)),
    "what it speaks": lambda: Script(probe=(Drip(DRIP),)),
}


@pytest.mark.parametrize("name", DRIPS)
def test_a_registry_that_drips_ends_at_the_deadline(name: str) -> None:
    """No answer, however slow, lasts longer than the look-up may take."""
    says = r"did not answer in time: one look-up has 0\.3 s"
    with serve(DRIPS[name]()) as server, pytest.raises(TransportError, match=says):
        resolve(client(server), timeout_s=0.3)


def test_a_refused_connection_names_the_registry() -> None:
    """A registry that is not there is a TransportError with its address."""
    with FaultServer() as server:
        asking = client(server)

    with pytest.raises(TransportError, match=r"The registry at 127\.0\.0\.1:\d+ refused"):
        resolve(asking)


ECHOES: dict[str, Callable[[str], str]] = {
    "the password": lambda sent: sent,
    "the header": lambda _: "Basic YW5uOmNhbmFyeS03N2Mx",
    "the header's value": lambda _: "YW5uOmNhbmFyeS03N2Mx",
}


def test_a_token_service_that_repeats_a_password_does_not_leak_it() -> None:
    """Its own words are shown too, without the password."""
    script = Script(head=bearer(), token=refusal(401, "DENIED", f"{CANARY} is wrong"))
    with serve(script) as server, pytest.raises(RegistryError) as caught:
        resolve(client(server, credentials=CREDENTIALS))

    assert "DENIED: [secret] is wrong" in str(caught.value)


@pytest.mark.parametrize("name", ECHOES)
def test_a_server_that_repeats_a_secret_does_not_leak_it(name: str) -> None:
    """The registry's own words are shown without the password that they repeat."""
    echo = f"user ann with {ECHOES[name](CANARY)} may not"
    script = Script(head=BASIC, get=refusal(403, "DENIED", echo))
    with serve(script) as server, pytest.raises(RegistryError) as caught:
        resolve(client(server, credentials=CREDENTIALS))

    assert "user ann with" in str(caught.value)
    assert "[secret]" in str(caught.value)
    assert not [form for form in written(CANARY) if form in held_by(caught.value)]
