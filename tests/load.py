"""Programs that look up at once, and an API in front of them that throttles and drops."""

from __future__ import annotations

import dataclasses
import http.client
import itertools
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest import mock

from faults import Do, answer, encoded

from pulumi_ucimage import (
    UcimageError,
    get_docker_image,
    get_docker_images,
)
from pulumi_ucimage._http.client import close_connections
from pulumi_ucimage._http.clock import Clock
from pulumi_ucimage._pulumi import program

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faults import Request, Steps

    from pulumi_ucimage.emulator import Emulator

IMAGES = 120
"""Enough for a listing of two pages."""
KEYS = {"PublicKey": "public", "PrivateKey": "private"}


def data(programs: int) -> dict[str, object]:
    """A bucket for each program, whose images are its own."""
    buckets = [
        {
            "Region": "cn-bj2",
            "BucketName": f"bucket{number}",
            "ImageSet": [
                {"ImageName": name, "TagSet": [{"TagName": f"{number}", "CreateTime": 1}]}
                for name in names(number)
            ],
        }
        for number in range(programs)
    ]
    return {"Keys": [KEYS], "Buckets": buckets}


def names(number: int) -> list[str]:
    """The images of a program's bucket."""
    return [f"r{number}.io/app{image}" for image in range(IMAGES)]


class Front:
    """Answers for an emulator; of each twenty calls it drops four and throttles two.

    One of those that it throttles comes with Retry-After.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.faults = 0
        self._address = emulator.url.removeprefix("http://").rstrip("/")
        self._numbers = itertools.count()
        self._local = threading.local()

    def __call__(self, request: Request) -> bytes | Steps:
        """The answer to a call."""
        number = next(self._numbers) % 20
        throttled = encoded({"RetCode": 153, "Message": "Too many calls"})
        if number % 5 == 0:
            self.faults += 1
            return (Do.RESET,)
        if number == 3:
            self.faults += 1
            return answer(throttled)
        if number == 13:
            self.faults += 1
            return answer(throttled, headers={"Retry-After": "1"})
        # A connection for each call, so that none is left over here.
        connection = http.client.HTTPConnection(self._address)
        try:
            connection.request(
                "POST",
                "/",
                request.body,
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            return answer(connection.getresponse().read())
        finally:
            connection.close()


def run_program(number: int) -> str:
    """One program's look-ups; "" if all are right, else what was wrong.

    Raises nothing: an error of ours is counted by the name of its class.
    """
    bucket = f"bucket{number}"
    try:
        listed = [image.name for image in get_docker_images(bucket).images]
        some = get_docker_images(bucket, limit=5, offset=100)
        chosen = get_docker_image(bucket, image_name="app7")
    except UcimageError as error:
        return type(error).__name__
    right = (
        listed == names(number)
        and [image.name for image in some.images] == names(number)[100:105]
        and chosen.image == f"r{number}.io/app7:{number}"
    )
    return "" if right else f"wrong: {listed} {some} {chosen}"


def run_programs(numbers: Iterable[int]) -> list[str]:
    """Programs in threads of one process; back-off takes no time, and leaves no trace."""
    clock = Clock(sleep=lambda _: None, random=lambda: 0.0)
    lookup_context = program.lookup_context

    def with_clock(*, not_before: float) -> object:
        return dataclasses.replace(lookup_context(not_before=not_before), clock=clock)

    numbers = list(numbers)
    with (
        mock.patch.object(program, "lookup_context", with_clock),
        ThreadPoolExecutor(len(numbers)) as threads,
    ):
        return list(threads.map(run_program, numbers))


def in_use() -> dict[str, Any]:
    """Files and sockets of this process, and its threads."""
    return {
        "files": sorted(os.listdir("/proc/self/fd")),  # noqa: PTH208 - numbers, no paths
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }


def main() -> None:
    """Run the programs that the arguments number; tell outcomes, and what is left over."""
    before = in_use()
    outcomes = run_programs(map(int, sys.argv[1:]))
    close_connections()
    print(json.dumps([outcomes, before == in_use()]))  # noqa: T201


if __name__ == "__main__":
    main()
