"""The emulator's registry: manifests by tag and digest, logins, and its log."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
from emulator_calls import DATA, TOKEN, control, demo, post, raw, signed

from pulumi_ucimage.emulator import (
    DEMO_IMAGE,
    DEMO_REGISTRY_PASSWORD,
    DEMO_REGISTRY_USERNAME,
    Emulator,
    EmulatorError,
    PushError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ALL_TYPES = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_LIST}, {DOCKER_MANIFEST}"
USER = (DEMO_REGISTRY_USERNAME, DEMO_REGISTRY_PASSWORD)


def get(
    emulator: Emulator,
    path: str,
    *,
    method: str = "GET",
    accept: str = ALL_TYPES,
    **more: Any,
) -> requests.Response:
    """Ask the registry for something below `/v2/`."""
    headers = {"Accept": accept, **more.pop("headers", {})}
    url = f"{emulator.url}v2/{path}"
    return requests.request(method, url, headers=headers, timeout=30, **more)


def pull(emulator: Emulator, reference: str, **more: Any) -> requests.Response:
    """Ask for a manifest of the demo's image."""
    return get(emulator, f"ucs/helloworld/manifests/{reference}", **more)


def code(response: requests.Response) -> tuple[int, str]:
    """The status and the error code of an answer."""
    (error,) = response.json()["errors"]
    assert error["message"].endswith(".")
    return response.status_code, error["code"]


# Manifests


def test_the_registry_answers_its_base(emulator: Emulator) -> None:
    """Clients check so whether it is a registry."""
    response = get(emulator, "")

    assert (response.status_code, response.json()) == (200, {})


def test_a_tag_has_a_manifest_that_its_digest_is_of(emulator: Emulator) -> None:
    """GET and HEAD name the digest of the bytes; by digest the bytes are the same."""
    by_tag, head = pull(emulator, "1.1.0"), pull(emulator, "1.1.0", method="HEAD")
    digest = by_tag.headers["Docker-Content-Digest"]
    by_digest = pull(emulator, digest)

    assert digest == f"sha256:{hashlib.sha256(by_tag.content).hexdigest()}"
    assert digest == emulator.digest("ucs", "helloworld", "1.1.0")
    assert by_tag.headers["Content-Type"] == OCI_INDEX == by_tag.json()["mediaType"]
    assert (head.content, head.headers["Docker-Content-Digest"]) == (b"", digest)
    assert head.headers["Content-Length"] == str(len(by_tag.content))
    assert by_digest.content == by_tag.content


def test_the_platforms_of_an_index_are_manifests(emulator: Emulator) -> None:
    """Each entry can be asked for by its digest, in the size that the index says."""
    entries = pull(emulator, "1.1.0").json()["manifests"]

    assert [entry["platform"]["architecture"] for entry in entries] == ["amd64", "arm64"]
    for entry in entries:
        response = pull(emulator, entry["digest"])
        assert response.headers["Content-Type"] == entry["mediaType"] == OCI_MANIFEST
        assert len(response.content) == entry["size"]


def test_equal_pushes_have_equal_digests_in_every_process(emulator: Emulator) -> None:
    """Documents can show them; other tags and images have other digests."""
    with Emulator() as other:
        for one in (emulator, other):
            one.push("ucs", "helloworld", "2.0.0")
            one.push("ucs", "app", "2.0.0")
        digests = [
            one.digest("ucs", image, tag)
            for one in (emulator, other)
            for image, tag in (
                ("helloworld", "2.0.0"),
                ("helloworld", "6"),
                ("app", "2.0.0"),
            )
        ]

    assert digests[:3] == digests[3:]
    assert len(set(digests)) == 3


def test_a_tag_that_is_pushed_again_has_another_digest(emulator: Emulator) -> None:
    """The old one stays; the same bytes pushed again keep the digest."""
    first = emulator.digest("ucs", "helloworld", "1.1.0")
    second = emulator.push("ucs", "helloworld", "1.1.0")["Digest"]
    third = emulator.push("ucs", "helloworld", "1.1.0")["Digest"]
    same = emulator.push("ucs", "helloworld", "1.1.0", same_bytes=True)

    assert len({first, second, third}) == 3
    assert same["Digest"] == third
    assert pull(emulator, "1.1.0").headers["Docker-Content-Digest"] == third
    assert {pull(emulator, old).status_code for old in (first, second)} == {200}
    times = [tag["CreateTime"] for tag in tags(emulator) if tag["TagName"] == "1.1.0"]
    assert times == [same["CreateTime"]]


def tags(emulator: Emulator) -> list[dict[str, Any]]:
    """The tags of the demo's image as the API lists them."""
    (image,) = post(emulator.url, demo()).json()["ImageSet"]
    listed: list[dict[str, Any]] = image["TagSet"]
    return listed


