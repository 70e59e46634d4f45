"""Addresses and ports to listen on, checked before anything is started."""

import errno
import os
import socket
from ipaddress import ip_address
from typing import Any

import click


class Address(click.ParamType[str]):
    """An IP address of this machine, or `localhost`."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See `click.ParamType.convert`."""
        if value == "localhost":
            return "127.0.0.1"
        try:
            return str(ip_address(value))
        except ValueError:
            self.fail(f"{value!r} is not an IP address such as 127.0.0.1 or 0.0.0.0.", param, ctx)


port_type = click.IntRange(1, 65535)


def require_free_port(host: str, port: int, *, option: str, advice: str = "") -> None:
    """Check that this process can listen on ``port``.

    Raises:
        click.ClickException: The port is in use or not allowed; the text has the advice, or names
            the option.
    """
    if problem := port_problem(host, port):
        raise click.ClickException(f"{problem} {advice or f'Choose another port with {option}.'}")


def port_problem(host: str, port: int) -> str | None:
    """Return why this process cannot listen on ``port``, as a sentence; None if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Closed connections of a server that has just stopped do not block the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) and host == "::1":
            # Without IPv6 nothing can listen there.
            return None
        busy = error.errno == errno.EADDRINUSE
        reason = "is in use" if busy else f"cannot be used: {os.strerror(error.errno or 0)}"
        shown = f"[{host}]" if ":" in host else host
        return f"{shown}:{port} {reason}."
    return None
