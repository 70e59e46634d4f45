"""Controls of the audit after a window: it accepts right books, and finds each way to be wrong."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click
import pytest
from attrs import frozen
from sqlalchemy import Engine, create_engine, text

from benchmarks.__main__ import show
from benchmarks.load import Result
from benchmarks.load.result import Answer, Body
from benchmarks.orders import Order, note
from benchmarks.report import Audit, Report
from tests.support.audit import Receipts, problems, read_books
from ticketing_adapters.sql import SqlEvents, SqlTickets, engine_for, migrate
from ticketing_core.reservation import Held, TicketDraft
from ticketing_core.testing.contracts.examples import FREE, stored_event

SOLD = 3


@frozen(kw_only=True)
class Shop:
    """A database with three sold tickets, and the receipts of their buyers."""

    engine: Engine
    receipts: Receipts

    def doctor(self, *statements: str) -> None:
        """Change the database behind the product's back, against its constraints too."""
        with self.engine.begin() as connection:
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
            for statement in statements:
                connection.execute(text(statement))

    def problems(self) -> Sequence[str]:
        """Return what the audit finds."""
        return problems(read_books(self.engine), self.receipts)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Sell a free ticket to each of three buyers."""
    url = f"sqlite:///{tmp_path}/books.db"
    engine = engine_for(url)
    migrate(engine)
    event_id, store, now = (
        stored_event(SqlEvents(engine), price=FREE).event_id,
        SqlTickets(engine),
        datetime.now(UTC),
    )
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
        body = Body(ticket_id=held.ticket.ticket_id, ticket_code=str(held.ticket.ticket_code))
        answers.append(Answer(number=number, status=200, latency=0.0, ended=0.0, body=body))
    engine.dispose()
    receipts = Receipts()
    note(receipts, Result(seconds=1.0, answers=answers, unanswered=[], sent=SOLD), orders, first=0)
    # The product's own engine does not allow switching the foreign keys off.
    plain = create_engine(url)
    yield Shop(engine=plain, receipts=receipts)
    plain.dispose()


def test_true_books_are_accepted(shop: Shop) -> None:
    """Books that agree with the receipts have no problem."""
    assert shop.problems() == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM tickets WHERE ticket_id = 2", "which is not stored"),
        ("UPDATE tickets SET buyer = 'thief' WHERE ticket_id = 2", "is stored"),
        ("UPDATE tickets SET ticket_code = replace(ticket_code, '4', '5')", "is stored"),
        ("UPDATE tickets SET quantity = 2 WHERE ticket_id = 2", "is stored"),
        ("UPDATE tickets SET status = 'expired' WHERE ticket_id = 2", "is stored"),
        ("UPDATE events SET kept = kept - 1", "keeps 2 places, its tickets 3"),
        ("UPDATE events SET capacity = 2", "sold 3 of 2 places"),
        (
            "DELETE FROM ticket_history WHERE ticket_id = 2",
            "ticket 2 has version 1, and a history of []",
        ),
    ],
)
def test_doctored_books_are_found(shop: Shop, statement: str, found: str) -> None:
    """The audit finds a ticket that is lost, changed or oversold, and a history with a gap."""
    shop.doctor("PRAGMA foreign_keys = OFF", statement)
    assert any(found in problem for problem in shop.problems())


def test_a_ticket_without_a_receipt_is_found(shop: Shop) -> None:
    """More tickets than receipts are doubled sales, unless a request got no answer."""
    shop.receipts.sold.pop()
    assert any("3 tickets keep places" in problem for problem in shop.problems())
    shop.receipts.uncertain += 1
    assert shop.problems() == []


def test_one_ticket_for_two_buyers_is_found(shop: Shop) -> None:
    """The audit finds the same ticket in two answers."""
    shop.receipts.sold.append(shop.receipts.sold[0])
    assert any("was sold 2 times" in problem for problem in shop.problems())


@pytest.mark.parametrize("json_only", [True, False])
def test_a_failed_audit_fails_the_command(*, json_only: bool) -> None:
    """Any problem ends the command with 1, and none with 0."""
    good, bad = Report(audits=[Audit()]), Report(audits=[Audit(), Audit(problems=["lost"])])
    show({"good": good}, json_only=json_only)
    with pytest.raises(click.exceptions.Exit) as ended:
        show({"good": good, "bad": bad}, json_only=json_only)
    assert ended.value.exit_code == 1