def test_the_same_bytes_need_a_push_before(emulator: Emulator) -> None:
    """The sentence says what to do, and nothing is pushed."""
    with pytest.raises(PushError, match=r"was never pushed to [^ ]*: push it once"):
        emulator.push("ucs", "helloworld", "2.0.0", same_bytes=True)

    assert "2.0.0" not in [tag["TagName"] for tag in tags(emulator)]


def test_the_same_bytes_have_no_other_media_type(emulator: Emulator) -> None:
    """A media type that would have no effect is refused, and nothing is pushed."""
    before = emulator.push("ucs", "helloworld", "1.1.0")

    with pytest.raises(PushError, match="leave out MediaType"):
        emulator.push(
            "ucs", "helloworld", "1.1.0", same_bytes=True, media_type=OCI_MANIFEST
        )

    (listed,) = [tag for tag in tags(emulator) if tag["TagName"] == "1.1.0"]
    assert listed["CreateTime"] == before["CreateTime"]


def test_a_deleted_tag_leaves_its_digest(emulator: Emulator) -> None:
    """The tag is unknown, the digest is not; a later push has another one."""
    digest = emulator.digest("ucs", "helloworld", "1.1.0")
    emulator.delete("ucs", "helloworld", "1.1.0")

    assert code(pull(emulator, "1.1.0")) == (404, "MANIFEST_UNKNOWN")
    assert pull(emulator, digest).status_code == 200
    assert emulator.push("ucs", "helloworld", "1.1.0")["Digest"] != digest


def test_a_deleted_digest_leaves_its_tag_listed(emulator: Emulator) -> None:
    """The API lists a tag that the registry does not know, until it is pushed again."""
    digest = emulator.digest("ucs", "helloworld", "1.1.0")
    emulator.delete("ucs", "helloworld", digest=digest)

    assert "1.1.0" in [tag["TagName"] for tag in tags(emulator)]
    for reference in ("1.1.0", digest):
        assert code(pull(emulator, reference)) == (404, "MANIFEST_UNKNOWN")
    with pytest.raises(PushError, match="was deleted: push it again"):
        emulator.digest("ucs", "helloworld", "1.1.0")
    with pytest.raises(PushError, match="There is no digest 'sha256:"):
        emulator.delete("ucs", "helloworld", digest=digest)
    emulator.push("ucs", "helloworld", "1.1.0", same_bytes=True)
    assert pull(emulator, "1.1.0").headers["Docker-Content-Digest"] == digest


def test_a_deleted_image_has_no_manifests(emulator: Emulator) -> None:
    """Its name is unknown, and a later push has another digest."""
    digest = emulator.digest("ucs", "helloworld", "1.1.0")
    emulator.delete("ucs", "helloworld")

    assert code(pull(emulator, digest)) == (404, "NAME_UNKNOWN")
    assert emulator.push("ucs", DEMO_IMAGE, "1.1.0")["Digest"] != digest


def test_a_tag_and_a_digest_are_not_deleted_at_once(emulator: Emulator) -> None:
    """One sentence, and nothing is deleted."""
    with pytest.raises(PushError, match="not both"):
        emulator.delete("ucs", "helloworld", "6", digest="sha256:0")


def test_another_process_pushes_the_same_bytes_and_deletes_a_digest(
    emulator: Emulator,
) -> None:
    """The documented requests do it."""
    fields = {"BucketName": "ucs", "ImageName": "helloworld"}
    digest = emulator.digest("ucs", "helloworld", "6")

    again = control(emulator.url, "push", {**fields, "TagName": "6", "SameBytes": True})
    deleted = control(emulator.url, "delete", {**fields, "Digest": digest})

    assert again.json()["Digest"] == digest == deleted.json()["Digest"]
    assert pull(emulator, digest).status_code == 404


@pytest.mark.parametrize(
    ("media_type", "accept", "expected"),
    [
        (None, OCI_INDEX, OCI_INDEX),
        (None, f"{OCI_INDEX};q=0.9, text/html", OCI_INDEX),
        (None, "*/*", OCI_INDEX),
        (None, "", OCI_INDEX),
        (None, OCI_MANIFEST, None),
        (None, f"{DOCKER_MANIFEST}, {DOCKER_LIST}", None),
        (OCI_MANIFEST, ALL_TYPES, OCI_MANIFEST),
        (OCI_MANIFEST, OCI_INDEX, None),
        (DOCKER_LIST, ALL_TYPES, DOCKER_LIST),
        (DOCKER_LIST, DOCKER_MANIFEST, DOCKER_MANIFEST),
        (DOCKER_LIST, OCI_INDEX, None),
        (DOCKER_MANIFEST, ALL_TYPES, DOCKER_MANIFEST),
        (DOCKER_MANIFEST, OCI_MANIFEST, None),
    ],
)
def test_the_type_must_be_accepted(
    emulator: Emulator, media_type: str | None, accept: str, expected: str | None
) -> None:
    """Another type is a 404, but a Docker list answers an old client with amd64."""
    emulator.push("ucs", "helloworld", "2.0.0", media_type=media_type)

    response = pull(emulator, "2.0.0", accept=accept)

    if expected is None:
        assert code(response) == (404, "MANIFEST_UNKNOWN")
    else:
        assert response.headers["Content-Type"] == expected
        digest = hashlib.sha256(response.content).hexdigest()
        assert response.headers["Docker-Content-Digest"] == f"sha256:{digest}"


