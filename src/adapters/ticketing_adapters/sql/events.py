"""Events in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import evolve
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    bindparam,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)

from ticketing_adapters.sql.batching import Batcher
from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.changes import LOCKED_EVENTS
from ticketing_adapters.sql.engine import is_postgresql, reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.outbox_writes import message_row, write_messages
from ticketing_adapters.sql.rows import (
    event_history_entry_of,
    event_of,
    event_values,
    is_below,
    is_storable_id,
    version_values,
)
from ticketing_adapters.sql.tables import IS_UNWINDING, event_history, events
from ticketing_core.errors import CapacityBelowKept, IdTaken
from ticketing_core.event import (
    ADDED,
    Added,
    Edited,
    EditedMeanwhile,
    Event,
    EventDraft,
    EventHistoryEntry,
)
from ticketing_core.message import event_message

# Any number that no other advisory lock in this database has.
_ADDING_AN_EVENT = 0x7469636B_0001

_UPDATE: Final = update(events).where(events.c.event_id == bindparam("id"))


class SqlEvents:
    """The `EventRepository` in an SQL database.

    On both databases the next free id is above every id that was ever given.

    Args:
        engine: From `engine_for`, of a migrated database.
        cache: Shared with the `SqlTickets` of the same database; by default each look-up
            reads the database.
    """

    def __init__(self, engine: Engine, *, cache: EventCache | None = None) -> None:
        self._engine = engine
        self._cache = cache or EventCache()
        self._look_ups = Batcher(self._by_ids)

    @store_step
    def add(self, draft: EventDraft, *, at: datetime, by: str) -> Added | IdTaken:
        """See `EventRepository.add`."""
        with writing(self._engine) as connection:
            if is_postgresql(connection):
                # One at a time: an id in a draft moves the sequence that gives the others theirs.
                connection.execute(select(func.pg_advisory_xact_lock(_ADDING_AN_EVENT)))
            if draft.event_id is None:
                return _insert(connection, draft, at=at, by=by)
            taken = select(events.c.event_id).where(events.c.event_id == draft.event_id)
            if connection.execute(taken).one_or_none() is not None:
                return IdTaken(draft.event_id)
            added = _insert(connection, draft, at=at, by=by)
            if is_postgresql(connection):
                _move_sequence(connection)
        return added

    @store_step
    def replace(
        self, old: Event, new: Event, *, at: datetime, why: str, by: str
    ) -> Edited | EditedMeanwhile | CapacityBelowKept:
        """See `EventRepository.replace`."""
        with writing(self._engine) as connection:
            locked = LOCKED_EVENTS.rows(connection, [old.event_id])
            if not locked:
                raise LookupError(f"event {old.event_id} was never stored")
            current = event_of(locked[0])
            new = evolve(new, kept=current.kept)
            as_of = self._cache.now()
            if current == new:
                return Edited(current)
            if current.version != old.version:
                return EditedMeanwhile(current)
            if new.capacity < current.kept:
                return CapacityBelowKept(current.kept)
            connection.execute(_UPDATE, version_values(new) | {"id": new.event_id})
            _write_history(connection, current, new, at=at, why=why, by=by)
        self._cache.put([new], as_of=as_of)
        return Edited(new)

    def by_id(self, event_id: int) -> Event | None:
        """See `EventRepository.by_id`."""
        if not is_storable_id(event_id):
            return None
        return self._cache.events.get(event_id, lambda: self._look_ups.run(event_id))

    def to_sell(self, event_id: int) -> Event | None:
        """See `EventRepository.to_sell`."""
        known = self._cache.events.of_any_age(event_id)
        return known if known is not None and known.is_free else self.by_id(event_id)

    @store_step
    def _by_ids(self, event_ids: Sequence[int]) -> Sequence[Event | None]:
        query = select(events).where(events.c.event_id.in_(set(event_ids)))
        with reading(self._engine) as connection:
            found = [event_of(row) for row in connection.execute(query)]
        by_id = {event.event_id: event for event in found}
        return [by_id.get(event_id) for event_id in event_ids]

    def latest(self, event_id: int) -> Event | None:
        """See `EventRepository.latest`."""
        if not is_storable_id(event_id):
            return None
        (event,) = self._by_ids([event_id])
        return event

    @store_step
    def unwinding(self) -> Sequence[Event]:
        """See `EventRepository.unwinding`."""
        query = select(events).where(text(IS_UNWINDING)).order_by(events.c.event_id)
        with reading(self._engine) as connection:
            return [event_of(row) for row in connection.execute(query)]

    @store_step
    def history(
        self, event_id: int, *, before: int | None, limit: int
    ) -> Sequence[EventHistoryEntry]:
        """See `EventRepository.history`."""
        if not is_storable_id(event_id):
            return []
        # A cursor may be any number, also one beyond the column.
        version = type_coerce(event_history.c.version, BigInteger)
        page = select(event_history).where(
            event_history.c.event_id == event_id, is_below(version, before)
        )
        page = page.order_by(version.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [event_history_entry_of(row) for row in connection.execute(page)]

    @store_step
    def newest(self, *, before: int | None, limit: int) -> Sequence[Event]:
        """See `EventRepository.newest`."""
        page = select(events).where(is_below(events.c.event_id, before))
        page = page.order_by(events.c.event_id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [event_of(row) for row in connection.execute(page)]


def _insert(connection: Connection, draft: EventDraft, *, at: datetime, by: str) -> Added:
    values = event_values(draft) | {"kept": 0, "version": 1}
    if draft.event_id is not None:
        values["event_id"] = draft.event_id
    event = event_of(connection.execute(insert(events).returning(events), values).one())
    _write_history(connection, None, event, at=at, why=ADDED, by=by)
    return Added(event)


def _write_history(
    connection: Connection, old: Event | None, new: Event, *, at: datetime, why: str, by: str
) -> None:
    entry = {"event_id": new.event_id, "version": new.version, "at": at, "why": why, "by": by}
    connection.execute(insert(event_history), entry)
    write_messages(connection, [message_row(event_message(old, new, at=at))])


def _move_sequence(connection: Connection) -> None:
    # Forward only: a restore leaves a gap for the ids of lost events.
    sequence = func.pg_get_serial_sequence(events.name, events.c.event_id.name)
    largest = select(func.max(events.c.event_id)).scalar_subquery()
    given = func.nextval(sequence) - 1
    connection.execute(select(func.setval(sequence, func.greatest(largest, given))))
