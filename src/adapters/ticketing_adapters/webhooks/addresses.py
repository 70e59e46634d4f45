"""Where webhooks may go: to public addresses, unless private ones are allowed."""

import re
import socket
from collections.abc import Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

_GLOBAL_UNICAST = ip_network("2000::/3")
"""All that IANA has assigned of IPv6 lies in it. What stands for an IPv4 address does not
(``::ffff:0:0/96``, NAT64's ``64:ff9b::/96``), apart from 6to4."""

_SIX_TO_FOUR = ip_network("2002::/16")

_LONGEST_URL = 2000
"""Characters: what every proxy takes."""


class AddressRefused(Exception):
    """Nothing may be sent to this address; the text says why."""


def objection_to(url: str, *, private: bool) -> str | None:
    """Return why webhooks cannot go to an address, or None. Nothing is looked up for it.

    Args:
        url: The address.
        private: Whether it may be private or of this machine.
    """
    # It goes into the head of a request, and names of hosts are compared as ASCII.
    if not re.fullmatch("[!-~]+", url) or len(url) > _LONGEST_URL:
        return f"must have at most {_LONGEST_URL} ASCII characters and no blanks"
    an_https_address = "must be an https address, such as https://mailer.example/webhooks"
    try:
        parts = urlsplit(url)
        # Both the host, as it is looked up, and the port are checked by reading them.
        usable = (parts.hostname or "").encode("idna") and parts.port != 0
    except ValueError:
        return an_https_address
    if not usable or parts.scheme not in ("http", "https"):
        return an_https_address
    if "@" in parts.netloc or "#" in url:
        return "must hold no user, password or fragment"
    host = parts.hostname or ""
    literal = _literal(host)
    is_local = host == "localhost" or (literal is not None and literal.is_loopback)
    if not private and (is_local or (literal is not None and not _is_public(literal))):
        return (
            "is private or of this machine; TICKETING_WEBHOOKS_PRIVATE=on, here and for the "
            "service, allows it"
        )
    if parts.scheme == "http" and not is_local:
        return "must be an https address; http is for localhost alone"
    return None


def allowed_addresses(
    parts: SplitResult, *, private: bool, seconds: float
) -> Sequence[tuple[str, int]]:
    """Look the host up, and return the IP addresses and port that may be connected to.

    Only these exact addresses are checked: a second look-up could answer something else.

    Args:
        parts: The URL.
        private: Whether the address may be private or of this machine.
        seconds: How long the look-up may take.

    Raises:
        AddressRefused: There is none.
        OSError: The host was not found, or not in time.
    """
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = dict.fromkeys(
        str(each[4][0]) for each in _looked_up(parts.hostname, port, seconds=seconds)
    )
    allowed = [each for each in addresses if _may_go_to(each, scheme=parts.scheme, private=private)]
    if not allowed:
        raise AddressRefused(f"{', '.join(addresses)} is not an address that it may have")
    return [(each, port) for each in allowed]


def _looked_up(host: str | None, port: int, *, seconds: float) -> Sequence[Any]:
    """Return what `socket.getaddrinfo` does, in time.

    A resolver may take a minute or more, and nothing ends the call. So it is left to its thread.
    """
    found: Future[Sequence[Any]] = Future()

    def look_up() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            found.set_exception(error)

    Thread(target=look_up, name="look-up", daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        raise TimeoutError("the host was not looked up in time") from None


def _may_go_to(address: str, *, scheme: str, private: bool) -> bool:
    ip = ip_address(address)
    if scheme == "http":
        return private and ip.is_loopback
    return private or _is_public(ip)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if ip.version == 6:  # noqa: PLR2004 - IPv6
        return ip in _GLOBAL_UNICAST and ip not in _SIX_TO_FOUR and ip.is_global
    return ip.is_global and not ip.is_multicast


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
