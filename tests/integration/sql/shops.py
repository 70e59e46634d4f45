"""A process that sells, and has read its event before others change it."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen
from sqlalchemy import Engine

from ticketing_adapters.sql import EventCache, SqlEvents, SqlTickets
from ticketing_adapters.sql.lanes import Blocked
from ticketing_core.event import Edited, Event
from ticketing_core.reservation import HoldOutcome, TicketDraft
from ticketing_core.testing.contracts.examples import FREE, NOON, stored_event


@frozen
class Shop:
    """One process that sells, and has read the event before.

    Attributes:
        event: As it was read.
    """

    engine: Engine
    event: Event
    cache: EventCache
    tickets: SqlTickets

    def step(self, *drafts: TicketDraft) -> Sequence[HoldOutcome | Blocked]:
        """Hold all of them in one step."""
        return self.tickets._hold_all(drafts)  # noqa: SLF001 - with threads, sharing is chance


def open_shop(engine: Engine, **terms: Any) -> Shop:
    """Return a shop that has read a new event."""
    cache = EventCache()
    offered = stored_event(SqlEvents(engine), **{"price": FREE} | terms)
    read = SqlEvents(engine, cache=cache).by_id(offered.event_id)
    assert read is not None
    return Shop(engine, read, cache, SqlTickets(engine, cache=cache))


def edited(engine: Engine, old: Event, **terms: Any) -> None:
    """Change the event as another process does, which this one does not hear of."""
    new = evolve(old, version=old.version + 1, **terms)
    outcome = SqlEvents(engine).replace(old, new, at=NOON, why="edited", by="suite")
    assert isinstance(outcome, Edited)
