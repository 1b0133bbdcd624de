"""Logging in to a registry: what is sent where, how often, and what never is."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from faults import FaultServer, Request, answer
from registry_answers import (
    BASIC,
    DIGEST,
    PATH,
    TOKEN,
    Script,
    asked,
    bearer,
    client,
    head,
    lines,
    refusal,
    resolve,
    serve,
)
from secrecy import held_by

from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._registry.challenge import Challenge, parse_challenges, parse_realm
from pulumi_ucimage._secret import RegistryCredentials, Secret
from pulumi_ucimage.errors import ConfigError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable

WITH_IDENTITY_TOKEN = RegistryCredentials("", Secret(""), "a helper", Secret("long"))
BASIC_ANN = "Basic " + base64.b64encode(b"ann:se cret").decode()

CHALLENGES = {
    "": [],
    "Basic": [Challenge("basic", {})],
    'Basic realm="a b"': [Challenge("basic", {"realm": "a b"})],
    "Basic realm=a": [Challenge("basic", {"realm": "a"})],
    "Bearer realm=https://a.b:1/token,service=c": [
        Challenge("bearer", {"realm": "https://a.b:1/token", "service": "c"})
    ],
    'BEARER Realm="https://a.b/token",service="a,b",scope="repository:x:pull,push"': [
        Challenge(
            "bearer",
            {
                "realm": "https://a.b/token",
                "service": "a,b",
                "scope": "repository:x:pull,push",
            },
        )
    ],
    'Bearer realm = "a" , service = b': [
        Challenge("bearer", {"realm": "a", "service": "b"})
    ],
    r'Bearer realm="a\"b\\c"': [Challenge("bearer", {"realm": r'a"b\c'})],
    'Negotiate, Basic realm="a", Bearer realm="b"': [
        Challenge("negotiate", {}),
        Challenge("basic", {"realm": "a"}),
        Challenge("bearer", {"realm": "b"}),
    ],
    'Negotiate YWJj==, Basic realm="a"': [
        Challenge("negotiate", {}),
        Challenge("basic", {"realm": "a"}),
    ],
    'Bearer realm="a",realm="b"': [Challenge("bearer", {"realm": "a"})],
    'Bearer realm="a': [Challenge("bearer", {})],
    'realm="a"': [],
    ',, Basic realm="a",,': [Challenge("basic", {"realm": "a"})],
}


@pytest.mark.parametrize("header", CHALLENGES)
def test_challenges_are_read_by_rfc_9110(header: str) -> None:
    """Commas, quotes, several challenges in one header, and addresses without quotes."""
    assert CHALLENGES[header] == parse_challenges(header)


UHUB = "https://uhub.service.ucloud.cn/"

# Registry, realm, and whether credentials may be sent there.
REALMS = [
    (UHUB, "https://uhub.service.ucloud.cn/token", True),
    (UHUB, "https://UHUB.service.ucloud.cn/token", True),
    (UHUB, "https://uhub.service.ucloud.cn:8443/token", True),
    (UHUB, "https://auth.ucloud.cn/v2/token", True),
    (UHUB, "https://auth.ucloud.cn/token?account=1", True),
    (UHUB, "https://ucloud.cn", True),
    ("https://uhub.ucloud-global.com/", "https://auth.ucloud-global.com/token", True),
    ("https://registry-1.docker.io/", "https://auth.docker.io/token", True),
    ("https://10.0.0.5:5000/", "https://10.0.0.5/token", True),
    ("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", True),
    ("http://localhost:5000/", "http://127.0.0.1:5001/token", True),
    ("http://[::1]:5000/", "http://[::1]:5001/token", True),
    (UHUB, "http://uhub.service.ucloud.cn/token", False),
    (UHUB, "http://api.service.ucloud.cn/token", False),
    (UHUB, "https://ucloud.cn.evil.com/token", False),
    (UHUB, "https://evilucloud.cn/token", False),
    (UHUB, "https://evil.cn/token", False),
    (UHUB, "https://cn/token", False),
    (UHUB, "https://127.0.0.1/token", False),
    (UHUB, "http://127.0.0.1/token", False),
    (UHUB, "https://user@uhub.service.ucloud.cn/token", False),
    (UHUB, "https://evil.com/@uhub.service.ucloud.cn/token", False),
    (UHUB, "https://evil.com#@uhub.service.ucloud.cn/token", False),
    (UHUB, "https://evil.com\\@uhub.service.ucloud.cn/token", False),
    (UHUB, "//uhub.service.ucloud.cn/token", False),
    (UHUB, "/token", False),
    (UHUB, "", False),
    (UHUB, "ftp://uhub.service.ucloud.cn/token", False),
    (UHUB, "https://uhub.service.ucloud.cn/to ken", False),
    (UHUB, "https://uhub.service.ucloud.cn/token?a=b\r\nX: y", False),
    ("https://a.example.com.cn/", "https://b.example.com.cn/token", True),
    ("https://example.com.cn/", "https://other.com.cn/token", False),
    ("https://a.com.cn/", "https://com.cn/token", False),
    ("https://team.github.io/", "https://evil.github.io/token", False),
    ("https://10.0.0.5/", "https://10.0.0.6/token", False),
    ("https://10.0.0.5/", "https://11.0.0.5/token", False),
    ("https://[fd00::1]/", "https://[fd00::2]/token", False),
    ("https://registry/", "https://auth/token", False),
    ("http://127.0.0.1:5000/", "https://evil.com/token", False),
]


@pytest.mark.parametrize(("registry", "realm", "is_allowed"), REALMS)
def test_a_realm_belongs_to_the_registry(
    registry: str, realm: str, is_allowed: object
) -> None:
    """A token service is on the registry's host or its registered domain, by HTTPS."""
    try:
        parse_realm(realm, Endpoint.parse(registry))
    except ValueError:
        assert not is_allowed
    else:
        assert is_allowed


