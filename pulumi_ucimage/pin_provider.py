"""The dynamic provider behind `ImagePin`: Pulumi's requests, and the rules of a pin.

The names of this module and of its class are in every state that holds a pin; neither may
ever change.

The choice is made in Check, not in Create: Check also runs in previews and gets the stored
inputs, so that a preview shows the tag that would be chosen.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_ucimage._config.stack import stack_values
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup import pin_changes, pin_messages, pin_refresh, pin_rules
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._lookup.pinned import resource_id, validated_state
from pulumi_ucimage._pulumi.engine_log import EngineLog
from pulumi_ucimage._spec import pin_state
from pulumi_ucimage._spec.pin_state import resource_name
from pulumi_ucimage._spec.unknown import contains_unknown
from pulumi_ucimage.errors import ArgumentError, UcimageError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pulumi_ucimage._spec.pin_state import State
    from pulumi_ucimage._ucloud.listing import Listing


class ImagePinProvider(ResourceProvider):
    """Chooses once, and keeps the choice.

    Has no attributes before `configure`: it is pickled into the state.
    """

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's configuration, encrypted keys included.

        Called once per process. A process serves one preview, one up or one refresh.
        """
        self._stack = stack_values(req.config.get)
        self._listings: ListingCache[Listing] = ListingCache(keeps=True)
        self._refresh_listings: ListingCache[Listing] = ListingCache(keeps=True)
        self._throttled: set[Hashable] = set()
        self._began_s = time.monotonic()

    def check(self, _olds: State, news: State) -> CheckResult:
        """Keep the choice, or choose again; an error is a check failure."""
        program = news.get(pin_state.PROGRAM) or {}
        urn = program.get("urn") or _olds.get(pin_state.URN, "")
        olds = _without_internal(_olds)
        not_before = program.get("not_before", time.monotonic())
        context = self._context(urn, self._listings, not_before)
        try:
            _refuse_other_inputs(news, olds)
            state, messages = pin_rules.reconcile(
                olds,
                news,
                context,
                pin=_name(urn),
                ignores_tag=bool(program.get("ignores_tag")),
            )
        except UcimageError as error:
            failure = CheckFailure("", pin_messages.failure(error, olds))
            return CheckResult(_without_internal(news), [failure])
        tag, kept = program.get("ignored_tag"), state["tag"]
        if tag and tag != kept and not contains_unknown(kept):
            messages.append(pin_messages.tag_without_effect(_name(urn), kept))
        _log(urn).show(messages)
        return CheckResult({**state, pin_state.URN: urn}, [])

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Say whether something changed, and whether it replaces the pin."""
        changes = pin_changes.changes(_olds, _news)
        if not changes:
            return DiffResult(changes=False)
        # None: the engine finds what changed itself, so that it can replace the pin on
        # changes that the program names, and hide others.
        replaces = [key for key, replace in changes.items() if replace]
        return DiffResult(changes=None, replaces=replaces)

    def create(self, props: State) -> CreateResult:
        """Store what was checked."""
        validated_state(props, pin=_name(props.get(pin_state.URN, "")))
        return CreateResult(
            resource_id(props), _outputs(props, pin_changes.chosen_at({}, props))
        )

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Store what was checked."""
        validated_state(_news, pin=_name(_news.get(pin_state.URN, ""), _id))
        return UpdateResult(_outputs(_news, pin_changes.chosen_at(_olds, _news)))

    def read(self, id_: str, props: State) -> ReadResult:
        """See whether the tag is still listed; the tag stays, whatever was pushed."""
        urn = props.get(pin_state.URN, "")
        # The rest is what Check returned.
        state = {k: value for k, value in props.items() if k != pin_state.CHOSEN_AT}
        try:
            state, messages = pin_refresh.refresh(
                state,
                self._context(urn, self._refresh_listings, self._began_s),
                pin=_name(urn, id_),
            )
        except UcimageError as error:
            messages = [pin_messages.refresh_failed(_name(urn, id_), error, state)]
        _log(urn).show(messages)
        return ReadResult(id_, _outputs(state, props.get(pin_state.CHOSEN_AT, "")), state)

    def delete(self, _id: str, _props: State) -> None:
        """Do nothing: Pulumi removes the state."""

    def _context(
        self, urn: str, listings: ListingCache[Listing], not_before: float
    ) -> LookupContext:
        """The context of a look-up, and which listings it may share."""
        return LookupContext(
            stack=self._stack,
            log=_log(urn),
            listings=listings,
            not_before=not_before,
            throttled=self._throttled,
        )


def _refuse_other_inputs(new_inputs: State, olds: State) -> None:
    """Raise ArgumentError for an input without effect, such as a misspelled name."""
    known = {*pin_state.STATE_KEYS, pin_state.CHOSEN_AT, *olds}
    for key, value in _without_internal(new_inputs).items():
        if key not in known and value is not None:
            message = f"There is no argument {quoted(key)}; see the arguments of ImagePin."
            raise ArgumentError(message)


def _without_internal(props: State) -> dict[str, Any]:
    return {key: value for key, value in props.items() if not key.startswith("__")}


def _outputs(state: State, chosen_at: str) -> dict[str, Any]:
    return {**state, pin_state.CHOSEN_AT: chosen_at}


def _name(urn: str, id_: str = "") -> str:
    """The pin's name in the program; a state of an older release has only its id."""
    return resource_name(urn) or id_


def _log(urn: str) -> EngineLog:
    # The engine's address is the last argument.
    return EngineLog(sys.argv[-1], urn)
