"""`ucimage pins`: the pins of a stack beside what is listed now. Never writes anything."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

import click

from pulumi_ucimage._lookup import pin_messages, pin_rules
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._spec import pin_state
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.cli import stack
from pulumi_ucimage.cli.output import age, note, show_json, show_table
from pulumi_ucimage.cli.session import json_option, session_options, wait_for
from pulumi_ucimage.errors import ArgumentError, ConfigError, UcimageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage.cli.session import Session

_TYPES: Final = {"pulumi-python:dynamic/ucimage:ImagePin", "ucimage:index:ImagePin"}
_STATE: Final = {wire_name(key): key for key in pin_state.STATE}
# From pulumi/pulumi, sdk/go/common/resource/sig.
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"

UP_TO_DATE: Final = "up to date"
FIXED: Final = "fixed by tag"
NEWER: Final = "newer tag"
NOT_LISTED: Final = "not listed"
PUSHED_AGAIN: Final = "pushed again"
DEFAULT: Final = "default tag"
UNKNOWN_POLICY: Final = "unknown policy"
FAILED: Final = "look failed"

_LOOK_AT_IT: Final = 3


class PinReport(NamedTuple):
    """One pin and what a look at its image found.

    Attributes:
        name: the resource's name in the program.
        tag: the pinned tag; None if the state does not say.
        chosen_at: when it was chosen, RFC 3339.
        best: the tag that a new choice would take; None if there is none.
        best_time: when that was pushed, in Unix seconds.
        verdict: one of the verdicts above.
        message: what to do, if there is something to do.
    """

    name: str
    tag: str | None
    chosen_at: str | None
    best: str | None
    best_time: int | None
    verdict: str
    message: str | None


@click.command(
    epilog="\b\nExamples:\n  ucimage pins\n"
    "  pulumi stack export --show-secrets | ucimage pins --from - --exit-code"
)
@click.option(
    "--from",
    "file",
    type=click.File("r", encoding="utf-8"),
    help="Output of `pulumi stack export`; - for stdin.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="End with 3 if there is something to look at, 1 if a look failed, else 0.",
)
@session_options
@json_option
def command(
    *, file: IO[str] | None, exit_code: bool, session: Session, as_json: bool
) -> int:
    """Show each pin of the stack: its tag, and the tag that would be chosen now.

    The rules are those of `pulumi refresh`, for pins of Python programs and of the plugin.
    The pin's stored inputs decide which tag is best. Nothing is written.
    """
    reports = wait_for(lambda: list(_reports(_exported(file, session), session)))
    if as_json:
        show_json({"pins": [_document(report) for report in reports]})
    elif reports:
        now = time.time()
        rows = [
            (
                report.name,
                report.tag or "-",
                report.chosen_at or "-",
                report.best or "-",
                age(report.best_time, now),
                report.verdict,
            )
            for report in reports
        ]
        show_table(("pin", "tag", "pinned", "best now", "age", "verdict"), rows)
    else:
        note("The stack has no pins.")
    for report in reports:
        if report.message:
            note(report.message)
    verdicts = {report.verdict for report in reports}
    if FAILED in verdicts:
        return 1
    return _LOOK_AT_IT if exit_code and verdicts - {UP_TO_DATE, FIXED} else 0


def _exported(file: IO[str] | None, session: Session) -> dict[str, Any]:
    """The stack's state, as `pulumi stack export` prints it."""
    if file:
        text = file.read()
    elif session.folder:
        text = stack.export(session.folder, session.stack)
    else:
        message = (
            "This is not the folder of a Pulumi project; go there, use --cwd, or give the"
            " output of `pulumi stack export` with --from."
        )
        raise ConfigError(message)
    try:
        exported = json.loads(text)
        resources = exported["deployment"].get("resources") or []
        return {resource["urn"]: resource for resource in resources}
    except (ValueError, TypeError, KeyError, AttributeError):
        message = "The input is not the output of `pulumi stack export`."
        raise ArgumentError(message) from None


def _reports(resources: dict[str, Any], session: Session) -> Iterator[PinReport]:
    pins = [
        resource
        for resource in resources.values()
        if resource.get("type") in _TYPES and not resource.get("delete")
    ]
    if not pins:
        return
    # All pins of a bucket share one listing.
    listings: ListingCache[Listing] = ListingCache(keeps=True)
    context = replace(session.context(), listings=listings)
    for pin in pins:
        name = str(pin["urn"]).rpartition("::")[2]
        yield _report(name, pin, context)


def _report(name: str, resource: dict[str, Any], context: LookupContext) -> PinReport:
    inputs, outputs = resource.get("inputs") or {}, resource.get("outputs") or {}
    state: dict[str, Any] = {}
    try:
        state = _state(name, inputs)
        look = pin_rules.look_at(state, context, pin=name)
    except UcimageError as error:
        message = pin_messages.not_looked_at(name, error, state).text
        return PinReport(name, _text(state.get("tag")), None, None, None, FAILED, message)
    finding = pin_messages.finding(name, look.after, look.pushed or 0, look.choice)
    best = pin_messages.best_candidate(look.choice)
    chosen_at = outputs.get("chosen_at") or outputs.get("chosenAt")
    return PinReport(
        name=name,
        tag=look.after["tag"],
        chosen_at=_text(chosen_at),
        best=best and best.name,
        best_time=best and best.create_time,
        verdict=_verdict(look),
        message=finding and finding.text,
    )


def _verdict(look: pin_rules.Look) -> str:
    state, choice = look.after, look.choice
    if state["found"] and not state["available"]:
        return NOT_LISTED
    if state["retagged"]:
        return PUSHED_AGAIN
    if state.get("wanted_tag"):
        return FIXED
    if choice is None:
        return UNKNOWN_POLICY
    best = pin_messages.best_candidate(choice)
    if best and pin_messages.is_better(best, choice.policy, state):
        return NEWER
    return UP_TO_DATE if state["found"] else DEFAULT


def _state(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """A pin's inputs by Python names, whichever provider made it."""
    state = {
        _STATE.get(key, key): _plain(name, value)
        for key, value in inputs.items()
        if not key.startswith("__")
    }
    return {key: "" if value is None else value for key, value in state.items()}


def _plain(name: str, value: Any) -> Any:
    """A stored value, decrypted if the export is."""
    if isinstance(value, list):
        return [_plain(name, item) for item in value]
    if not isinstance(value, dict):
        return value
    if _SIGNATURE not in value:
        return {key: _plain(name, item) for key, item in value.items()}
    if "plaintext" not in value:
        message = (
            f"The pin '{name}' has encrypted inputs; export the stack with"
            " `pulumi stack export --show-secrets`."
        )
        raise ArgumentError(message)
    return json.loads(value["plaintext"])


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _document(report: PinReport) -> dict[str, Any]:
    time_ = report.best_time
    return {
        "name": report.name,
        "tag": report.tag,
        "chosenAt": report.chosen_at,
        "bestTag": report.best,
        "bestCreatedAt": None if time_ is None else format_timestamp(time_),
        "verdict": report.verdict,
        "message": report.message,
    }