def sent(server: FaultServer) -> list[str]:
    """The Authorization header of each request; "" if it had none."""
    return [request.headers.get("authorization", "") for request in asked(server)]


def protected(by: bytes, authorization: str) -> Callable[[Request], bytes]:
    """Answers to HEAD that need a header; `by` is the answer without it."""

    def reply(request: Request) -> bytes:
        return head() if request.headers.get("authorization") == authorization else by

    return reply


def test_no_credentials_are_sent_before_they_are_asked_for() -> None:
    """A registry that asks for nothing gets nothing."""
    with serve(Script()) as server:
        assert resolve(client(server)) == DIGEST

        assert sent(server) == [""]


def test_basic_credentials_are_sent_after_the_challenge_and_kept() -> None:
    """The second look-up sends them at once."""
    with serve(Script(head=protected(BASIC, BASIC_ANN))) as server:
        asking = client(server)
        assert [resolve(asking), resolve(asking)] == [DIGEST, DIGEST]

        assert sent(server) == ["", BASIC_ANN, BASIC_ANN]


@pytest.mark.parametrize(
    "header", ['Bearer realm="{url}token", Basic', 'Basic, Bearer realm="{url}token"']
)
def test_a_token_is_preferred_to_a_password(header: str) -> None:
    """With both on offer, the password goes to the token service only."""
    both = refusal(401, headers={"WWW-Authenticate": header})
    script = Script(head=[both, head()])
    with serve(script) as server:
        resolve(client(server))

        assert sent(server) == ["", BASIC_ANN, "Bearer abc"]


def test_a_token_is_kept_for_its_repository() -> None:
    """The second look-up needs one request; another repository gets its own token."""
    tokens = [answer(b'{"token": "one"}'), answer(b'{"access_token": "two"}')]
    script = Script(head=[bearer(), head(), head(), bearer(), head()], token=tokens)
    with serve(script) as server:
        asking = client(server)
        for path in (PATH, PATH, "ucs/other"):
            assert resolve(asking, path) == DIGEST

        assert sent(server) == [
            "", BASIC_ANN, "Bearer one",
            "Bearer one",
            "", BASIC_ANN, "Bearer two",
        ]  # fmt: skip


