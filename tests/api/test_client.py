"""One call of GetDockerImageList: what is sent, what is retried, and what is hidden."""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING

import pytest
from calling import BUCKET, PRIVATE_KEY, PUBLIC_KEY, SECRETS, TOKEN, Caller
from fakes import Time
from faults import IMAGE, PAGE, Do, FaultServer, answer, encoded
from records import page
from reliability.cases import Way
from reliability.table import CASES
from secrecy import held_by

from pulumi_ucimage._http.retry import Retry
from pulumi_ucimage._ucloud.client import RETRIED_RET_CODES, Bucket
from pulumi_ucimage.emulator import signature
from pulumi_ucimage.errors import (
    ApiError,
    ResponseError,
    TransportError,
    UcimageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults import Answer, Request


def refusal(ret_code: int, message: str = "", **headers: str) -> bytes:
    """An error response of the API."""
    return answer(encoded({"RetCode": ret_code, "Message": message}), headers=headers)


# What is sent


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (BUCKET, {}),
        (
            Bucket(name="b", region="r", project_id="org-1", order_by="Default"),
            {"ProjectId": "org-1", "OrderBy": "Default"},
        ),
        (Bucket(name="b", region="r", project_id="", order_by=""), {}),
    ],
)
def test_what_is_sent(bucket: Bucket, expected: dict[str, str]) -> None:
    """Each parameter by its name on the API's page; those that are not set are left out."""
    with FaultServer(answer()) as server, Caller(server.url, bucket=bucket) as caller:
        caller.get_page()

        form = server.requests[0].form
    assert signature.verify(form, PRIVATE_KEY)
    del form["Signature"]
    assert {
        "Action": "GetDockerImageList",
        "Region": bucket.region,
        "BucketName": bucket.name,
        "Limit": "100",
        "Offset": "0",
        "PublicKey": PUBLIC_KEY,
        "SecurityToken": TOKEN,
        **expected,
    } == form


def test_the_page_is_what_was_sent() -> None:
    """Images and count are those of the response."""
    with FaultServer(answer()) as server, Caller(server.url) as caller:
        found = caller.get_page()

    assert page(PAGE["ImageSet"], 1) == found
    assert IMAGE == found.images[0].name


# What is retried


@pytest.mark.parametrize(("ret_code", "retry"), RETRIED_RET_CODES.items())
def test_the_table_of_ret_codes_decides_on_retries(ret_code: int, retry: Retry) -> None:
    """Each attempt sends the same form; the error has the API's code and message."""
    with FaultServer(refusal(ret_code, "words")) as server, Caller(server.url) as caller:
        with pytest.raises(UcimageError) as caught:
            caller.get_page()

        assert (1 if retry is Retry.NEVER else 4) == len(server.requests)
        assert 1 == len({request.body for request in server.requests})
    if ret_code < 2**63:
        assert isinstance(caught.value, ApiError)
        assert ret_code == caught.value.ret_code
        assert "words" == caught.value.message
        assert ("ucs", "cn-bj2") == (caught.value.bucket, caught.value.region)
        assert "GetDockerImageList" == caught.value.action


@pytest.mark.parametrize(
    ("first", "last", "error", "attempts"),
    [
        (refusal(153), (Do.CLOSE,), TransportError, 4),
        ((Do.RESET,), refusal(171), ApiError, 2),
    ],
)
def test_the_class_is_that_of_the_last_attempt(
    first: Answer, last: Answer, error: type[UcimageError], attempts: int
) -> None:
    """An earlier failure does not matter."""
    with FaultServer(first, last) as server, Caller(server.url) as caller:
        with pytest.raises(error) as caught:
            caller.get_page()

        assert attempts == len(server.requests)
    assert error is type(caught.value)


@pytest.mark.parametrize(
    ("throttled", "error"),
    [
        (refusal(153), ApiError),
        (answer(b"", 503), ResponseError),
        ((Do.RESET,), TransportError),
    ],
)
def test_the_class_stays_when_time_runs_out(
    throttled: Answer, error: type[UcimageError]
) -> None:
    """If the deadline leaves no time for another wait, the error is the last attempt's."""
    time = Time()
    with (
        FaultServer(throttled) as server,
        Caller(server.url, retries=99, timeout_s=9, clock=time.clock) as caller,
    ):
        with pytest.raises(error) as caught:
            caller.get_page()

        assert 1 < len(server.requests) < 99
    assert error is type(caught.value)
    assert sum(time.sleeps) < 9