def test_a_push_keeps_the_type_of_the_last_one(emulator: Emulator) -> None:
    """Unless it names another one."""
    emulator.push("ucs", "helloworld", "2.0.0", media_type=DOCKER_LIST)
    emulator.push("ucs", "helloworld", "2.0.0")

    assert pull(emulator, "2.0.0").headers["Content-Type"] == DOCKER_LIST
    emulator.push("ucs", "helloworld", "2.0.0", media_type=OCI_MANIFEST)
    assert pull(emulator, "2.0.0").headers["Content-Type"] == OCI_MANIFEST


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ucs/nope/manifests/1.1.0", (404, "NAME_UNKNOWN")),
        ("helloworld/manifests/1.1.0", (404, "NAME_UNKNOWN")),
        ("ucs/helloworld/manifests/9.9.9", (404, "MANIFEST_UNKNOWN")),
        (f"ucs/helloworld/manifests/sha256:{'0' * 64}", (404, "MANIFEST_UNKNOWN")),
        (f"ucs/helloworld/blobs/sha256:{'0' * 64}", (405, "UNSUPPORTED")),
        ("ucs/helloworld/tags/list", (405, "UNSUPPORTED")),
        ("_catalog", (405, "UNSUPPORTED")),
    ],
)
def test_what_the_registry_does_not_have(
    emulator: Emulator, path: str, expected: tuple[int, str]
) -> None:
    """GET has the code of the OCI specification and a sentence, HEAD has no body."""
    assert code(get(emulator, path)) == expected

    head = get(emulator, path, method="HEAD")
    assert (head.status_code, head.content) == (expected[0], b"")


def test_blobs_are_refused_in_words(emulator: Emulator) -> None:
    """A client that tries to pull is answered why it cannot."""
    response = get(emulator, "ucs/helloworld/blobs/sha256:0")

    assert "serves no blobs" in response.json()["errors"][0]["message"]


def test_registry_requests_are_not_calls_and_have_no_faults(emulator: Emulator) -> None:
    """Faults and counts are for the UCloud API."""
    emulator.fault("drop")

    assert pull(emulator, "1.1.0").status_code == 200
    assert emulator.requests == []


# Logins


@pytest.fixture
def basic() -> Iterator[Emulator]:
    """An emulator whose registry wants Basic credentials."""
    with Emulator(registry_login="basic") as running:
        yield running


@pytest.fixture
def bearer() -> Iterator[Emulator]:
    """An emulator whose registry wants a Bearer token."""
    with Emulator(registry_login="bearer") as running:
        yield running


@pytest.mark.parametrize(
    ("auth", "status"),
    [(USER, 200), (None, 401), ((USER[0], "wrong"), 401), (("nobody", USER[1]), 401)],
)
def test_a_basic_login(basic: Emulator, auth: tuple[str, str] | None, status: int) -> None:
    """The user of the constants may pull; others get a challenge."""
    for response in (get(basic, "", auth=auth), pull(basic, "1.1.0", auth=auth)):
        assert response.status_code == status
        if status == 401:
            assert code(response) == (401, "UNAUTHORIZED")
            assert response.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("value", ["Basic", "Basic ?", "Basic bm8=", "Bearer x", "é"])
def test_a_malformed_login_is_refused(basic: Emulator, value: str) -> None:
    """With the same answer as no login."""
    headers = {"Authorization": value.encode().decode("latin-1")}

    assert pull(basic, "1.1.0", headers=headers).status_code == 401


def challenge(response: requests.Response) -> dict[str, str]:
    """The parameters of a Bearer challenge."""
    scheme, _, rest = response.headers["WWW-Authenticate"].partition(" ")
    assert (response.status_code, scheme) == (401, "Bearer")
    return dict(re.findall(r'(\w+)="([^"]*)"', rest))


def token(asked: dict[str, str], auth: tuple[str, str] | None = USER) -> requests.Response:
    """Ask the realm of a challenge for a token."""
    query = {name: value for name, value in asked.items() if name != "realm"}
    return requests.get(asked["realm"], params=query, auth=auth, timeout=30)


