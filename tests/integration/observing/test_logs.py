"""The log: one form for every record, with what tells requests and tickets apart."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.log_secrets import SecretListener
from ticketing_service.observing.logs import REQUEST_ID, LogFormat, formatter, visible


def line(style: LogFormat, message: str, *args: object, **more: object) -> str:
    """Return a record as a line."""
    record = logging.getLogger("shop").makeRecord(
        "shop", logging.WARNING, __file__, 1, message, args, None, extra=more
    )
    return formatter(style).format(record)


def failed(style: LogFormat) -> str:
    """Return the line of an error that has a secret in a variable."""
    secret = "planted"
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "it failed", (), None)
    try:
        [][len(secret)]
    except IndexError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    return formatter(style).format(record)


def test_text_has_instant_level_logger_message_and_fields() -> None:
    """For people, in one line."""
    _, text = line("text", "sold %d", 2, ticket_id=7).split(" ", 1)
    assert text == "WARNING shop: sold 2 ticket_id=7"


def test_json_is_one_object_in_a_line() -> None:
    """For programs, with the same fields."""
    parsed = json.loads(line("json", "sold %d\n", 2, ticket_id=7))
    assert parsed.pop("timestamp").endswith("Z")
    assert parsed == {"event": "sold 2\n", "level": "warning", "logger": "shop", "ticket_id": 7}


@pytest.mark.parametrize("style", ["text", "json"])
def test_the_request_is_named(style: LogFormat) -> None:
    """While a thread works on one. The control: afterwards it is not."""
    token = REQUEST_ID.set("abc")
    during = line(style, "x")
    REQUEST_ID.reset(token)
    assert "abc" in during
    assert "request_id" not in line(style, "x")


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_traceback_shows_no_variables(style: LogFormat) -> None:
    """But where it failed, and why. In JSON it stays in the same line."""
    shown = failed(style)
    assert "IndexError: list index out of range" in shown
    assert "planted" not in shown
    assert style == "text" or "\n" not in shown


@pytest.mark.parametrize("style", ["text", "json"])
def test_codes_of_a_terminal_are_visible(style: LogFormat) -> None:
    """Whatever somebody else has said."""
    shown = line(style, "a\x1b[2Jb", field="\x1b]0;owned\x07\ud800")
    assert shown == visible(shown)


def test_text_of_others_begins_no_line() -> None:
    """It could look like another record. The control: a traceback has lines of its own."""
    assert "\n" not in line("text", "reason: %s", "a\nb", field="c\nd")
    assert "\n" in failed("text")


PLANTED = [
    "sk_live_51Habc",
    "rk_test_51Habc",
    "whsec_abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.sig",
    "4242 4242 4242 4242",
    "ada@shop.example",
    "-----BEGIN PRIVATE KEY-----",
    "ticket_5e0ab1c2-7d0f-4f3b-9a57-1f0a2f6f9c11_1_3",
]


@pytest.mark.parametrize("secret", PLANTED)
def test_control_the_listener_of_all_tests_hears_a_secret(secret: str) -> None:
    """In the message, in a field or in an error; of a logger of ours."""
    listener = SecretListener()
    for message, extra in ((f"got {secret}", None), ("got it", {"field": secret})):
        logger = logging.getLogger("ticketing_service.planted")
        listener.handle(logger.makeRecord(logger.name, 30, "f", 1, message, (), None, extra=extra))
    error = ValueError(secret)
    listener.handle(
        logging.LogRecord(
            "ticketing_adapters.x", 30, "f", 1, "failed", (), (ValueError, error, None)
        )
    )
    assert len(listener.heard) == 3


FLOOD = """
import logging, sys
from ticketing_service.observing.logs import log_to_stderr

log_to_stderr()
for number in range(60_000):
    logging.getLogger("shop").info("line %d, which is about as long as many of them are", number)
