"""What the command line writes: tables on a terminal and in a pipe, and foreign names."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

import pytest
from buckets import bucket, image
from command_line import SHARED, Ended, Terminal, plain, run_on_terminal
from emulator_calls import until
from rich.cells import cell_len

from pulumi_ucimage._http.clock import Clock
from pulumi_ucimage._lookup import progress
from pulumi_ucimage.cli.output import Log, age, note
from pulumi_ucimage.cli.waiting import wait_for
from pulumi_ucimage.emulator import DEMO_IMAGE, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from conftest import ServeApi

    Run = Callable[..., Ended]

pytestmark = pytest.mark.usefixtures("outside_of_projects")

LONG = "v" * 128
BOX = set("╭╮╰╯│─┬┴├┤┼")
# A title, a colour, a mark that turns the text round, a line break, a cursor movement.
HOSTILE = ("\x1b]0;title\x07", "\x1b[31m", "\u202e", "\n", "\x9b1A")
NEWEST = 1_700_000_000


@pytest.fixture
def call_on_terminal(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in process, with terminals."""
    return partial(run_on_terminal, monkeypatch=monkeypatch)


# --- Tables ---


def test_a_terminal_gets_boxes_and_colours(
    call_on_terminal: Run, configured: Emulator
) -> None:
    """The chosen tag is green."""
    ended = call_on_terminal("tags", "ucs")

    assert set(ended.out) >= BOX
    (chosen,) = (line for line in ended.out.splitlines() if "chosen" in line)
    assert "\x1b[32m" in chosen


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_plain_terminal_gets_plain_columns(
    call: Run, call_on_terminal: Run, configured: Emulator, variables: dict[str, str]
) -> None:
    """The same as a pipe."""
    assert call("tags", "ucs").out == call_on_terminal("tags", "ucs", **variables).out


def test_a_pipe_gets_plain_columns(call: Run, configured: Emulator) -> None:
    """No box drawing, no control sequences, no white space at the end."""
    ended = call("tags", "ucs")

    assert not BOX & set(ended.out)
    assert "\x1b" not in ended.out
    assert [line.rstrip() for line in ended.out.splitlines()] == ended.out.splitlines()


def test_json_is_plain_on_a_terminal(call_on_terminal: Run, configured: Emulator) -> None:
    """Without colours, so that it can be copied."""
    ended = call_on_terminal("choose", "ucs", "--json")

    assert "\x1b" not in ended.out
    assert DEMO_IMAGE in ended.out


@pytest.mark.parametrize("command", ["images", "tags", "config"])
def test_a_terminal_of_80_columns_shows_everything(
    call_on_terminal: Run, serve_api: ServeApi, command: str
) -> None:
    """Long cells are folded, times are not; nothing is cut off."""
    name = f"{SHARED}/{'long-' * 8}name"
    serve_api(bucket(image(name, [(LONG, NEWEST), ("latest", NEWEST), ("1.0", None)])))

    ended = call_on_terminal(command, "ucs")

    lines = plain(ended.out).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert "…" not in ended.out
    if command == "config":
        assert "environment variable UCLOUD_API_BASE_URL" in " ".join(cells(lines, 2))
    elif command == "images":
        assert [name] == folded(lines)
        assert any("2023-11-14T22:13:20Z" in line for line in lines)
    else:
        assert LONG in folded(lines)
        assert any("2023-11-14T22:13:20Z" in line for line in lines)
        why = "floating: in --floating-tags, and not matched by a --tag-regex"
        assert why in " ".join(cells(lines, 3))


def cells(lines: list[str], column: int) -> list[str]:
    """The texts of a column of a box, line by line, without headings."""
    rows = [line.split("│")[1:-1] for line in lines if line.startswith("│")]
    return [row[column].strip() for row in rows[1:]]


def folded(lines: list[str]) -> list[str]:
    """The texts of the first column, put together; in a new row the second has a text."""
    found: list[str] = []
    for text, second in zip(cells(lines, 0), cells(lines, 1), strict=True):
        if second or not found:
            found.append("")
        found[-1] += text
    return found


