"""Events: a draft is valid, or its error names the wrong value."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ticketing_core import EventDraft, Money
from ticketing_core.event import _time_zones
from ticketing_core.testing.contracts.examples import event_draft

EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
OPENING = datetime(2030, 1, 1, tzinfo=UTC)
TIMES = ["opens_at", "closes_at", "doors_at", "starts_at", "ends_at"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_id", 0),
        ("event_id", 2**52 + 1),
        ("name", ""),
        ("name", "   "),
        ("name", "two\nlines"),
        ("name", "x" * 201),
        ("price", Money(2**53, "usd")),
        ("price", Money(2501, "isk")),
        ("price", Money(2501, "kwd")),
        ("capacity", 0),
        ("capacity", 2**31),
        ("max_per_order", 0),
        ("max_per_buyer", 0),
        ("opens_at", datetime(2030, 1, 1)),  # noqa: DTZ001 - the missing zone is the point
        ("closes_at", datetime(2030, 1, 1)),  # noqa: DTZ001 - the missing zone is the point
        ("doors_at", datetime(1, 1, 1, tzinfo=EAST)),
        ("ends_at", datetime(9999, 12, 31, 23, tzinfo=WEST)),
        ("starts_at", datetime(2030, 1, 1)),  # noqa: DTZ001 - the missing zone is the point
        ("venue", ""),
        ("venue", "two\nlines"),
        ("venue", "x" * 201),
        ("time_zone", ""),
        ("time_zone", "Mars/Olympus_Mons"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "localtime"),
        ("time_zone", "Factory"),
        ("time_zone", "posix/Europe/Berlin"),
        ("time_zone", "europe/berlin"),
        ("time_zone", None),
    ],
)
def test_a_wrong_value_is_refused(name: str, value: Any) -> None:
    """The error names the field."""
    with pytest.raises(ValueError, match=name):
        event_draft(**{name: value})


def test_a_machine_without_time_zones_knows_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slim container may have none, and the default must be good everywhere."""
    monkeypatch.setattr("ticketing_core.event.available_timezones", set)
    _time_zones.cache_clear()
    try:
        assert event_draft().time_zone == "UTC"
        with pytest.raises(ValueError, match="time_zone"):
            event_draft(time_zone="Europe/Berlin")
    finally:
        _time_zones.cache_clear()


def test_a_sale_cannot_close_before_it_opens() -> None:
    """It may at the same instant: so ends one that is closed before it begins."""
    with pytest.raises(ValueError, match="closes_at must not be earlier than opens_at"):
        event_draft(opens_at=OPENING, closes_at=OPENING - timedelta(microseconds=1))
    assert event_draft(opens_at=OPENING, closes_at=OPENING).closes_at == OPENING


@pytest.mark.parametrize("name", TIMES)
def test_clocks_of_the_zone_can_show_its_times(name: str) -> None:
    """A year of five digits, or one before the first, is none on a ticket or in a form."""
    last, first = datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
    for instant, zone, other in (
        (last, "Pacific/Auckland", "America/New_York"),
        (first, "America/New_York", "Pacific/Auckland"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be in the years 1 to 9999 in {zone}"):
            event_draft(**{name: instant}, time_zone=zone)
        event = event_draft(**{name: instant}, time_zone=other).event(7)
        with pytest.raises(ValueError, match=f"^{name} must be"):
            event.edited(time_zone=zone)


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("doors_at", "starts_at", True),
        ("starts_at", "ends_at", False),
        ("doors_at", "ends_at", False),
    ],
)
def test_an_evening_has_an_order(first: str, second: str, *, equal: bool) -> None:
    """Doors open, it starts, it ends. Each may be left out."""
    for apart, allowed in ((-1, False), (0, equal), (1, True)):
        times = {first: OPENING, second: OPENING + timedelta(minutes=apart)}
        if allowed:
            event_draft(**times)
        else:
            with pytest.raises(ValueError, match=f"{second} must .* than {first}"):
                event_draft(**times)


def test_a_draft_has_all_terms() -> None:
    """So every term of an event can be changed."""
    draft = event_draft()
    event = draft.event(1)
    assert EventDraft(**event.terms) == draft


def test_a_sale_closes_whatever_the_event_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine, with newer time zones, has put it on sale."""
    event = event_draft(time_zone="Europe/Berlin").event(1)
    monkeypatch.setattr("ticketing_core.event._time_zones", lambda: frozenset({"UTC"}))
    assert event.closed(at=OPENING).closes_at == OPENING


def test_an_event_needs_a_name_a_price_and_a_capacity() -> None:
    """By default an order is limited to ten places."""
    draft = EventDraft(name="Concert", price=Money(0, "usd"), capacity=1)
    assert (draft.event_id, draft.opens_at, draft.closes_at) == (None, None, None)
    assert (draft.max_per_order, draft.max_per_buyer) == (10, None)
    assert event_draft(opens_at=OPENING, closes_at=OPENING + timedelta(1)).closes_at is not None


NAMES = [
    "Family day 👨‍👩‍👧‍👦",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian with a non-joiner
    "क्‍षण — हिन्दी",
    "夏祭り\u30002027",
    "Nuit\u00a0: été",
    "\u200f\u05e9\u05dc\u05d5\u05dd\u200e (Live)",
    "Newer than any table \U0001fae9\U0003fffd",
    r"\[/foo] [bold]",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_script_are_taken(name: str) -> None:
    """With joiners, direction marks, any space, and what is newer than Python's tables."""
    assert event_draft(name=name).name == name


CONTROLS = "\0\t\n\r\x1b\x7f\x85\x9b\u2028\u2029\ud800\udfff"


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_control_names_on_several_lines_are_refused(control: str) -> None:
    """So are control characters and what no store can hold."""
    with pytest.raises(ValueError, match="name"):
        event_draft(name=f"Concert{control}tonight")


def test_control_what_python_calls_printable_is_narrower() -> None:
    """The rule that was used before refuses most of these names."""
    assert sum(not name.isprintable() for name in NAMES) >= 6
