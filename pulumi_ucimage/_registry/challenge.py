"""What a registry asks for with status 401, and whether credentials may be sent there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from pulumi_ucimage._http.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
# RFC 9110 section 11.6.1: a list of challenges, each a scheme with a list of parameters.
_SCHEME: Final = re.compile(
    rf"[\s,]*({_WORD})(?:[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$)))?(?=[\s,]|$)",
    re.ASCII,
)
_PARAMETER: Final = re.compile(
    rf'[\s,]*({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.ASCII
)
_QUERY: Final = re.compile("[A-Za-z0-9._~/=&%:+-]*")


class Challenge(NamedTuple):
    """One way to log in.

    Attributes:
        scheme: in lower case, `bearer` or `basic`.
        parameters: by name in lower case, such as `realm` and `service`.
    """

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """The challenges of a WWW-Authenticate header, or of several, joined by commas.

    Reading stops where the text is malformed.
    """
    challenges: list[Challenge] = []
    position = 0
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            name, in_quotes, plain = parameter.groups()
            value = plain if in_quotes is None else re.sub(r"\\(.)", r"\1", in_quotes)
            # The first of two wins: nothing that follows can change it.
            parameters.setdefault(name.lower(), value)
        challenges.append(Challenge(scheme[1].lower(), parameters))
    return challenges


class Realm(NamedTuple):
    """The token service of a registry.

    Attributes:
        endpoint: where it is.
        query: what is already in its address after `?`; mostly empty.
    """

    endpoint: Endpoint
    query: str

    def target(self, query: str) -> str:
        """Path and query of a request, with what the registry's address already had."""
        together = "&".join(filter(None, (self.query, query)))
        return f"{self.endpoint.path}?{together}" if together else self.endpoint.path


def parse_realm(text: str, registry: Endpoint) -> Realm:
    """The token service at an address that a registry named.

    Raises:
        ValueError: nothing may be sent there; the text says why, as the end of a sentence.
    """
    url, _, query = text.partition("?")
    try:
        endpoint = Endpoint.parse(url)
    except ValueError:
        endpoint = None
    if (
        endpoint is None
        or (endpoint.scheme != "https" and not endpoint.is_loopback)
        or not _QUERY.fullmatch(query)
    ):
        raise ValueError("is not an https:// address that can be used")
    if not _is_same_owner(endpoint, registry):
        raise ValueError("is on another domain than the registry")
    return Realm(endpoint, query)


def _is_same_owner(realm: Endpoint, registry: Endpoint) -> bool:
    """Whether two hosts are one, both this machine, or of one registered domain.

    The Public Suffix List decides what is registered: example.com.cn and other.com.cn
    are two domains, so are two names below github.io.
    """
    if realm.host == registry.host:
        return True
    if realm.is_loopback or registry.is_loopback:
        return realm.is_loopback and registry.is_loopback
    if realm.ip_address or registry.ip_address:
        return False
    # Loaded here: the list takes 30 ms, and most realms are on the registry's own host.
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    domain_of = PublicSuffixList().privatesuffix
    domain = domain_of(registry.host)
    return domain is not None and domain == domain_of(realm.host)
