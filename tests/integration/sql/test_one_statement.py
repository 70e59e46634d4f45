"""Free tickets that PostgreSQL holds in one statement, by what was last read of their event."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, ScalarSelect, event, null, select

from tests.integration.sql.racing import count_places
from tests.integration.sql.shops import Shop, edited, open_shop
from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlOutbox,
    SqlTickets,
    one_statement,
)
from ticketing_adapters.sql.one_statement import COMPARED, hold_statement
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_adapters.sql.tables import events, ticket_history, tickets
from ticketing_core.errors import (
    EventCancelled,
    EventChanged,
    OverBuyerLimit,
    OverOrderLimit,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
)
from ticketing_core.event import Event
from ticketing_core.money import Money
from ticketing_core.reservation import RESTORING, Held, HoldOutcome
from ticketing_core.subscription import Subscription
from ticketing_core.testing.contracts.examples import (
    NOON,
    PRICE,
    draft,
    held,
)
from ticketing_core.ticket import IdempotencyKey, Ticket

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def shop(postgres_engine: Engine) -> Shop:
    """A shop with an event of ten free places."""
    return open_shop(postgres_engine)


def statements(engine: Engine, work: Callable[[], object]) -> list[str]:
    """Do the work, and return the beginnings of the statements that it sent."""
    sent: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        sent.append(statement.partition(" ")[0])

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", lambda _: sent.append("COMMIT"))
    work()
    event.remove(engine, "before_cursor_execute", note)
    return sent


def test_a_free_ticket_takes_one_statement(shop: Shop) -> None:
    """Whether it is alone or not; a paid one, or one with a key, takes a transaction."""
    one, many = draft(shop.event), [draft(shop.event) for _ in range(3)]
    assert statements(shop.engine, lambda: shop.step(one)) == ["WITH"]
    assert statements(shop.engine, lambda: shop.step(*many)) == ["WITH"]
    assert count_places(shop.engine, shop.event) == 4
    keyed = draft(shop.event, key=IdempotencyKey(value="k", fingerprint="f"))
    assert "COMMIT" in statements(shop.engine, lambda: shop.step(keyed))
    paid = open_shop(shop.engine, price=PRICE)
    assert "COMMIT" in statements(paid.engine, lambda: paid.step(draft(paid.event)))


def test_the_driver_remembers_the_statement(shop: Shop) -> None:
    """It does up to this length, without saying so (`MAX_CACHED_STATEMENT_LENGTH`)."""
    assert len(str(hold_statement().compile(shop.engine))) <= 4096


# --- it stores what the lock stores ---------------------------------------------------------------


def stored(engine: Engine, ticket: Ticket) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about a ticket, without what differs between any two tickets."""
    ours = {
        tickets: tickets.c.ticket_id == ticket.ticket_id,
        ticket_history: ticket_history.c.ticket_id == ticket.ticket_id,
        outbox: outbox.c.subject == f"ticket_{ticket.ticket_code}",
    }
    own = {"ticket_id", "ticket_code", "subject"}
    with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in connection.execute(query).mappings()]
            for table, query in ((table, select(table).where(of)) for table, of in ours.items())
        }
    for message in found["outbox"]:
        data = message["data"]
        assert data["ticket_id"] == ticket.ticket_id
        assert data["ticket_code"] == str(ticket.ticket_code)
        message["data"] = {name: value for name, value in data.items() if name not in own}
    return {
        name: [{each: row[each] for each in row.keys() - own} for row in rows]
        for name, rows in found.items()
    }


def stored_both_ways(shop: Shop) -> list[dict[str, list[dict[str, Any]]]]:
    """Hold a ticket in one statement and another one behind the lock; return their rows."""
    for name in ("one", "two"):
        assert SqlOutbox(shop.engine).add(Subscription(name=name))
    known = held(shop.tickets, draft(shop.event, quantity=2))
    unknown = held(SqlTickets(shop.engine), draft(shop.event, quantity=2))
    assert shop.tickets.by_id(known.ticket_id) == known
    return [stored(shop.engine, ticket) for ticket in (known, unknown)]


def test_it_stores_what_the_lock_stores(shop: Shop) -> None:
    """The ticket, its history, and a message for each subscription."""
    at_once, behind_lock = stored_both_ways(shop)
    assert at_once == behind_lock
    assert {name: len(rows) for name, rows in at_once.items()} == {
        "tickets": 1,
        "ticket_history": 1,
        "outbox": 2,
    }


