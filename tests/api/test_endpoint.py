"""The URL of a server has one reading, and plain HTTP goes to few servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._http.endpoint import Endpoint, is_host_and_port


@pytest.mark.parametrize(
    ("url", "called", "host", "port"),
    [
        ("https://api.ucloud.cn/", "https://api.ucloud.cn/", "api.ucloud.cn", 443),
        ("https://api.ucloud.cn", "https://api.ucloud.cn/", "api.ucloud.cn", 443),
        ("https://api.ucloud.cn:443/", "https://api.ucloud.cn/", "api.ucloud.cn", 443),
        ("HTTPS://API.UCloud.CN/", "https://api.ucloud.cn/", "api.ucloud.cn", 443),
        ("https://gw.test:8443/v1/A", "https://gw.test:8443/v1/A", "gw.test", 8443),
        ("https://gw.test:65535/", "https://gw.test:65535/", "gw.test", 65535),
        ("https://gw.test:00443/", "https://gw.test/", "gw.test", 443),
        ("https://10.0.0.5/", "https://10.0.0.5/", "10.0.0.5", 443),
        ("https://gateway/", "https://gateway/", "gateway", 443),
        ("https://[2001:DB8::1]/", "https://[2001:db8::1]/", "2001:db8::1", 443),
        ("https://[2001:db8::1]:1/", "https://[2001:db8::1]:1/", "2001:db8::1", 1),
        (
            "http://api.service.ucloud.cn",
            "http://api.service.ucloud.cn/",
            "api.service.ucloud.cn",
            80,
        ),
        (
            "http://API.service.ucloud.cn:80/",
            "http://api.service.ucloud.cn/",
            "api.service.ucloud.cn",
            80,
        ),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/", "127.0.0.1", 8000),
        ("http://[::1]:80/", "http://[::1]/", "::1", 80),
    ],
)
def test_a_url_is_parsed(url: str, called: str, host: str, port: int) -> None:
    """Scheme, host, port and path are kept; equal URLs become one."""
    endpoint = Endpoint.parse(url)

    assert (called, host, port) == (endpoint.url, endpoint.host, endpoint.port)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://LOCALHOST:8000",
        "http://127.0.0.1/",
        "http://127.9.9.9:1/",
        "http://[::1]:80/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:7f00:1]/",
        "https://localhost/",
    ],
)
def test_this_machine_is_loopback(url: str) -> None:
    """Every spelling of a loopback address is accepted, also with plain HTTP."""
    assert Endpoint.parse(url).is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "https://api.ucloud.cn/",
        "http://api.service.ucloud.cn/",
        "https://127.0.0.1.evil.com/",
    ],
)
def test_other_machines_are_not_loopback(url: str) -> None:
    """Other hosts are not taken for this machine."""
    assert not Endpoint.parse(url).is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://api.ucloud.cn/",
        "HTTP://api.ucloud.cn/",
        "http://127.0.0.1.evil.com/",
        "http://127.0.0.1.nip.io/",
        "http://localhost.evil.com/",
        "http://evil-localhost/",
        "http://api.service.ucloud.cn.evil.com/",
        "http://evil.api.service.ucloud.cn/",
        "http://xapi.service.ucloud.cn/",
        "http://0.0.0.0/",
        "http://10.0.0.5/",
        "http://169.254.169.254/",
        "http://[::]/",
        "http://[2001:db8::1]/",
        "http://[::ffff:a00:5]/",
        # Some resolvers read these as 127.0.0.1; no grammar says so.
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
    ],
)
def test_plain_http_is_refused_elsewhere(url: str) -> None:
    """It is accepted only for loopback and the in-network endpoint."""
    with pytest.raises(ValueError, match="must begin with https://, because anyone"):
        Endpoint.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "api.ucloud.cn",
        "//api.ucloud.cn/",
        "ftp://api.ucloud.cn/",
        "file:///etc/passwd",
        "https:/api.ucloud.cn/",
        "https://",
        "https:///",
        "https://user@api.ucloud.cn/",
        "https://user:hunter2@api.ucloud.cn/",
        "https://api.ucloud.cn@evil.com/",
        "http://127.0.0.1@evil.com/",
        "http://127.0.0.1:80@evil.com/",
        "https://api.ucloud.cn\\@evil.com/",
        "https://evil.com\\.api.ucloud.cn/",
        "https://api.ucloud.cn/\\evil",
        "https://api.ucloud.cn/?Signature=hunter2",
        "https://api.ucloud.cn?a=b",
        "https://api.ucloud.cn/#fragment",
        "https://api.ucloud.cn#fragment",
        "https://api.ucloud.cn/%2e",
        "https://api.ucloud.cn/ ",
        " https://api.ucloud.cn/",
        "https://api.ucloud.cn/\n",
        "https://api.ucloud.cn\n.evil.com/",
        "https://api.ucloud.cn/a b",
        "https://api.ucloud.cn:/",
        "https://api.ucloud.cn:0/",
        "https://api.ucloud.cn:65536/",
        "https://api.ucloud.cn:99999/",
        "https://api.ucloud.cn:123456/",
        "https://api.ucloud.cn:-1/",
        "https://api.ucloud.cn:8x/",
        "https://api.ucloud.cn:80:80/",
        "https://api..ucloud.cn/",
        "https://.ucloud.cn/",
        "https://api.ucloud.cn./",
        "https://-api.ucloud.cn/",
        "https://api-.ucloud.cn/",
        "https://api_x.ucloud.cn/",
        f"https://{'a' * 64}.cn/",
        "https://\uff41pi.ucloud.cn/",
        "https://api.ucloud.cn:\u0664\u0664\u0663/",
        "http\u017f://api.ucloud.cn/",
        "https://\u212a.cn/",
        "https://::1/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1%25eth0]/",
        "http://[:::]/",
        "http://[1]/",
        "http://[]/",
        "http://[::1]x/",
    ],
)
def test_an_unusual_url_is_refused(url: str) -> None:
    """User names, queries, fragments, odd hosts and ports are refused, and not repeated."""
    with pytest.raises(ValueError, match="must be an address such as") as caught:
        Endpoint.parse(url)

    assert "hunter2" not in str(caught.value)


@given(st.text(st.sampled_from("http://s:@[]%?#\\.1270alocx \n"), max_size=40))
def test_an_accepted_url_is_accepted_again(url: str) -> None:
    """The URL of an endpoint means the same endpoint."""
    try:
        endpoint = Endpoint.parse(f"https://{url}")
    except ValueError:
        return

    assert endpoint == Endpoint.parse(endpoint.url)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("a-b.c:1", True),
        ("[::1]:65535", True),
        ("1.2.3.4", True),
        ("", False),
        ("a:", False),
        ("a:0", False),
        ("a:65536", False),
        ("a/b", False),
        ("[::1]]", False),
        ("[::g]", False),
        ("a\n", False),
    ],
)
def test_host_and_port(text: str, *, expected: bool) -> None:
    """A host is a name or an address, IPv6 in brackets, with an optional port."""
    assert expected == is_host_and_port(text)
