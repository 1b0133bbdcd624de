"""What a registry can do wrong, and what a look-up says about it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from faults import Do, FaultServer, Steps, answer
from registry_answers import (
    BASIC,
    BODY,
    DIGEST,
    LONG_DIGEST,
    PATH,
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
from registry_faults import CANARY, CREDENTIALS, FAULTS, HTML, OTHER, commit
from secrecy import held_by, written

from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._registry.endpoint import parse_registry_host
from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import (
    RegistryError,
    ResponseError,
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from authority import Authority

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
    "HEAD says it before a space": (head(f"{DIGEST} "), HTML, DIGEST),
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


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_an_error_and_never_a_digest(name: str) -> None:
    """Each fault has its own error; nothing is retried without need."""
    fault = FAULTS[name]
    error, made = commit(fault)

    assert type(error) is fault.error
    assert fault.says in str(error)
    assert fault.status == getattr(error, "status", None)
    assert fault.code == getattr(error, "code", None)
    assert fault.requests == len(made), made
    assert not [form for form in written(CANARY) if form in held_by(error)]


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
    "not found with another code": (refusal(404), refusal(404, "X", "x"), '404, X: "x")'),
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
        with pytest.raises(ResponseError, match="cannot be used in a request to"):
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
    assert HOSTS[host] == parse_registry_host(host).origin


@pytest.mark.parametrize("host", ["a.b:99999", "a.b@evil.com", "a..b", "a.b:x"])
def test_a_host_that_cannot_be_is_an_error(host: str) -> None:
    """An image's name with a malformed host is not asked for anywhere."""
    with pytest.raises(ResponseError, match="cannot be a registry's host"):
        parse_registry_host(host)


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


def test_a_registry_on_this_machine_may_speak_tls(trusted: Authority) -> None:
    """It cuts the question by plain HTTP, and is not asked again after an answer."""
    with serve(Script(), tls=trusted.server("127.0.0.1")) as server:
        assert [resolve(client(server)) for _ in range(2)] == [DIGEST, DIGEST]

        assert len(lines(server)) == len(server.requests) == 2  # by TLS
        assert server.connections == 2  # the first one for the question


def test_an_untrusted_certificate_never_leads_to_plain_http(untrusted: Authority) -> None:
    """It is an error, again each time; no request and no password is sent."""
    with serve(Script(), tls=untrusted.server("127.0.0.1")) as server:
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

    assert 'DENIED: "[secret] is wrong"' in str(caught.value)


def test_only_the_whole_password_is_removed() -> None:
    """A part of it, such as a word behind a space, leaves the message readable."""
    credentials = RegistryCredentials("ann", Secret("my a"), "the environment")
    script = Script(head=BASIC, get=refusal(403, "DENIED", "my+a may not pull a tag"))
    with serve(script) as server, pytest.raises(RegistryError) as caught:
        resolve(client(server, credentials=credentials))

    assert 'DENIED: "[secret] may not pull a tag"' in str(caught.value)


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
