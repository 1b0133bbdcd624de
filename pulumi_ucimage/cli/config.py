"""`ucimage config`: every setting, and one call to see that they work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from pulumi_ucimage._config.describe import describe_settings
from pulumi_ucimage._lookup.images_query import ImagesQuery
from pulumi_ucimage._spec import arguments
from pulumi_ucimage.cli.options import Command, from_table, with_option_names
from pulumi_ucimage.cli.output import note, show_json, show_table
from pulumi_ucimage.cli.session import json_option, session_options
from pulumi_ucimage.cli.waiting import wait_for
from pulumi_ucimage.errors import UcimageError

if TYPE_CHECKING:
    from pulumi_ucimage._config.describe import SettingReport
    from pulumi_ucimage.cli.session import Session

_ARGUMENTS: Final = {argument.name: argument for argument in arguments.GET_DOCKER_IMAGES}
_BUCKET: Final = replace(_ARGUMENTS["bucket_name"], required=False)
_OVERRIDES: Final = [
    _ARGUMENTS[name] for name in ("region", "project_id", "profile", "registry")
]


@click.command(cls=Command, epilog="\b\nExamples:\n  ucimage config\n  ucimage config ucs")
@from_table([_BUCKET, *_OVERRIDES], "bucket_name")
@session_options
@json_option
def command(
    *, bucket_name: str | None, session: Session, as_json: bool, **values: Any
) -> int:
    """Show every setting, its value and where it comes from.

    With BUCKET, also call the API once and say whether that worked.
    """
    # Also checks the options. One image is enough to see that the call works.
    query = ImagesQuery.of({**values, "bucket_name": bucket_name or "none", "limit": 1})
    context = session.context()
    reports = describe_settings(context.stack, **values)
    problems = [_problem(r) for r in reports if r.problem and not r.caused_by]
    count = error = None
    if bucket_name and not problems:
        try:
            count = wait_for(lambda: query.run(context)).total_count
        except UcimageError as failure:
            error = with_option_names(str(failure))
            problems.append(error)
    if as_json:
        settings = [
            {
                "key": report.setting.full_key(),
                "value": report.value,
                "origin": report.origin,
                "problem": _problem(report) or None,
            }
            for report in reports
        ]
        call = {"bucketName": bucket_name, "totalCount": count, "error": error}
        show_json({"settings": settings, **call})
    else:
        rows = [
            (report.setting.key, report.value or "-", _origin(report)) for report in reports
        ]
        styles = ["red" if report.problem else "" for report in reports]
        show_table(("setting", "value", "origin"), rows, styles=styles)
        if count is not None:
            images = "1 image" if count == 1 else f"{count} images"
            click.echo(f"The call worked: bucket '{bucket_name}' has {images}.")
    for problem in problems:
        note(f"Error: {problem}")
    return 1 if problems else 0


def _origin(report: SettingReport) -> str:
    """Where a setting comes from, or where to read what is wrong with it."""
    if report.problem and not report.caused_by:
        return "see below"
    return _problem(report) or report.origin


def _problem(report: SettingReport) -> str:
    """What is wrong with a setting, or which setting to see; empty if nothing is."""
    if report.caused_by:
        return f"see {report.caused_by}"
    return with_option_names(report.problem or "")
