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

import grpc
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
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_ucimage import pinning
from pulumi_ucimage.config import NAMESPACE, SETTINGS
from pulumi_ucimage.credentials import Secret
from pulumi_ucimage.errors import UcimageError
from pulumi_ucimage.lookup import Surroundings
from pulumi_ucimage.references import ImageName
from pulumi_ucimage.selection.moments import format_moment

if TYPE_CHECKING:
    State = dict[str, Any]

_OWN: Final = (*pinning.ASKED, *pinning.CHOSEN)
_UNKNOWN: Final = pulumi.output.UNKNOWN


class ImagePinProvider(ResourceProvider):
    """Chooses once, and keeps the choice.

    Has no attributes before `configure`: it is pickled into the state.
    """

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's configuration, encrypted keys included."""
        stack = {s.key: req.config.get(f"{NAMESPACE}:{s.key}") for s in SETTINGS}
        self._stack = {key: Secret(value) for key, value in stack.items() if value}

    def check(self, _olds: State, news: State) -> CheckResult:
        """Keep the choice, or make it anew; a mistake is a check failure."""
        olds, wanted = _own(_olds), _own(news)
        try:
            return CheckResult(self._checked(olds, wanted), [])
        except UcimageError as error:
            return CheckResult(wanted, [CheckFailure("", str(error))])

    def _checked(self, olds: State, news: State) -> State:
        frozen = news.get("tag")
        wanted = {key: news[key] for key in pinning.ASKED if key in news}
        unknown = [key for key, value in wanted.items() if _is_unknown(value)]
        if not unknown:
            pinning.question_of(wanted)
        if olds and not unknown:
            if pinning.is_another(olds, wanted):
                # Only for Diff to see; the new pin is checked with nothing of the old.
                image = wanted.get("wanted_image") or olds["image_name"]
                return {**pinning.kept(olds, wanted), "image_name": image}
            if pinning.asks_the_same(olds, wanted):
                return olds
            # Where `tag` is in ignore_changes, the engine gives the chosen one back.
            if frozen:
                return pinning.kept(olds, wanted)
        if unknown:
            return _undecided(olds, wanted, unknown)
        return pinning.chosen(olds, wanted, self._surroundings())

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Tell what changed, and whether it makes another pin of it."""
        changed = [key for key in _OWN if _olds.get(key, "") != _news.get(key, "")]
        replaces = [
            key
            for key in changed
            if key in pinning.IDENTITY and not _is_unknown(_news.get(key))
        ]
        return DiffResult(changes=bool(changed), replaces=replaces)

    def create(self, props: State) -> CreateResult:
        """Keep what was checked."""
        return CreateResult(_id(props), {**_own(props), "chosen_at": _now()})

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Keep what was checked."""
        return UpdateResult({**_own(_news), "chosen_at": _now()})

    def read(self, id_: str, props: State) -> ReadResult:
        """Look whether the tag is still listed; the tag stays, whatever there is."""
        state = _own(props)
        try:
            state, news = pinning.looked_at(state, self._surroundings())
        except UcimageError as error:
            _tell(engine_pb2.WARNING, f"The pin {id_} was not looked at: {error}")
        else:
            for line in news:
                _tell(engine_pb2.INFO, line)
        chosen_at = props.get("chosen_at", "")
        return ReadResult(id_, {**state, "chosen_at": chosen_at}, state)

    def delete(self, _id: str, _props: State) -> None:
        """Forget the choice; nothing is called."""

    def _surroundings(self) -> Surroundings:
        return Surroundings(stack=self._stack, log=_Log())


class _Log:
    """Tells the user what a look-up does."""

    def debug(self, msg: str) -> None:
        _tell(engine_pb2.DEBUG, msg)

    def info(self, msg: str) -> None:
        _tell(engine_pb2.INFO, msg)


def _own(props: State) -> State:
    return {key: props[key] for key in _OWN if key in props}


def _is_unknown(value: object) -> bool:
    if isinstance(value, dict):
        return any(_is_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(_is_unknown(item) for item in value)
    return isinstance(value, type(_UNKNOWN))


def _undecided(olds: State, news: State, unknown: list[str]) -> State:
    """A preview in which an input is not known yet: neither is the choice."""
    undecided = dict.fromkeys(pinning.CHOSEN, _UNKNOWN)
    kept: State = {key: olds[key] for key in ("region", "project_id") if key in olds}
    if olds and not {*unknown} & {*pinning.IDENTITY, "wanted_image"}:
        kept["image_name"] = olds["image_name"]
    return {**undecided, **kept, **news}


def _id(props: State) -> str:
    path = ImageName.parse(props["image_name"]).path
    return f"{props['region']}/{props['bucket_name']}/{path}"


def _now() -> str:
    return format_moment(int(time.time()))


def _tell(severity: int, message: str) -> None:
    """Show a line in Pulumi's output; the engine's address is the last argument."""
    with grpc.insecure_channel(sys.argv[-1]) as channel:
        engine_pb2_grpc.EngineStub(channel).Log(
            engine_pb2.LogRequest(severity=severity, message=message)  # type: ignore[arg-type]
        )
