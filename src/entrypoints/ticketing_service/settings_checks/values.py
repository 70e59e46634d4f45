"""The checks of addresses, proxies, switches, the hold and unpaid places."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from ticketing_core.box_office import LONGEST_HOLD, SHORTEST_HOLD
from ticketing_service.settings_checks.mistakes import Mistakes

MOST_UNPAID_PLACES = 999_999
"""For who wants no limit: more than any event that one buyer could fill."""

_MINUTE = timedelta(minutes=1)


def address(name: str, url: str, mistakes: Mistakes) -> str | None:
    """Return an http or https address without its last slash, or None if none is set."""
    if not url:
        return None
    example = "such as http://localhost:5173"
    if not is_address(url):
        mistakes.add(name, f"must be an http or https address, {example}")
    elif "?" in url or "#" in url or "@" in url:
        mistakes.add(name, f"must hold no query, fragment or password, {example}")
    return url.rstrip("/")


def is_address(url: str) -> bool:
    """Return whether it is an http or https address, with a possible host and port."""
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    return bool(usable and re.fullmatch("[!-~]+", url))


def origins(text: str, mistakes: Mistakes) -> tuple[str, ...]:
    """Return the origins in a list with commas, each without a last slash."""
    found = []
    for each in text.split(",") if text else ():
        url = each.strip()
        wrong = Mistakes()
        origin = address("CORS_ORIGINS", url, wrong)
        if origin is None or wrong or origin.count("/") != 2 or "*" in origin:  # noqa: PLR2004 - as in https://
            mistakes.add(
                "CORS_ORIGINS",
                f"must be origins with commas between them, such as https://www.shop.example; "
                f"{url!r} is none",
            )
        else:
            found.append(origin)
    return tuple(found)


def trusted_proxies(text: str, mistakes: Mistakes) -> int:
    """Return how many proxies in front say under which path the service is."""
    if re.fullmatch("[0-9]", text):
        return int(text)
    mistakes.add("TRUSTED_PROXIES", "must be a whole number from 0 to 9")
    return 0


def switch(name: str, text: str, mistakes: Mistakes) -> bool:
    """Return whether something is switched on."""
    if text not in ("on", "off"):
        mistakes.add(name, "must be on or off")
    return text == "on"


def hold(minutes: str, mistakes: Mistakes) -> timedelta:
    """Return how long an unpaid ticket keeps its places."""
    # At most four digits: Python refuses to convert endless ones.
    if re.fullmatch("[0-9]{1,4}", minutes):
        hold = int(minutes) * _MINUTE
        if SHORTEST_HOLD <= hold <= LONGEST_HOLD:
            return hold
    bounds = f"{SHORTEST_HOLD // _MINUTE} to {LONGEST_HOLD // _MINUTE}"
    mistakes.add("HOLD_MINUTES", f"must be a whole number from {bounds}")
    return timedelta()


def max_unpaid_places(text: str, mistakes: Mistakes) -> int:
    """Return how many unpaid places one buyer may keep at one event."""
    if re.fullmatch("[1-9][0-9]{0,5}", text):
        return int(text)
    mistakes.add("MAX_UNPAID_PLACES", f"must be a whole number from 1 to {MOST_UNPAID_PLACES}")
    return 1
