"""`ucimage config`: every setting, and one call to see that they work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pulumi_ucimage._config.describe import describe_settings
from pulumi_ucimage._lookup.queries import ImagesQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage.cli.options import from_table, given
from pulumi_ucimage.cli.output import note, show_json, show_table
from pulumi_ucimage.cli.session import json_option, session_options, wait_for
from pulumi_ucimage.errors import UcimageError

if TYPE_CHECKING:
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage.cli.session import Session

_OPTIONS = [
    argument
    for argument in arguments.GET_DOCKER_IMAGES
    if argument.name in {"region", "project_id", "profile", "registry"}
]


@click.command(epilog="\b\nExample:\n  ucimage config ucs")
@click.argument("bucket", required=False)
@from_table(_OPTIONS)
@session_options
@json_option
def command(*, bucket: str | None, session: Session, as_json: bool, **values: Any) -> int:
    """Show every setting, its value and where it comes from.

    With BUCKET, also call the API once and say whether that worked.
    """
    context = session.context()
    reports = describe_settings(context.stack, **values)
    problems = [
        f"{report.setting.full_key()}: {report.problem}"
        for report in reports
        if report.problem and not report.problem.startswith("see ")
    ]
    count = None
    if bucket and not problems:
        try:
            count = _number_of_images(bucket, context, values)
        except UcimageError as error:
            problems.append(str(error))
    if as_json:
        settings = [
            {
                "key": report.setting.full_key(),
                "value": report.value,
                "origin": report.origin,
                "problem": report.problem,
            }
            for report in reports
        ]
        show_json({"settings": settings, "bucketName": bucket, "totalCount": count})
    else:
        rows = [(r.setting.key, r.value or "-", r.problem or r.origin) for r in reports]
        show_table(("setting", "value", "origin"), rows)
        if count is not None:
            images = "1 image" if count == 1 else f"{count} images"
            click.echo(f"The call worked: bucket '{bucket}' has {images}.")
    for problem in problems:
        note(problem)
    return 1 if problems else 0


def _number_of_images(bucket: str, context: LookupContext, values: dict[str, Any]) -> int:
    # One image is enough to see that the call works.
    query = ImagesQuery.of({**given(values), "bucket_name": bucket, "limit": 1})
    return wait_for(lambda: query.ask(context)).total_count
