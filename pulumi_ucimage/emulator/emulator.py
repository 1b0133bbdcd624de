"""The emulator as Python programs use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pulumi_ucimage.emulator import data_file
from pulumi_ucimage.emulator.demo import demo_data
from pulumi_ucimage.emulator.errors import EmulatorError
from pulumi_ucimage.emulator.faults import FaultQueue
from pulumi_ucimage.emulator.registry_login import RegistryLogin
from pulumi_ucimage.emulator.server import HOST, Server
from pulumi_ucimage.emulator.state import State

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from pulumi_ucimage.emulator.state import Deleted, Pushed

_LAST_PORT = 65535


class Emulator:
    """A UCloud API on 127.0.0.1 that answers GetDockerImageList, and an image registry.

    Use it as a context manager, or call `start` and `stop`; its data outlives a stop. Every
    method may be called from any thread, before, while and after it runs.

    Args:
        data: the content of a data file, or the path of one; None: the demo's data.
        faults: what goes wrong, each as `KIND[=VALUE][*TIMES]`.
        port: the port to listen on; 0: any free one, another one at each start.
        registry_login: `basic` or `bearer`: pulling needs the user
            `DEMO_REGISTRY_USERNAME` with `DEMO_REGISTRY_PASSWORD`. None: everybody may.
        log: takes a line about each request, without keys and signatures; None: nothing
            is logged.

    Raises:
        EmulatorError: an argument is invalid; says why and what to do.
    """

    def __init__(
        self,
        *,
        data: Mapping[str, object] | str | os.PathLike[str] | None = None,
        faults: Iterable[str] = (),
        port: int = 0,
        registry_login: str | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        if not 0 <= port <= _LAST_PORT:
            raise EmulatorError(
                f"The port {port} is invalid: use one up to {_LAST_PORT}, "
                "or 0 for a free one."
            )
        if data is None:
            data = demo_data()
        if isinstance(data, Mapping):
            self._state = State(data_file.parse(data))
        else:
            self._state = State(data_file.read(data))
        self._faults = FaultQueue(faults)
        self._login = RegistryLogin(registry_login)
        self._log = log or (lambda _line: None)
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
            EmulatorError: it is not running.
        """
        if self._server is None:
            raise EmulatorError(
                "The emulator is not running, so it has no URL: start it first."
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
            the emulator itself.

        Raises:
            EmulatorError: it is running already, or the port is not available.
        """
        if self._server is not None:
            raise EmulatorError("The emulator is running already: stop it first.")
        try:
            server = Server(self._port, self._state, self._faults, self._login, self._log)
        except OSError as error:
            raise EmulatorError(
                f"The port {self._port} of {HOST} is not available "
                f"({error.strerror}): use another one, or 0 for a free one."
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
        """Add a fault, after those that were added before.

        Raises:
            FaultError: the text is not `KIND[=VALUE][*TIMES]`.
        """
        self._faults.add(spec)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._faults.replace(())

    def push(
        self,
        bucket: str,
        image: str,
        tag: str,
        create_time: int | None = None,
        region: str | None = None,
        *,
        same_bytes: bool = False,
        media_type: str | None = None,
    ) -> Pushed:
        """Push a tag, to a new image if there is none of that name.

        Args:
            bucket: name of an existing bucket.
            image: full name, path (`ucs/helloworld`) or, if it is unique, last part. A new
                image's name is completed by the registry and name of the bucket.
            tag: any text that is not empty. A tag that exists gets a new `CreateTime`.
            create_time: Unix seconds; None: now, or a second after the image's newest
                tag if that is later, so that this push is the newest.
            region: the bucket's region; None if only one region has the bucket.
            same_bytes: whether the bytes are those of the tag's last push, so that the
                digest stays. Otherwise an existing tag gets another digest.
            media_type: the type of the manifest in the registry; None: that of the tag's
                last push, else an OCI index of two platforms. Not with `same_bytes`.

        Returns:
            Region, BucketName, ImageName (full), TagName, CreateTime and Digest of what was
            pushed.

        Raises:
            PushError: the bucket does not exist, or a value is ambiguous or invalid.
        """
        return self._state.push(
            bucket,
            image,
            tag,
            create_time,
            region,
            same_bytes=same_bytes,
            media_type=media_type,
        )

    def delete(
        self,
        bucket: str,
        image: str,
        tag: str | None = None,
        region: str | None = None,
        *,
        digest: str | None = None,
    ) -> Deleted:
        """Delete a tag, or the whole image if `tag` and `digest` are None.

        The registry still has the manifest of a deleted tag, by its digest.

        Args:
            bucket: name of an existing bucket.
            image: full name, path or, if it is unique, last part.
            tag: the tag to delete.
            region: the bucket's region; None if only one region has the bucket.
            digest: the manifest to delete from the registry; the API still lists its tag.

        Returns:
            Region, BucketName, ImageName (full), TagName and Digest of what was deleted.

        Raises:
            PushError: the bucket, image, tag or digest does not exist, or is ambiguous.
        """
        return self._state.delete(bucket, image, tag, region, digest=digest)

    def digest(self, bucket: str, image: str, tag: str, region: str | None = None) -> str:
        """The digest that a tag names in the registry, such as `sha256:4f5c...`.

        Raises:
            PushError: there is no such bucket, image or tag, a name is ambiguous, or the
                digest was deleted.
        """
        return self._state.digest(bucket, image, tag, region)
