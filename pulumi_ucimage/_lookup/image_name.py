"""Names of images, and the references that a deployment takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from pulumi_ucimage._formatting import quoted
from pulumi_ucimage.errors import ConfigError


@final
@dataclass(frozen=True, slots=True)
class ImageName:
    """An image's name, taken apart.

    Attributes:
        full: as the API gives it, `ucsdr.ucloud.cn:5000/ucs/helloworld`.
        host: the registry, `ucsdr.ucloud.cn:5000`; None where the name has none.
        path: the name without the host, `ucs/helloworld`.
    """

    full: str
    host: str | None
    path: str

    @classmethod
    def parse(cls, full: str) -> ImageName:
        """A name, by Docker's rule: a host has a dot or a colon, or is `localhost`."""
        first, slash, rest = full.partition("/")
        if slash and ("." in first or ":" in first or first == "localhost"):
            return cls(full, first, rest)
        return cls(full, None, full)

    @property
    def short(self) -> str:
        """The last part, `helloworld`."""
        return self.path.rpartition("/")[2]

    def is_called(self, name: str) -> bool:
        """Whether `name` is the full name, the path or the last part."""
        return name in {self.full, self.path, self.short}

    def find_repository(self, registry: str | None) -> str | None:
        """`<host>/<path>` at `registry`, or else at the host in the name.

        Returns:
            None if there is no host: Docker would pull from Docker Hub.
        """
        host = registry or self.host
        return f"{host}/{self.path}" if host else None

    def repository(self, registry: str | None) -> str:
        """`<host>/<path>`; see `find_repository`.

        Raises:
            ConfigError: there is no host.
        """
        found = self.find_repository(registry)
        if found is None:
            message = (
                f"The image {quoted(self.full)} has no registry host in its name, so"
                " that it would be pulled from elsewhere: give the argument registry,"
                " or set ucimage:registry (`pulumi config set ucimage:registry"
                " HOST:PORT`) or UCIMAGE_REGISTRY."
            )
            raise ConfigError(message)
        return found

    def reference(self, tag: str, registry: str | None) -> str:
        """`<host>/<path>:<tag>`; see `repository`."""
        return f"{self.repository(registry)}:{tag}"

    def repo_digest(self, digest: str | None, registry: str | None) -> str | None:
        """`<host>/<path>@<digest>`, if there is a digest; see `repository`."""
        return f"{self.repository(registry)}@{digest}" if digest else None
