"""The provider's protocol: requests become use cases, errors become clean answers.

The protocol's own servicer, with plain messages: the classes in
`pulumi.provider.experimental` send tracebacks to users and cannot say "unknown".
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pulumi_ucimage._config.stack import (
    stack_values,
    unencrypted_key_warnings,
    unknown_key_warnings,
)
from pulumi_ucimage._formatting import quoted
from pulumi_ucimage._http.threads import Threads, settle
from pulumi_ucimage._lookup.context import LookupContext
from pulumi_ucimage._lookup.function_spec import FUNCTIONS, IMAGE_PIN
from pulumi_ucimage._lookup.listing_cache import ListingCache
from pulumi_ucimage._pulumi import engine_log
from pulumi_ucimage._spec.settings import NAMESPACE
from pulumi_ucimage.errors import ArgumentError, UcimageError
from pulumi_ucimage.plugin import pins, wire
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from pulumi_ucimage._lookup.pin_messages import Message
    from pulumi_ucimage._secret import Secret
    from pulumi_ucimage._ucloud.listing import Listing

T = TypeVar("T")

_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""As the engine has it."""


_GRACE_S: Final = 1.0
"""How long abandoned calls have to say so."""


def serve(engine_address: str) -> NoReturn:
    """Answer the engine until the process is told to end.

    The first line on stdout is the port.

    Args:
        engine_address: where the engine's log is; empty until `Attach` tells.
    """
    threads = Threads()
    server = grpc.server(
        threads,  # type: ignore[arg-type] # any executor will do
        options=(
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ),
    )
    plugin = Plugin(engine_address, threads)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # An exception ends the wait wherever it is; an event could be set while it is locked.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        server.wait_for_termination()
    except KeyboardInterrupt:
        plugin.abandon()
        server.stop(_GRACE_S).wait(2 * _GRACE_S)
    # Whatever still waits for the API is not waited for.
    os._exit(0)


class _AbandonedError(Exception):
    """The user does not want the answer any more."""


