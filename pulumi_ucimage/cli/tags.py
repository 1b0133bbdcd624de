"""`ucimage tags`: every tag of an image with its verdict."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import to_wire
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage._tags.verdicts import CHOSEN, TagVerdict, list_verdicts
from pulumi_ucimage.cli.options import Command, from_table, with_option_names
from pulumi_ucimage.cli.output import age, note, show_json, show_table
from pulumi_ucimage.cli.session import json_option, session_options
from pulumi_ucimage.cli.waiting import wait_for

if TYPE_CHECKING:
    from pulumi_ucimage.cli.session import Session

_SHOWN: Final = 20
"""Candidates, and rejected tags, that a table shows without `--all`."""


@click.command(
    cls=Command,
    epilog="\b\nExamples:\n  ucimage tags ucs helloworld\n"
    "  ucimage tags ucs helloworld --policy semver --semver-range '^1.0'",
)
@from_table(arguments.GET_DOCKER_IMAGE, "bucket_name", "image_name")
@session_options
@click.option("--all", "show_all", is_flag=True, help="Show every tag, however many.")
@json_option
def command(*, session: Session, show_all: bool, as_json: bool, **values: Any) -> None:
    """Show every tag of IMAGE in BUCKET, and why it was chosen or rejected.

    Candidates come first, best first; then rejected tags, newest first. IMAGE can be left
    out if the bucket has only one.
    """
    query = ImageQuery.of(values)
    context = session.context()
    found = wait_for(lambda: query.evaluate(context))
    evaluation, digest = found.evaluation, found.digest
    tags = list_verdicts(evaluation)
    if as_json:
        documents = [_document(tag, digest) for tag in tags]
        counts = to_wire(evaluation.count_tags())
        show_json({"imageName": found.name.full, "tags": documents, "counts": counts})
    else:
        shown = tags if show_all else _first(tags, len(evaluation.candidates))
        _show(shown, digest)
        if len(shown) < len(tags):
            note(f"{len(tags) - len(shown)} more tags are not shown; use --all.")
    if found.problem:
        note(with_option_names(str(found.problem)))


def _first(tags: list[TagVerdict], candidates: int) -> list[TagVerdict]:
    """The first candidates and the first rejected tags; the chosen one in any case."""
    cut = {*range(_SHOWN), *range(candidates, candidates + _SHOWN)}
    return [t for i, t in enumerate(tags) if i in cut or t.verdict == CHOSEN]


def _show(tags: list[TagVerdict], digest: str | None) -> None:
    now = time.time()
    rows = [
        (
            tag.name or "(no name)",
            _time(tag) or "",
            age(tag.create_time, now),
            _verdict(tag, digest),
        )
        for tag in tags
    ]
    styles = ["green" if tag.verdict == CHOSEN else "" for tag in tags]
    headings = ("tag", "pushed", "age", "verdict")
    show_table(headings, rows, styles=styles, unbroken=("pushed", "age"))


def _time(tag: TagVerdict) -> str | None:
    return None if tag.create_time is None else format_timestamp(tag.create_time)


def _verdict(tag: TagVerdict, digest: str | None) -> str:
    """The verdict in words; for the chosen tag, with its digest."""
    words = f"{tag.verdict}: {with_option_names(tag.why)}" if tag.why else tag.verdict
    return f"{words}, {digest}" if digest and tag.verdict == CHOSEN else words


def _document(tag: TagVerdict, digest: str | None) -> dict[str, Any]:
    return {
        "name": tag.name,
        "createTime": tag.create_time,
        "createdAt": _time(tag),
        "digest": digest if tag.verdict == CHOSEN else None,
        "verdict": tag.verdict,
        "reason": tag.why or None,
    }