@pytest.mark.parametrize(
    "name", ["日本語イメージ", "été", "🚀rocket", LONG, "[red]x[/red]"]
)
def test_columns_stay_aligned(
    call: Run, call_on_terminal: Run, serve_api: ServeApi, name: str
) -> None:
    """With wide characters, very long names and brackets, in a pipe and on a terminal."""
    first, second = (
        image(f"{SHARED}/{name}", [("1.0", NEWEST)]),
        image(f"{SHARED}/b", [("2.0", NEWEST)]),
    )
    serve_api(bucket(first, second))

    head, *rows = call("images", "ucs").out.splitlines()
    lines = plain(call_on_terminal("images", "ucs", columns=250).out).splitlines()

    assert name in rows[0]
    assert {cell_len(head[: head.index("PUSHED")])} == {
        cell_len(row[: row.index("2023-")]) for row in rows
    }
    assert 1 == len({cell_len(line) for line in lines})
    assert any(name in line for line in lines)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gb2312"])
def test_a_terminal_without_unicode(
    call_on_terminal: Run, serve_api: ServeApi, encoding: str
) -> None:
    """It gets another box, and escapes for characters that it cannot show."""
    serve_api(bucket(image(f"{SHARED}/\U0001f680", [("1.0", NEWEST)])))

    ended = call_on_terminal("images", "ucs", encoding=encoding)

    assert 0 == ended.status
    assert "\\U0001f680" in ended.out.replace("│", "|")


# --- Foreign names ---


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize(
    "words",
    [
        ("images", "ucs"),
        ("tags", "ucs", "app"),
        ("tags", "ucs", "app", "--policy", "semver"),
        ("tags", "ucs"),
        ("tags", "ucs", "none"),
        ("choose", "ucs", "none"),
        ("choose", "ucs", "app", "--policy", "semver"),
        ("images", "ucs", "--json"),
        ("tags", "ucs", "app", "--json"),
    ],
    ids=" ".join,
)
def test_a_name_cannot_control_the_terminal(
    call: Run,
    call_on_terminal: Run,
    serve_api: ServeApi,
    hostile: str,
    words: tuple[str, ...],
) -> None:
    """Tables, JSON, notes and errors are escaped, in a pipe and on a terminal."""
    serve_api(
        bucket(
            image(f"{SHARED}/{hostile}", [("1.0", NEWEST)]),
            image(f"{SHARED}/app", [(f"1.0.0{hostile}", NEWEST), ("latest", NEWEST)]),
        )
    )

    for ended in (call(*words), call_on_terminal(*words)):
        text = plain(ended.out) + plain(ended.err)
        assert not [c for c in text if unicodedata.category(c) in "CcCf" and c != "\n"]
        assert hostile not in text or hostile == "\n"


def test_a_reference_is_printable(call: Run, serve_api: ServeApi) -> None:
    """An image's name is the server's too."""
    serve_api(bucket(image(f"{SHARED}/\x1b[31mred", [("1.0", NEWEST)])))

    assert f"{SHARED}/\\x1b[31mred:1.0\n" == call("choose", "ucs").out


def test_a_remark_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters are escaped; line breaks stay."""
    note("a\x1b[31m\nb\u202e")

    assert "a\\x1b[31m\nb\\u202e\n" == capsys.readouterr().err


# --- Ages ---


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (86_399, "23h"),
        (86_400, "1d"),
        (364 * 86_400, "364d"),
        (365 * 86_400, "1y"),
        (-5, "0s"),  # another machine's clock
    ],
)
def test_an_age_is_short(seconds: int, text: str) -> None:
    """An age has only its largest unit, rounded down."""
    assert text == age(NEWEST - seconds, NEWEST + 0.9)


def test_an_unknown_age_is_empty() -> None:
    """The API may send no time."""
    assert "" == age(None, NEWEST)


# --- Progress ---


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Make stderr a terminal of 40 columns, for the rest of the test.

    Called by the test itself: pytest sets stderr again after the fixtures.
    """

    def make(term: str = "xterm") -> Terminal:
        stderr = Terminal()
        monkeypatch.setattr("sys.stderr", stderr)
        monkeypatch.setenv("COLUMNS", "40")
        monkeypatch.setenv("TERM", term)
        return stderr

    return make