def test_a_bearer_login(bearer: Emulator) -> None:
    """The challenge names the token endpoint; its token is for that image alone."""
    bearer.push("ucs", "app", "1")
    asked = challenge(pull(bearer, "1.1.0"))
    issued = token(asked).json()
    headers = {"Authorization": f"Bearer {issued['token']}"}

    assert asked["realm"] == f"{bearer.url}token"
    assert asked["scope"] == "repository:ucs/helloworld:pull"
    assert issued["access_token"] == issued["token"]
    assert pull(bearer, "1.1.0", headers=headers).status_code == 200
    assert get(bearer, "", headers=headers).status_code == 200
    other = challenge(get(bearer, "ucs/app/manifests/1", headers=headers))
    assert other["scope"] == "repository:ucs/app:pull"


@pytest.mark.parametrize("auth", [None, (USER[0], "wrong")])
def test_a_token_needs_a_login(bearer: Emulator, auth: tuple[str, str] | None) -> None:
    """Nobody else gets one."""
    asked = challenge(pull(bearer, "1.1.0"))

    assert code(token(asked, auth)) == (401, "UNAUTHORIZED")


def test_a_made_up_token_is_refused(bearer: Emulator) -> None:
    """With a new challenge."""
    challenge(pull(bearer, "1.1.0", headers={"Authorization": "Bearer made-up"}))


def test_a_registry_without_bearer_issues_no_tokens(basic: Emulator) -> None:
    """Its token endpoint does not exist."""
    response = requests.get(f"{basic.url}token", auth=USER, timeout=30)

    assert code(response) == (404, "UNSUPPORTED")


def test_an_unknown_login_is_one_sentence() -> None:
    """It names those there are."""
    with pytest.raises(EmulatorError, match="use 'basic' or 'bearer'"):
        Emulator(registry_login="oauth")


# The log


def test_each_request_is_one_line_without_secrets() -> None:
    """What was asked and what came of it; never a key, a signature, a token or a login."""
    lines: list[str] = []
    with Emulator(data=DATA, faults=["http=503*1"], log=lines.append) as emulator:
        post(emulator.url, signed(Offset="3", Limit="5"))
        post(emulator.url, signed(Offset="3", Limit="5"))
        requests.get(emulator.url, params=signed(SecurityToken=TOKEN), timeout=30)
        post(emulator.url, signed("another key"))
        push = {"BucketName": "many", "ImageName": "image-00", "TagName": "1"}
        digest = control(emulator.url, "push", push).json()["Digest"]
        control(emulator.url, "push", {})
        get(emulator, "many/image-00/manifests/1", auth=USER)
        requests.get(f"{emulator.url}nowhere?Signature=x", timeout=30)
        image = {"BucketName": "many", "ImageName": "image-00"}
        control(emulator.url, "delete", {**image, "TagName": "1"})
        control(emulator.url, "delete", {**image, "Digest": digest})
        control(emulator.url, "delete", image)
        emulator.fault("drop")
        with pytest.raises(requests.ConnectionError):
            post(emulator.url, signed())

    subject = "GetDockerImageList Region=cn-bj2 BucketName=many"
    assert lines == [
        f"POST {subject} Offset=3 Limit=5 -> 503 (fault)",
        f"POST {subject} Offset=3 Limit=5 -> 200 5 of 25 images",
        f"GET {subject} -> 200 20 of 25 images",
        f"POST {subject} -> 200 RetCode 171: Signature is wrong",
        "POST /emulator/push -> 200 registry.example/many/image-00:1",
        "POST /emulator/push -> 400 The request must have BucketName, ImageName, TagName,"
        " and may have CreateTime, Region, SameBytes, MediaType; no more.",
        f"GET /v2/many/image-00/manifests/1 -> 200 {digest}",
        "GET /nowhere -> 404 GET knows /, /v2/, /token and /emulator/requests.",
        "POST /emulator/delete -> 200 registry.example/many/image-00:1",
        f"POST /emulator/delete -> 200 registry.example/many/image-00@{digest}",
        "POST /emulator/delete -> 200 registry.example/many/image-00",
        f"POST {subject} -> connection reset (fault)",
    ]


def test_a_request_cannot_write_a_line_of_its_own() -> None:
    """Control characters are escaped, and long lines are cut."""
    lines: list[str] = []
    with Emulator(log=lines.append) as emulator:
        post(emulator.url, signed(BucketName="a\nPOST x\x1b[2J", Region="r" * 9000))
        with raw(emulator) as connection:
            connection.sendall(b"\x1b[2J / HTTP/1.1\r\n\r\n")
            connection.recv(100)

    assert len(lines) == 2
    assert all(line.isprintable() and len(line) < 1000 for line in lines)
