"""`ucimage choose`: the reference of the chosen tag, alone on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pulumi_ucimage._formatting import printable
from pulumi_ucimage._lookup.image_query import ImageQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import to_wire
from pulumi_ucimage.cli.options import Command, from_table, with_option_names
from pulumi_ucimage.cli.output import note, show_json
from pulumi_ucimage.cli.session import json_option, session_options
from pulumi_ucimage.cli.waiting import wait_for

if TYPE_CHECKING:
    from pulumi_ucimage.cli.session import Session


@click.command(
    cls=Command,
    epilog='\b\nExample:\n  docker pull "$(ucimage choose ucs helloworld --policy semver)"',
)
@from_table(arguments.GET_DOCKER_IMAGE, "bucket_name", "image_name")
@session_options
@click.option("--explain", is_flag=True, help="Explain the choice on stderr.")
@json_option
def command(*, session: Session, explain: bool, as_json: bool, **values: Any) -> None:
    """Choose one tag of IMAGE in BUCKET and print its reference.

    IMAGE can be left out if the bucket has only one. With --resolve-digest the reference
    names the digest, so that exactly these bytes are pulled.
    """
    query = ImageQuery.of(values)
    context = session.context()
    result = wait_for(lambda: query.run(context))
    if explain:
        note(with_option_names(result.explanation))
    if as_json:
        show_json(to_wire(result))
    else:
        click.echo(printable(result.repo_digest or result.image))
