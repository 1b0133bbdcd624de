"""A pin's rules: keep the choice, choose again, replace the pin, or refuse.

`reconcile` is where a pin moves, and nothing else moves it. `refresh` only looks.

Pure, except for the look-up that a new choice or a look needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pulumi_ucimage._config import resolve
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._lookup import pin_messages
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.pin_messages import Message, pinned_tag, ranks_below
from pulumi_ucimage._lookup.pinned import pinned
from pulumi_ucimage._lookup.queries import ImageQuery, reference, repo_digest
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.pin_state import (
    CHOOSING_INPUTS,
    INPUT_ALIASES,
    INPUTS,
    OUTPUTS,
    REPLACE_KEYS,
    STATE,
)
from pulumi_ucimage._tags.evaluate import Tag, evaluate
from pulumi_ucimage._tags.policy import FLOATING_TAGS, HIGHEST, NEWEST
from pulumi_ucimage._tags.timestamps import (
    format_timestamp,
    parse_duration,
    parse_timestamp,
)
from pulumi_ucimage.errors import ArgumentError, DowngradeError, NoSuchImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._tags.evaluate import Choice, TagLike

    State = Mapping[str, Any]


class Reconciled(NamedTuple):
    """A pin's state for the program's inputs, and what the user is told."""

    state: dict[str, Any]
    messages: list[Message]


def reconcile(
    olds: State,
    new_inputs: State,
    context: LookupContext,
    *,
    pin: str,
    unknown: object,
    ignores_tag: bool = False,
) -> Reconciled:
    """A pin's state for the inputs of the program: kept, or with a new choice.

    Args:
        olds: the stored state; empty for a new pin.
        new_inputs: by the names of the arguments; see `_wanted`.
        context: where a look-up runs.
        pin: the pin's name, for messages.
        unknown: stands for a value that is not known yet; anything of its type does.
        ignores_tag: whether the program is known to have `tag` in `ignore_changes`.

    Raises:
        UcimageError: an input is invalid, the state is, or a new choice failed.
    """
    inputs, is_frozen = _wanted(olds, new_inputs, ignores_tag=ignores_tag)
    unknown_keys = {k for k, value in inputs.items() if contains_unknown(value, unknown)}
    _check_known(inputs, unknown_keys)

    def choose_if_known(before: State) -> dict[str, Any]:
        if unknown_keys:
            return _unknown_state(before, inputs, unknown)
        return choose(before, inputs, context, pin=pin)

    if not olds:
        return Reconciled(choose_if_known({}), [])
    before = pinned(olds, pin=pin)
    if unknown_keys & {"profile", "wanted_image", *REPLACE_KEYS}:
        return Reconciled(_unknown_state(before, inputs, unknown), [])
    if another := _another_pin(before, inputs, context):
        # Only for Diff to see: the new pin is checked again, without a stored state.
        return Reconciled({**_keep(before, inputs), **another}, [])

    changed = changed_inputs(before, inputs)
    # A trigger also accepts an explicit tag that was pushed again.
    accepts = before["retagged"] and not is_frozen
    messages = (
        []
        if accepts
        else pin_messages.triggers_without_effect(pin, inputs, changed, is_frozen=is_frozen)
    )
    if changed & CHOOSING_INPUTS and not is_frozen:
        return Reconciled(choose_if_known(before), messages)
    messages += pin_messages.state_warnings(pin, before)
    if not changed:
        return Reconciled(dict(olds), messages)
    state = _keep(before, inputs)
    if changed & {"registry", "resolve_digest"}:
        state |= _references(before, inputs, changed, context, unknown)
    return Reconciled(state, messages)


def _wanted(
    olds: State, new_inputs: State, *, ignores_tag: bool
) -> tuple[dict[str, Any], bool]:
    """What the program asks for, by stored names, and whether the tag must stay.

    `tag` and `image_name` are inputs and outputs. If the program ignores changes of one,
    the engine sends the stored output in its place. So a value that differs from the stored
    one was set by the program. An equal one was, if the program says so under the alias too
    (as the Python resource does), or if it was set before; if not, it counts as ignored,
    since a pin must not move when `ignore_changes` is removed.
    """
    inputs = {
        INPUT_ALIASES.get(a.name, a.name): new_inputs[a.name]
        for a in arguments.IMAGE_PIN
        if a.name in new_inputs
    }
    is_frozen = False
    for name, alias in INPUT_ALIASES.items():
        value, was_wanted = inputs.get(alias), olds.get(alias, "")
        if olds and value and value == olds.get(name) and new_inputs.get(alias) != value:
            inputs[alias] = was_wanted
            is_frozen |= name == "tag" and (ignores_tag or was_wanted != value)
    return inputs, is_frozen


def _another_pin(before: State, inputs: State, context: LookupContext) -> dict[str, Any]:
    """The replace keys that inputs ask for, if they ask for another pin; else empty."""
    asked = {
        key: inputs[key]
        for key in ("bucket_name", "region", "project_id")
        if inputs.get(key)
    }
    profile = inputs.get("profile")
    if profile and profile != before.get("profile"):
        settings = _query({key: inputs.get(key) for key in _PLACE}).settings(context)
        asked["region"] = settings.region
        asked["project_id"] = settings.project_id or ""
    image = inputs.get("wanted_image")
    if image and not ImageName.parse(before["image_name"]).is_called(image):
        asked["image_name"] = image
    return asked if any(before[key] != value for key, value in asked.items()) else {}


def changed_inputs(before: State, inputs: State) -> set[str]:
    """The inputs that differ in meaning; unset is equal to the default.

    The replace keys are not compared, since a pin keeps them from its creation if the
    program does not set them. A stored input that this release cannot understand differs
    from everything.
    """
    changed = {
        key
        for key in INPUTS
        if key not in REPLACE_KEYS
        and _meaning(key, before.get(key)) != _meaning(key, inputs.get(key))
    }
    tag = inputs.get("wanted_tag")
    # A pin that was frozen by an older release may hold another tag than its input names.
    return changed | {"wanted_tag"} if tag and tag != before["tag"] else changed


_MEANINGS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "min_age": parse_duration,
    "wait": parse_duration,
    "as_of": parse_timestamp,
    "floating_tags": lambda names: frozenset(filter(None, names)),
    # Any spelling is of the pinned image; another image replaces the pin.
    "wanted_image": lambda _: "",
}
_DEFAULTS: Final = {
    "policy": NEWEST,
    "order": HIGHEST,
    "semver_range": "*",
    "semver_loose": False,
    "min_age": 0,
    "wait": 0,
    "floating_tags": frozenset(FLOATING_TAGS),
    "triggers": {},
    "allow_downgrade": False,
    "resolve_digest": False,
}
_ARGUMENTS: Final = {INPUT_ALIASES.get(a.name, a.name): a for a in arguments.IMAGE_PIN}


def _meaning(key: str, value: Any) -> Any:
    """What an input means; something that equals nothing else if it cannot be read."""
    if value is None or value == "":
        return _DEFAULTS.get(key, "")
    try:
        value = _ARGUMENTS[key].checked(value)
        return _MEANINGS[key](value) if key in _MEANINGS else value
    except ValueError:
        return object()


def contains_unknown(value: object, unknown: object) -> bool:
    """Whether a value is unknown, or has an unknown in it."""
    if isinstance(value, dict):
        return any(contains_unknown(item, unknown) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item, unknown) for item in value)
    return isinstance(value, type(unknown))


def _unknown_state(before: State, inputs: State, unknown: object) -> dict[str, Any]:
    """The state in a preview in which the choice cannot be known yet."""
    stays = {key: before[key] for key in ("region", "project_id") if key in before}
    image, bucket = inputs.get("wanted_image"), inputs.get("bucket_name")
    if before and not any(contains_unknown(value, unknown) for value in (image, bucket)):
        stays["image_name"] = before["image_name"]
    return {**_unread(before), **dict.fromkeys(OUTPUTS, unknown), **stays, **inputs}


def _unread(state: State) -> dict[str, Any]:
    """The fields that this release does not know."""
    return {key: value for key, value in state.items() if key not in STATE}


def _keep(before: State, inputs: State) -> dict[str, Any]:
    """The inputs with the choice as it was."""
    place = {key: inputs.get(key) or before[key] for key in ("region", "project_id")}
    return {**_unread(before), **inputs, **place, **{key: before[key] for key in OUTPUTS}}


def _references(
    before: State,
    inputs: State,
    changed: set[str],
    context: LookupContext,
    unknown: object,
) -> dict[str, Any]:
    """The references of the pinned tag after a change of `registry` or `resolve_digest`.

    The registry is asked for a digest only if there is none yet: another registry has the
    same image.

    Args:
        before: the state, validated.
        inputs: by stored names.
        changed: the inputs that changed.
        context: where a look-up runs.
        unknown: stands for a value that is not known yet.

    Raises:
        UcimageError: see `errors`.
    """
    image = before["image"]
    if "registry" in changed:
        image = _rewritten(before, inputs, context, unknown)
    repository = unknown if image is unknown else image.rpartition(":")[0]
    digest = _pinned_digest(before, inputs, repository, context, unknown)
    references = {"image": image, "digest": digest, "repo_digest": digest and unknown}
    if digest and unknown not in (digest, repository):
        references["repo_digest"] = f"{repository}@{digest}"
    return references if digest else {**references, "previous_digest": ""}


def _rewritten(
    before: State, inputs: State, context: LookupContext, unknown: object
) -> Any:
    """The reference of the pinned tag at the registry that is wanted now."""
    registry = inputs.get("registry") or resolve.configured_registry(context.stack)
    if contains_unknown(registry, unknown):
        return unknown
    return reference(ImageName.parse(before["image_name"]), before["tag"], registry)


def _pinned_digest(
    before: State, inputs: State, repository: Any, context: LookupContext, unknown: object
) -> Any:
    """The digest of the pinned tag; "" if none is wanted."""
    wanted = inputs.get("resolve_digest")
    if contains_unknown(wanted, unknown):
        return unknown
    if not wanted:
        return ""
    if before["digest"] or repository is unknown:
        return before["digest"] or unknown
    # Only here: a pin without a digest does not need it.
    from pulumi_ucimage._lookup.digests import resolve_digest  # noqa: PLC0415

    place = {key: inputs.get(key) for key in _PLACE}
    _, settings = _query_in_place(before, place, context)
    deadline = Deadline.after(settings.timeout_s, context.clock)
    return resolve_digest(
        repository, before["tag"], settings, deadline, is_listed=before["available"]
    )


def choose(
    before: State, inputs: State, context: LookupContext, *, pin: str
) -> dict[str, Any]:
    """The inputs with a new choice.

    Args:
        before: the state, validated; empty for a new pin.
        inputs: of the same bucket, region, project and image, by stored names.
        context: where the look-up runs.
        pin: the pin's name, for messages.

    Raises:
        UcimageError: see `errors`; a `DowngradeError` if the choice ranks below the pinned
            tag under the new policy and order.
    """
    query, settings = _query_in_place(before, inputs, context)
    found = query.find(settings, context)
    selection = found.selection
    if before and not inputs.get("allow_downgrade"):
        _refuse_downgrade(
            selection.choice, before, selection.tag, selection.create_time, pin
        )
    has_moved = bool(before) and selection.tag != before["tag"]
    digest, old_digest = found.digest or "", before.get("digest", "")
    has_new_digest = bool(before) and digest != old_digest
    previous_digest = old_digest if has_new_digest else before.get("previous_digest", "")
    time = selection.create_time
    return {
        **_unread(before),
        **inputs,
        "region": settings.region,
        "project_id": settings.project_id or "",
        "tag": selection.tag,
        "image": reference(found.name, selection.tag, settings.registry),
        "image_name": found.name.full,
        "digest": digest,
        "repo_digest": repo_digest(found.name, digest, settings.registry) or "",
        "create_time": "" if time is None else time,
        "created_at": "" if time is None else format_timestamp(time),
        "found": selection.found,
        "previous_tag": before["tag"] if has_moved else before.get("previous_tag", ""),
        "previous_digest": previous_digest if digest else "",
        "available": selection.found,
        "retagged": False,
    }


def _check_known(inputs: State, unknown_keys: Collection[str]) -> None:
    """Raise ArgumentError if an input is invalid, as far as inputs are known."""
    known = {a.name: inputs.get(k) for k, a in _ARGUMENTS.items() if k not in unknown_keys}
    # A stand-in for a name that is not known yet; all else about the bucket is optional.
    given = arguments.given(arguments.IMAGE_PIN, {"bucket_name": "unknown", **known})
    ImageQuery.of(given, unknown={_ARGUMENTS[key].name for key in unknown_keys})


def _query(inputs: State) -> ImageQuery:
    """The query that inputs ask; raises ArgumentError if one is invalid."""
    values = {a.name: inputs.get(key) for key, a in _ARGUMENTS.items()}
    return ImageQuery.of(arguments.given(arguments.IMAGE_PIN, values))


def _query_in_place(
    before: State, inputs: State, context: LookupContext
) -> tuple[ImageQuery, Settings]:
    """The query and its settings, with what the pin keeps from its creation."""
    if not before:
        query = _query(inputs)
        return query, query.settings(context)
    kept = {
        "wanted_image": before["image_name"],
        "region": inputs.get("region") or before["region"],
        # A default tag serves the first choice only.
        "default_tag": "",
    }
    query = _query({**inputs, **kept})
    project_id = inputs.get("project_id") or before["project_id"] or None
    return query, replace(query.settings(context), project_id=project_id)


def _refuse_downgrade(
    choice: Choice, before: State, tag: str, create_time: int | None, pin: str
) -> None:
    is_free = choice.policy.tag or not before["found"] or tag == before["tag"]
    if not is_free and ranks_below(
        choice.policy, Tag(tag, create_time), pinned_tag(before)
    ):
        message = pin_messages.downgrade(pin, before["tag"], tag, choice)
        raise DowngradeError(message, pinned=before["tag"], chosen=tag)


def changes(olds: State, new: State, unknown: object) -> dict[str, bool]:
    """The keys in which two states differ, and whether that replaces the pin."""
    return {
        key: key in REPLACE_KEYS and not contains_unknown(new.get(key), unknown)
        for key in STATE
        if _stored(olds, key) != _stored(new, key)
    }


def _stored(state: State, key: str) -> Any:
    """A stored value; Pulumi does not store None."""
    value = state.get(key)
    return "" if value is None else value


def chose_again(olds: State, new: State) -> bool:
    """Whether a state has another choice than the one before."""
    old_digest, new_digest = _stored(olds, "digest"), _stored(new, "digest")
    # A digest that appears or disappears is of the same choice.
    if old_digest and new_digest and old_digest != new_digest:
        return True
    return any(_stored(olds, key) != _stored(new, key) for key in ("tag", "create_time"))


def resource_id(state: State) -> str:
    """A pin's id: `<region>/<bucket>/<image path>`."""
    path = ImageName.parse(state["image_name"]).path
    return f"{state['region']}/{state['bucket_name']}/{path}"