def test_progress_is_one_line_that_is_removed(terminal: Callable[..., Terminal]) -> None:
    """Each message replaces the one before; at the end nothing is left."""
    stderr, log = terminal(), Log()

    def work() -> None:
        for number in (1, 2):
            log.info(f"{number} images", ephemeral=True)

    wait_for(work)

    clear = "\r\x1b[K"
    assert f"{clear}1 images{clear}2 images{clear}" == stderr.text()


def test_a_call_without_progress_says_that_it_waits(
    terminal: Callable[..., Terminal],
) -> None:
    """A line appears after two seconds; a line of the call itself replaces it."""
    stderr, log = terminal(), Log()
    times: list[float] = []

    def monotonic() -> float:
        times.append(len(times) / 2)
        return times[-1]

    def work() -> None:
        until(lambda: "3 s so far" in stderr.text())
        log.info("1 image", ephemeral=True)
        asked = len(times)
        until(lambda: len(times) >= asked + 3)

    wait_for(work, Clock(monotonic=monotonic))

    lines = stderr.text().split("\r\x1b[K")
    assert ["", "Waiting for an answer: 2 s so far."] == lines[:2]
    assert ["1 image", ""] == lines[-2:]


def test_progress_is_removed_before_a_remark(terminal: Callable[..., Terminal]) -> None:
    """The remark then has a line of its own."""
    stderr, log = terminal(), Log()

    log.info("1 image", ephemeral=True)
    log.info("Done.")

    assert "\r\x1b[K1 image\r\x1b[KDone.\n" == stderr.text()


def test_progress_never_wraps(terminal: Callable[..., Terminal]) -> None:
    """A line that is too long is cut: only one line can be removed."""
    stderr = terminal()

    wait_for(lambda: Log().info("x" * 100, ephemeral=True))

    assert 39 == stderr.text().count("x")


def test_nothing_is_cleared_if_nothing_was_shown(
    terminal: Callable[..., Terminal],
) -> None:
    """A quick command writes no control sequence."""
    stderr = terminal()

    assert 1 == wait_for(lambda: 1)

    assert "" == stderr.text()


def _functions(frame: FrameType) -> list[str]:
    """The names of the functions that a thread runs."""
    return [each.f_code.co_name for each, _ in traceback.walk_stack(frame)]


def test_ctrl_c_ends_a_wait_whichever_thread_gets_it() -> None:
    """The system gives a signal to any thread of the process."""
    is_over = threading.Event()
    main_thread = threading.get_ident()

    def work() -> None:
        frames = sys._current_frames  # noqa: SLF001 - no public function has them
        until(lambda: "join" in _functions(frames()[main_thread]))
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        is_over.wait(60)

    with pytest.raises(KeyboardInterrupt):
        wait_for(work)
    assert not is_over.is_set()
    is_over.set()


def test_a_terminal_without_control_sequences_has_no_progress(
    terminal: Callable[..., Terminal],
) -> None:
    """It could not be removed."""
    stderr = terminal("dumb")

    Log().info("1 image", ephemeral=True)

    assert "" == stderr.text()


def test_a_pipe_has_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """A log is not a terminal."""
    Log().info("1 image", ephemeral=True)

    assert "" == capsys.readouterr().err


def test_a_long_listing_says_how_far_it_is(
    call_on_terminal: Run, serve_api: ServeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images read, of how many; on stderr, and gone at the end."""
    api = serve_api(
        bucket(*(image(f"{SHARED}/app-{n}", [("1.0", NEWEST)]) for n in range(30)))
    )
    api.fault("cap=10")
    monkeypatch.setattr(progress, "FIRST_LINE_S", 0.0)
    monkeypatch.setattr(progress, "NEXT_LINE_S", 0.0)

    ended = call_on_terminal("images", "ucs")

    assert 0 == ended.status
    assert " of 30 images so far." in ended.err
    assert ended.err.endswith("\r\x1b[K")
    assert "so far" not in ended.out