def _clean(answer: Callable[..., T]) -> Callable[..., T]:
    """Make every failure a status with one sentence, which front ends show as it is."""

    @functools.wraps(answer)
    def clean(plugin: Plugin, request: Any, context: grpc.ServicerContext) -> T:
        try:
            return answer(plugin, request)
        except UcimageError as error:
            code = (
                grpc.StatusCode.INVALID_ARGUMENT
                if isinstance(error, ArgumentError)
                else grpc.StatusCode.FAILED_PRECONDITION
            )
            sentence = wire.in_wire_names(str(error))
        except _AbandonedError:
            code, sentence = grpc.StatusCode.CANCELLED, "The call was cancelled."
        except Exception as error:  # noqa: BLE001 - a fault of ours, without its text
            traceback.print_tb(error.__traceback__)
            code = grpc.StatusCode.ABORTED
            sentence = (
                f"The ucimage plugin has a fault in {answer.__name__}"
                f" ({type(error).__name__}): please report it."
            )
        return context.abort(code, sentence)

    return clean


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider, as the engine speaks to it."""

    def __init__(self, engine_address: str, threads: Threads) -> None:
        self._engine_address = engine_address
        self._threads = threads
        self._stack: dict[str, Secret] = {}
        self._waiting: set[Future[Any]] = set()
        # The protocol does not tell what a call waited for: each may have, for a push.
        self._shared: ListingCache[Listing] = ListingCache(keeps=False)
        self._start_refresh()
        self._lock = threading.Lock()

    def abandon(self) -> None:
        """Let every call that waits for the API fail now."""
        with self._lock:
            waiting = list(self._waiting)
        for future in waiting:
            settle(future.set_exception, _AbandonedError())

    # The plugin.

    @_clean
    def Handshake(self, request: Any) -> Any:  # noqa: N802 - the protocol's names
        self._engine_address = request.engine_address or self._engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_clean
    def Attach(self, request: Any) -> Any:  # noqa: N802
        self._engine_address = request.address
        return Empty()

    @_clean
    def GetPluginInfo(self, _request: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=__version__)

    @_clean
    def GetSchema(self, request: Any) -> Any:  # noqa: N802
        if request.version:
            message = f"There is no schema in version {request.version}, only in 0."
            raise ArgumentError(message)
        from pulumi_ucimage.plugin.schema import schema  # noqa: PLC0415 - seldom asked for

        return provider_pb2.GetSchemaResponse(schema=schema())

    @_clean
    def Cancel(self, _request: Any) -> Any:  # noqa: N802
        self.abandon()
        return Empty()

    # The configuration.

    @_clean
    def CheckConfig(self, request: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    @_clean
    def DiffConfig(self, request: Any) -> Any:  # noqa: N802
        # Where nothing differs, the engine passes on the old configuration.
        olds, news = request.old_inputs.fields, request.news.fields
        diffs = [
            key
            for key in sorted({*olds, *news})
            if key not in olds or key not in news or olds[key] != news[key]
        ]
        changes = provider_pb2.DiffResponse.DiffChanges
        return provider_pb2.DiffResponse(
            changes=changes.DIFF_SOME if diffs else changes.DIFF_NONE, diffs=diffs
        )

    @_clean
    def Configure(self, request: Any) -> Any:  # noqa: N802
        # The engine configures a plugin once for each preview, up and refresh.
        self._start_refresh()
        args = {
            f"{NAMESPACE}:{key}": _text(value)
            for key, value in wire.plain(request.args).items()
        }
        # Older engines send the configuration in this form only.
        variables = {
            key.replace(":config:", ":", 1): text for key, text in request.variables.items()
        }
        self._stack = stack_values(lambda key: args.get(key) or variables.get(key))
        # Only the engine's own provider has the stack's configuration.
        if request.name.startswith("default") or not request.name:
            encrypted = {f"{NAMESPACE}:{key}" for key in wire.secret_keys(request.args)}
            unencrypted = {key for key, text in args.items() if text} - encrypted
            for warning in (
                *unknown_key_warnings(args),
                *unencrypted_key_warnings(unencrypted),
            ):
                self._tell(engine_log.WARNING, warning)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # The functions.

    @_clean
    def Invoke(self, request: Any) -> Any:  # noqa: N802
        function = FUNCTIONS.get(request.tok)
        if function is None:
            there = " and ".join(FUNCTIONS)
            message = f"There is no function {quoted(request.tok)}; there are {there}."
            raise ArgumentError(message)
        names = {argument.wire: argument.name for argument in function.arguments}
        given = wire.named(wire.plain(request.args), names)
        if any(wire.is_unknown(value) for value in given.values()):
            values = {field.wire: wire.UNKNOWN for field in function.result.fields}
        else:
            query = function.query(given)
            context = self._context("", self._shared)
            values = wire.result(vars(self._wait(lambda: query.ask(context))))
        secret = values if wire.secret_keys(request.args) else ()
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(wire.message(values, secret))
        return response

    # The pin.

    @_clean
    def Check(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        # Each choice lists for itself: the protocol does not say what a pin waited for.
        context = self._context(request.urn)
        pin = _name(request.urn)
        try:
            inputs, messages = self._wait(
                lambda: pins.checked(request.olds, request.news, context, pin=pin)
            )
        except UcimageError as error:
            reason = wire.in_wire_names(pins.failure(error, request.olds))
            failure = provider_pb2.CheckFailure(reason=reason)
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        self._tell_all(messages, request.urn)
        return provider_pb2.CheckResponse(inputs=inputs)

    @_clean
    def Diff(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        # Outputs hold all inputs, for an engine that does not send those of before.
        olds = request.old_inputs if request.old_inputs.fields else request.olds
        return pins.diff(olds, request.news)

    @_clean
    def Create(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        identity, outputs = pins.created(
            request.properties, pin=_name(request.urn), preview=request.preview
        )
        return provider_pb2.CreateResponse(id=identity, properties=outputs)

    @_clean
    def Read(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        # What a program reads by its id has outputs only.
        known = request.inputs if request.inputs.fields else request.properties
        if not pins.holds_choice(known):
            context = self._context(request.urn)
            identity, inputs, outputs = self._wait(
                lambda: pins.imported(request.id, context)
            )
            return provider_pb2.ReadResponse(id=identity, inputs=inputs, properties=outputs)
        context = replace(
            self._context(request.urn, self._refresh_listings), not_before=self._began_s
        )
        identity, pin = request.id, _name(request.urn)
        try:
            inputs, outputs, messages = self._wait(
                lambda: pins.refreshed(known, request.properties, context, pin=pin)
            )
        except UcimageError as error:
            messages = [pins.not_looked_at(pin, error, known)]
            inputs, outputs = request.inputs, request.properties
        self._tell_all(messages, request.urn)
        return provider_pb2.ReadResponse(id=identity, inputs=inputs, properties=outputs)

    @_clean
    def Update(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        outputs = pins.updated(
            request.olds, request.news, pin=_name(request.urn), preview=request.preview
        )
        return provider_pb2.UpdateResponse(properties=outputs)

    @_clean
    def Delete(self, request: Any) -> Any:  # noqa: N802
        _refuse_other_types(request)
        return Empty()

    # What they need.

    def _context(
        self, urn: str, shared: ListingCache[Listing] | None = None
    ) -> LookupContext:
        return LookupContext(
            stack=self._stack, log=_Log(self._tell, urn), in_plugin=True, listings=shared
        )

    def _start_refresh(self) -> None:
        """Let the looks from now on share listings that begin from now on."""
        self._refresh_listings: ListingCache[Listing] = ListingCache(keeps=True)
        self._began_s = time.monotonic()

    def _tell(
        self, severity: int, message: str, urn: str = "", *, ephemeral: bool = False
    ) -> None:
        if self._engine_address:
            engine_log.tell(
                self._engine_address,
                severity,
                wire.in_wire_names(message),
                urn,
                ephemeral=ephemeral,
            )

    def _tell_all(self, messages: Iterable[Message], urn: str) -> None:
        for text, is_warning in messages:
            severity = engine_log.WARNING if is_warning else engine_log.INFO
            self._tell(severity, text, urn)

    def _wait(self, ask: Callable[[], T]) -> T:
        """The answer of something that may call the API, unless it is cancelled."""
        future = self._threads.submit(ask)
        with self._lock:
            self._waiting.add(future)
        try:
            return future.result()
        finally:
            with self._lock:
                self._waiting.discard(future)


class _Log:
    """Tells the user what a look-up does, under the resource's name."""

    def __init__(self, tell: Callable[..., None], urn: str) -> None:
        self._tell = tell
        self._urn = urn

    def debug(self, msg: str) -> None:
        self._tell(engine_log.DEBUG, msg, self._urn)

    def info(self, msg: str, *, ephemeral: bool = False) -> None:
        self._tell(engine_log.INFO, msg, self._urn, ephemeral=ephemeral)


def _text(value: Any) -> str:
    """A setting's value as the stack's configuration has it."""
    if value is None or wire.is_unknown(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _name(urn: str) -> str:
    """A resource's name in the program."""
    return urn.rpartition("::")[2]


def _refuse_other_types(request: Any) -> None:
    """Raises ArgumentError where a request is not for a pin."""
    _, _, rest = request.urn.partition("::")
    of_parents = rest.partition("::")[2].partition("::")[0]
    token = request.type or of_parents
    if token.rpartition("$")[2] != IMAGE_PIN:
        message = f"There is no resource {quoted(token)}; there is {IMAGE_PIN}."
        raise ArgumentError(message)
