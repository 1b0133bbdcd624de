"""`ucimage tags`: every tag of an image with its verdict."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from pulumi_ucimage._lookup.queries import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import to_wire
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage._tags.verdicts import CHOSEN, TagVerdict, verdicts
from pulumi_ucimage.cli.options import from_table, given
from pulumi_ucimage.cli.output import age, note, show_json, show_table
from pulumi_ucimage.cli.session import json_option, session_options, wait_for

if TYPE_CHECKING:
    from pulumi_ucimage.cli.session import Session

_SHOWN: Final = 20
"""Candidates, and rejected tags, that a table shows without `--all`."""


@click.command(
    epilog="\b\nExample:\n"
    "  ucimage tags ucs helloworld --policy semver --semver-range '^1.0'"
)
@click.argument("bucket")
@click.argument("image", required=False)
@from_table(arguments.GET_DOCKER_IMAGE)
@session_options
@click.option("--all", "show_all", is_flag=True, help="Show every tag, however many.")
@json_option
def command(
    *,
    bucket: str,
    image: str | None,
    session: Session,
    show_all: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Show every tag of IMAGE in BUCKET, and why it was chosen or rejected.

    Candidates come first, best first; then rejected tags, newest first.
    """
    query = ImageQuery.of({**given(values), "bucket_name": bucket, "image_name": image})
    name, choice = wait_for(lambda: query.evaluate(session.context()))
    tags = verdicts(choice)
    if as_json:
        counts = to_wire(choice.counts())
        document = {"imageName": name.full, "tags": [*map(_document, tags)]}
        show_json({**document, "counts": counts})
        return
    shown = tags if show_all else _first(tags, len(choice.candidates))
    now = time.time()
    rows = [
        (
            tag.name or "(no name)",
            "" if tag.create_time is None else format_timestamp(tag.create_time),
            age(tag.create_time, now),
            f"{tag.verdict}: {tag.why}" if tag.why else tag.verdict,
        )
        for tag in shown
    ]
    styles = ["green" if tag.verdict == CHOSEN else "" for tag in shown]
    show_table(("tag", "pushed", "age", "verdict"), rows, styles)
    if len(shown) < len(tags):
        note(f"{len(tags) - len(shown)} more tags are not shown; use --all.")


def _first(tags: list[TagVerdict], candidates: int) -> list[TagVerdict]:
    """The first candidates and the first rejected tags; the chosen one in any case."""
    cut = {*range(_SHOWN), *range(candidates, candidates + _SHOWN)}
    return [t for i, t in enumerate(tags) if i in cut or t.verdict == CHOSEN]


def _document(tag: TagVerdict) -> dict[str, Any]:
    time_ = tag.create_time
    return {
        "name": tag.name,
        "createTime": time_,
        "createdAt": None if time_ is None else format_timestamp(time_),
        "verdict": tag.verdict,
        "reason": tag.why or None,
    }
