"""Proxies and CA bundles from environment variables."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING

import pytest
from authority import Authority
from cryptography import x509
from faults import FaultServer, answer

from pulumi_ucimage import ConfigError, TransportError, get_docker_images
from pulumi_ucimage._http.client import HttpResponse, http_client_for
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.network import NetworkSettings
from pulumi_ucimage._http.peer import Peer

if TYPE_CHECKING:
    from pathlib import Path

PROXY = "http://proxy:3128"
PASSWORD = "proxy-pass-71"
API = Endpoint.parse("https://api.example.com/")
PEER = Peer(name="The server", setting="its address")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority whose files a test may change."""
    return Authority(tmp_path)


# URL, NO_PROXY, and whether it is called without a proxy.
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
    ("https://[fd00::1]/", "[fd00::1]:443", True),
    ("https://[fd00::1]/", "x, [fd00::1]", True),
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
    ("https://api.ucloud.cn/", "loud.cn", False),
    ("https://api.ucloud.cn/", "api.ucloud.cn.example.com", False),
    ("https://api.ucloud.cn/", "api.ucloud.cn:80", False),
    ("https://api.ucloud.cn/", "10.0.0.0/8", False),
    ("https://api.ucloud.cn:8443/", "api.ucloud.cn:443", False),
    ("https://10.1.2.3/", "10.1.3.0/24", False),
    ("https://10.1.2.3/", "10.1.2.4", False),
    ("https://10.1.2.3/", "10.0.0.0/33", False),
    ("https://10.1.2.3/", "10.1.2.3:80", False),
    ("https://[fd00::1]/", "[fd00::1]:80", False),
    ("https://[fd00::1]/", "fe80::/10", False),
    ("https://10.1.2.3/", "10.0.0.0/x", False),
]


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(("url", "exceptions", "is_direct"), EXCEPTIONS)
def test_no_proxy_excludes_hosts(
    variable: str,
    url: str,
    exceptions: str,
    is_direct: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NO_PROXY names hosts, domains, ports and networks, as for other tools."""
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
    """The order is that of curl and requests; an empty variable is not set."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    network = NetworkSettings.from_environment(Endpoint.parse("https://api.ucloud.cn/"))
    assert (f"http://{expected}:1" if expected else None) == network.proxy


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1"}, API.url, "http://p:1"),
        ({"https_proxy": "http://p:1"}, API.url, "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, API.url, "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, API.url, "http://p:1"),
        ({"HTTPS_PROXY": "HTTPS://p:1"}, API.url, "https://p:1"),
        ({"HTTPS_PROXY": ""}, API.url, None),
        ({"HTTP_PROXY": "http://p:1"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, API.url, None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://127.0.0.1/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://localhost/", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://[::1]/", None),
        ({"ALL_PROXY": "http://p:1"}, "http://127.9.9.9:99/", None),
    ],
)
def test_the_environments_proxy(
    environment: dict[str, str],
    url: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The proxy variables are used, but never for a loopback address."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    assert expected == NetworkSettings.from_environment(Endpoint.parse(url)).proxy


@pytest.mark.parametrize(
    "address",
    [
        "socks5://user:{}@127.0.0.1:1080",
        "SOCKS5h://user:{}@127.0.0.1:1080",
        "ftp://user:{}@127.0.0.1",
        "http://user:{}@",
        "http://user:{}@[bad",
        "http://user:{}@host:port",
        "http://user:{}%E4%B8%AD@127.0.0.1:3128",
        "://{}",
    ],
)
def test_an_unusable_proxy_is_a_config_error(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SOCKS is refused too; the message does not show the password."""
    monkeypatch.setenv("HTTPS_PROXY", address.format(PASSWORD))

    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        NetworkSettings.from_environment(API)
    assert PASSWORD not in str(caught.value)


def test_network_settings_show_no_password() -> None:
    """The URL of a proxy may hold one, so the repr leaves it out."""
    network = NetworkSettings(proxy=f"http://user:{PASSWORD}@proxy")

    assert PASSWORD not in repr(network)


# CA bundles


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"REQUESTS_CA_BUNDLE": ""}, None),
        ({"REQUESTS_CA_BUNDLE": "a"}, ("a", "REQUESTS_CA_BUNDLE")),
        ({"CURL_CA_BUNDLE": "b"}, ("b", "CURL_CA_BUNDLE")),
        (
            {"REQUESTS_CA_BUNDLE": "a", "CURL_CA_BUNDLE": "b"},
            ("a", "REQUESTS_CA_BUNDLE"),
        ),
        ({"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "b"}, ("b", "CURL_CA_BUNDLE")),
    ],
)
def test_the_variables_of_ca_bundles(
    environment: dict[str, str],
    expected: tuple[str, str] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """REQUESTS_CA_BUNDLE, then CURL_CA_BUNDLE, then the certificates of requests."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    found = NetworkSettings.from_environment(API).ca_bundle
    assert expected == (found and (found.path, found.variable))


def _unusable_bundles(folder: Path, authority: Authority) -> dict[str, tuple[Path, str]]:
    """CA bundles that cannot be used, and why."""
    pem = authority.file.read_text()
    no_pem = "holds no certificate in PEM format"
    contents: dict[str, bytes] = {
        "empty": b"",
        "text": b"no certificates",
        "DER": ssl.PEM_cert_to_DER_cert(pem),
        "cut": pem[:200].encode(),
        "a private key": authority.ca.private_key_pem.bytes(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "no hashes").mkdir()
    (folder / "no hashes" / "authority.pem").write_text(pem)
    (folder / "loop").symlink_to("loop")
    return {
        **{name: (folder / name, no_pem) for name in contents},
        "a folder without hashes": (
            folder / "no hashes",
            "is a folder without hashed certificates (see `openssl rehash`)",
        ),
        "missing": (folder / "missing", "does not exist"),
        "below a file": (folder / "text" / "x", "cannot be read (Not a directory)"),
        "a loop": (folder / "loop", "cannot be read (Too many levels of symbolic links)"),
    }


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_unusable_ca_bundle_is_a_config_error(
    variable: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the variable that is set and the path, and what is wrong."""
    for name, (path, problem) in _unusable_bundles(tmp_path, authority).items():
        monkeypatch.setenv(variable, str(path))
        with pytest.raises(ConfigError) as caught:
            http_client_for(API, peer=PEER)
        assert str(caught.value).startswith(f"{variable} names '{path}', which"), name
        assert f"which {problem}; set it to a file" in str(caught.value), name
        assert caught.value.__context__ is caught.value.__cause__ is None


def test_plain_http_needs_no_ca_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing bundle does not matter there; behind an HTTPS proxy it does."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing"))
    plain = Endpoint.parse("http://api.service.ucloud.cn/")

    http_client_for(plain, peer=PEER)
    monkeypatch.setenv("HTTP_PROXY", "https://proxy:1")
    with pytest.raises(ConfigError):
        http_client_for(plain, peer=PEER)


def test_a_ca_bundle_is_read_once(trusted: Authority) -> None:
    """Later connections, and later look-ups, use the same certificates."""
    with FaultServer(
        answer(headers={"Connection": "close"}), tls=trusted.server("127.0.0.1")
    ) as server:
        endpoint = Endpoint.parse(server.url)
        for _ in range(3):
            client = http_client_for(endpoint, peer=PEER)
            trusted.file.write_text("something else")
            deadline = Deadline.after(60, Clock())
            response = client.request("GET", "/", headers={}, deadline=deadline)
            assert isinstance(response, HttpResponse)

        assert 3 == server.connections


def folder_of(authority: Authority, folder: Path) -> Path:
    """A folder of certificates as `openssl rehash` makes it: named by their subjects."""
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
    """The variable may name a folder of hashed certificates; only these are trusted."""
    (tmp_path / "other").mkdir()
    other = folder_of(Authority(tmp_path / "other"), tmp_path / "other folder")
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

        monkeypatch.setenv(variable, str(other))
        with pytest.raises(TransportError, match="untrusted certificate"):
            get_docker_images("ucs")

        assert 1 == len(server.requests)
