"""A Pulumi project in a temporary folder, with a file backend and nothing of the user's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STACK = "dev"


@dataclass(frozen=True)
class Workspace:
    """Runs `pulumi` in a folder of its own.

    Attributes:
        folder: where everything is: the project, the backend, Pulumi's home.
        environment: what the commands see.
    """

    folder: Path
    environment: dict[str, str]

    @classmethod
    def make(
        cls, folder: Path, project: Path, *, tools: Path, extra: Mapping[str, str]
    ) -> Workspace:
        """Copy a project, and make a stack of it.

        Args:
            folder: an empty one.
            project: the project's folder; it is left as it is.
            tools: the folder with `pulumi` and its language hosts.
            extra: further variables for the commands.
        """
        shutil.copytree(
            project,
            folder / "project",
            ignore=shutil.ignore_patterns("__pycache__", "venv"),
        )
        (folder / "backend").mkdir()
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PULUMI_", "UCLOUD_", "UCIMAGE_"))
        }
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), str(tools), os.environ.get("PATH", "")]
        )
        workspace = cls(
            folder,
            {
                **inherited,
                "PATH": path,
                "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
                "PULUMI_HOME": str(folder / "home"),
                "PULUMI_CONFIG_PASSPHRASE": "correct horse battery staple",
                "PULUMI_SKIP_UPDATE_CHECK": "1",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                **extra,
            },
        )
        workspace.pulumi("stack", "init", STACK)
        return workspace

    @property
    def project(self) -> Path:
        """The folder of the project's copy."""
        return self.folder / "project"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` with these arguments, whatever comes of it."""
        return subprocess.run(  # noqa: S603 - our own arguments
            ["pulumi", *arguments, "--non-interactive", "--color=never"],  # noqa: S607
            cwd=self.project,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def pulumi(self, *arguments: str, **variables: str) -> str:
        """Run `pulumi`, which must succeed, and give what it prints.

        Raises:
            RuntimeError: it failed; the text is what it printed.
        """
        done = self.run(*arguments, **variables)
        if done.returncode:
            message = f"pulumi {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        outputs: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json"))
        return outputs
