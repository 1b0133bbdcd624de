"""`ucimage images`: the images of a bucket."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from pulumi_ucimage._lookup.images_query import ImagesQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import to_wire
from pulumi_ucimage.cli.options import Command, from_table
from pulumi_ucimage.cli.output import age, show_json, show_table
from pulumi_ucimage.cli.session import json_option, session_options
from pulumi_ucimage.cli.waiting import wait_for

if TYPE_CHECKING:
    from pulumi_ucimage.cli.session import Session


@click.command(
    cls=Command,
    epilog="\b\nExamples:\n  ucimage images ucs\n  ucimage images ucs --name-regex 'web.*'",
)
@from_table(arguments.GET_DOCKER_IMAGES, "bucket_name")
@session_options
@json_option
def command(*, session: Session, as_json: bool, **values: Any) -> None:
    """List the images of BUCKET: tags, latest tag, and when it was pushed."""
    query = ImagesQuery.of(values)
    context = session.context()
    result = wait_for(lambda: query.run(context))
    if as_json:
        show_json(to_wire(result))
        return
    now = time.time()
    rows = []
    for image in result.images:
        latest: dict[str, Any] = image.latest_tag or {}
        rows.append(
            (
                image.name or "(no name)",
                str(len(image.tags)),
                latest.get("name") or "",
                latest.get("created_at") or "",
                age(latest.get("create_time"), now),
            )
        )
    headings = ("image", "tags", "latest", "pushed", "age")
    show_table(headings, rows, unbroken=("pushed", "age"))