@pytest.mark.parametrize(
    "throttled",
    [refusal(153, **{"Retry-After": "7"}), answer(b"", 429, {"Retry-After": "7"})],
    ids=["RetCode", "HTTP"],
)
def test_retry_after_is_read_from_any_response(throttled: bytes) -> None:
    """With an HTTP status as with a RetCode."""
    with FaultServer(throttled, answer()) as server, Caller(server.url) as caller:
        caller.get_page()

        assert [7.0] == caller.sleeps


@pytest.mark.parametrize(
    ("ret_code", "says"),
    [
        *(
            (ret_code, "UCloud's image service failed internally; try again later")
            for ret_code in (43000, 43001, 43002, 43003, 43019, 43020, 43021)
        ),
        (43004, "token is invalid or has expired.*ucimage:securityToken"),
        (43005, "token is invalid or has expired.*ucimage:securityToken"),
        (43006, "a parameter is missing; set project_id"),
        (43027, "set ucimage:baseUrl .* to https://api.ucloud.cn/"),
        (43026, "list of error codes"),
    ],
)
def test_ret_codes_of_the_image_service_have_hints(ret_code: int, says: str) -> None:
    """The message says what failed or what to do."""
    with FaultServer(refusal(ret_code)) as server, Caller(server.url) as caller:  # noqa: SIM117
        with pytest.raises(ApiError, match=f"RetCode {ret_code}: .*{says}"):
            caller.get_page()


def test_a_date_in_retry_after_is_compared_with_the_clock() -> None:
    """The wait ends at the date, by the look-up's own clock."""
    time = Time()  # 1,800,000,000 is 2027-01-15T08:00:00Z
    first = answer(b"", 503, {"Retry-After": "Fri, 15 Jan 2027 08:00:12 GMT"})
    with FaultServer(first, answer()) as server:  # noqa: SIM117
        with Caller(server.url, clock=time.clock) as caller:
            caller.get_page()

    assert [12.0] == time.sleeps


@pytest.mark.parametrize("body", [b"<html></html>", b'{"RetCode": "0"}'])
def test_an_invalid_response_is_not_retried(body: bytes) -> None:
    """The ResponseError names action and bucket and what to check."""
    with FaultServer(answer(body)) as server, Caller(server.url) as caller:
        with pytest.raises(ResponseError, match="GetDockerImageList.*'ucs'.*baseUrl"):  # noqa: RUF043
            caller.get_page()

        assert 1 == len(server.requests)


# What is hidden


ECHOES: dict[str, Callable[[Request], bytes]] = {
    "signature": lambda request: refusal(171, request.form["Signature"]),
    "signature in capital letters": lambda request: refusal(
        171, request.form["Signature"].upper()
    ),
    "signature between letters": lambda request: refusal(
        171, f"x{request.form['Signature']}x"
    ),
    "signed form": lambda request: refusal(170, request.body),
    "part of the signed form": lambda request: refusal(170, request.body[20:]),
    "private key": lambda _: refusal(171, f"sign with {PRIVATE_KEY}"),
    "signed text": lambda request: refusal(171, f"Region{PRIVATE_KEY}"),  # noqa: ARG005
    "token": lambda request: refusal(174, request.form["SecurityToken"]),
    "secret behind a long text": lambda request: refusal(
        171, "x" * 490 + request.form["Signature"]
    ),
    "as a tag's name": lambda request: answer(
        encoded({**PAGE, "ImageSet": [{"TagSet": [{"TagName": [request.body]}]}]})
    ),
    "as TotalCount": lambda request: answer(encoded({**PAGE, "TotalCount": request.body})),
    "as a field": lambda request: answer(encoded({request.body: 1, "RetCode": 0})),
    "as no JSON": lambda request: answer(request.body.encode()),
    "as Content-Encoding": lambda request: answer(
        headers={"Content-Encoding": request.form["Signature"]}
    ),
    "as Location": lambda request: answer(b"", 302, {"Location": f"/?{request.body}"}),
    "as Retry-After": lambda request: answer(b"", 503, {"Retry-After": request.body}),
    "as a reason": lambda request: answer(b"", 400).replace(
        b"Status", request.body.encode()
    ),
    "as a status line": lambda request: request.body.encode() + b"\r\n\r\n",
    "as a broken header": lambda request: answer(b"", 400).replace(
        b"\r\n\r\n", b"\r\n" + request.body.encode() + b"\r\n\r\n"
    ),
    "as a chunk's size": lambda request: answer(
        request.body.encode() + b"\r\n",
        headers={"Content-Length": None, "Transfer-Encoding": "chunked"},
    ),
}
# Faults of the reliability table that need no TLS or proxy and end by themselves.
FAULTS = {
    f"{part}: {name}": scripts[0].responses
    for part in ("Connections", "Framing", "Compression", "HTTP", "RetCodes", "JSON")
    for name, case in CASES[part].items()
    if case.expected and (scripts := case.scripts())[0].way is Way.PLAIN
    if not scripts[0].greeting
}
FAILURES: dict[str, tuple[Answer, ...]] = {
    **FAULTS,
    **{f"echo: {name}": (echo,) for name, echo in ECHOES.items()},
    "throttled, then cut": (refusal(153), (Do.RESET,)),
    "cut, then refused": ((Do.RESET,), refusal(171)),
}