def test_an_expired_token_is_replaced_once() -> None:
    """A kept token that the registry refuses is replaced, and the look-up goes on."""
    tokens = [answer(b'{"token": "old"}'), answer(b'{"token": "new"}')]
    script = Script(head=[bearer(), head(), bearer(), head()], token=tokens)
    with serve(script) as server:
        asking = client(server)
        assert [resolve(asking), resolve(asking)] == [DIGEST, DIGEST]

        assert sent(server)[2:] == ["Bearer old", "Bearer old", BASIC_ANN, "Bearer new"]


def test_a_token_that_is_refused_is_not_kept() -> None:
    """After a refusal the next look-up logs in again; each logs in once."""
    script = Script(head=bearer(), get=bearer())
    with serve(script) as server:
        asking = client(server)
        for _ in range(2):
            with pytest.raises(RegistryError):
                resolve(asking)

        assert lines(server) == 2 * [
            f"HEAD /v2/{PATH}/manifests/1.4.2",
            "GET /token",
            f"HEAD /v2/{PATH}/manifests/1.4.2",
            f"GET /v2/{PATH}/manifests/1.4.2",
        ]


def query(request: Request) -> dict[str, list[str]]:
    """The query of a request."""
    return parse_qs(request.head.split(" ", 2)[1].partition("?")[2])


def test_only_pull_is_asked_for() -> None:
    """Whatever scope the registry names, the token may pull this repository and no more."""
    more = ',scope="repository:ucs/secret:pull,push,delete registry:catalog:*"'
    script = Script(head=[bearer(more=more), head()])
    with serve(script) as server:
        resolve(client(server))

        assert query(asked(server)[1]) == {
            "scope": [f"repository:{PATH}:pull"],
            "service": ["registry"],
        }


def test_a_query_in_the_realm_is_kept() -> None:
    """What the registry put into the realm's address goes back to it."""
    script = Script(head=[bearer("{url}token?region=cn-bj2"), head()])
    with serve(script) as server:
        resolve(client(server))

        assert query(asked(server)[1])["region"] == ["cn-bj2"]


def test_an_anonymous_user_may_get_a_token() -> None:
    """Public images need no credentials, also if the registry wants a token."""
    script = Script(head=[bearer(), head()])
    with serve(script) as server:
        assert resolve(client(server, credentials=None)) == DIGEST

        assert sent(server) == ["", "", "Bearer abc"]


def test_an_identity_token_is_exchanged_by_post() -> None:
    """OAuth2's refresh token grant; the identity token is in no URL."""
    script = Script(head=[bearer(), head()])
    with serve(script) as server:
        assert resolve(client(server, credentials=WITH_IDENTITY_TOKEN)) == DIGEST

        assert lines(server)[1] == "POST /token"
        assert asked(server)[1].form == {
            "grant_type": "refresh_token",
            "client_id": "pulumi-ucimage",
            "refresh_token": "long",
            "service": "registry",
            "scope": f"repository:{PATH}:pull",
        }


def test_a_failing_token_service_is_asked_again() -> None:
    """It is retried as the registry itself is."""
    script = Script(head=[bearer(), bearer(), head()], token=[refusal(503), TOKEN])
    with serve(script) as server:
        assert resolve(client(server, max_retries=1)) == DIGEST


UNENCODABLE = [
    RegistryCredentials("ann", Secret("canary-5a\udcff"), "the environment"),
    RegistryCredentials("ann\ud800", Secret("canary-5a"), "Docker's configuration"),
    RegistryCredentials("", Secret(""), "a helper", Secret("canary-5a\ud800")),
]


@pytest.mark.parametrize("challenge", [bearer(), BASIC])
@pytest.mark.parametrize("credentials", UNENCODABLE)
def test_credentials_that_are_not_text_are_an_error(
    credentials: RegistryCredentials, challenge: bytes
) -> None:
    """Bytes that are not UTF-8, and halves of surrogate pairs; nothing is shown or sent."""
    with serve(Script(head=[challenge])) as server:
        with pytest.raises(ConfigError, match="not valid UTF-8; set them again") as caught:
            resolve(client(server, credentials=credentials))

        assert [""] == sent(server)
    assert "canary" not in held_by(caught.value)
