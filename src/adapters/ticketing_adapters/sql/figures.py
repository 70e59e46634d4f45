"""Figures of the store for monitoring: what is owed, late and kept, and who holds which lease.

Each query uses an index, and is bounded however much has been sold.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from attrs import field, frozen
from sqlalchemy import Connection, Engine, FromClause, func, or_, select, text

from ticketing_adapters.sql.engine import reading
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.installation_tables import installation, leases, pace, strays
from ticketing_adapters.sql.outbox import waiting
from ticketing_adapters.sql.outbox_tables import IS_ABANDONED, outbox
from ticketing_adapters.sql.tables import KEEPS_UNPAID_PLACES, NOTED, OWES_REFUND, events, tickets
from ticketing_core.ticket import MOST_REFUND_FAILURES, PERSON_DECIDES

MOST_ROWS = 10_000
"""The most rows that are counted of each: unpaid tickets, owed refunds, strays and abandoned
messages. Counting so many takes some ten milliseconds, and more would say nothing new."""

NEWEST_ORDERS = 1_000
MOST_EVENTS = 20
"""The most events with figures: those of the newest orders. Each event has a few time series."""


@frozen
class Figure:
    """A number with its name and labels."""

    name: str
    value: float
    labels: Mapping[str, str] = field(factory=dict)


class SqlFigures:
    """Reads the figures.

    Args:
        engine: From `engine_for`, of a migrated database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @store_step
    def read(self, now: datetime) -> Sequence[Figure]:
        """Return all figures as they are at ``now``.

        Raises:
            StoreUnavailable: The database did not answer.
        """
        with reading(self._engine) as connection:
            return [
                *_unpaid(connection, now),
                *_owed(connection, now),
                *_selling(connection),
                *_news(connection, now),
                *_ahead(connection, now),
                *_undelivered(connection, now),
            ]


def _unpaid(connection: Connection, now: datetime) -> Iterator[Figure]:
    # In the order of the index, so that the limit keeps the earliest ones.
    waiting = (
        select(tickets.c.held_until, tickets.c.next_try_at, tickets.c.tries)
        .where(text(KEEPS_UNPAID_PLACES))
        .order_by(tickets.c.next_try_at)
        .limit(MOST_ROWS)
        .subquery()
    )
    # A claim moves the next try, too, but then there are tries. A ticket that waits for a bank
    # was postponed, and has none.
    late = (
        waiting.c.held_until <= now,
        or_(waiting.c.tries > 0, waiting.c.next_try_at <= now),
    )
    count, oldest = connection.execute(
        select(func.count(), func.min(waiting.c.held_until)).where(*late)
    ).one()
    noted = select(tickets.c.look_at).where(text(NOTED)).order_by(tickets.c.look_at)
    noted_rows = noted.limit(MOST_ROWS).subquery()
    looks, first_note = connection.execute(
        select(func.count(), func.min(noted_rows.c.look_at)).select_from(noted_rows)
    ).one()
    yield Figure("unpaid_tickets", _count(connection, KEEPS_UNPAID_PLACES))
    yield Figure("late_tickets", count)
    yield Figure("looks_due", looks)
    yield Figure("oldest_paid_unissued_seconds", max(_age(now, oldest), _age(now, first_note)))


def _owed(connection: Connection, now: datetime) -> Iterator[Figure]:
    owed = (
        select(tickets.c.owed_since, tickets.c.refund_failures, tickets.c.refund_problem)
        .where(text(OWES_REFUND))
        .limit(MOST_ROWS)
        .subquery()
    )
    person = or_(
        owed.c.refund_failures >= MOST_REFUND_FAILURES,
        owed.c.refund_problem.in_(sorted(PERSON_DECIDES)),
    )
    count, oldest = connection.execute(
        select(func.count(), func.min(owed.c.owed_since)).select_from(owed)
    ).one()
    waiting = connection.execute(select(func.count()).select_from(owed).where(person)).scalar_one()
    yield Figure("refunds_owed", count)
    yield Figure("oldest_refund_owed_seconds", _age(now, oldest))
    yield Figure("refunds_waiting_for_person", waiting)
    open_ones = select(strays.c.checkout_id).where(strays.c.settled_at.is_(None)).limit(MOST_ROWS)
    yield Figure("strays", _rows(connection, open_ones.subquery()))


def _selling(connection: Connection) -> Iterator[Figure]:
    newest = (
        select(tickets.c.event_id)
        .order_by(tickets.c.ticket_id.desc())
        .limit(NEWEST_ORDERS)
        .subquery()
    )
    ids = select(newest.c.event_id).distinct().order_by(newest.c.event_id.desc()).limit(MOST_EVENTS)
    unpaid = (
        select(tickets.c.event_id, tickets.c.quantity)
        .where(text(KEEPS_UNPAID_PLACES))
        .order_by(tickets.c.next_try_at)
        .limit(MOST_ROWS)
        .subquery()
    )
    by_event = select(unpaid.c.event_id, func.sum(unpaid.c.quantity)).group_by(unpaid.c.event_id)
    places = {event_id: int(total) for event_id, total in connection.execute(by_event)}
    for row in connection.execute(
        select(events.c.event_id, events.c.capacity, events.c.kept).where(
            events.c.event_id.in_(ids)
        )
    ):
        label = {"event_id": str(row.event_id)}
        yield Figure("event_places", row.capacity, label)
        yield Figure("event_places_kept", row.kept, label)
        # Kept, and not unpaid: paid or free. The queries may disagree by the purchases between
        # them.
        yield Figure("event_places_sold", max(0, row.kept - places.get(row.event_id, 0)), label)


def _news(connection: Connection, now: datetime) -> Iterator[Figure]:
    state = connection.execute(
        select(installation.c.news_position, installation.c.restoring_since)
    ).one()
    if state.news_position is not None:
        yield Figure("news_age_seconds", _age(now, state.news_position))
    yield Figure("restoring", float(state.restoring_since is not None))


def _ahead(connection: Connection, now: datetime) -> Iterator[Figure]:
    for name, until in connection.execute(select(leases.c.name, leases.c.held_until)):
        yield Figure("lease_seconds_left", max(0.0, _seconds(until, now)), {"lease": name})
    for operation, next_at in connection.execute(select(pace.c.operation, pace.c.next_at)):
        ahead = max(0.0, _seconds(next_at, now))
        yield Figure("pace_ahead_seconds", ahead, {"operation": operation})


def _undelivered(connection: Connection, now: datetime) -> Iterator[Figure]:
    since = min((each.since for each in waiting(connection).values()), default=None)
    yield Figure("oldest_undelivered_message_seconds", _age(now, since))
    abandoned = select(outbox.c.subject).where(text(IS_ABANDONED)).limit(MOST_ROWS)
    yield Figure("abandoned_messages", _rows(connection, abandoned.subquery()))


def _count(connection: Connection, condition: str) -> int:
    return _rows(
        connection, select(tickets.c.ticket_id).where(text(condition)).limit(MOST_ROWS).subquery()
    )


def _rows(connection: Connection, rows: FromClause) -> int:
    counted: int = connection.execute(select(func.count()).select_from(rows)).scalar_one()
    return counted


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, _seconds(now, since))


def _seconds(now: datetime, since: datetime) -> float:
    return (now - since).total_seconds()
