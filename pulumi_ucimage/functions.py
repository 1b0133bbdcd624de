"""The functions of a Python program: plain forms, and forms that take and give Outputs.

They run in the program's own process. Under mocks they go to the mocks instead, as the
functions of a generated SDK would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence  # noqa: TC003 - signatures can be resolved
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import pulumi
import pulumi.runtime

from pulumi_ucimage._lookup.function_spec import GET_DOCKER_IMAGE, GET_DOCKER_IMAGES
from pulumi_ucimage._pulumi import program
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import (
    AwaitableGetDockerImageResult,
    AwaitableGetDockerImagesResult,
    GetDockerImageResult,
    GetDockerImagesResult,
    from_wire,
)
from pulumi_ucimage.errors import ArgumentError, ArgumentTypeError, UcimageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping

    from pulumi_ucimage._lookup.function_spec import FunctionSpec

InvokeOptions: TypeAlias = pulumi.InvokeOptions | pulumi.InvokeOutputOptions


def get_docker_images(
    bucket_name: str,
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    image_name: str | None = None,
    registry: str | None = None,
    order_by: str | None = None,
    name_regex: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> AwaitableGetDockerImagesResult:
    """List the images of a bucket, each with its tags.

    A bucket without images gives an empty list.
    """
    values = _plain(GET_DOCKER_IMAGES, locals())
    return AwaitableGetDockerImagesResult(**values)


def get_docker_images_output(
    bucket_name: pulumi.Input[str],
    *,
    region: pulumi.Input[str | None] | None = None,
    project_id: pulumi.Input[str | None] | None = None,
    profile: pulumi.Input[str | None] | None = None,
    image_name: pulumi.Input[str | None] | None = None,
    registry: pulumi.Input[str | None] | None = None,
    order_by: pulumi.Input[str | None] | None = None,
    name_regex: pulumi.Input[str | None] | None = None,
    limit: pulumi.Input[int | None] | None = None,
    offset: pulumi.Input[int | None] | None = None,
    opts: InvokeOptions | None = None,
) -> pulumi.Output[GetDockerImagesResult]:
    """List the images of a bucket, each with its tags, once all arguments are known."""
    return _output(GET_DOCKER_IMAGES, locals())


def get_docker_image(
    bucket_name: str,
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    image_name: str | None = None,
    registry: str | None = None,
    order_by: str | None = None,
    policy: str | None = None,
    order: str | None = None,
    semver_range: str | None = None,
    semver_loose: bool | None = None,
    tag_regex: str | None = None,
    tag_exclude_regex: str | None = None,
    tag_extract: str | None = None,
    min_age: str | None = None,
    as_of: str | None = None,
    floating_tags: Sequence[str] | None = None,
    tag: str | None = None,
    wait: str | None = None,
    default_tag: str | None = None,
    resolve_digest: bool | None = None,
    opts: pulumi.InvokeOptions | None = None,
) -> AwaitableGetDockerImageResult:
    """Choose one tag of one image of a bucket; by default the newest."""
    values = _plain(GET_DOCKER_IMAGE, locals())
    return AwaitableGetDockerImageResult(**values)


def get_docker_image_output(
    bucket_name: pulumi.Input[str],
    *,
    region: pulumi.Input[str | None] | None = None,
    project_id: pulumi.Input[str | None] | None = None,
    profile: pulumi.Input[str | None] | None = None,
    image_name: pulumi.Input[str | None] | None = None,
    registry: pulumi.Input[str | None] | None = None,
    order_by: pulumi.Input[str | None] | None = None,
    policy: pulumi.Input[str | None] | None = None,
    order: pulumi.Input[str | None] | None = None,
    semver_range: pulumi.Input[str | None] | None = None,
    semver_loose: pulumi.Input[bool | None] | None = None,
    tag_regex: pulumi.Input[str | None] | None = None,
    tag_exclude_regex: pulumi.Input[str | None] | None = None,
    tag_extract: pulumi.Input[str | None] | None = None,
    min_age: pulumi.Input[str | None] | None = None,
    as_of: pulumi.Input[str | None] | None = None,
    floating_tags: pulumi.Input[Sequence[pulumi.Input[str]] | None] | None = None,
    tag: pulumi.Input[str | None] | None = None,
    wait: pulumi.Input[str | None] | None = None,
    default_tag: pulumi.Input[str | None] | None = None,
    resolve_digest: pulumi.Input[bool | None] | None = None,
    opts: InvokeOptions | None = None,
) -> pulumi.Output[GetDockerImageResult]:
    """Choose one tag of one image of a bucket, once all arguments are known."""
    return _output(GET_DOCKER_IMAGE, locals())


def _document(function: Callable[..., Any], table: tuple[arguments.Argument, ...]) -> None:
    """Write the table's descriptions, and what all functions share, under a docstring.

    So that `help` tells of each argument what schema and docs tell.
    """
    described = "\n".join(f"        {a.name}: {a.description}" for a in table)
    function.__doc__ = f"""{function.__doc__}
    Args:
{described}
        opts: Options of the call. `depends_on` is for the `_output` form; `provider`
            cannot be, for these functions have no provider.

    Raises:
        UcimageError: Its subclasses tell what was wrong: an argument, a setting, the
            connection, the answer, or that there is nothing to choose.
    """


for _function, _table in (
    (get_docker_images, arguments.GET_DOCKER_IMAGES),
    (get_docker_images_output, arguments.GET_DOCKER_IMAGES),
    (get_docker_image, arguments.GET_DOCKER_IMAGE),
    (get_docker_image_output, arguments.GET_DOCKER_IMAGE),
):
    _document(_function, _table)


def _plain(function: FunctionSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the result for plain values; `values` holds `opts` too."""
    opts = _options(values)
    for argument in function.arguments:
        if _holds_output(values[argument.name]):
            name = function.python_name
            message = (
                f"{argument.name} is an Output, whose value {name} cannot wait for: use"
                f" {name}_output, or call {name} within apply."
            )
            raise ArgumentTypeError(message)
    if getattr(opts, "depends_on", None):
        message = (
            f"opts.depends_on names what {function.python_name} cannot wait for: use"
            f" {function.python_name}_output, or call {function.python_name} within apply."
        )
        raise ArgumentTypeError(message)
    query = function.query(values)
    if program.is_mocked():
        answer = pulumi.runtime.invoke(function.token, _wire_values(function, values), opts)
        mocked: dict[str, Any] = vars(from_wire(function.result, answer.value or {}))
        return mocked
    context = program.lookup_context(not_before=program.not_before())
    result: GetDockerImageResult | GetDockerImagesResult = program.wait_for(
        lambda: query.ask(context)
    )
    return vars(result)


