"""Calls of the plugin that block, fail or share a listing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import grpc
from emulator_calls import until
from google.protobuf.empty_pb2 import Empty
from plugin_calls import (
    FAILED,
    IMAGE,
    IMAGES,
    URN,
    Client,
    own_provider,
    refused,
)
from pulumi.runtime.proto import provider_pb2

from pulumi_ucimage._pulumi.worker_threads import THREAD_NAME
from pulumi_ucimage.emulator import Emulator
from pulumi_ucimage.plugin.provider import MAX_THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def wait_for_requests(emulator: Emulator, number: int) -> None:
    """Wait until the emulator has received that many calls."""
    until(lambda: len(emulator.requests) >= number)


def test_calls_do_not_wait_for_each_other(configured: Emulator) -> None:
    """While twenty calls hang, others are answered; Cancel ends those that hang."""
    configured.fault("delay=600*20")
    with own_provider() as provider:
        slow = [
            provider.start_invoke(IMAGES, bucketName="ucs", offset=offset)
            for offset in range(1, 21)
        ]
        wait_for_requests(configured, 20)

        answer = provider.invoke(IMAGE, bucketName="ucs")
        provider.stub.Cancel(Empty())
        codes = {future.code() for future in slow}
        after = provider.invoke(IMAGE, bucketName="ucs")

    assert "1.1.0" == answer["tag"] == after["tag"]
    assert {grpc.StatusCode.CANCELLED} == codes


def test_cancel_and_destroy_do_not_wait_for_a_free_thread(configured: Emulator) -> None:
    """All threads hang, further calls wait for one, and these two are answered."""
    configured.fault("delay=600")
    with own_provider() as provider:
        slow = [
            provider.start_invoke(IMAGES, bucketName="ucs", offset=offset)
            for offset in range(1, MAX_THREADS + 11)
        ]
        wait_for_requests(configured, MAX_THREADS)

        provider.stub.Delete(provider_pb2.DeleteRequest(urn=URN))
        provider.stub.Cancel(Empty())
        codes = {future.code() for future in slow}

    assert {grpc.StatusCode.CANCELLED} == codes
    assert MAX_THREADS == len(configured.requests)


def test_without_a_thread_a_call_is_a_clean_error(
    monkeypatch: pytest.MonkeyPatch, configured: Emulator
) -> None:
    """Each call says so; the next one, once the machine gives threads, is answered."""
    start_any = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == THREAD_NAME:
            message = "can't start new thread"
            raise RuntimeError(message)
        start_any(thread)

    with own_provider() as provider, monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", start)
        for _ in range(3):
            with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "cannot start a thread"):
                provider.invoke(IMAGE, bucketName="ucs")
        # `pulumi destroy` needs no more than these.
        provider.configure(region="cn-bj2")
        provider.stub.Delete(provider_pb2.DeleteRequest(urn=URN))
        machine.undo()

        assert "1.1.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]


def test_it_answers_after_the_api_was_down(provider: Client, configured: Emulator) -> None:
    """A refused connection is an error of that call alone."""
    provider.configure(maxRetries="0")
    first = provider.invoke(IMAGE, bucketName="ucs")
    port = int(configured.url.rstrip("/").rpartition(":")[2])
    configured.stop()
    with refused(FAILED, "The UCloud API at 127.0.0.1"):
        provider.invoke(IMAGE, bucketName="ucs")

    with Emulator(port=port):
        again = provider.invoke(IMAGE, bucketName="ucs")

    assert first == again


def test_a_call_joins_no_listing_that_began_before_it(
    provider: Client, configured: Emulator
) -> None:
    """What was pushed before a call is in its answer, whatever else is under way."""
    configured.fault("delay=0.3*1")
    first = provider.start_invoke(IMAGE, bucketName="ucs")
    wait_for_requests(configured, 1)
    configured.push("ucs", "helloworld", "2.0.0")

    assert "2.0.0" == provider.invoke(IMAGE, bucketName="ucs")["tag"]
    first.result()


def test_calls_at_the_same_time_share_a_listing(
    provider: Client, share: Callable[..., int]
) -> None:
    """Those that cannot use the first listing, which began before them, share the next."""
    assert 2 == share(lambda: provider.invoke(IMAGE, bucketName="ucs")["tag"], 16)
