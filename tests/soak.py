"""Look-ups and pins for three minutes, while one call in ten has a fault: `make soak`.

Four threads look up and pin, each in a bucket of its own. Each also pushes to its bucket,
and so knows the right answers. The API runs in another process. The report counts wrong
answers and exceptions that are not the package's, and says what this process holds.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import http.client
import json
import logging
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest import mock

from faults import Do, Drip, FaultServer, answer, chunked, encoded

from pulumi_ucimage import UcimageError, get_docker_image, get_docker_images
from pulumi_ucimage._pulumi import engine_log
from pulumi_ucimage.emulator import Emulator
from pulumi_ucimage.pin_provider import ImagePinProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faults import Request, Steps

THREADS: Final = 4
IMAGES: Final = 120
"""Enough for a listing of two pages."""
KEPT_TAGS: Final = 5
KEYS: Final = {"PublicKey": "public", "PrivateKey": "private"}
MOST_MB: Final = 10
MOST_FILES: Final = 8
"""A process may keep some connections; which ones it keeps changes."""

FAULTS: Final[dict[str, Callable[[bytes], bytes | Steps]]] = {
    "reset": lambda _: (Do.RESET,),
    "closed": lambda _: (Do.CLOSE,),
    "silence": lambda _: (Do.WAIT,),
    "headers cut": lambda _: (b"HTTP/1.1 200 OK\r\nContent-", Do.CLOSE),
    "body cut": lambda body: (answer(body)[:-9], Do.CLOSE),
    "body reset": lambda body: (answer(body)[:-9], Do.RESET),
    "chunk cut": lambda body: (chunked(body)[:-9], Do.CLOSE),
    "body drips": lambda body: (answer(body)[:-99], Drip(answer(body)[-99:], 0.1)),
    "gzip cut": lambda body: answer(
        gzip.compress(body)[:-9], headers={"Content-Encoding": "gzip"}
    ),
    "408": lambda _: answer(b"", 408),
    "429, Retry-After": lambda _: answer(b"", 429, {"Retry-After": "1"}),
    "500": lambda _: answer(b"", 500),
    "502": lambda _: answer(b"<html>", 502),
    "503": lambda _: answer(b"", 503),
    "404": lambda _: answer(b"", 404),
    "redirect": lambda _: answer(b"", 302, {"Location": "http://127.0.0.1:1/"}),
    "HTML": lambda _: answer(b"<html>Please log in</html>"),
    "JSON cut": lambda body: answer(body[:-9]),
    "not UTF-8": lambda body: answer(body[:-9] + b"\xff"),
    "a list": lambda body: answer(b"[" + body + b"]"),
    "RetCode 110": lambda _: answer(encoded({"RetCode": 110})),
    "RetCode 150": lambda _: answer(encoded({"RetCode": 150})),
    "RetCode 153": lambda _: answer(encoded({"RetCode": 153})),
    "RetCode 171": lambda _: answer(encoded({"RetCode": 171})),
    "RetCode 43000": lambda _: answer(encoded({"RetCode": 43000})),
    "no RetCode": lambda body: answer(changed(body, RetCode=None)),
    "TotalCount too large": lambda body: answer(changed(body, TotalCount=IMAGES + 1)),
    "TotalCount too small": lambda body: answer(changed(body, TotalCount=IMAGES - 1)),
    "no images": lambda body: answer(changed(body, ImageSet=[])),
    "an image missing": lambda body: answer(
        changed(body, ImageSet=json.loads(body)["ImageSet"][1:])
    ),
    "an image twice": lambda body: answer(
        changed(body, ImageSet=2 * json.loads(body)["ImageSet"][:1])
    ),
    "wrong type": lambda body: answer(changed(body, ImageSet="none")),
}
"""What can happen to one call, by what it would have answered."""
REGISTRY_FAULTS: Final = (
    "reset",
    "closed",
    "silence",
    "headers cut",
    "408",
    "429, Retry-After",
    "500",
    "503",
)
"""What can happen to a request to the registry, whose answer may have no body."""


def changed(body: bytes, **fields: object) -> bytes:
    """An answer with other fields."""
    return encoded({**json.loads(body), **fields})


# --- The API's process ---


def data() -> dict[str, object]:
    """A bucket for each thread."""
    buckets = [
        {"Region": "cn-bj2", "BucketName": f"bucket{thread}", "ImageSet": images(thread)}
        for thread in range(THREADS)
    ]
    return {"Keys": [KEYS], "Buckets": buckets}


def images(thread: int) -> list[dict[str, object]]:
    """The images of a thread's bucket."""
    tags = [{"TagName": "1.0.0", "CreateTime": 1}]
    return [{"ImageName": name, "TagSet": tags} for name in names(thread)]


def names(thread: int) -> list[str]:
    """The names of a thread's images."""
    return [f"r.io/team{thread}/app{number}" for number in range(IMAGES)]


