"""`ucimage pins`: the pins of a stack beside what is listed now. Never writes anything."""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Any, Final

import click

from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.cli import stack
from pulumi_ucimage.cli.exported import exported_pins
from pulumi_ucimage.cli.options import Command
from pulumi_ucimage.cli.output import age, note, show_json, show_table
from pulumi_ucimage.cli.pin_report import (
    FAILED,
    FIXED,
    UP_TO_DATE,
    PinReport,
    report_pins,
)
from pulumi_ucimage.cli.session import json_option, session_options
from pulumi_ucimage.cli.waiting import wait_for

if TYPE_CHECKING:
    from pulumi_ucimage.cli.session import Session

_NEEDS_ATTENTION: Final = 3
_NOTHING_TO_DO: Final = {UP_TO_DATE, FIXED}


@click.command(
    cls=Command,
    epilog="\b\nExamples:\n  ucimage pins\n"
    "  pulumi stack export --show-secrets | ucimage pins --from - --exit-code",
)
@click.option(
    "--from",
    "file",
    type=click.File("rb"),
    metavar="FILE",
    help="Output of pulumi stack export; - for stdin. Default: that of the stack.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 3 if a pin needs attention. If a check fails, the status is 1 in any"
    " case.",
)
@session_options
@json_option
def command(
    *, file: IO[bytes] | None, exit_code: bool, session: Session, as_json: bool
) -> int:
    """Show each pin of the stack: its tag, and the tag that would be chosen now.

    The rules are those of pulumi refresh, for pins of Python programs and of the plugin.
    The pin's stored inputs decide which tag is best. Nothing is written.
    """
    if file:
        text: str | bytes = file.read()
    elif session.folder:
        text = stack.export(session.folder, session.stack)
    else:
        message = (
            "There is no Pulumi project to read pins from, or --no-stack ignores it; go to"
            " its folder, use --cwd, or give the output of `pulumi stack export` with"
            " --from."
        )
        raise click.UsageError(message)
    pins = exported_pins(text)
    if pins:
        context = session.context()
        reports = wait_for(lambda: report_pins(pins, context))
    else:
        reports = []
        note("The stack has no pins.")
    if as_json:
        show_json({"pins": [_document(report) for report in reports]})
    elif reports:
        _show(reports)
    for report in reports:
        if report.message:
            note(report.message)
    verdicts = {report.verdict for report in reports}
    if FAILED in verdicts:
        return 1
    return _NEEDS_ATTENTION if exit_code and verdicts - _NOTHING_TO_DO else 0


def _show(reports: list[PinReport]) -> None:
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
    styles = [_style(report.verdict) for report in reports]
    headings = ("pin", "tag", "pinned", "best now", "age", "verdict")
    show_table(headings, rows, styles=styles, unbroken=("pinned", "age"))


def _style(verdict: str) -> str:
    if verdict in _NOTHING_TO_DO:
        return ""
    return "red" if verdict == FAILED else "yellow"


def _document(report: PinReport) -> dict[str, Any]:
    time_ = report.best_time
    return {
        "urn": report.urn,
        "name": report.name,
        "tag": report.tag,
        "digest": report.digest,
        "chosenAt": report.chosen_at,
        "bestTag": report.best,
        "bestCreateTime": time_,
        "bestCreatedAt": None if time_ is None else format_timestamp(time_),
        "verdict": report.verdict,
        "message": report.message,
    }