def import_inputs(import_id: str) -> dict[str, Any]:
    """The inputs of a pin that is imported by `<region>/<bucket>/<image>:<tag>`.

    The image may be spelled in any way; the tag becomes an explicit one.

    Raises:
        ArgumentError: the id has another form.
    """
    place, _, tag = import_id.rpartition(":")
    region, _, rest = place.partition("/")
    bucket, _, image = rest.partition("/")
    if not (region and bucket and image and tag) or "/" in tag:
        message = (
            "A pin is imported by <region>/<bucket>/<image>:<tag>, not by"
            f" {quoted(import_id)}."
        )
        raise ArgumentError(message)
    names = {"bucket_name": bucket, "region": region}
    return {**names, "wanted_image": image, "wanted_tag": tag}


def refresh(olds: State, context: LookupContext, *, pin: str) -> Reconciled:
    """A pin after a look at its image. Its tag stays, whatever was pushed.

    Args:
        olds: the stored state.
        context: where the look-up runs.
        pin: the pin's name, for messages.

    Raises:
        UcimageError: the state is invalid, or the look failed: the pin keeps what it knew.
    """
    look = look_at(olds, context, pin=pin)
    message = look.finding(pin)
    return Reconciled({**olds, **look.seen}, [message] if message else [])


class Look(NamedTuple):
    """What a look at a pin's image found.

    Attributes:
        before: the pin's state, validated.
        seen: `available` and `retagged` as they are now.
        pushed: when the pinned tag was last pushed, in Unix seconds, if that is known.
        choice: what the pin's policy makes of the listed tags; None if this release cannot
            read the policy.
        is_listed: whether the pinned tag is listed.
    """

    before: dict[str, Any]
    seen: dict[str, bool]
    pushed: int | None
    choice: Choice | None
    is_listed: bool

    @property
    def after(self) -> dict[str, Any]:
        """The pin's state after the look."""
        return {**self.before, **self.seen}

    def finding(self, pin: str) -> Message | None:
        """What to tell the user about the pin of that name; None for nothing."""
        return pin_messages.finding(
            pin, self.after, self.pushed, self.choice, is_listed=self.is_listed
        )


