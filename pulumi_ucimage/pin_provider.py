"""The dynamic provider behind `ImagePin`: Pulumi's requests become a pin's rules.

The name of this module and of its class stand in every state that holds a pin; neither may
ever change.

The choice is made in Check, not in Create: Check runs in previews too, and with the inputs
of last time, so that a preview shows the tag that would be chosen.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

import pulumi
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
from pulumi_ucimage._lookup import pin_rules
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._pulumi import engine_log
from pulumi_ucimage._spec import pin_state
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.errors import UcimageError

if TYPE_CHECKING:
    State = dict[str, Any]

_UNKNOWN: Final = pulumi.output.UNKNOWN


class ImagePinProvider(ResourceProvider):
    """Chooses once, and keeps the choice.

    Has no attributes before `configure`: it is pickled into the state.
    """

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's configuration, encrypted keys included."""
        self._stack = stack_values(req.config.get)

    def check(self, _olds: State, news: State) -> CheckResult:
        """Keep the choice, or make it anew; a mistake is a check failure."""
        olds, wanted = _own(_olds), _own(news)
        # Where `tag` is in ignore_changes, the engine gives the chosen one back.
        frozen = bool(wanted.get("tag"))
        context = self._lookup_context()
        try:
            state = pin_rules.decided(
                olds, wanted, context, unknown=_UNKNOWN, frozen=frozen
            )
        except UcimageError as error:
            return CheckResult(wanted, [CheckFailure("", str(error))])
        return CheckResult(state, [])

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Tell what changed, and whether it makes another pin of it."""
        changes = pin_rules.changes(_olds, _news, _UNKNOWN)
        replaces = [key for key, replace in changes.items() if replace]
        return DiffResult(changes=bool(changes), replaces=replaces)

    def create(self, props: State) -> CreateResult:
        """Keep what was checked."""
        return CreateResult(pin_rules.identity(props), {**_own(props), "chosen_at": _now()})

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Keep what was checked."""
        return UpdateResult({**_own(_news), "chosen_at": _now()})

    def read(self, id_: str, props: State) -> ReadResult:
        """Look whether the tag is still listed; the tag stays, whatever there is."""
        state = _own(props)
        try:
            state, news = pin_rules.looked_at(state, self._lookup_context())
        except UcimageError as error:
            _tell(engine_log.WARNING, f"The pin {id_} was not looked at: {error}")
        else:
            for line in news:
                _tell(engine_log.INFO, line)
        chosen_at = props.get("chosen_at", "")
        return ReadResult(id_, {**state, "chosen_at": chosen_at}, state)

    def delete(self, _id: str, _props: State) -> None:
        """Forget the choice; nothing is called."""

    def _lookup_context(self) -> LookupContext:
        return LookupContext(stack=self._stack, log=_Log())


class _Log:
    """Tells the user what a look-up does."""

    def debug(self, msg: str) -> None:
        _tell(engine_log.DEBUG, msg)

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        _tell(engine_log.INFO, msg, ephemeral=ephemeral)


def _own(props: State) -> State:
    return {key: props[key] for key in pin_state.STATE if key in props}


def _now() -> str:
    return format_timestamp(int(time.time()))


def _tell(severity: int, message: str, *, ephemeral: bool = False) -> None:
    # The engine's address is the last argument.
    engine_log.tell(sys.argv[-1], severity, message, ephemeral=ephemeral)
