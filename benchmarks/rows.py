"""The rows. Each is a function that measures, and whose docstring says what is compared."""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import requests

from benchmarks import server
from benchmarks.measure import (
    TIMES,
    Bench,
    Measured,
    children_cpu_s,
    compare,
    cpu_s,
    row,
    wall_s,
)
from benchmarks.peers import BarePost, OfficialSdk, RawSocket, list_in_turn
from pulumi_ucimage import get_docker_images
from pulumi_ucimage._config.resolve import load
from pulumi_ucimage._http.clock import Clock, Deadline
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._http.retry import RetryPolicy
from pulumi_ucimage._lookup import bucket_query
from pulumi_ucimage._lookup.clients import client_for
from pulumi_ucimage._registry.auth import Login
from pulumi_ucimage._registry.client import RegistryClient
from pulumi_ucimage._registry.responses import MEDIA_TYPES
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._tags.evaluate import Tag, evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.select import select
from pulumi_ucimage._ucloud.client import Bucket
from pulumi_ucimage._ucloud.listing import Listing
from pulumi_ucimage._ucloud.responses import Page, parse
from pulumi_ucimage.emulator import (
    DEMO_BUCKET,
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    DEMO_REGION,
    Emulator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY_MS = 30
IMAGES = 1000
BUCKET = "i1000t5"


@contextmanager
def configured(bench: Bench, scheme: str, delay_ms: int = 0) -> Iterator[None]:
    """Look-ups of this process go to the server, whatever the user's environment says."""
    hidden = ("UCLOUD_", "UCIMAGE_", "CURL_CA_", "REQUESTS_CA_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(hidden) and not name.lower().endswith("_proxy")
    }
    kept |= bench.api.environment(scheme, delay_ms)
    with mock.patch.dict(os.environ, kept, clear=True):
        yield


def list_and_read(bucket: str = BUCKET) -> None:
    """List a bucket and read every field of the result, as a program does."""
    result = get_docker_images(bucket)
    _ = result.id, result.region, result.bucket_name, result.total_count
    for image in result.images:
        _ = image.name, image.short_name, image.latest_tag, image.resource_id
        _ = image.update_time, image.updated_at, image.org_id
        for tag in image.tags:
            _ = tag.name, tag.image, tag.create_time, tag.created_at


def list_one_page_at_a_time() -> None:
    """List and read without reading pages ahead."""
    with mock.patch.object(bucket_query, "MAX_CONCURRENCY", 1):
        list_and_read()


@row(
    "CPU of one warm TLS call, page of 20 images",
    ours="Client.get_page",
    against="a raw socket",
    target=3.5,
)
def call(bench: Bench) -> Measured:
    """One call on a kept TLS 1.3 connection, its page validated.

    The raw socket signs, sends, reads and parses the same bytes, and validates nothing.
    """
    with (
        configured(bench, "https"),
        closing(RawSocket(bench.api, "https")) as raw,
    ):
        clock, page = Clock(), ("i20t5", 20, 0)
        client = client_for(load({}), clock, lambda: None)
        bucket = Bucket(name="i20t5", region=server.REGION)
        return compare(
            cpu_s,
            bench.rounds(15),
            count=200,
            ours=lambda: client.get_page(
                bucket, limit=20, offset=0, deadline=Deadline.after(60, clock)
            ),
            against=partial(raw.images, *page),
            the_official_SDK=partial(OfficialSdk(bench.api, "https").images, *page),
            requests_post=partial(BarePost(bench.api, "https").images, *page),
        )


@row(
    "CPU of one warm digest over TLS",
    ours="RegistryClient.get_digest",
    against="a kept `requests.Session`",
    target=1,
)
def digest(bench: Bench) -> Measured:
    """HEAD for a manifest on a kept TLS 1.3 connection, with a token, the answer checked.

    The session sends the same request and takes the digest as it is. A raw socket that
    parses the answer is not a useful measure: http.client takes 4 times as long, urllib3 10
    times and `RegistryClient` 17 times, because the answer has nothing else to parse.
    """
    origin, token = f"https://{server.HOST}:{bench.api.ports['https']}", 800 * "a"
    client = RegistryClient(
        host=server.HOST,
        endpoint=Endpoint.parse(f"{origin}/"),
        find_credentials=lambda _seconds: None,
        logins={"ucs/app": Login(Secret(f"Bearer {token}"))},
        retry_policy=RetryPolicy(max_retries=3, clock=Clock()),
    )
    headers = {"Accept": ", ".join(MEDIA_TYPES), "Authorization": f"Bearer {token}"}
    url = f"{origin}/v2/ucs/app/manifests/1"

    def ask() -> None:
        deadline = Deadline.after(60, Clock())
        assert client.get_digest("ucs/app", "1", deadline) == server.DIGEST  # noqa: S101

    with (
        configured(bench, "https"),
        requests.Session() as session,
    ):
        return compare(
            cpu_s,
            bench.rounds(15),
            count=200,
            ours=ask,
            against=lambda: session.head(url, headers=headers, timeout=60).headers[
                "Docker-Content-Digest"
            ],
        )


@row(
    "1,000 images, pages of 100, 30 ms round trip, one page at a time",
    ours="get_docker_images, every field read",
    against="its 11 round trips",
    target=1.12,
)
def listing_in_turn(bench: Bench) -> Measured:
    """A listing on a warm TLS 1.3 connection, with a call for each page.

    There are 11 calls, because a page begins with the last image of the page before. The
    other contenders make 10.
    """
    with (
        configured(bench, "https", DELAY_MS),
        closing(RawSocket(bench.api, "https", DELAY_MS)) as raw,
    ):
        sdk = OfficialSdk(bench.api, "https", DELAY_MS)
        post = BarePost(bench.api, "https", DELAY_MS)
        list_in_turn(raw, BUCKET, IMAGES)
        return compare(
            wall_s,
            bench.rounds(9),
            ours=list_one_page_at_a_time,
            against=11 * DELAY_MS / 1000,
            raw_socket=partial(list_in_turn, raw, BUCKET, IMAGES),
            the_official_SDK=partial(list_in_turn, sdk, BUCKET, IMAGES),
            requests_post=partial(list_in_turn, post, BUCKET, IMAGES),
        )


@row(
    "the same, after the first page four pages at a time",
    ours="get_docker_images, every field read",
    against="one page at a time",
    target=0.5,
)
def listing_in_parallel(bench: Bench) -> Measured:
    """The same listing as `get_docker_images` makes it, against one page at a time."""
    with configured(bench, "https", DELAY_MS):
        return compare(
            wall_s, bench.rounds(9), ours=list_and_read, against=list_one_page_at_a_time
        )


@row(
    f"CPU of a listing, 1,000 images {TIMES} 5 tags, plain HTTP",
    ours="get_docker_images, every field read",
    against="the official SDK, raw dicts read",
    target=1.7,
)
def listing_cpu(bench: Bench) -> Measured:
    """A whole listing, against pages by the SDK's `Client.invoke`, whose log is off."""
    sdk, post = OfficialSdk(bench.api, "http"), BarePost(bench.api, "http")
    with configured(bench, "http"):
        return compare(
            cpu_s,
            bench.rounds(11),
            ours=list_and_read,
            against=partial(list_in_turn, sdk, BUCKET, IMAGES),
            requests_post=partial(list_in_turn, post, BUCKET, IMAGES),
        )


@row(
    f"3.1 MB answer (1,000 images {TIMES} 20 tags) to results",
    ours="get_docker_images, every field read",
    against="json.loads",
    target=5.5,
)
def results(bench: Bench) -> Measured:
    """The bytes of one answer to results, against `json.loads` of the same bytes."""
    body = server.body("i1000t20", limit=IMAGES, offset=0)

    def listing(*_: object, **__: object) -> Listing:
        page = parse(body)
        assert isinstance(page, Page)  # noqa: S101 - the server sends no errors
        return Listing(page.images, IMAGES)

    answered = mock.patch.object(bucket_query, "list_images", listing)
    with configured(bench, "http"), answered:
        return compare(
            cpu_s,
            bench.rounds(15),
            ours=partial(list_and_read, "i1000t20"),
            against=lambda: json.loads(body),
            validated_only=lambda: parse(body),
        )


@row(
    "choosing among 10,000 tags (semver)",
    ours="select, with its explanation",
    against="sorted by three ints",
    target=5.0,
)
def choice(bench: Bench) -> Measured:
    """A choice with its counts and explanation, against `sorted` of the split numbers."""
    chance = random.Random(1)  # noqa: S311 - the same tags each time
    numbers = {(chance.randrange(40), chance.randrange(60), n) for n in range(10_000)}
    names = [".".join(map(str, parts)) for parts in numbers]
    tags = [Tag(name, 1_600_000_000 + at) for at, name in enumerate(names)]
    semver = {"policy": "semver"}

    def choose(**arguments: str) -> None:
        evaluation = evaluate(Policy.from_arguments(arguments), tags, now=2e9)
        select(evaluation, image_name="r.io/app")

    return compare(
        cpu_s,
        bench.rounds(15),
        ours=partial(choose, **semver),
        against=lambda: sorted(names, key=lambda name: (*map(int, name.split(".")),)),
        in_a_range=partial(choose, **semver, semver_range=">=1.2 <30 || ^35"),
        the_newest=choose,
    )


# --- Processes ---


def python(code: str, *arguments: str) -> str:
    """What a Python program prints."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, *arguments],
        cwd=Path(__file__).resolve().parent.parent,
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    ).stdout


@row(
    "import of pulumi_ucimage on top of import pulumi",
    ours="import pulumi_ucimage",
    against="import pulumi",
    target=0.3,
)
def import_(bench: Bench) -> Measured:
    """CPU time of both imports, in this order, in fresh processes."""
    code = (
        "import time; t = [time.process_time()]; import pulumi; t += [time.process_time()];"
        " import pulumi_ucimage; t += [time.process_time()]; print(*t)"
    )
    python(code)  # compiles once
    taken = [[float(at) for at in python(code).split()] for _ in range(bench.rounds(15))]
    pulumi = Measured(tuple(loaded - start for start, loaded, _ in taken))
    ours = Measured(tuple(end - loaded for _, loaded, end in taken))
    return Measured(
        tuple(own / other for own, other in zip(ours.ratios, pulumi.ratios, strict=True)),
        (f"pulumi: {pulumi.median * 1000:.0f} ms", f"ours: {ours.median * 1000:.0f} ms"),
    )


@row(
    "plugin start to its port line",
    ours="pulumi-resource-ucimage",
    against='python -c "import pulumi, grpc"',
    target=1.3,
)
def plugin_start(bench: Bench) -> Measured:
    """From the start of the process to its first line, against a Python that imports."""

    def start() -> None:
        command = Path(sys.executable).parent / "pulumi-resource-ucimage"
        with subprocess.Popen(  # noqa: S603 - our own command
            [str(command), "127.0.0.1:1"], stdout=subprocess.PIPE
        ) as plugin:
            try:
                if not (plugin.stdout and int(plugin.stdout.readline())):
                    raise ChildProcessError(command.name)
            finally:
                plugin.kill()

    return compare(
        wall_s,
        bench.rounds(11),
        ours=start,
        against=partial(python, "import pulumi, grpc"),
    )


def ucimage(*words: str) -> None:
    """Run the command line; what it prints is not shown."""
    command = Path(sys.executable).parent / "ucimage"
    subprocess.run([str(command), *words], check=True, capture_output=True)  # noqa: S603


@row(
    "CPU of `ucimage choose`",
    ours="the command, against the emulator",
    against='python -c "import pulumi, requests, pydantic"',
    target=2.0,
)
def command_choose(bench: Bench) -> Measured:
    """One look-up from a terminal, against a Python that only imports."""
    with configured(bench, "http"), Emulator() as emulator:
        os.environ["UCLOUD_API_BASE_URL"] = emulator.url
        os.environ["UCLOUD_PUBLIC_KEY"] = DEMO_PUBLIC_KEY
        os.environ["UCLOUD_PRIVATE_KEY"] = DEMO_PRIVATE_KEY
        os.environ["UCLOUD_REGION"] = DEMO_REGION
        return compare(
            children_cpu_s,
            bench.rounds(15),
            ours=partial(ucimage, "choose", DEMO_BUCKET, "--no-stack"),
            against=partial(python, "import pulumi, requests, pydantic"),
        )


@row(
    "memory: 100,000 images listed (10,000 in the quick form)",
    ours="peak of get_docker_images",
    against="its result",
    target=3.0,
)
def memory(bench: Bench) -> Measured:
    """The most memory that Python holds during a listing, against what its result holds.

    By tracemalloc, in a process of its own. The bytes an image show whether memory grows
    with the result only.
    """
    code = (
        "import gc, sys, tracemalloc; from pulumi_ucimage import get_docker_images as get\n"
        "get('i1t1'); gc.collect(); tracemalloc.start(); result = get(sys.argv[1])\n"
        "_, peak = tracemalloc.get_traced_memory(); gc.collect()\n"
        "print(tracemalloc.get_traced_memory()[0], peak, len(result.images))"
    )
    ratio, notes = 0.0, []
    with configured(bench, "http"):
        for size in (2_000, 10_000) if bench.is_quick else (20_000, 100_000):
            held, peak, images = map(int, python(code, f"i{size}t2").split())
            ratio = peak / held
            notes.append(
                f"{images:,} images: result {held / 1e6:.0f} MB, peak {ratio:.2f} {TIMES},"
                f" {held / images:.0f} bytes an image"
            )
    return Measured((ratio,), tuple(notes))


# --- Programs on the real engine ---

NOTHING = "pulumi.export('tags', pulumi.Output.all(*range(50)))"
FIFTY_LOOK_UPS = """
tags = []
for number in range(25):
    name = f"app-{number:06d}"
    tags.append(ucimage.get_docker_image("i1000t5", image_name=name).tag)
    tags.append(ucimage.get_docker_image_output("i1000t5", image_name=name).tag)
pulumi.export("tags", pulumi.Output.all(*tags))
"""
PINS = """
for number in range({count}):
    name = f"app-{{number:06d}}"
    ucimage.ImagePin(name, bucket_name="i1000t5", image_name=name)
"""


@contextmanager
def project(bench: Bench, program: str) -> Iterator[Any]:
    """A program's project and stack, in a temporary folder; see `examples/workspace.py`."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))
    workspace: Any = importlib.import_module("workspace")

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        (source / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        imports = (
            "import pulumi\n"
            if program == NOTHING
            else ("import pulumi\nimport pulumi_ucimage as ucimage\n")
        )
        (source / "__main__.py").write_text(imports + program)
        extra = bench.api.environment("http")
        yield workspace.Workspace.make(Path(folder), source, tools=bench.tools, extra=extra)


@row(
    "pulumi preview with 50 look-ups, 1,000 images, no delay",
    ours="preview of 50 look-ups",
    against="preview of none",
    target=1.25,
)
def preview_of_look_ups(bench: Bench) -> Measured:
    """`pulumi preview` of 50 look-ups of one bucket, against a program without any."""
    with (
        project(bench, FIFTY_LOOK_UPS) as fifty,
        project(bench, NOTHING) as none,
    ):
        return compare(
            wall_s,
            bench.rounds(7),
            ours=partial(fifty.pulumi, "preview"),
            against=partial(none.pulumi, "preview"),
        )


@row(
    "pulumi preview with 50 pins of one bucket, 1,000 images",
    ours="preview of 50 pins",
    against="preview of one",
    target=1.6,
)
def preview_of_pins(bench: Bench) -> Measured:
    """`pulumi preview` of 50 new pins, each of another image, against one new pin."""
    with (
        project(bench, PINS.format(count=50)) as fifty,
        project(bench, PINS.format(count=1)) as one,
    ):
        return compare(
            wall_s,
            bench.rounds(5),
            ours=partial(fifty.pulumi, "preview"),
            against=partial(one.pulumi, "preview"),
        )