def test_control_a_message_that_is_forgotten_is_missed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without messages, the rows differ."""
    monkeypatch.setattr(one_statement, "messages_of", lambda _: [])
    at_once, behind_lock = stored_both_ways(shop)
    assert at_once.pop("outbox") == []
    assert len(behind_lock.pop("outbox")) == 2
    assert at_once == behind_lock


# --- an event that has changed since it was read --------------------------------------------------


REFUSED: dict[str, tuple[dict[str, Any], HoldOutcome]] = {
    "price_minor": ({"price": PRICE}, EventChanged()),
    "currency": ({"price": Money(0, "eur")}, EventChanged()),
    "cancelled_at": ({"cancelled_at": NOON}, EventCancelled()),
    "opens_at": ({"opens_at": LATER}, SaleNotOpen(LATER)),
    "closes_at": ({"closes_at": NOON}, SaleClosed()),
    "max_per_order": ({"max_per_order": 1}, OverOrderLimit(1)),
    "max_per_buyer": ({"max_per_buyer": 1}, OverBuyerLimit(1, 0)),
}
"""By the column that it changes: new terms, and the outcome of an order of two places."""


@pytest.mark.parametrize("column", REFUSED)
def test_what_was_read_before_a_change_sells_nothing(shop: Shop, column: str) -> None:
    """The change is seen, and answered as if the event had just been read."""
    terms, outcome = REFUSED[column]
    edited(shop.engine, shop.event, **terms)
    assert shop.step(draft(shop.event, quantity=2)) == [outcome]
    assert count_places(shop.engine, shop.event) == 0


@pytest.mark.parametrize("column", REFUSED)
def test_control_a_column_that_is_not_compared_sells_by_what_was_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    """Control: each of the columns is what keeps one of the changes above from being overlooked."""
    others = [each for each in COMPARED if each.name not in {column, "version"}]
    monkeypatch.setattr(one_statement, "_HOLD", hold_statement(others))
    edited(shop.engine, shop.event, **REFUSED[column][0])
    (outcome,) = shop.step(draft(shop.event, quantity=2))
    assert isinstance(outcome, Held)


OTHERS: dict[str, Any] = {
    "name": "Another one",
    "capacity": 11,
    "venue": "Hall",
    "time_zone": "Europe/Berlin",
    "doors_at": LATER,
    "starts_at": LATER,
    "ends_at": LATER,
    "version": 7,
    "unwound_at": NOON,
}
"""By the column: what a sale does not depend on."""


def test_every_column_is_compared_and_changed() -> None:
    """None is left out of the tests here."""
    assert {column.name for column in COMPARED} == REFUSED.keys() | OTHERS.keys()


def changed_and_sold(shop: Shop, column: str) -> tuple[Event, Event | None]:
    """Change a column, sell a place, and return the event in the cache and in the database."""
    values = {column: OTHERS[column]}
    if column == "unwound_at":
        values["cancelled_at"] = NOON
    with shop.engine.begin() as connection:
        connection.execute(events.update().values(values))
    shop.step(draft(shop.event))
    (known,) = shop.cache.last_read([shop.event.event_id]).values()
    return known, SqlEvents(shop.engine).by_id(shop.event.event_id)


@pytest.mark.parametrize("column", OTHERS)
def test_what_was_read_before_a_change_is_not_taken_for_new(shop: Shop, column: str) -> None:
    """Otherwise, an event that is sold all the time would be shown as it was, for ever."""
    known, stored = changed_and_sold(shop, column)
    assert known == stored


@pytest.mark.parametrize("column", [each for each in OTHERS if each != "unwound_at"])
def test_control_a_column_that_is_not_compared_stays_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    """Control: a cancelled event is not sold whatever else it is."""
    others = [each for each in COMPARED if each.name != column]
    monkeypatch.setattr(one_statement, "_HOLD", hold_statement(others))
    known, stored = changed_and_sold(shop, column)
    assert known != stored


def test_the_last_places_are_counted_where_they_are(shop: Shop) -> None:
    """Others have sold since; what is left is sold, and refused as sold out."""
    elsewhere = SqlTickets(shop.engine)
    held(elsewhere, draft(shop.event, quantity=8))
    outcomes = shop.step(*[draft(shop.event, buyer=str(n)) for n in range(3)])
    assert [isinstance(each, Held) for each in outcomes] == [True, True, False]
    assert outcomes[2] == SoldOut(0)
    assert count_places(shop.engine, shop.event) == 10


def test_a_smaller_capacity_is_kept_to(shop: Shop) -> None:
    """Another process has taken the places away that are free here."""
    edited(shop.engine, shop.event, capacity=1)
    assert shop.step(draft(shop.event, quantity=2)) == [SoldOut(1)]
    assert isinstance(shop.step(draft(shop.event))[0], Held)


def test_nothing_is_held_while_a_restore_is_under_way(shop: Shop) -> None:
    """What was read before knows nothing of it."""
    SqlInstallation(shop.engine).begin_restore(at=NOON)
    assert shop.step(draft(shop.event)) == [RESTORING]
    assert count_places(shop.engine, shop.event) == 0


def test_control_a_statement_that_does_not_look_sells_during_a_restore(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the statement itself looks."""
    never: ScalarSelect[Any] = select(null()).scalar_subquery()
    monkeypatch.setattr(one_statement, "RESTORING_SINCE", never)
    monkeypatch.setattr(one_statement, "_HOLD", hold_statement())
    SqlInstallation(shop.engine).begin_restore(at=NOON)
    assert isinstance(shop.step(draft(shop.event))[0], Held)


def test_another_event_under_the_same_version_is_seen(shop: Shop) -> None:
    """After a restore, a version may come a second time with other terms."""
    edited(shop.engine, shop.event, max_per_order=1)
    with shop.engine.begin() as connection:
        connection.execute(events.update().values(version=shop.event.version))
    assert shop.step(draft(shop.event, quantity=2)) == [OverOrderLimit(1)]
