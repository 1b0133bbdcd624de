"""`ucimage choose`: the reference of the chosen tag, alone on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pulumi_ucimage._lookup.queries import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import to_wire
from pulumi_ucimage.cli.options import from_table, given
from pulumi_ucimage.cli.output import note, show_json
from pulumi_ucimage.cli.session import json_option, session_options, wait_for

if TYPE_CHECKING:
    from pulumi_ucimage.cli.session import Session


@click.command(
    epilog='\b\nExample:\n  docker pull "$(ucimage choose ucs helloworld --policy semver)"'
)
@click.argument("bucket")
@click.argument("image", required=False)
@from_table(arguments.GET_DOCKER_IMAGE)
@session_options
@click.option("--explain", is_flag=True, help="Explain the choice on stderr.")
@json_option
def command(
    *,
    bucket: str,
    image: str | None,
    session: Session,
    explain: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Choose one tag of IMAGE in BUCKET and print its reference."""
    query = ImageQuery.of({**given(values), "bucket_name": bucket, "image_name": image})
    result = wait_for(lambda: query.ask(session.context()))
    if explain:
        note(result.explanation)
    if as_json:
        show_json(to_wire(result))
    else:
        click.echo(result.image)
