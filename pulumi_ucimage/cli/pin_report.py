"""What a check of a pin finds: the tag that would be chosen now, and a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pulumi_ucimage._lookup import pin_messages, pin_refresh
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._lookup.pinned import is_better
from pulumi_ucimage.errors import ArgumentError, UcimageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage.cli.exported import ExportedPin

UP_TO_DATE: Final = "up to date"
FIXED: Final = "fixed by tag"
NEWER: Final = "newer tag"
NOT_LISTED: Final = "not listed"
DIGEST_GONE: Final = "digest gone"
PUSHED_AGAIN: Final = "pushed again"
DEFAULT: Final = "default tag"
UNKNOWN_POLICY: Final = "unknown policy"
FAILED: Final = "check failed"

_SECRET: Final = "[secret]"  # noqa: S105 - as Pulumi shows one


class PinReport(NamedTuple):
    """One pin and what its check found.

    Attributes:
        urn: the resource's URN.
        name: its name in the program.
        tag: the pinned tag; None if the state does not say.
        digest: the pinned digest; None if the pin has none.
        chosen_at: when it was chosen, RFC 3339.
        best: the tag that a new choice would take; None if there is none.
        best_time: when that was pushed, in Unix seconds.
        verdict: one of the verdicts above.
        message: what to do, if there is something to do.
    """

    urn: str
    name: str
    tag: str | None
    digest: str | None
    chosen_at: str | None
    best: str | None
    best_time: int | None
    verdict: str
    message: str | None


def report_pins(pins: Iterable[ExportedPin], context: LookupContext) -> list[PinReport]:
    """Check each pin; all pins of a bucket share one listing.

    Args:
        pins: the pins.
        context: where the look-ups run, with the stack's configuration.
    """
    listings: ListingCache[Listing] = ListingCache(keeps=True)
    context = replace(context, listings=listings)
    return [_report(pin, context) for pin in pins]


def _report(pin: ExportedPin, context: LookupContext) -> PinReport:
    try:
        state, settings = pin.state(), pin.settings()
    except ArgumentError as error:  # encrypted
        return _failed(pin, error, {})
    if settings is not None:
        context = replace(context, stack=settings)
    try:
        observation = pin_refresh.observe(state, context, pin=pin.name)
    except UcimageError as error:
        report = _failed(pin, error, state)
    else:
        report = _observed(pin, observation)
    return _without_secrets(report) if pin.is_secret else report


def _failed(pin: ExportedPin, error: UcimageError, state: Mapping[str, Any]) -> PinReport:
    tag = state.get("tag")
    return PinReport(
        urn=pin.urn,
        name=pin.name,
        tag=tag if isinstance(tag, str) else None,
        digest=None,
        chosen_at=pin.chosen_at,
        best=None,
        best_time=None,
        verdict=FAILED,
        message=pin_messages.refresh_failed(pin.name, error, state).text,
    )


def _observed(pin: ExportedPin, observation: pin_refresh.Observation) -> PinReport:
    message = observation.message(pin.name)
    best = observation.evaluation and observation.evaluation.get_best()
    return PinReport(
        urn=pin.urn,
        name=pin.name,
        tag=observation.after["tag"],
        digest=observation.after["digest"] or None,
        chosen_at=pin.chosen_at,
        best=best and best.name,
        best_time=best and best.create_time,
        verdict=_verdict(observation),
        message=message and message.text,
    )


def _verdict(observation: pin_refresh.Observation) -> str:
    state, evaluation = observation.after, observation.evaluation
    if state["found"] and not state["available"]:
        return DIGEST_GONE if observation.is_listed else NOT_LISTED
    if state["retagged"]:
        return PUSHED_AGAIN
    if state.get("wanted_tag"):
        return FIXED
    if evaluation is None:
        return UNKNOWN_POLICY
    best = evaluation.get_best()
    if best and is_better(best, evaluation.policy, state):
        return NEWER
    return UP_TO_DATE if state["found"] else DEFAULT


def _without_secrets(report: PinReport) -> PinReport:
    """The report of a pin whose tag is a secret, because one of its inputs is."""
    return report._replace(
        tag=report.tag and _SECRET,
        digest=report.digest and _SECRET,
        best=report.best and _SECRET,
        best_time=None,
        message=report.message
        and f"The pin '{report.name}' has secret inputs, so that details are not shown.",
    )