def _output(function: FunctionSpec, values: Mapping[str, Any]) -> pulumi.Output[Any]:
    """The result for inputs; `values` holds `opts` too."""
    opts = _options(values)
    inputs = {argument.name: values[argument.name] for argument in function.arguments}
    if program.is_mocked():

        def answered(known: Mapping[str, Any]) -> pulumi.Output[Any]:
            function.query(known)
            return pulumi.runtime.invoke_output(
                function.token, _wire_values(function, known), opts
            ).apply(lambda answer: from_wire(function.result, answer or {}))

        return pulumi.Output.from_input(inputs).apply(answered)
    if program.is_plain(inputs, opts):
        return program.output_of(*_prepared(function, inputs))
    # What was listed for an earlier call may be too old once an argument is awaited.
    not_before = math.inf if program.may_wait(inputs, opts) else program.not_before()

    def ask(known: Mapping[str, Any]) -> Awaitable[Any]:
        query = function.query(known)
        context = program.lookup_context(not_before=not_before)
        return program.in_thread(lambda: query.ask(context))

    return program.when_known(inputs, opts).apply(ask)


def _prepared(
    function: FunctionSpec, values: Mapping[str, Any]
) -> tuple[Callable[[], Any], Hashable]:
    """A look-up with all done that needs no call; and its lane.

    The lane is equal for look-ups that will find one listing good enough.
    """
    context = program.lookup_context(not_before=program.not_before())
    try:
        query = function.query(values)
        settings = query.settings(context)
    except UcimageError as error:
        return partial(_refuse, error), None
    lane = tuple(values[argument.name] for argument in arguments.COMMON_ARGUMENTS)
    waits = values.get("wait") or math.isinf(context.not_before)
    return partial(query.ask_with, settings, context), None if waits else lane


def _refuse(error: UcimageError) -> NoReturn:
    raise error


def _options(values: Mapping[str, Any]) -> InvokeOptions | None:
    opts: InvokeOptions | None = values["opts"]
    if opts is not None and opts.provider is not None:
        message = (
            "opts.provider cannot be given, for these functions have no provider: leave"
            " it out, and choose keys and region by the arguments profile and region."
        )
        raise ArgumentError(message)
    return opts


def _holds_output(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_output(item) for item in value)
    return isinstance(value, pulumi.Output)


def _wire_values(function: FunctionSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        argument.wire: value
        for argument in function.arguments
        if (value := values[argument.name]) is not None and value != ""
    }
