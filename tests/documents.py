"""The code blocks of the documents, and a session in which a page's blocks are run.

A Chinese page has the blocks of its English page, and is not run a second time.

A comment before a block says what is done with it:

- `<!-- run: program -->` a Python program: `pulumi up` of it, on the real engine
- `<!-- run: yaml -->` the same in YAML, with the plugin on PATH
- `<!-- run: process -->` Python in a process of its own, with no engine
- `<!-- run: shell -->` commands; folder and variables last to the end of the page
- `<!-- run: server -->` an emulator in a terminal of its own; from here on nothing else
  leads to an API, and its port 8080 is replaced by a free one
- `<!-- file: NAME -->` is written into the project's folder
- `<!-- prints -->` what the last run printed: these lines in this order, other lines may
  be between them, `...` is anything, and an age such as `2y` or `17y` is any age
- `<!-- copy: NAME -->`, without a block: saves the page's first program as NAME in the
  current folder, as the sentence before it asks the reader to do
- `<!-- not run: REASON -->`

`fails` after what is run says that it must fail. `<!-- push: TAG -->` and
`<!-- delete: TAG -->`, without a block, push and delete a tag, as somebody else would.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conftest import ROOT, environment_for
from engine import yaml
from workspace import STACK, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from pulumi_ucimage.emulator import Emulator

_COMMENT = re.compile(r" *<!-- (run|file|prints|not run|push|delete|copy)(?:: (.*?))? -->")
_FENCE = re.compile(r"( *)```([a-z]*)")
_AGE = re.compile(r"\b\d+[smhdy](\\ )+")  # escaped, with the spaces that fill its column
_PORT = "8080"


@dataclass(frozen=True)
class Block:
    """A block, or a push between blocks.

    Attributes:
        page: the page's path in the checkout.
        line: its line in the page, for messages.
        text: what is between the fences.
        action: `run`, `file`, `prints`, `not run`, `push`, `delete` or `copy`.
        what: what the comment says behind the action.
    """

    page: str
    line: int
    text: str
    action: str
    what: str


def pages() -> list[str]:
    """The documents whose blocks are run: the English ones."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    names = [path.relative_to(ROOT).as_posix() for path in found]
    return [name for name in names if name not in translations().values()]


def translations() -> dict[str, str]:
    """The Chinese page of each English one that has one; they have the same blocks."""
    names = sorted(path.name for path in (ROOT / "docs/zh-CN").iterdir())
    pairs = {f"docs/{name}": f"docs/zh-CN/{name}" for name in names}
    return {"README.md": "README.zh-CN.md", **pairs}


def anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in their order.

    Raises:
        ValueError: one has no comment that says what to do with it.
    """
    action, what, indent, start = "", "", 0, 0
    text: list[str] | None = None
    lines = ROOT.joinpath(page).read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if text is not None:
            if line.strip() == "```":
                body = "\n".join(row[indent:] for row in text)
                yield Block(page, start, f"{body}\n", action, what)
                action, what, text = "", "", None
            else:
                text.append(line)
        elif comment := _COMMENT.fullmatch(line):
            action, what = comment[1], comment[2] or ""
            if action in {"push", "delete", "copy"}:
                yield Block(page, number, "", action, what)
                action = ""
        elif fence := _FENCE.fullmatch(line):
            if not action:
                message = f"{page}:{number} does not say what is done with its block."
                raise ValueError(message)
            text, indent, start = [], len(fence[1]), number
        elif line.strip() and action:
            message = f"{page}:{number} has a comment for a block, and no block."
            raise ValueError(message)


class Session:
    """A folder, a stack and an emulator, in which a page is followed from top to end."""

    def __init__(self, folder: Path, emulator: Emulator, tools: Path) -> None:
        source = folder / "source"
        source.mkdir(parents=True)
        (source / "Pulumi.yaml").write_text("name: test\nruntime: python\n")
        # The passphrase is the README's: a page may go to another backend.
        extra = {**environment_for(emulator), "PULUMI_CONFIG_PASSPHRASE": "demo"}
        self._workspace = Workspace.make(folder, source, tools=tools, extra=extra)
        self._root = self._workspace.project
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / "examples", self._root / "examples", ignore=ignored)
        self._emulator = emulator
        self._folder = str(self._root)
        self._variables = {
            **self._workspace.environment,
            "NO_COLOR": "1",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
            # Half the time; the pages show previews by `pulumi preview`.
            "PULUMI_OPTION_SKIP_PREVIEW": "true",
            "VIRTUAL_ENV": sys.prefix,
        }
        self._emulating: subprocess.Popen[str] | None = None
        self._port = _PORT
        self._program_text = ""
        self.printed = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the page's own emulator."""
        if self._emulating:
            self._emulating.terminate()
            self._emulating.communicate(timeout=30)

    def follow(self, block: Block) -> None:
        """Do what a block's comment says.

        Raises:
            AssertionError: something else came of it than the page says.
        """
        place = f"{block.page}:{block.line}"
        text = block.text.replace(_PORT, self._port)
        kind, _, fails = block.what.partition(", ")
        if block.action == "push":
            self._emulator.push("ucs", "helloworld", block.what)
        elif block.action == "delete":
            self._emulator.delete("ucs", "helloworld", block.what)
        elif block.action == "copy":
            Path(self._folder, block.what).write_text(self._program_text, encoding="utf-8")
        elif block.action == "file":
            path = self._root / block.what
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif block.action == "prints":
            missing = not_printed(text, self.printed)
            assert not missing, f"{place} says {missing!r}, not there:\n{self.printed}"
        elif block.action == "run":
            status = getattr(self, f"_{kind}")(text)
            assert bool(status) == (fails == "fails"), f"{place}: {self.printed}"

    def _program(self, text: str) -> int:
        self._program_text = self._program_text or text
        (self._root / "__main__.py").write_text(text, encoding="utf-8")
        return self._up(self._root)

    def _yaml(self, text: str) -> int:
        folder = self._root / "yaml"
        folder.mkdir(exist_ok=True)
        whole = text if text.startswith("name:") else yaml(text)
        (folder / "Pulumi.yaml").write_text(whole, encoding="utf-8")
        return self._up(folder)

    def _up(self, project: Path) -> int:
        """Deploy a project; the reader is in its folder from then on."""
        self._folder = str(project)
        assert not self._run("pulumi", "stack", "select", "--create", STACK), self.printed
        return self._run("pulumi", "up", "--skip-preview")

    def _process(self, text: str) -> int:
        return self._run(sys.executable, "-W", "error", "-c", text)

    def _shell(self, text: str) -> int:
        after = self._workspace.folder / "after"
        end = f"trap 's=$?; {{ pwd; env -0; }} > \"{after}\"; exit $s' EXIT\n"
        status = self._run("bash", "-euo", "pipefail", "-c", end + text)
        folder, _, variables = after.read_text("utf-8").partition("\n")
        self._folder = folder
        pairs = (pair.partition("=") for pair in variables.split("\0") if pair)
        self._variables = {name: value for name, _, value in pairs if name != "_"}
        return status

    def _server(self, text: str) -> int:
        """Start the emulator of the page, on a free port."""
        ours = ("UCLOUD_", "UCIMAGE_")
        self._variables = {
            name: value
            for name, value in self._variables.items()
            if not name.startswith(ours)
        }
        self._emulating = subprocess.Popen(
            shlex.split(text.replace(_PORT, "0")),
            cwd=self._folder,
            env=self._variables,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._emulating.stdout
        self.printed = self._emulating.stdout.readline()
        self._port = str(urlsplit(self.printed.strip()).port)
        return 0

    def _run(self, *command: str) -> int:
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._variables,
            input="demo-private-key\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.printed = done.stdout
        return done.returncode


def not_printed(expected: str, printed: str) -> str:
    """The first line that was not printed in its turn; "" where all were."""
    rest = iter(line.strip() for line in printed.splitlines())
    for line in expected.splitlines():
        parts = (
            _AGE.sub(r"\\d+[smhdy] +", re.escape(part))
            for part in line.strip().split("...")
        )
        pattern = re.compile(".*".join(parts))
        if line.strip() and not any(pattern.fullmatch(other) for other in rest):
            return line
    return ""
