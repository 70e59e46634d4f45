"""Forces one of the two ways in which PostgreSQL holds free tickets, in tests of either.

By itself it takes one statement for events that the process has read before, and the lock for
others.
"""

from collections.abc import Callable, Iterable
from typing import Final

import pytest

from ticketing_adapters.sql import EventCache, SqlEvents, SqlTickets
from ticketing_core.event import Event
from ticketing_core.reservation import HoldOutcome, TicketDraft

LOCK: Final = "behind the lock"
ONE_STATEMENT: Final = "in one statement"

EACH_WAY: Final = pytest.mark.parametrize(
    ("kind", "way"),
    [("sqlite", LOCK), ("postgres", LOCK), ("postgres", ONE_STATEMENT)],
    indirect=["way"],
)
"""Runs a test with the fixture `engine` on both databases, and on PostgreSQL in both ways."""


def force(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold in this way alone, wherever it is possible."""
    if way == LOCK:
        monkeypatch.setattr(EventCache, "last_read", _nothing)
    else:
        monkeypatch.setattr(SqlTickets, "hold", reading_first(SqlTickets.hold))


def _nothing(_: EventCache, __: Iterable[int]) -> dict[int, Event]:
    return {}


def reading_first(
    hold: Callable[[SqlTickets, TicketDraft], HoldOutcome],
) -> Callable[[SqlTickets, TicketDraft], HoldOutcome]:
    """Return a `hold` that reads the event the first time, and never again."""

    def held(store: SqlTickets, draft: TicketDraft) -> HoldOutcome:
        cache = store._cache  # noqa: SLF001 - reading it is what is forced
        if not cache.last_read([draft.event_id]):
            SqlEvents(store._engine, cache=cache).by_id(draft.event_id)  # noqa: SLF001 - as above
        return hold(store, draft)

    return held
