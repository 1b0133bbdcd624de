"""A pin's rules: keep the choice, choose again, replace, or refuse.

Pure but for the look-up that a new choice needs. `pin_state` tells what a state holds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.queries import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.pin_state import ASKED, CHOSEN, IDENTITY, STATE, WANTED
from pulumi_ucimage._tags.evaluate import Tag, evaluate, rank
from pulumi_ucimage._tags.policy import FLOATING_TAGS, HIGHEST, NEWEST
from pulumi_ucimage._tags.timestamps import parse_duration, parse_timestamp
from pulumi_ucimage._tags.wording import rule
from pulumi_ucimage.errors import ArgumentError, DowngradeError, NoSuchImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._tags.policy import Policy

    State = Mapping[str, Any]


def asked(state: State) -> dict[str, Any]:
    """The arguments that a state asks with, by their own names, checked."""
    return arguments.given(
        arguments.IMAGE_PIN,
        {a.name: state.get(WANTED.get(a.name, a.name)) for a in arguments.IMAGE_PIN},
    )


def query_of(state: State) -> ImageQuery:
    """The query that a state asks.

    Raises:
        ArgumentError: it cannot be one.
    """
    return ImageQuery.of(asked(state))


def is_another(olds: State, news: State) -> bool:
    """Whether arguments ask for another pin: other region, project, bucket or image."""
    moved = any(
        news.get(key) and news[key] != olds.get(key)
        for key in ("bucket_name", "region", "project_id")
    )
    wanted = news.get("wanted_image")
    known = ImageName.parse(olds.get("image_name") or "")
    return moved or bool(wanted and not known.is_called(wanted))


def asks_the_same(olds: State, news: State) -> bool:
    """Whether two states ask the same, by meaning: unset is as good as the default."""
    return _meaning(olds) == _meaning(news)


def _meaning(state: State) -> dict[str, Any]:
    floating = state.get("floating_tags")
    meaning = {
        key: state.get(key) or "" for key in ASKED if key not in {*IDENTITY, "wanted_image"}
    }
    meaning |= {
        "policy": state.get("policy") or NEWEST,
        "order": state.get("order") or HIGHEST,
        "semver_range": state.get("semver_range") or "*",
        "floating_tags": frozenset(
            FLOATING_TAGS if floating is None else filter(None, floating)
        ),
        "min_age": parse_duration(state.get("min_age") or "0s"),
        "wait": parse_duration(state.get("wait") or "0s"),
        "triggers": dict(state.get("triggers") or {}),
    }
    if as_of := state.get("as_of"):
        meaning["as_of"] = parse_timestamp(as_of)
    return meaning


def decided(
    olds: State,
    news: State,
    context: LookupContext,
    *,
    unknown: object,
    frozen: bool = False,
) -> dict[str, Any]:
    """A pin's state for what is asked: kept, chosen anew, or not to be known yet.

    Args:
        olds: the state of before; empty for a new pin.
        news: what is asked now.
        context: where the look-up runs.
        unknown: what stands for a value that is not known yet; any of its type does.
        frozen: whether the tag must stay, whatever is asked.

    Raises:
        UcimageError: what is asked cannot be, or a new choice failed.
    """
    wanted = {key: news[key] for key in ASKED if key in news}
    open_keys = {key for key, value in wanted.items() if holds(value, unknown)}
    if open_keys:
        return _undecided(olds, wanted, open_keys, unknown)
    query_of(wanted)
    if not olds:
        return chosen(olds, wanted, context)
    place = _place_of_profile(olds, wanted, context)
    moved = any(olds.get(key, "") != value for key, value in place.items())
    if moved or is_another(olds, wanted):
        # Only for a diff to see; the new pin is decided with nothing of the old.
        image = wanted.get("wanted_image")
        if not image or ImageName.parse(olds["image_name"]).is_called(image):
            image = olds["image_name"]
        return {**kept(olds, wanted), **place, "image_name": image}
    if asks_the_same(olds, wanted):
        return dict(olds)
    if frozen:
        return kept(olds, wanted)
    return chosen(olds, wanted, context)


def _place_of_profile(olds: State, news: State, context: LookupContext) -> dict[str, str]:
    """Region and project that another profile asks for; none where it is the same one."""
    if not news.get("profile") or news["profile"] == olds.get("profile"):
        return {}
    settings = query_of(news).settings(context)
    return {"region": settings.region, "project_id": settings.project_id or ""}


def holds(value: object, unknown: object) -> bool:
    """Whether a value is unknown, or has an unknown in it."""
    if isinstance(value, dict):
        return any(holds(item, unknown) for item in value.values())
    if isinstance(value, list):
        return any(holds(item, unknown) for item in value)
    return isinstance(value, type(unknown))


def _undecided(
    olds: State, wanted: State, open_keys: set[str], unknown: object
) -> dict[str, Any]:
    """A preview in which an input is not known yet: neither is the choice."""
    undecided = dict.fromkeys(CHOSEN, unknown)
    stays = {key: olds[key] for key in ("region", "project_id") if key in olds}
    if olds and not open_keys & {*IDENTITY, "wanted_image"}:
        stays["image_name"] = olds["image_name"]
    return {**undecided, **stays, **wanted}


def changes(olds: State, news: State, unknown: object) -> dict[str, bool]:
    """The keys in which two states differ, and whether that makes another pin of it."""
    return {
        key: key in IDENTITY and not holds(news.get(key), unknown)
        for key in STATE
        if olds.get(key, "") != news.get(key, "")
    }


def identity(state: State) -> str:
    """A pin's id: `<region>/<bucket>/<image path>`."""
    path = ImageName.parse(state["image_name"]).path
    return f"{state['region']}/{state['bucket_name']}/{path}"


