"""A pin's rules: keep the choice, choose again, replace the pin, or refuse.

`reconcile` is where a pin moves, and nothing else moves it.

Calls the API only for a new choice, and the registry only for a digest. Settings are read
for these calls, and if `profile` or `registry` changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_ucimage._config import resolve
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._lookup import pin_messages
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._lookup.pin_changes import changed_inputs, other_pin, wanted_inputs
from pulumi_ucimage._lookup.pin_query import BUCKET_INPUTS, query_and_settings
from pulumi_ucimage._lookup.pinned import pinned_tag, validated_state
from pulumi_ucimage._spec.pin_state import (
    ARGUMENTS,
    CHOOSING_INPUTS,
    OUTPUTS,
    REPLACE_KEYS,
    STATE_KEYS,
)
from pulumi_ucimage._spec.unknown import UNKNOWN, contains_unknown
from pulumi_ucimage._tags.evaluate import Tag, evaluate, ranks_below
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.errors import DowngradeError, NoMatchingTagError

if TYPE_CHECKING:
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._lookup.pin_messages import Message
    from pulumi_ucimage._spec.pin_state import State
    from pulumi_ucimage._tags.evaluate import Evaluation
    from pulumi_ucimage._tags.select import Selection


class Reconciled(NamedTuple):
    """A pin's state for the program's inputs, and messages for the user."""

    state: dict[str, Any]
    messages: list[Message]


def reconcile(
    olds: State,
    new_inputs: State,
    context: LookupContext,
    *,
    pin: str,
    ignores_tag: bool = False,
) -> Reconciled:
    """A pin's state for the inputs of the program: kept, or with a new choice.

    Args:
        olds: the stored state; empty for a new pin.
        new_inputs: by the names of the arguments; see `wanted_inputs`.
        context: where a look-up runs.
        pin: the pin's name, for messages.
        ignores_tag: whether the program is known to have `tag` in `ignore_changes`.

    Raises:
        UcimageError: an input is invalid, the state is, or a new choice failed.
    """
    inputs, is_frozen = wanted_inputs(olds, new_inputs, ignores_tag=ignores_tag)
    unknown_keys = {k for k, value in inputs.items() if contains_unknown(value)}
    known = {a.name: inputs.get(k) for k, a in ARGUMENTS.items() if k not in unknown_keys}
    ImageQuery.check_known(ARGUMENTS.values(), known)

    def choose_if_known(before: State) -> dict[str, Any]:
        if unknown_keys:
            return _unknown_state(before, inputs)
        return choose(before, inputs, context, pin=pin)

    if not olds:
        return Reconciled(choose_if_known({}), [])
    before = validated_state(olds, pin=pin)
    if unknown_keys & {"profile", "wanted_image", *REPLACE_KEYS}:
        return Reconciled(_unknown_state(before, inputs), [])
    if another := other_pin(before, inputs, context):
        # Only for Diff and its reader: the engine checks the new pin again, in this way.
        new, _ = reconcile({}, new_inputs, context, pin=pin)
        return Reconciled({**new, **another}, [])

    changed = changed_inputs(before, inputs)
    messages = []
    # A trigger also accepts an explicit tag that was pushed again.
    if is_frozen or not before["retagged"]:
        messages = pin_messages.triggers_without_effect(
            pin, inputs, changed, is_frozen=is_frozen
        )
    if changed & CHOOSING_INPUTS and not is_frozen:
        return Reconciled(choose_if_known(before), messages)
    messages += pin_messages.state_warnings(pin, before, is_frozen=is_frozen)
    if not changed:
        return Reconciled(dict(olds), messages)
    state = _keep(before, inputs)
    if changed & {"registry", "resolve_digest"}:
        state |= _new_references(before, inputs, changed, context)
    return Reconciled(state, messages)


def _unknown_state(before: State, inputs: State) -> dict[str, Any]:
    """The state in a preview in which the choice cannot be known yet."""
    stays = _fixed_inputs(before, inputs) if before else {}
    image, bucket = inputs.get("wanted_image"), inputs.get("bucket_name")
    if before and not any(contains_unknown(value) for value in (image, bucket)):
        stays["image_name"] = before["image_name"]
    return {**_other_fields(before), **inputs, **dict.fromkeys(OUTPUTS, UNKNOWN), **stays}


def _other_fields(state: State) -> dict[str, Any]:
    """The fields that this release does not know."""
    return {key: value for key, value in state.items() if key not in STATE_KEYS}


def _fixed_inputs(before: State, inputs: State) -> dict[str, Any]:
    """Region and project: by argument, or as they were when the pin was created."""
    return {key: inputs.get(key) or before[key] for key in ("region", "project_id")}


def _keep(before: State, inputs: State) -> dict[str, Any]:
    """The inputs with the choice as it was."""
    choice = {key: before[key] for key in OUTPUTS}
    return {**_other_fields(before), **inputs, **_fixed_inputs(before, inputs), **choice}


def _new_references(
    before: State,
    inputs: State,
    changed: set[str],
    context: LookupContext,
) -> dict[str, Any]:
    """The references of the pinned tag after a change of `registry` or `resolve_digest`.

    The registry is asked for a digest only if there is none yet: another registry has the
    same image.

    Args:
        before: the state, validated.
        inputs: by stored names.
        changed: the inputs that changed.
        context: where a look-up runs.

    Raises:
        UcimageError: see `errors`.
    """
    image = before["image"]
    if "registry" in changed:
        image = _rewritten(before, inputs, context)
    repository = UNKNOWN if image is UNKNOWN else image.rpartition(":")[0]
    digest = _pinned_digest(before, inputs, repository, context)
    updated = {"image": image, "digest": digest}
    if not digest:
        return {**updated, "repo_digest": "", "previous_digest": ""}
    is_known = UNKNOWN not in (digest, repository)
    return {**updated, "repo_digest": f"{repository}@{digest}" if is_known else UNKNOWN}


def _rewritten(before: State, inputs: State, context: LookupContext) -> Any:
    """The reference of the pinned tag at the registry that is wanted now."""
    registry = inputs.get("registry") or resolve.find_configured_registry(context.stack)
    if contains_unknown(registry):
        return UNKNOWN
    return ImageName.parse(before["image_name"]).reference(before["tag"], registry)


def _pinned_digest(
    before: State, inputs: State, repository: Any, context: LookupContext
) -> Any:
    """The digest of the pinned tag; "" if none is wanted."""
    wanted = inputs.get("resolve_digest")
    if contains_unknown(wanted):
        return UNKNOWN
    if not wanted:
        return ""
    if before["digest"] or repository is UNKNOWN:
        return before["digest"] or UNKNOWN
    # Only here: a pin without a digest does not need it.
    from pulumi_ucimage._lookup.digests import resolve_digest  # noqa: PLC0415

    # The choosing inputs did not change, and others may not be known yet.
    known = {**before, **{key: inputs.get(key) for key in BUCKET_INPUTS}}
    query, settings = query_and_settings(before, known, context)
    deadline = Deadline.after(settings.timeout_s, context.clock)
    digest = resolve_digest(
        repository, before["tag"], settings, deadline, is_listed=before["available"]
    )
    if query.policy.limits_age and before["found"] and not query.policy.tag:
        tags = query.tags(settings, context, again=True, deadline=deadline)
        evaluation = evaluate(query.policy, tags, now=context.clock.now())
        _refuse_younger_push(evaluation, before)
    return digest


def _refuse_younger_push(evaluation: Evaluation, before: State) -> None:
    """Raise an error if the pinned tag names bytes that are too young by now."""
    pinned = pinned_tag(before)
    listed = evaluation.find_tag(before["tag"])
    is_the_same = listed is not None and listed.create_time == pinned.create_time
    if not is_the_same and listed not in evaluation.candidates:
        raise NoMatchingTagError(pin_messages.no_old_digest(before["tag"], evaluation))


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
    query, settings = query_and_settings(before, inputs, context)
    found = query.find(settings, context)
    selection = found.selection
    if before and not inputs.get("allow_downgrade"):
        _refuse_downgrade(selection, before, pin)
    has_moved = bool(before) and selection.tag != before["tag"]
    digest, old_digest = found.digest or "", before.get("digest", "")
    has_new_digest = bool(before) and digest != old_digest
    previous_digest = old_digest if has_new_digest else before.get("previous_digest", "")
    time = selection.create_time
    return {
        **_other_fields(before),
        **inputs,
        "region": settings.region,
        "project_id": settings.project_id or "",
        "tag": selection.tag,
        "image": found.name.reference(selection.tag, settings.registry),
        "image_name": found.name.full,
        "digest": digest,
        "repo_digest": found.name.repo_digest(digest, settings.registry) or "",
        "create_time": "" if time is None else time,
        "created_at": "" if time is None else format_timestamp(time),
        "found": selection.found,
        "previous_tag": before["tag"] if has_moved else before.get("previous_tag", ""),
        "previous_digest": previous_digest if digest else "",
        "available": selection.found,
        "retagged": False,
    }


def _refuse_downgrade(selection: Selection, before: State, pin: str) -> None:
    evaluation, tag = selection.evaluation, selection.tag
    is_free = evaluation.policy.tag or not before["found"] or tag == before["tag"]
    if not is_free and ranks_below(
        evaluation.policy, Tag(tag, selection.create_time), pinned_tag(before)
    ):
        message = pin_messages.downgrade(pin, before["tag"], tag, evaluation)
        raise DowngradeError(message, pinned=before["tag"], chosen=tag)