def leaks(error: BaseException, server: FaultServer, logged: str) -> list[str]:
    """The secrets and signatures that an error or the log shows."""
    hidden = [secret for secret in SECRETS if secret != PUBLIC_KEY]
    for request in server.requests:
        hidden += [request.body, request.form["Signature"], request.body.split("&")[-2]]
        hidden.append(request.form["Signature"].upper())
    pickled = pickle.dumps(error).decode("latin-1")
    shown = f"{held_by(error)}\n{pickled}\n{logged}"
    return [secret for secret in hidden if secret in shown]


def test_the_search_knows_the_signature() -> None:
    """It searches for what was sent: the form, and the signature in it."""
    with FaultServer(answer()) as server:
        with Caller(server.url) as caller:
            caller.get_page()

        (request,) = server.requests
        signature = request.form["Signature"]
        assert [signature] == leaks(UcimageError(f"not {signature}"), server, "")
        assert request.body in leaks(UcimageError("x"), server, f"POST {request.body}")
        assert [] == leaks(UcimageError("x"), server, "")


@pytest.mark.usefixtures("no_finalizers")
@pytest.mark.parametrize("script", FAILURES.values(), ids=FAILURES)
def test_no_failure_shows_a_secret(
    script: tuple[Answer, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """No error holds a key, token or signature, in itself, its context or the log."""
    caplog.set_level(logging.DEBUG)
    with FaultServer(*script) as server, Caller(server.url, retries=1) as caller:
        with pytest.raises(UcimageError) as caught:
            caller.get_page()

        assert server.requests
        assert not leaks(caught.value, server, caplog.text)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_secrets_in_a_server_message_are_replaced() -> None:
    """The rest of the message stays."""
    message = f"{PRIVATE_KEY} makes {'0123456789abcdef' * 2 + '01234567'}, not {TOKEN}"
    with FaultServer(refusal(171, message)) as server, Caller(server.url) as caller:  # noqa: SIM117
        with pytest.raises(ApiError) as caught:
            caller.get_page()

    assert "[secret] makes [signature], not [secret]" == caught.value.message


def test_a_late_response_shows_no_secret() -> None:
    """An error that the deadline causes in the middle of a read shows none either."""
    with (
        FaultServer((answer()[:50], Do.WAIT)) as server,
        Caller(server.url, timeout_s=0.2) as caller,
    ):
        with pytest.raises(TransportError) as caught:
            caller.get_page()

        assert not leaks(caught.value, server, "")


def test_a_client_shows_no_keys() -> None:
    """Its repr and those of its parts show asterisks."""
    with Caller("http://127.0.0.1:9/") as caller:
        shown = f"{caller.client!r} {caller.client.credentials!r} {vars(caller.http)}"

    assert "********" in shown
    assert not [secret for secret in SECRETS if secret in shown]
