"""Events in SQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, func, insert, select

from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.engine import is_postgresql, reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.rows import event_of, is_below, is_storable_id
from ticketing_adapters.sql.tables import events
from ticketing_core.event import Added, Event, EventDraft, IdTaken

# Any number that no other advisory lock in this database has.
_ADDING_AN_EVENT = 0x7469636B_0001


class SqlEvents:
    """The `EventRepository` in an SQL database.

    On both databases the next free id is above every id that was ever given.

    Args:
        engine: From `engine_for`, of a migrated database.
        cache: Shared with the `SqlTickets` of the same database; by default nothing is cached.
    """

    def __init__(self, engine: Engine, *, cache: EventCache | None = None) -> None:
        self._engine = engine
        self._cache = cache or EventCache()
        self._look_ups = Batcher(self._by_ids)

    @store_step
    def add(self, draft: EventDraft) -> Added | IdTaken:
        """See `EventRepository.add`."""
        with writing(self._engine) as connection:
            if is_postgresql(connection):
                # One at a time: an id in a draft moves the sequence that gives the others theirs.
                connection.execute(select(func.pg_advisory_xact_lock(_ADDING_AN_EVENT)))
            if draft.event_id is None:
                return Added(_insert(connection, draft))
            taken = select(events.c.event_id).where(events.c.event_id == draft.event_id)
            if connection.execute(taken).one_or_none() is not None:
                return IdTaken(draft.event_id)
            added = Added(_insert(connection, draft))
            if is_postgresql(connection):
                _move_sequence(connection)
        return added

    def by_id(self, event_id: int) -> Event | None:
        """See `EventRepository.by_id`."""
        if not is_storable_id(event_id):
            return None
        return self._cache.events.get(event_id, lambda: self._look_ups.run(event_id))

    @store_step
    def _by_ids(self, event_ids: Sequence[int]) -> Sequence[Event | None]:
        query = select(events).where(events.c.event_id.in_(set(event_ids)))
        with reading(self._engine) as connection:
            found = [event_of(row) for row in connection.execute(query)]
        by_id = {event.event_id: event for event in found}
        return [by_id.get(event_id) for event_id in event_ids]

    @store_step
    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """See `EventRepository.newest`."""
        page = select(events).where(is_below(events.c.event_id, before))
        page = page.order_by(events.c.event_id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [event_of(row) for row in connection.execute(page)]


def _insert(connection: Connection, draft: EventDraft) -> Event:
    values = {
        "name": draft.name,
        "price_minor": draft.price.amount_minor,
        "currency": draft.price.currency,
        "capacity": draft.capacity,
        "kept": 0,
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
        "max_per_order": draft.max_per_order,
        "max_per_buyer": draft.max_per_buyer,
    }
    if draft.event_id is not None:
        values["event_id"] = draft.event_id
    return event_of(connection.execute(insert(events).returning(events), values).one())


def _move_sequence(connection: Connection) -> None:
    # Events are never deleted, so the largest id is the largest that was ever given.
    sequence = func.pg_get_serial_sequence(events.name, events.c.event_id.name)
    largest = select(func.max(events.c.event_id)).scalar_subquery()
    connection.execute(select(func.setval(sequence, largest)))