def look_at(olds: State, context: LookupContext, *, pin: str) -> Look:
    """Look at a pin's image; the arguments and errors are those of `refresh`."""
    before = pinned(olds, pin=pin)
    query, settings = _query_in_place(before, {k: before.get(k) for k in _LOOK}, context)
    try:
        tags = query.tags(settings, context)
    except NoSuchImageError:
        tags = []
    listed = [tag.create_time for tag in tags if tag.name == before["tag"]]
    pushed = max((time for time in listed if time is not None), default=None)
    known = pinned_tag(before).create_time
    seen = {
        "available": bool(listed),
        "retagged": None not in {pushed, known} and pushed != known,
    }
    if before["repo_digest"]:
        # Only here: a pin without a digest does not need it.
        from pulumi_ucimage._lookup import digests  # noqa: PLC0415

        deadline = Deadline.after(settings.timeout_s, context.clock)
        look = digests.look_at(before["repo_digest"], before["tag"], settings, deadline)
        seen = {"available": bool(listed) and look.has_digest, "retagged": look.is_retagged}
    choice = _choice(before, tags, context.clock.now())
    return Look(before, seen, pushed, choice, is_listed=bool(listed))


_PLACE: Final = ("bucket_name", "region", "project_id", "profile")
"""The inputs that say where to look. Others may not be known yet."""

_LOOK: Final = (*_PLACE, "order_by")
"""What a look takes of the stored inputs; a newer release may have written the others."""


def _choice(before: State, tags: Sequence[TagLike], now: float) -> Choice | None:
    """What the stored policy makes of tags; None if this release cannot read it."""
    try:
        return evaluate(_query(before).policy, tags, now=now)
    except ArgumentError:
        return None
