"""The log: one line for each record on stderr, as text for people or as JSON.

All code logs through the standard library; only this module decides the format.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

from ticketing_service.observing.stderr import Stderr

LogFormat = Literal["text", "json"]
FORMATS: tuple[LogFormat, ...] = ("text", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread is serving. Every record of the thread has it."""

CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters except line breaks and tabs, and lone surrogates, which cannot be encoded."""

_NO_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"timestamp", "level", "logger", "event"}
"""The attributes of every record, and the names that a field must not replace."""

_Line = dict[str, Any]

log = logging.getLogger(__name__)


def visible(text: str) -> str:
    """Return the text with control characters as escapes, as `ascii` writes them."""
    return CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def log_to_stderr(*, style: LogFormat = "text", level: str = "INFO") -> None:
    """Send the log to stderr, and nowhere else. It never contains a secret."""
    # Python starts without `sys.stderr` if it is closed. Other files may have its number then.
    handler = logging.NullHandler() if sys.stderr is None else Stderr()
    handler.setFormatter(formatter(style))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # No line names its source file, and to find that costs each sale
    # (docs.python.org/3/howto/logging.html#optimization).
    logging._srcfile = None  # noqa: SLF001 - as that page says
    # The SDK logs every call at INFO.
    logging.getLogger("stripe").setLevel(logging.WARNING)


def flush_log() -> None:
    """Wait until the log is written, or a second: for a process that ends without `atexit`."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def log_uncaught_errors(told: type[Exception]) -> None:
    """Log uncaught exceptions as well, in the same format.

    Args:
        told: Those that are meant for people: their text says it all, without a traceback.
    """

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread else "a thread"
            log.critical("%s ended by an error", name, exc_info=args.exc_value)

    def of_main(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        elif isinstance(error, told):
            log.critical("%s", error)
        else:
            log.critical("the process ended by an error", exc_info=error)

    threading.excepthook = of_thread
    sys.excepthook = of_main


def formatter(style: LogFormat) -> logging.Formatter:
    """Return the formatter. Extra attributes of a record become fields of its line."""
    return _Lines(_as_json if style == "json" else _as_text)


class _Lines(logging.Formatter):
    # In one step, since each sale logs a line: structlog's chain of processors takes twice as long.
    def __init__(self, render: Callable[[_Line], str]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "timestamp": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update({name: it for name, it in vars(record).items() if name not in _NO_FIELDS})
        request_id = REQUEST_ID.get()
        if request_id is not None:
            line["request_id"] = request_id
        if record.exc_info:
            # The format of the standard library shows no local variables, and so no secrets.
            line["exception"] = self.formatException(record.exc_info)
        return self._render(line)


_as_json = json.JSONEncoder(default=repr).encode


def _as_text(line: _Line) -> str:
    at, level, name = line.pop("timestamp"), line.pop("level"), line.pop("logger")
    event, trace = line.pop("event"), line.pop("exception", None)
    fields = "".join(f" {field}={value}" for field, value in line.items())
    # A line break in a foreign text could fake the start of another record.
    text = f"{at} {level.upper()} {name}: {event}{fields}".replace("\n", r"\n")
    return visible(text if trace is None else f"{text}\n{trace}")
