"""The checks of the log and of the port for metrics."""

import re
from ipaddress import ip_address

from attrs import frozen

from ticketing_service.observing.logs import FORMATS, LEVELS, LogFormat
from ticketing_service.settings_checks.mistakes import Mistakes
from ticketing_service.settings_checks.variables import Variables

LARGEST_PORT = 65_535


@frozen(kw_only=True)
class Observing:
    """The settings of the log and the metrics.

    Attributes:
        log_format: The format of the log.
        log_level: The lowest level that is logged.
        metrics_port: The port at which Prometheus reads the metrics; None for no metrics.
        metrics_host: The address of that port.
    """

    log_format: LogFormat = "text"
    log_level: str = "INFO"
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"


def observing(variables: Variables, mistakes: Mistakes) -> Observing:
    """Return the settings of the log and the metrics."""
    return Observing(
        log_format=_log_format(variables.log_format, mistakes),
        log_level=_log_level(variables.log_level, mistakes),
        metrics_port=_metrics_port(variables.metrics_port, mistakes),
        metrics_host=_metrics_host(variables.metrics_host, mistakes),
    )


def _log_format(text: str, mistakes: Mistakes) -> LogFormat:
    """Return the format of the log."""
    for each in FORMATS:
        if text == each:
            return each
    mistakes.add("LOG_FORMAT", f"must be {' or '.join(FORMATS)}")
    return FORMATS[0]


def _log_level(text: str, mistakes: Mistakes) -> str:
    """Return the lowest level that is logged."""
    level = text.upper()
    if level not in LEVELS:
        mistakes.add("LOG_LEVEL", f"must be one of {', '.join(LEVELS)}")
    return level


def _metrics_port(text: str, mistakes: Mistakes) -> int | None:
    """Return the port for Prometheus, or None if none is set."""
    if not text:
        return None
    if re.fullmatch("[1-9][0-9]{0,4}", text) and int(text) <= LARGEST_PORT:
        return int(text)
    mistakes.add("METRICS_PORT", f"must be a port, from 1 to {LARGEST_PORT}")
    return None


def _metrics_host(text: str, mistakes: Mistakes) -> str:
    """Return the address of that port."""
    try:
        ip_address(text)
    except ValueError:
        mistakes.add("METRICS_HOST", "must be an IP address, such as 127.0.0.1 or 0.0.0.0")
    return text
