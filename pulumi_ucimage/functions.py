"""The functions of a Python program: plain forms, and `_output` forms for Outputs.

They run in the program's own process. Under mocks they call the mocks instead, as the
functions of a generated SDK do.
"""

from __future__ import annotations

import time
from collections.abc import Sequence  # noqa: TC003 - signatures can be resolved
from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi.runtime

from pulumi_ucimage._lookup.function_spec import GET_DOCKER_IMAGE, GET_DOCKER_IMAGES
from pulumi_ucimage._pulumi import program
from pulumi_ucimage._pulumi.inputs import contains_input, has_dependencies, when_known
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.arguments import (  # noqa: TC001 - signatures can be resolved
    OrderName,
    PolicyName,
)
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage._spec.results import (
    AwaitableGetDockerImageResult,
    AwaitableGetDockerImagesResult,
    GetDockerImageResult,
    GetDockerImagesResult,
    from_wire,
)
from pulumi_ucimage.errors import ArgumentError, ArgumentTypeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._lookup.function_spec import FunctionSpec


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
    result = _look_up(GET_DOCKER_IMAGES, locals())
    return AwaitableGetDockerImagesResult(**vars(result))


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
    opts: pulumi.InvokeOptions | None = None,
) -> pulumi.Output[GetDockerImagesResult]:
    """List the images of a bucket, each with its tags, once all arguments are known."""
    return _look_up_output(GET_DOCKER_IMAGES, locals())


def get_docker_image(
    bucket_name: str,
    *,
    region: str | None = None,
    project_id: str | None = None,
    profile: str | None = None,
    image_name: str | None = None,
    registry: str | None = None,
    order_by: str | None = None,
    policy: PolicyName | None = None,
    order: OrderName | None = None,
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
    result = _look_up(GET_DOCKER_IMAGE, locals())
    return AwaitableGetDockerImageResult(**vars(result))


def get_docker_image_output(
    bucket_name: pulumi.Input[str],
    *,
    region: pulumi.Input[str | None] | None = None,
    project_id: pulumi.Input[str | None] | None = None,
    profile: pulumi.Input[str | None] | None = None,
    image_name: pulumi.Input[str | None] | None = None,
    registry: pulumi.Input[str | None] | None = None,
    order_by: pulumi.Input[str | None] | None = None,
    policy: pulumi.Input[PolicyName | None] | None = None,
    order: pulumi.Input[OrderName | None] | None = None,
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
    opts: pulumi.InvokeOptions | None = None,
) -> pulumi.Output[GetDockerImageResult]:
    """Choose one tag of one image of a bucket, once all arguments are known."""
    return _look_up_output(GET_DOCKER_IMAGE, locals())


def _document(function: Callable[..., Any], spec: FunctionSpec) -> None:
    """Add the table's descriptions, and what all functions share, to a docstring.

    So `help` says the same about each argument as the schema and the documentation.
    """
    function.__doc__ = f"""{function.__doc__ or ""}
    Args:
{arguments.docstring_lines(spec.arguments)}
        opts: Options of the call. `depends_on` works with the `_output` form only;
            `provider` is an error, because these functions have no provider.

    Raises:
        UcimageError: Its subclass says what was wrong: an argument, a setting, the
            connection, the response, or that there is nothing to choose.
    """


_document(get_docker_images, GET_DOCKER_IMAGES)
_document(get_docker_images_output, GET_DOCKER_IMAGES)
_document(get_docker_image, GET_DOCKER_IMAGE)
_document(get_docker_image_output, GET_DOCKER_IMAGE)


def _look_up(spec: FunctionSpec, values: Mapping[str, Any]) -> Any:
    """The result for plain values; `values` contains `opts` too."""
    opts = _check_options(values)
    name = spec.python_name
    instead = f"use {name}_output, or call {name} within apply"
    for argument in spec.arguments:
        if contains_input(values[argument.name]):
            message = (
                f"{argument.name} is an Output, and {name} cannot wait for it: {instead}."
            )
            raise ArgumentTypeError(message)
    if has_dependencies(opts):
        message = f"{name} cannot wait for opts.depends_on: {instead}."
        raise ArgumentTypeError(message)
    query = spec.query_type.of(values)
    if program.is_mocked():
        answer = pulumi.runtime.invoke(spec.token, _wire_values(spec, values), opts)
        return from_wire(spec.result, answer.value or {})
    context = program.lookup_context(not_before=program.not_before())
    return program.wait_for(lambda: query.run(context))


def _look_up_output(spec: FunctionSpec, values: Mapping[str, Any]) -> pulumi.Output[Any]:
    """The result for inputs; `values` contains `opts` too."""
    opts = _check_options(values)
    inputs = {argument.name: values[argument.name] for argument in spec.arguments}
    known = {k: value for k, value in inputs.items() if not contains_input(value)}
    spec.query_type.check_known(spec.arguments, known)
    if program.is_mocked():
        return _mocked_output(spec, inputs, opts)
    if known == inputs and not has_dependencies(opts):
        context = program.lookup_context(not_before=program.not_before())
        return program.output_of(_prepare(spec, inputs, context))

    def ask(known: Mapping[str, Any]) -> Awaitable[Any]:
        # What was listed before the inputs were known may be too old for them.
        context = program.lookup_context(not_before=time.monotonic())
        return program.run_in_thread(_prepare(spec, known, context))

    return when_known(inputs, opts).apply(ask)


def _prepare(
    spec: FunctionSpec, values: Mapping[str, Any], context: LookupContext
) -> Callable[[], Any]:
    """A look-up with its settings, so that only what blocks runs in another thread.

    A later change of the environment has no effect on it.
    """
    query = spec.query_type.of(values)
    return partial(query.run_with, query.settings(context), context)


def _mocked_output(
    spec: FunctionSpec, inputs: Mapping[str, Any], opts: pulumi.InvokeOptions | None
) -> pulumi.Output[Any]:
    def invoke(known: Mapping[str, Any]) -> pulumi.Output[Any]:
        spec.query_type.of(known)
        answer = pulumi.runtime.invoke_output(spec.token, _wire_values(spec, known), opts)
        return answer.apply(lambda values: from_wire(spec.result, values or {}))

    return pulumi.Output.from_input(inputs).apply(invoke)


def _check_options(values: Mapping[str, Any]) -> pulumi.InvokeOptions | None:
    opts: pulumi.InvokeOptions | None = values["opts"]
    if opts is not None and opts.provider is not None:
        message = (
            "opts.provider cannot be used, because these functions have no provider:"
            " remove it, and choose keys and region with the arguments profile and region."
        )
        raise ArgumentError(message)
    return opts


def _wire_values(spec: FunctionSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    given = arguments.validate_arguments(spec.arguments, values)
    return {wire_name(name): value for name, value in given.items()}
