"""Which way a call takes and whom it trusts, as the environment says it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from authority import Authority
from cryptography import x509
from faults import FaultServer, answer

from pulumi_ucimage import TransportError, get_docker_images
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.network import NetworkSettings

if TYPE_CHECKING:
    from pathlib import Path

PROXY = "http://proxy:3128"

# Address, NO_PROXY, and whether it is called with no proxy.
EXCEPTIONS = [
    ("https://api.ucloud.cn/", "api.ucloud.cn", True),
    ("https://api.ucloud.cn/", "API.UCloud.cn", True),
    ("https://api.ucloud.cn/", "ucloud.cn", True),
    ("https://api.ucloud.cn/", ".ucloud.cn", True),
    ("https://api.ucloud.cn/", "cn", True),
    ("https://api.ucloud.cn/", "*", True),
    ("https://api.ucloud.cn/", "example.com, api.ucloud.cn ,x", True),
    ("https://api.ucloud.cn/", "example.com,.ucloud.cn", True),
    ("https://api.ucloud.cn:8443/", "api.ucloud.cn", True),
    ("https://api.ucloud.cn:8443/", "api.ucloud.cn:8443", True),
    ("https://api.ucloud.cn:8443/", ".ucloud.cn:8443", True),
    ("https://api.ucloud.cn/", "api.ucloud.cn:443", True),
    ("https://api.ucloud.cn/", ".ucloud.cn:443", True),
    ("http://api.service.ucloud.cn/", "api.service.ucloud.cn:80", True),
    ("https://10.1.2.3/", "10.1.2.3:443", True),
    ("https://[fd00::1]/", "[fd00::1]", True),
    ("https://[fd00::1]/", "fd00::/8", True),
    ("https://10.1.2.3/", "10.1.2.3", True),
    ("https://10.1.2.3/", "10.0.0.0/8", True),
    ("https://10.1.2.3/", "example.com,10.1.2.0/24", True),
    ("https://10.1.2.3/", "10.1.2.3/32", True),
    ("https://10.1.2.3/", "*", True),
    ("https://[fd00::1]/", "fd00::1", True),
    ("http://api.service.ucloud.cn/", ".service.ucloud.cn", True),
    ("https://api.ucloud.cn/", "", False),
    ("https://api.ucloud.cn/", ",", False),
    ("https://api.ucloud.cn/", "example.com", False),
    ("https://api.ucloud.cn/", "xapi.ucloud.cn", False),
    ("https://api.ucloud.cn/", "api.ucloud.cn.example.com", False),
    ("https://api.ucloud.cn/", "api.ucloud.cn:80", False),
    ("https://api.ucloud.cn/", "10.0.0.0/8", False),
    ("https://api.ucloud.cn:8443/", "api.ucloud.cn:443", False),
    ("https://10.1.2.3/", "10.1.3.0/24", False),
    ("https://10.1.2.3/", "10.1.2.4", False),
    ("https://10.1.2.3/", "10.0.0.0/33", False),
    ("https://10.1.2.3/", "10.0.0.0/x", False),
]


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(("url", "exceptions", "is_direct"), EXCEPTIONS)
def test_some_hosts_take_no_proxy(
    variable: str,
    url: str,
    exceptions: str,
    is_direct: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NO_PROXY names hosts, domains, ports and networks, as other tools read it."""
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv(variable, exceptions)

    assert (None if is_direct else PROXY) == NetworkSettings.from_environment(
        Endpoint.parse(url)
    ).proxy


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:1"}, "lower"),
        ({"HTTPS_PROXY": "", "https_proxy": "http://lower:1"}, "lower"),
        ({"all_proxy": "http://all:1"}, "all"),
        ({"all_proxy": "http://all:1", "HTTPS_PROXY": "http://upper:1"}, "upper"),
        ({"HTTPS_PROXY": "http://upper:1", "NO_PROXY": "x", "no_proxy": "cn"}, None),
        ({"HTTPS_PROXY": "http://upper:1", "NO_PROXY": "cn", "no_proxy": "x"}, "upper"),
    ],
)
def test_the_lower_case_variable_comes_first(
    environment: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As curl and requests have it; an empty one is none."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    route = NetworkSettings.from_environment(Endpoint.parse("https://api.ucloud.cn/"))
    assert (f"http://{expected}:1" if expected else None) == route.proxy


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority of the tests."""
    return Authority(tmp_path)


def folder_of(authority: Authority, folder: Path) -> Path:
    """A folder of certificates, as OpenSSL wants it: each is named by its subject."""
    pem = authority.file.read_bytes()
    subject = x509.load_pem_x509_certificate(pem).subject
    # OpenSSL's X509_NAME_hash: of the parts alone, in lower case.
    parts = [x509.NameAttribute(part.oid, str(part.value).lower()) for part in subject]
    encoded = x509.Name(parts).public_bytes()
    head = 2 if encoded[1] < 0x80 else 2 + (encoded[1] & 0x7F)
    digest = hashlib.sha1(encoded[head:], usedforsecurity=False).digest()
    folder.mkdir()
    (folder / f"{int.from_bytes(digest[:4], 'little'):08x}.0").write_bytes(pem)
    return folder


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_folder_of_certificates_is_trusted(
    variable: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable may name a folder; what is not in it is not trusted."""
    (tmp_path / "empty").mkdir()
    for name, value in {
        "UCLOUD_PUBLIC_KEY": "public",
        "UCLOUD_PRIVATE_KEY": "private",
        "UCLOUD_REGION": "cn-bj2",
    }.items():
        monkeypatch.setenv(name, value)
    with FaultServer(answer(), tls=authority.server("127.0.0.1")) as server:
        monkeypatch.setenv("UCLOUD_API_BASE_URL", server.url)
        monkeypatch.setenv(variable, str(folder_of(authority, tmp_path / "folder")))
        assert 1 == len(get_docker_images("ucs").images)

        monkeypatch.setenv(variable, str(tmp_path / "empty"))
        with pytest.raises(TransportError, match="not to be trusted"):
            get_docker_images("ucs")

        assert 1 == len(server.requests)