def serve(share: float) -> None:
    """Serve until stdin ends: an emulator, and faults in front of it."""
    seen: Counter[str] = Counter()
    chance = random.Random(1)  # noqa: S311 - the same faults each time

    def respond(request: Request) -> bytes | Steps:
        method, path, *_ = request.head.split()
        connection = http.client.HTTPConnection(emulator.url.split("/")[2])
        passed = ("content-type", "accept")
        headers = {
            name: request.headers[name] for name in passed if name in request.headers
        }
        connection.request(method, path, request.body, headers)
        received = connection.getresponse()
        body = received.read()
        connection.close()
        kinds = [*FAULTS] if method == "POST" else REGISTRY_FAULTS
        kind = chance.choice(kinds) if chance.random() < share else ""
        if method == "HEAD":
            body = b""
        seen[kind] += 1
        if kind:
            return FAULTS[kind](body)
        digest = received.headers.get("Docker-Content-Digest")
        sent = {"Docker-Content-Digest": digest, "Content-Length": None} if digest else {}
        return answer(body, received.status, sent)

    with Emulator(data=data()) as emulator, FaultServer(respond) as server:
        sys.stdout.write(json.dumps([server.url, emulator.url]) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        sys.stdout.write(json.dumps(seen))


# --- The process that looks up ---


class Wrong(Exception):  # noqa: N818 - counted, never raised out of here
    """An answer that is not right."""


class Worker:
    """One thread's look-ups, pushes and pin."""

    def __init__(self, thread: int, emulator_url: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._names = names(thread)
        self._bucket = f"bucket{thread}"
        self._emulator = emulator_url
        self._newest = 0
        self._release = 0
        self._pin: dict[str, Any] = {}
        self._pinned = ""

    def round(self) -> None:
        """Everything once: look up, push, and look what the pin does."""
        for step in (
            self._listing,
            self._window,
            self._choice,
            self._missing_tag,
            self._push,
            self._choice,
            self._digest,
            self._unchanged_pin,
            self._refreshed_pin,
            self._triggered_pin,
        ):
            try:
                step()
                outcome = "right"
            except UcimageError as error:
                outcome = type(error).__name__
            except Wrong as wrong:
                self.wrong.append(f"wrong: {step.__name__}: {wrong}")
                outcome = "wrong"
            except Exception as error:  # noqa: BLE001 - any is a fault of the package
                self.wrong.append(f"foreign: {step.__name__}: {error!r}")
                outcome = "foreign"
            self.outcomes[outcome] += 1

    def _listing(self) -> None:
        listed = [image.name for image in get_docker_images(self._bucket).images]
        same(self._names, listed)

    def _window(self) -> None:
        window = get_docker_images(self._bucket, limit=9, offset=95).images
        same(self._names[95:104], [image.name for image in window])

    def _choice(self) -> None:
        chosen = get_docker_image(self._bucket, image_name="app0")
        same(f"{self._names[0]}:1.0.{self._newest}", chosen.image)

    def _digest(self) -> None:
        front = os.environ["UCLOUD_API_BASE_URL"].split("/")[2]
        chosen = get_docker_image(
            self._bucket, image_name="app0", registry=front, resolve_digest=True
        )
        connection = http.client.HTTPConnection(self._emulator.split("/")[2])
        path = self._names[0].partition("/")[2]
        accept = {"Accept": "application/vnd.oci.image.index.v1+json"}
        connection.request("HEAD", f"/v2/{path}/manifests/1.0.{self._newest}", None, accept)
        digest = connection.getresponse().headers["Docker-Content-Digest"]
        connection.close()
        same(f"{front}/{path}@{digest}", chosen.repo_digest)

    def _missing_tag(self) -> None:
        found = get_docker_image(
            self._bucket,
            image_name="app1",
            policy="semver",
            semver_range=">1",
            default_tag="none",
        )
        same(("none", False), (found.tag, found.found))

    def _push(self) -> None:
        self._newest += 1
        self._call("push", TagName=f"1.0.{self._newest}")
        if self._newest > KEPT_TAGS:
            self._call("delete", TagName=f"1.0.{self._newest - KEPT_TAGS}")

    def _call(self, what: str, **fields: str) -> None:
        connection = http.client.HTTPConnection(self._emulator.split("/")[2])
        body = encoded({"BucketName": self._bucket, "ImageName": self._names[0], **fields})
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"/emulator/{what}", body, headers)
        same(200, connection.getresponse().status)
        connection.close()

    def _check(self, release: int) -> str:
        """What Check makes of the pin; it is stored unless it fails."""
        news = {
            "bucket_name": self._bucket,
            "image_name": "app0",
            "triggers": {"release": str(release)},
        }
        checked = provider().check(self._pin, news)
        if checked.failures:
            text = checked.failures[0].reason
            if "Traceback" in text or (self._pinned and self._pinned not in text):
                raise Wrong(text)
            return ""
        self._pin = dict(checked.inputs)
        return str(checked.inputs["tag"])

    def _unchanged_pin(self) -> None:
        if self._pinned:
            same(self._pinned, self._check(self._release))

    def _refreshed_pin(self) -> None:
        if self._pinned:
            looked = provider().read("an id", {**self._pin, "chosen_at": ""})
            same(self._pinned, (looked.outs or {}).get("tag"))

    def _triggered_pin(self) -> None:
        if tag := self._check(self._release + 1):
            same(f"1.0.{self._newest}", tag)
            self._release += 1
            self._pinned = tag


def same(expected: object, seen: object) -> None:
    """Raise Wrong where they differ."""
    if expected != seen:
        raise Wrong(f"{expected!r}, but {seen!r}"[:500])


def provider() -> ImagePinProvider:
    """A pin's provider, as Pulumi configures it for each command."""
    configured = ImagePinProvider()
    request: Any = SimpleNamespace(config=SimpleNamespace(get=lambda _: None))
    configured.configure(request)
    return configured


def silent(*_: object, **__: object) -> None:
    """In place of Pulumi's log: there is no engine."""


class Held(NamedTuple):
    """What a process holds."""

    memory_mb: int
    threads: int
    files: int

    @classmethod
    def now(cls) -> Held:
        """Of this process; by /proc, so on Linux only."""
        gc.collect()
        status = Path("/proc/self/status").read_text("utf-8")
        memory_kb = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0])
        folders = ("task", "fd")
        threads, files = (len([*Path("/proc/self", name).iterdir()]) for name in folders)
        return cls(memory_kb // 1024, threads, files)

    @classmethod
    def once_calm(cls, threads: int) -> Held:
        """Once no more than this many threads are left; waits 30 s at most."""
        end = time.monotonic() + 30
        while (held := cls.now()).threads > threads and time.monotonic() < end:
            threading.Event().wait(0.1)
        return held


@contextmanager
def api(share: float) -> Iterator[tuple[Any, str, str]]:
    """The API's process; its own URL, and the emulator's, which has no faults."""
    with subprocess.Popen(
        [sys.executable, "-m", "soak", "--serve", "--share", str(share)],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url, emulator_url = json.loads(process.stdout.readline())
        yield process, url, emulator_url


def run(workers: list[Worker], seconds: float) -> None:
    """Let every worker do its rounds in a thread of its own."""
    end = time.monotonic() + seconds

    def work(worker: Worker) -> None:
        while time.monotonic() < end:
            worker.round()

    threads = [threading.Thread(target=work, args=[worker]) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def soak(seconds: float, share: float) -> tuple[str, list[str]]:
    """Soak; what is to be reported, and what went wrong."""
    with api(share) as (process, url, emulator_url):
        ours = ("UCLOUD_", "UCIMAGE_")
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(ours) and not name.lower().endswith("_proxy")
            },
            "UCLOUD_API_BASE_URL": url,
            "UCLOUD_PUBLIC_KEY": KEYS["PublicKey"],
            "UCLOUD_PRIVATE_KEY": KEYS["PrivateKey"],
            "UCLOUD_REGION": "cn-bj2",
            "UCIMAGE_TIMEOUT_SECONDS": "3",
        }
        workers = [Worker(thread, emulator_url) for thread in range(THREADS)]
        with (
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch.object(engine_log, "write", new=silent),
        ):
            idle = Held.now()
            run(workers, seconds / 6)  # everything is loaded, and every kind was met
            before = Held.once_calm(idle.threads)
            run(workers, seconds)
            after = Held.once_calm(before.threads)
        output, _ = process.communicate("")
    faults = json.loads(output)
    outcomes = sum((worker.outcomes for worker in workers), Counter[str]())
    problems = [problem for worker in workers for problem in worker.wrong]
    for name, most in (("memory_mb", MOST_MB), ("threads", 0), ("files", MOST_FILES)):
        if getattr(after, name) > getattr(before, name) + most:
            problems.append(f"{name} grew: {before}, then {after}")
    calls = sum(faults.values())
    with_fault = calls - faults.get("", 0)
    lines = [
        f"{outcomes.total()} operations in {seconds:.0f} s and {THREADS} threads",
        f"{calls} calls, {with_fault} of them with one of {len(faults) - 1} kinds of fault",
        f"right: {outcomes['right']}; wrong: {outcomes['wrong']}",
        "errors of the package: "
        + ", ".join(f"{name} {n}" for name, n in outcomes.most_common() if "Error" in name),
        f"other exceptions: {outcomes['foreign']}",
        f"before: {before.memory_mb} MB, {before.threads} threads, {before.files} files",
        f"after: {after.memory_mb} MB, {after.threads} threads, {after.files} files",
    ]
    return "".join(f"- {line}\n" for line in lines), problems


def main() -> int:
    """Soak and report; the status is 1 where something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--share", type=float, default=0.1, help="of calls with a fault")
    parser.add_argument("--write", action="store_true", help="to docs/reliability.md")
    parser.add_argument("--serve", action="store_true", help="be the API's process")
    options = parser.parse_args()
    if options.serve:
        serve(options.share)
        return 0
    logging.disable()
    report, problems = soak(options.seconds, options.share)
    sys.stdout.write(report)
    if options.write and not problems:
        from reliability import page  # noqa: PLC0415 - it loads what a soak must not hold

        page.write_endurance(report)
    sys.stderr.writelines(f"{problem}\n" for problem in problems[:20])
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
