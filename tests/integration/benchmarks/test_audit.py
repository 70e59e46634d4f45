"""The audit of the benchmark: it accepts true books, and finds each way in which they can lie."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click
import pytest
from attrs import frozen
from sqlalchemy import create_engine, text

from benchmarks.__main__ import tell
from benchmarks.audit import Ledger, problems
from benchmarks.books import read_books
from benchmarks.load import Seen
from benchmarks.load.seen import answer
from benchmarks.orders import Order
from benchmarks.row import Report
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for, migrate
from ticketing_core import EventDraft, Money
from ticketing_core.event import Added
from ticketing_core.reservation import Held, TicketDraft

FREE = Money(0, "usd")
SOLD = 3


@frozen(kw_only=True)
class Shop:
    """A database with three sold tickets, and what their buyers were told."""

    url: str
    ledger: Ledger

    def doctor(self, *statements: str) -> None:
        """Change the database behind the product's back, its constraints as well."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def problems(self) -> Sequence[str]:
        """What the audit finds."""
        return list(problems(read_books(self.url), self.ledger))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Three buyers, each with a free ticket."""
    url = f"sqlite:///{tmp_path}/books.db"
    engine = engine_for(url)
    migrate(engine)
    added = SqlEvents(engine).add(EventDraft(name="Concert", price=FREE, capacity=10))
    assert isinstance(added, Added)
    event_id, store, now = added.event.event_id, SqlTickets(engine), datetime.now(UTC)
    orders, answers = [], []
    for number in range(SOLD):
        buyer = f"buyer-{number}"
        held = store.hold(
            TicketDraft(
                ticket_code=uuid4(),
                event_id=event_id,
                buyer=buyer,
                quantity=1,
                price=FREE,
                at=now,
                held_until=now,
            )
        )
        assert isinstance(held, Held)
        orders.append(Order(request=b"", buyer=buyer, event_id=event_id))
        told = {
            "ticket_id": held.ticket.ticket_id,
            "ticket_code": str(held.ticket.ticket_code),
        }
        body = json.dumps(told).encode()
        answers.append(answer(number=number, status=200, latency=0.0, ended=0.0, body=body))
    engine.dispose()
    ledger = Ledger()
    ledger.note(Seen(seconds=1.0, answers=answers, unanswered=[], sent=SOLD), orders, first=0)
    return Shop(url=url, ledger=ledger)


def test_true_books_are_accepted(shop: Shop) -> None:
    """Books that say what the clients were told have no problem."""
    assert shop.problems() == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM tickets WHERE ticket_id = 2", "which is not stored"),
        ("UPDATE tickets SET buyer = 'thief' WHERE ticket_id = 2", "is stored"),
        ("UPDATE tickets SET ticket_code = replace(ticket_code, '4', '5')", "is stored"),
        ("UPDATE tickets SET quantity = 2 WHERE ticket_id = 2", "is stored"),
        ("UPDATE tickets SET status = 'expired' WHERE ticket_id = 2", "is stored"),
        ("UPDATE events SET kept = kept - 1", "keeps 2 places, its tickets 3"),
        ("UPDATE events SET capacity = 2", "sold 3 of 2 places"),
        ("DELETE FROM ticket_history WHERE ticket_id = 2", "has a history"),
    ],
)
def test_doctored_books_are_found(shop: Shop, statement: str, told: str) -> None:
    """A ticket that is lost, changed or oversold, and a history with a gap, are each told of."""
    shop.doctor("PRAGMA foreign_keys = OFF", statement)
    assert any(told in problem for problem in shop.problems())


def test_a_ticket_nobody_was_told_of_is_found(shop: Shop) -> None:
    """More tickets than answers are doubled sales, unless a request got no answer."""
    shop.ledger.sold.pop()
    assert any("3 tickets keep places" in problem for problem in shop.problems())
    shop.ledger.uncertain += 1
    assert shop.problems() == []


def test_one_ticket_for_two_buyers_is_found(shop: Shop) -> None:
    """The same ticket in two answers is told of."""
    shop.ledger.sold.append(shop.ledger.sold[0])
    assert any("was sold 2 times" in problem for problem in shop.problems())


@pytest.mark.parametrize("json_only", [True, False])
def test_a_failed_audit_fails_the_command(*, json_only: bool) -> None:
    """Any problem ends the command with 1; none lets it end well."""
    tell([Report(name="good")], json_only=json_only)
    with pytest.raises(click.exceptions.Exit) as ended:
        tell([Report(name="good"), Report(name="bad", problems=["lost"])], json_only=json_only)
    assert ended.value.exit_code == 1