print("sold", flush=True)
sys.stdin.readline()
logging.getLogger("shop").info("the last one")
"""
"""Logs more than may wait for a reader, and once more after a line of its input."""


def test_a_reader_that_stops_does_not_stop_the_process() -> None:
    """Lines are lost, and how many is said as soon as somebody reads again."""
    with subprocess.Popen(
        [sys.executable, "-c", FLOOD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as flooding:
        assert flooding.stdin is not None
        assert flooding.stdout is not None
        assert flooding.stderr is not None
        assert flooding.stdout.readline() == "sold\n"
        # More than a pipe holds, so that there is room again.
        lines = [flooding.stderr.readline() for _ in range(2000)]
        flooding.stdin.close()
        lines += flooding.stderr
    (told,) = [each for each in lines if "were lost" in each]
    lost = int(told.split(": ")[1].split()[0])
    assert "the last one" in lines[-1]
    assert lost > 0
    # All of them, the last one, and the one about the lost.
    assert len(lines) + lost == 60_000 + 2


def logged(code: str, *, redirection: str = "") -> str:
    """Return what code writes to stderr in a process of its own."""
    program = [sys.executable, "-c", f"{BEGINNING}\n{code}"]
    if redirection:
        program = ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *program]
    return subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stderr


BEGINNING = """
import ctypes, logging, os, threading
from ticketing_service.observing.logs import flush_log, log_to_stderr
log_to_stderr()
log = logging.getLogger("shop")
"""

WRONG = """
for number in range(2000):
    log.info("line %d, which is about as long as many of them are", number)
log.info("%d", "not a number")
print("sold", flush=True)
"""


def test_a_wrong_record_stops_nothing() -> None:
    """It is an error in the log, where a reader that stops does not stop the process either."""
    with subprocess.Popen(
        [sys.executable, "-c", f"{BEGINNING}\n{WRONG}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as stuck:
        assert stuck.stdout is not None
        assert stuck.stderr is not None
        assert stuck.stdout.readline() == "sold\n"
        assert "a record of shop could not be formatted" in stuck.stderr.read()


def test_a_process_that_c_has_forked_logs() -> None:
    """As of uWSGI, which does not tell Python: its threads are gone, and nobody says so."""
    text = logged("""
log.info("before")
if ctypes.PyDLL(None).fork() == 0:
    log.info("in the child")
    flush_log()
    os._exit(0)
os.wait()
log.info("behind")
""")
    assert [line.rpartition(": ")[2] for line in text.splitlines()].count("before") == 1
    assert "in the child" in text
    assert "behind" in text


def test_without_threads_lines_are_written_at_once() -> None:
    """The system may allow no more of them."""
    text = logged("""
def start(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start
log.info("one")
log.info("two")
os._exit(0)
""")
    assert [line.rpartition(": ")[2] for line in text.splitlines()] == ["one", "two"]


def test_another_file_in_the_place_of_stderr_gets_no_lines(tmp_path: Path) -> None:
    """If stderr is closed, the next file that is opened has its number."""
    file = tmp_path / "file"
    code = f"""
file = open({str(file)!r}, "w")
print("ready", file=file, flush=True)
log.warning("one")
flush_log()
"""
    logged(code, redirection="2>&-")
    assert file.read_text() == "ready\n"


FULL_DISK = """
write, failures = os.write, [OSError(28, "No space left on device")] * 3
def on_a_full_disk(file, part):
    if failures:
        raise failures.pop()
    return write(file, part[:10])
os.write = on_a_full_disk
for number in range(5):
    log.info("line %d", number)
"""


def test_lines_wait_for_a_disk_that_is_full() -> None:
    """They are written once there is room, each byte once, also where writes are cut short."""
    told = [each.rpartition(": ")[2] for each in logged(FULL_DISK).splitlines()]
    assert told == [f"line {number}" for number in range(5)]


UNCAUGHT = """
import threading
from ticketing_service.observing.logs import log_to_stderr, log_uncaught_errors
log_to_stderr(style="json")
log_uncaught_errors(told=LookupError)
threading.Thread(target=lambda: 1 / 0, name="work").start()
raise RuntimeError("the end")
"""


def test_uncaught_errors_are_lines_like_all() -> None:
    """Of a thread and of the process: two objects, and nothing else on stderr."""
    ended = subprocess.run(
        [sys.executable, "-c", UNCAUGHT], capture_output=True, text=True, check=False
    )
    lines = [json.loads(each) for each in ended.stderr.splitlines()]
    assert sorted(each["event"] for each in lines) == [
        "the process ended by an error",
        "work ended by an error",
    ]
    assert all(each["level"] == "critical" and each["exception"] for each in lines)


def test_an_error_that_is_meant_for_people_is_told_in_its_words() -> None:
    """Such as a setting that is missing, behind another server: no traceback hides it."""
    program = UNCAUGHT.replace("RuntimeError", "IndexError").replace("lambda: 1 / 0", "int")
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    line = json.loads(ended.stderr)
    assert (line["level"], line["event"]) == ("critical", "the end")
    assert "exception" not in line
