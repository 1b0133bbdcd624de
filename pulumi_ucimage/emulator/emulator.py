"""An emulator to start, ask, change and stop from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi_ucimage.emulator import data_file
from pulumi_ucimage.emulator.demo import demo_data
from pulumi_ucimage.emulator.errors import EmulatorError
from pulumi_ucimage.emulator.faults import FaultQueue
from pulumi_ucimage.emulator.server import HOST, Server
from pulumi_ucimage.emulator.state import State

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from types import TracebackType

    from pulumi_ucimage.emulator.state import Deleted, Pushed

_LAST_PORT = 65535


class Emulator:
    """A UCloud API on 127.0.0.1 that answers GetDockerImageList.

    Use it as a context manager, or call `start` and `stop`; what it knows outlives a stop.
    Every method may be called from any thread, before, while and after it runs.

    Args:
        data: What the data file holds, or the path of one; None: the demo's data.
        faults: What is to go wrong, each as `KIND[=VALUE][*TIMES]`.
        port: The port to listen on; 0: any that is free, another one at each start.

    Raises:
        EmulatorError: An argument cannot be used; says why and what to do.
    """

    def __init__(
        self,
        *,
        data: Mapping[str, object] | str | os.PathLike[str] | None = None,
        faults: Iterable[str] = (),
        port: int = 0,
    ) -> None:
        if not 0 <= port <= _LAST_PORT:
            raise EmulatorError(
                f"The port {port} cannot be: give one up to {_LAST_PORT}, "
                "or 0 for a free one."
            )
        if data is None:
            data = demo_data()
        if isinstance(data, Mapping):
            self._state = State(data_file.parse(data))
        else:
            self._state = State(data_file.read(data))
        self._faults = FaultQueue(faults)
        self._port = port
        self._server: Server | None = None

    def __enter__(self) -> Emulator:  # noqa: PYI034  # typing has no Self in 3.10
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it answers, such as `http://127.0.0.1:40123/`.

        Raises:
            EmulatorError: It does not run.
        """
        if self._server is None:
            raise EmulatorError(
                "The emulator does not run, so it has no URL: start it first."
            )
        return self._server.url

    @property
    def requests(self) -> list[dict[str, str]]:
        """The API calls received since the last reset, oldest first; a copy.

        Each is the call's parameters by their wire names, without `Signature` and
        `SecurityToken`. A call that a fault answered or dropped counts too.
        """
        return self._state.requests()

    def start(self) -> Emulator:
        """Start to answer; it is ready when this returns.

        Returns:
            The emulator itself.

        Raises:
            EmulatorError: It runs already, or the port cannot be listened on.
        """
        if self._server is not None:
            raise EmulatorError("The emulator runs already: stop it first.")
        try:
            server = Server(self._port, self._state, self._faults)
        except OSError as error:
            raise EmulatorError(
                f"The port {self._port} of {HOST} cannot be listened on "
                f"({error.strerror}): give another one, or 0 for a free one."
            ) from None
        server.open()
        self._server = server
        return self

    def stop(self) -> None:
        """Close every connection and end every thread; nothing if it does not run."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def reset_requests(self) -> None:
        """Forget the calls received."""
        self._state.reset_requests()

    def fault(self, spec: str) -> None:
        """Let one more thing go wrong, after those asked for before.

        Raises:
            FaultError: The text is no `KIND[=VALUE][*TIMES]`.
        """
        self._faults.add(spec)

    def clear_faults(self) -> None:
        """Let everything go right again."""
        self._faults.replace(())

    def push(
        self,
        bucket: str,
        image: str,
        tag: str,
        create_time: int | None = None,
        region: str | None = None,
    ) -> Pushed:
        """Push a tag, to a new image if there is none of that name.

        Args:
            bucket: Name of a bucket that is there.
            image: Full name, path (`ucs/helloworld`) or, if only one has it, last part. A
                new image's name is completed by the registry and name of the bucket.
            tag: Any text that is not empty. One that is there gets a new `CreateTime`.
            create_time: Unix seconds; None: now, or a second after the image's newest
                tag if that is later, so that this push is the newest.
            region: The bucket's region; None where one region only has the bucket.

        Returns:
            Region, BucketName, ImageName (full), TagName and CreateTime of what was pushed.

        Raises:
            PushError: There is no such bucket, a name is not clear or cannot be.
        """
        return self._state.push(bucket, image, tag, create_time, region)

    def delete(
        self, bucket: str, image: str, tag: str | None = None, region: str | None = None
    ) -> Deleted:
        """Delete a tag, or the whole image where `tag` is None.

        Returns:
            Region, BucketName, ImageName (full) and TagName of what was deleted.

        Raises:
            PushError: There is no such bucket, image or tag, or a name is not clear.
        """
        return self._state.delete(bucket, image, tag, region)
