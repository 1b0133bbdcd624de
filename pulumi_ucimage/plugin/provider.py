"""The provider's protocol: requests become use cases, errors become clean answers.

The protocol's own servicer, with plain messages: the classes in
`pulumi.provider.experimental` send tracebacks to users and cannot say "unknown".
"""

from __future__ import annotations

import functools
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pulumi_ucimage._config.stack import (
    has_stack_config,
    key_warnings,
    setting_text,
    stack_values,
)
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._lookup import pin_messages
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.function_spec import FUNCTIONS
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._lookup.pin_messages import Message
from pulumi_ucimage._pulumi.engine_log import EngineLog
from pulumi_ucimage._pulumi.worker_threads import NoThreadError
from pulumi_ucimage._spec.pin_state import PLUGIN_TYPE, resource_name
from pulumi_ucimage._spec.results import to_wire
from pulumi_ucimage._spec.settings import NAMESPACE
from pulumi_ucimage._spec.unknown import UNKNOWN, contains_unknown
from pulumi_ucimage.errors import ArgumentError, UcimageError
from pulumi_ucimage.plugin import pins, wire
from pulumi_ucimage.plugin.blocking_calls import BlockingCalls, CallCancelledError
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from google.protobuf.struct_pb2 import Struct

    from pulumi_ucimage._lookup.function_spec import FunctionSpec
    from pulumi_ucimage._secret import Secret
    from pulumi_ucimage._ucloud.listing import Listing

T = TypeVar("T")

MAX_THREADS: Final = 32
"""How many look-ups run at the same time; the others wait for their turn."""