def adopted(identity: str) -> dict[str, Any]:
    """What a pin asks that is imported by `<region>/<bucket>/<image>:<tag>`.

    The image may be spelled in any way; the tag becomes an explicit one.

    Raises:
        ArgumentError: the id is another.
    """
    place, _, tag = identity.rpartition(":")
    region, _, rest = place.partition("/")
    bucket, _, image = rest.partition("/")
    if not (region and bucket and image and tag) or "/" in tag:
        message = (
            f"A pin is imported by <region>/<bucket>/<image>:<tag>, not by"
            f" {quoted(identity)}."
        )
        raise ArgumentError(message)
    wanted = {"bucket_name": bucket, "region": region}
    return {**wanted, "wanted_image": image, "wanted_tag": tag}


def kept(olds: State, news: State) -> dict[str, Any]:
    """What is asked now, with the choice of before; no call is made."""
    places = {key: news.get(key) or olds.get(key, "") for key in ("region", "project_id")}
    return {**news, **places, **{key: olds.get(key, "") for key in CHOSEN}}


def chosen(olds: State, news: State, context: LookupContext) -> dict[str, Any]:
    """What is asked now, with a new choice.

    Args:
        olds: the state of before; empty for a new pin.
        news: what is asked now, of the same bucket, region, project and image.
        context: where the look-up runs.

    Raises:
        UcimageError: see `errors`; a `DowngradeError` where the choice ranks below the
            pinned tag, by the new policy and order.
    """
    query, settings = _in_place(olds, news, context)
    result = query.ask_with(settings, context)
    if olds and not news.get("allow_downgrade"):
        _refuse_downgrade(query.policy, olds, result.tag, result.create_time)
    changed = bool(olds) and result.tag != olds.get("tag")
    return {
        **news,
        "region": settings.region,
        "project_id": settings.project_id or "",
        "tag": result.tag,
        "image": result.image,
        "image_name": result.image_name,
        "create_time": "" if result.create_time is None else result.create_time,
        "created_at": result.created_at or "",
        "found": result.found,
        "previous_tag": olds.get("tag") if changed else olds.get("previous_tag", ""),
        "available": result.found,
        "retagged": False,
    }


def looked_at(state: State, context: LookupContext) -> tuple[dict[str, Any], list[str]]:
    """A pin after a look at the registry, and what there is to tell.

    Its tag stays, whatever was pushed meanwhile.

    Args:
        state: the pin's.
        context: where the look-up runs.

    Raises:
        UcimageError: the look failed; the pin keeps what it knew.
    """
    query, settings = _in_place(state, state, context)
    try:
        tags = query.tags(settings, context)
    except NoSuchImageError:
        tags = []
    pinned = Tag(state["tag"], _time(state))
    name = f"{state['image_name']}:{pinned.name}"
    times = {tag.create_time for tag in tags if tag.name == pinned.name}
    retagged = bool(times) and _moved(pinned.create_time, times)
    # A default tag has no rank, and need never have been listed.
    by_default = not state.get("found")
    news = []
    if not times and not by_default:
        news.append(
            f"The pinned {quoted(name)} is not listed any more: push it again, or change"
            " a trigger to choose another tag."
        )
    if retagged:
        news.append(
            f"The pinned {quoted(name)} was pushed again and may be another image now:"
            " change a trigger to choose anew."
        )
    choice = evaluate(query.policy, tags, now=context.clock.now())
    if choice.candidates and not query.policy.tag:
        best = choice.candidates[0]
        newer = Tag(best.name, best.create_time)
        better = by_default or _goes_back(query.policy, newer, pinned)
        if best.name != pinned.name and better:
            news.append(
                f"{quoted(best.name)} is there, and {quoted(name)} stays pinned: change"
                " a trigger to take it."
            )
    return {**state, "available": bool(times), "retagged": retagged}, news


def _moved(pinned: int | None, listed: set[int | None]) -> bool:
    """Whether a tag's CreateTime is another than it was, as far as both are known."""
    known = {time for time in listed if time is not None}
    return pinned is not None and bool(known) and max(known) != pinned


def _in_place(
    olds: State, news: State, context: LookupContext
) -> tuple[ImageQuery, Settings]:
    """The query and the settings, with what the pin keeps from when it was made."""
    wanted = asked(news)
    if not olds:
        query = ImageQuery.of(wanted)
        return query, query.settings(context)
    # A default tag serves the first choice only.
    wanted.pop("default_tag", None)
    wanted["image_name"] = olds["image_name"]
    wanted["region"] = news.get("region") or olds["region"]
    query = ImageQuery.of(wanted)
    settings = query.settings(context)
    project_id = news.get("project_id") or olds.get("project_id") or None
    return query, replace(settings, project_id=project_id)


def _refuse_downgrade(
    policy: Policy, olds: State, tag: str, create_time: int | None
) -> None:
    pinned = Tag(olds["tag"], _time(olds))
    free = policy.tag or not olds.get("found") or tag == pinned.name
    if not free and _goes_back(policy, pinned, Tag(tag, create_time)):
        message = (
            f"The choice would go back from the pinned {quoted(olds['tag'])} to"
            f" {quoted(tag)}, by the {rule(policy)}: set allow_downgrade, or name the tag"
            " to go to in tag."
        )
        raise DowngradeError(message, pinned=olds["tag"], chosen=tag)


def _goes_back(policy: Policy, before: Tag, after: Tag) -> bool:
    """Whether a move is to a lower rank; it is not where one of them has no rank."""
    high, low = rank(policy, before), rank(policy, after)
    if high is None or low is None:
        return False
    return bool(low < high if policy.highest else low > high)


def _time(state: State) -> int | None:
    time = state.get("create_time")
    return int(time) if time not in {None, ""} else None
