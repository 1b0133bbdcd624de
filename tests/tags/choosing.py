"""Tags and policies for the tests of tag selection, fixed and random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pulumi_ucimage._tags.evaluate import Evaluation, Tag, TagLike, evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.select import Selection, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR = 3600
FIRST = 1700000000  # 2023-11-14T22:13:20Z
NOW = FIRST + 1000 * HOUR
IMAGE = "registry.test/team/app"


def hourly(names: str) -> list[Tag]:
    """Tags created one after the other, an hour apart."""
    return [Tag(name, FIRST + i * HOUR) for i, name in enumerate(names.split())]


def undated(names: str) -> list[Tag]:
    """Tags without a CreateTime."""
    return [Tag(name, None) for name in names.split()]


def same_second(names: Iterable[str | None]) -> list[Tag]:
    """Tags that were all created in the same second."""
    return [Tag(name, FIRST) for name in names]


def evaluated(tags: Sequence[TagLike], *, now: float = NOW, **arguments: Any) -> Evaluation:
    """Evaluate a policy with these arguments."""
    return evaluate(Policy.from_arguments(arguments), tags, now=now)


def selected(tags: Sequence[TagLike], *, now: float = NOW, **arguments: Any) -> Selection:
    """Select a tag by a policy with these arguments."""
    return select(evaluated(tags, now=now, **arguments), image_name=IMAGE)


def names(evaluation: Evaluation) -> list[str]:
    """The names of the candidates, best first."""
    return [candidate.name for candidate in evaluation.candidates]


_VERSIONS = st.builds(
    "{}{}.{}.{}{}".format,
    st.sampled_from(["", "", "v", "0", "app-"]),
    *[st.integers(min_value=0, max_value=11)] * 3,
    st.sampled_from(["", "", "-0", "-rc.1", "-rc.2", "-alpine", "+b", "_b", ".4"]),
)
_OTHERS = [
    None,
    "",
    "a b",
    "-a",
    "é",
    "latest",
    "main",
    "edge",
    "v",
    "x",
    "y",
    "1",
    "1.0",
    "01",
    "1.1",
    "1.10",
    "1.9",
    "1.5_a",
    "v1.2-5",
    "build-1",
    "build-01",
    "build-2",
    "main-7",
    f"sha256-{'0' * 64}",
    f"sha256-{'a' * 64}.sig",
]
TIMES = st.none() | st.integers(min_value=FIRST, max_value=FIRST + 4)
TAG = st.builds(Tag, st.sampled_from(_OTHERS) | _VERSIONS, TIMES)
TAGS = st.lists(TAG, max_size=12)

_ANY_POLICY: dict[str, Any] = {
    "order": st.sampled_from(["highest", "lowest"]),
    "tag_exclude_regex": st.sampled_from([".*-rc.*", "v.*", "1.*", ".*"]),
    "min_age": st.sampled_from(["0s", "1s", "3s", "1h"]),
    "as_of": st.sampled_from(["2023-11-14T22:13:22Z", "2023-11-14T22:13:20+00:00"]),
    "floating_tags": st.sampled_from([[], ["x", "1.0"], ["latest"]]),
}
_REGEX: dict[str, Any] = {
    "tag_regex": st.sampled_from(["v?[0-9.]+", ".*[0-9].*", "latest|main|.*", "x", "[0-9]"])
}
_EXTRACTION: dict[str, Any] = {
    "tag_regex": st.just("(?P<name>[a-z]+-?)?v?(.*)"),
    "tag_extract": st.sampled_from(["$2", "${name}", "$1$2", "1.$2", "é$1"]),
}
_SEMVER: dict[str, Any] = {
    "semver_range": st.sampled_from(["*", "^1", ">=1.0.0-0 <9", "<1 || >2", "*-0"]),
    "semver_loose": st.booleans(),
}


def _policy(name: str, own: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    policy: dict[str, Any] = {"policy": st.just(name)}
    plain = st.fixed_dictionaries(policy, optional={**_ANY_POLICY, **_REGEX, **own})
    if name == "newest":
        return plain
    return plain | st.fixed_dictionaries(
        {**policy, **_EXTRACTION}, optional={**_ANY_POLICY, **own}
    )


POLICIES = ["newest", "semver", "numerical", "alphabetical"]
ARGUMENTS = st.one_of(
    [_policy(name, _SEMVER if name == "semver" else {}) for name in POLICIES]
)