def _with_status(
    handler: Callable[..., Awaitable[T]],
) -> Callable[[Provider, Any, Any], Awaitable[T]]:
    """Turn every failure into a status with one sentence, which Pulumi shows as it is."""

    @functools.wraps(handler)
    async def handle(
        provider: Provider, request: Any, context: grpc.aio.ServicerContext[Any, Any]
    ) -> T:
        try:
            return await handler(provider, request)
        except UcimageError as error:
            code = (
                grpc.StatusCode.INVALID_ARGUMENT
                if isinstance(error, ArgumentError)
                else grpc.StatusCode.FAILED_PRECONDITION
            )
            sentence = wire.with_wire_names(str(error))
        except CallCancelledError:
            code, sentence = grpc.StatusCode.CANCELLED, "The call was cancelled."
        except (NoThreadError, MemoryError):
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
            sentence = (
                "The ucimage plugin cannot start a thread, or has no memory left: raise"
                " the limits of this machine or container, or run fewer operations at a"
                " time (`--parallel 4`)."
            )
        except Exception as error:  # noqa: BLE001 - our bug; its text may have a secret
            traceback.print_tb(error.__traceback__)
            code = grpc.StatusCode.ABORTED
            sentence = (
                f"The ucimage plugin has a bug in {handler.__name__}"
                f" ({type(error).__name__}): please report it."
            )
        return await context.abort(code, sentence)

    return handle


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The servicer of the provider's protocol.

    Handlers run on the event loop. What may call the API or the engine runs on the
    threads of a pool, so that Cancel never waits for it.
    """

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._calls = BlockingCalls(MAX_THREADS)
        self._stack: dict[str, Secret] = {}
        # The protocol does not say what a call waited for: it may have been a push.
        self._listings: ListingCache[Listing] = ListingCache(keeps=False)
        self._start_operation()

    def cancel(self) -> None:
        """Let every call that waits for the API fail now."""
        self._calls.cancel()

    # The plugin.

    @_with_status
    async def Handshake(self, request: Any) -> Any:  # noqa: N802 - the protocol's names
        self._engine_address = request.engine_address or self._engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_with_status
    async def Attach(self, request: Any) -> Any:  # noqa: N802
        self._engine_address = request.address
        return Empty()

    @_with_status
    async def GetPluginInfo(self, _request: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=__version__)

    @_with_status
    async def GetSchema(self, request: Any) -> Any:  # noqa: N802
        if request.version:
            message = f"There is no schema in version {request.version}, only in 0."
            raise ArgumentError(message)
        from pulumi_ucimage.plugin.schema import schema  # noqa: PLC0415 - rarely needed

        return provider_pb2.GetSchemaResponse(schema=schema())

    @_with_status
    async def Cancel(self, _request: Any) -> Any:  # noqa: N802
        self.cancel()
        return Empty()

    # The configuration.

    @_with_status
    async def CheckConfig(self, request: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    @_with_status
    async def DiffConfig(self, request: Any) -> Any:  # noqa: N802
        # If nothing differs, the engine passes the old configuration to Configure.
        olds, new = request.old_inputs.fields, request.news.fields
        diffs = [
            key
            for key in sorted({*olds, *new})
            if key not in olds or key not in new or olds[key] != new[key]
        ]
        changes = provider_pb2.DiffResponse.DiffChanges
        return provider_pb2.DiffResponse(
            changes=changes.DIFF_SOME if diffs else changes.DIFF_NONE, diffs=diffs
        )

    @_with_status
    async def Configure(self, request: Any) -> Any:  # noqa: N802
        # The engine configures a plugin once for each preview, up and refresh.
        self._start_operation()
        args = {
            f"{NAMESPACE}:{key}": "" if contains_unknown(value) else setting_text(value)
            for key, value in wire.plain(request.args).items()
            if not key.startswith("__")  # the engine's own
        }
        # Older engines send the configuration in this form only.
        variables = {
            key.replace(":config:", ":", 1): text for key, text in request.variables.items()
        }
        self._stack = stack_values(lambda key: args.get(key) or variables.get(key))
        if has_stack_config(request.name):
            encrypted = {f"{NAMESPACE}:{key}" for key in wire.secret_keys(request.args)}
            unencrypted = {key for key, text in args.items() if text} - encrypted
            warnings = key_warnings(args, unencrypted=unencrypted)
            await self._show([Message(text, is_warning=True) for text in warnings])
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # The functions.

    @_with_status
    async def Invoke(self, request: Any) -> Any:  # noqa: N802
        function = FUNCTIONS.get(request.tok)
        if function is None:
            known = " and ".join(FUNCTIONS)
            message = (
                f"The package ucimage has no function {quoted(request.tok)}: use {known}."
            )
            raise ArgumentError(message)
        context = self._context("", self._listings)
        values = await self._calls.run(lambda: _invoke(function, request.args, context))
        secret = values if wire.secret_keys(request.args) else ()
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.message(values, secret))
        return response

    # The pin.

    @_with_status
    async def Check(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        # Each choice lists for itself: the protocol does not say what a pin waited for.
        context = self._context(request.urn)
        pin = resource_name(request.urn)
        try:
            inputs, messages = await self._calls.run(
                lambda: pins.check(request.olds, request.news, context, pin=pin)
            )
        except UcimageError as error:
            # Without a property: Pulumi would print its value, which may be a secret.
            reason = wire.with_wire_names(
                pin_messages.failure(error, pins.state(request.olds))
            )
            failure = provider_pb2.CheckFailure(reason=reason)
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        await self._show(messages, request.urn)
        return provider_pb2.CheckResponse(inputs=inputs)

    @_with_status
    async def Diff(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        # Outputs hold all inputs, for an engine that does not send the old ones.
        olds = request.old_inputs if request.old_inputs.fields else request.olds
        return pins.diff(olds, request.news)

    @_with_status
    async def Create(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        pin_id, outputs = pins.create(
            request.properties, pin=resource_name(request.urn), preview=request.preview
        )
        return provider_pb2.CreateResponse(id=pin_id, properties=outputs)

    @_with_status
    async def Read(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        # A pin that a program reads by its id has outputs only.
        known = request.inputs if request.inputs.fields else request.properties
        if not pins.has_choice(known):
            context = self._context(request.urn)
            pin_id, inputs, outputs = await self._calls.run(
                lambda: pins.import_pin(request.id, context)
            )
            return provider_pb2.ReadResponse(id=pin_id, inputs=inputs, properties=outputs)
        pin = resource_name(request.urn)
        context = replace(
            self._context(request.urn, self._refresh_listings), not_before=self._began_s
        )
        try:
            inputs, outputs, messages = await self._calls.run(
                lambda: pins.refresh(known, request.properties, context, pin=pin)
            )
        except UcimageError as error:
            messages = [pin_messages.refresh_failed(pin, error, pins.state(known))]
            inputs, outputs = request.inputs, request.properties
        await self._show(messages, request.urn)
        return provider_pb2.ReadResponse(id=request.id, inputs=inputs, properties=outputs)

    @_with_status
    async def Update(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        outputs = pins.update(
            request.olds,
            request.news,
            pin=resource_name(request.urn),
            preview=request.preview,
        )
        return provider_pb2.UpdateResponse(properties=outputs)

    @_with_status
    async def Delete(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        return Empty()

    # What the handlers share.

    def _context(
        self, urn: str, listings: ListingCache[Listing] | None = None
    ) -> LookupContext:
        return LookupContext(
            stack=self._stack,
            log=self._engine_log(urn),
            in_plugin=True,
            listings=listings,
            throttled=self._throttled,
        )

    def _start_operation(self) -> None:
        """Forget what the look-ups of the last preview, up or refresh shared."""
        self._throttled: set[Hashable] = set()
        self._refresh_listings: ListingCache[Listing] = ListingCache(keeps=True)
        self._began_s = time.monotonic()

    def _engine_log(self, urn: str) -> EngineLog:
        return EngineLog(self._engine_address, urn, reword=wire.with_wire_names)

    async def _show(self, messages: Sequence[Message], urn: str = "") -> None:
        if messages:  # else there is nothing that needs a thread
            log = self._engine_log(urn)
            await self._calls.run(lambda: log.show(messages))


def _invoke(function: FunctionSpec, args: Struct, context: LookupContext) -> dict[str, Any]:
    """The fields of a function's result, by wire name."""
    names = {argument.wire_name: argument.name for argument in function.arguments}
    given = wire.named(wire.plain(args), names)
    if any(contains_unknown(value) for value in given.values()):
        return {field.wire_name: UNKNOWN for field in function.result.fields}
    fields: dict[str, Any] = to_wire(function.query_type.of(given).run(context))
    if "explanation" in fields:
        fields["explanation"] = wire.with_wire_names(fields["explanation"])
    return fields


def _refuse_other_types(request: Any) -> None:
    """Raises ArgumentError if a request is not for a pin."""
    _, _, rest = request.urn.partition("::")
    _, _, rest = rest.partition("::")
    # In a URN, the types of its parents come before a resource's own.
    token = request.type or rest.partition("::")[0]
    if token.rpartition("$")[2] != PLUGIN_TYPE:
        message = f"The package ucimage has no resource {quoted(token)}: use {PLUGIN_TYPE}."
        raise ArgumentError(message)
