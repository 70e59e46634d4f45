"""Controls of the audit after settling: it finds each way in which the books can be wrong."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve, frozen
from sqlalchemy import Engine, text

from tests.integration.chaos.healing import gateway_of, settle_all
from tests.support.audit import Receipt, Receipts, read_books, settled_problems
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlStrays,
    SqlTickets,
    engine_for,
    migrate,
)
from ticketing_adapters.system import RandomCodes, SystemClock
from ticketing_core import BoxOffice, ToPay
from ticketing_core.testing import PlainQrEncoder, PlainSigner
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.sandbox import Sandbox


@frozen
class Sold:
    """Books that are right, and the receipts for the tickets in them."""

    engine: Engine
    sandbox: Sandbox
    receipts: Receipts
    paid: Receipt
    cancelled: Receipt
    refunded: Receipt
    unpaid: Receipt

    def run(self, statement: str, **values: object) -> None:
        """Doctor the database."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def set_status(self, receipt: Receipt, status: str) -> None:
        """Doctor a ticket and its history."""
        of = {"status": status, "id": receipt.ticket_id}
        self.run("UPDATE tickets SET status = :status WHERE ticket_id = :id", **of)
        self.run(
            "UPDATE ticket_history SET status = :status WHERE ticket_id = :id AND version ="
            " (SELECT version FROM tickets WHERE ticket_id = :id)",
            **of,
        )

    def second_checkout(self, receipt: Receipt) -> str:
        """Open another checkout for the same ticket, as only a bug could."""
        assert receipt.session_id is not None
        with self.sandbox.ledger() as ledger:
            return ledger.open_session(ledger.session(receipt.session_id).params).id

    def problems(self) -> list[str]:
        """Return what the audit finds."""
        return settled_problems(read_books(self.engine, self.sandbox), self.receipts)


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[Sold]:
    """Return books in which each settled status occurs once, and all is right."""
    engine = engine_for(f"sqlite:///{tmp_path / 'ticketing.db'}")
    migrate(engine)
    with checked_sandbox() as running:
        gateway = gateway_of(engine, sandbox_url=running.url)
        office = BoxOffice(
            events=SqlEvents(engine),
            tickets=SqlTickets(engine),
            strays=SqlStrays(engine),
            installation=SqlInstallation(engine),
            gateway=gateway,
            signer=PlainSigner(),
            qr_encoder=PlainQrEncoder(),
            clock=SystemClock(),
            codes=RandomCodes(),
        )
        event = stored_event(office.events, capacity=20)
        receipts = Receipts()
        paid, cancelled, refunded, unpaid = (
            _buy(office, receipts, number=number, event_id=event.event_id) for number in range(4)
        )
        for receipt in (paid, refunded):
            assert receipt.session_id is not None
            running.sandbox.pay(receipt.session_id)
            office.verify(
                ticket_id=receipt.ticket_id, checkout_id=receipt.session_id, buyer=receipt.buyer
            )
            receipts.issued.add(receipt.ticket_id)
        office.cancel(ticket_id=cancelled.ticket_id, buyer=cancelled.buyer)
        receipts.cancelled.add(cancelled.ticket_id)
        receipts.refund_requested.add(refunded.ticket_id)
        office.refund(ticket_id=refunded.ticket_id, by="organizer")
        receipts.refunded.add(refunded.ticket_id)
        settle_all(engine, gateway=gateway, ahead=timedelta(hours=1))
        yield Sold(engine, running.sandbox, receipts, paid, cancelled, refunded, unpaid)
    engine.dispose()


def _buy(office: BoxOffice, receipts: Receipts, *, number: int, event_id: int) -> Receipt:
    buyer = f"buyer {number}"
    bought = office.purchase(event_id=event_id, quantity=2, buyer=buyer, key="first")
    assert isinstance(bought, ToPay)
    receipt = Receipt(
        buyer=buyer,
        event_id=event_id,
        quantity=2,
        ticket_id=bought.ticket.ticket_id,
        ticket_code=str(bought.ticket.ticket_code),
        session_id=bought.checkout_id,
    )
    receipts.show(receipt, key="first")
    return receipt


def test_right_books_pass(sold: Sold) -> None:
    """The audit finds nothing in right books, in which each settled status occurs."""
    assert sold.problems() == []
    books = read_books(sold.engine, sold.sandbox)
    assert [ticket.status for ticket in books.tickets] == [
        "issued",
        "cancelled",
        "refunded",
        "expired",
    ]


def _give_up_the_paid(sold: Sold) -> None:
    sold.set_status(sold.paid, "expired")
    sold.run("UPDATE events SET kept = 0")


def _lose_the_ticket(sold: Sold) -> None:
    sold.run("DELETE FROM ticket_history WHERE ticket_id = :id", id=sold.paid.ticket_id)
    sold.run("DELETE FROM tickets WHERE ticket_id = :id", id=sold.paid.ticket_id)


def _charge_twice(sold: Sold) -> None:
    sold.sandbox.pay(sold.second_checkout(sold.paid))


def _issue_unpaid(sold: Sold) -> None:
    sold.set_status(sold.unpaid, "issued")
    sold.run("UPDATE events SET kept = kept + 2")


def _give_back_unnoticed(sold: Sold) -> None:
    assert sold.paid.session_id is not None
    sold.sandbox.refund(sold.paid.session_id, amount=1)


def _refund_comes_back(sold: Sold) -> None:
    assert sold.refunded.session_id is not None
    sold.sandbox.fail_refund(sold.sandbox.refunds(sold.refunded.session_id)[0].id)


def _price_changes(sold: Sold) -> None:
    sold.run("UPDATE tickets SET total_minor = 5001 WHERE ticket_id = :id", id=sold.paid.ticket_id)


def _still_payable(sold: Sold) -> None:
    again = evolve(sold.cancelled, session_id=sold.second_checkout(sold.cancelled))
    sold.receipts.shown.append(again)


def _count_wrong(sold: Sold) -> None:
    sold.run("UPDATE events SET kept = kept + 1")


def _oversell(sold: Sold) -> None:
    # The constraint would prevent it.
    sold.run("PRAGMA ignore_check_constraints = ON")
    sold.run("UPDATE events SET capacity = 1")


def _leave_unsettled(sold: Sold) -> None:
    sold.run("PRAGMA ignore_check_constraints = ON")
    sold.set_status(sold.refunded, "refunding")


def _cancel_the_event(sold: Sold) -> None:
    sold.run("UPDATE events SET cancelled_at = '2026-01-01 00:00:00'")


def _forget_a_change(sold: Sold) -> None:
    sold.run(
        "DELETE FROM ticket_history WHERE ticket_id = :id AND version = 2", id=sold.paid.ticket_id
    )


def _forget_the_last_change(sold: Sold) -> None:
    sold.run(
        "UPDATE ticket_history SET status = 'paying' WHERE ticket_id = :id AND version = 3",
        id=sold.paid.ticket_id,
    )


def _jump(sold: Sold) -> None:
    sold.run(
        "UPDATE ticket_history SET status = 'cancelled' WHERE ticket_id = :id AND version = 2",
        id=sold.paid.ticket_id,
    )


def _use_a_key_twice(sold: Sold) -> None:
    sold.run("DROP INDEX uq_tickets_buyer_idempotency_key")
    sold.run("UPDATE tickets SET status = 'issued', buyer = 'buyer 0'")


def _answer_a_key_twice(sold: Sold) -> None:
    sold.receipts.show(evolve(sold.unpaid, buyer=sold.paid.buyer), key="first")


def _sell_something_else(sold: Sold) -> None:
    sold.run("UPDATE tickets SET buyer = 'mallory' WHERE ticket_id = :id", id=sold.paid.ticket_id)


def _hand_out_a_void_qr(sold: Sold) -> None:
    sold.receipts.issued.add(sold.unpaid.ticket_id)


def _lose_the_receipt(sold: Sold) -> None:
    sold.receipts.shown.remove(sold.paid)


def _say_cancelled(sold: Sold) -> None:
    sold.receipts.cancelled.add(sold.unpaid.ticket_id)


def _say_refunded(sold: Sold) -> None:
    sold.receipts.refunded.add(sold.paid.ticket_id)


@pytest.mark.parametrize(
    ("doctor", "found"),
    [
        (_give_up_the_paid, "5000 are captured for ticket 1, which is expired"),
        (_lose_the_ticket, "5000 are captured for no ticket"),
        (_charge_twice, "ticket 1 was charged by a second checkout"),
        (_issue_unpaid, "ticket 4 is issued, and nothing is captured for it"),
        (_give_back_unnoticed, "0 are stored as given back for ticket 1, and 1 were"),
        (_refund_comes_back, "5000 are captured for ticket 3, which is refunded"),
        (_price_changes, "ticket 1 costs 5001, and another amount was taken"),
        (_still_payable, "can still be paid"),
        (_count_wrong, "event 1 keeps 3 places, its tickets 2"),
        (_oversell, "event 1 sold 2 of 1 places"),
        (_leave_unsettled, "ticket 3 is still refunding"),
        (_cancel_the_event, "ticket 1 is issued, and its event is cancelled"),
        (_forget_a_change, "ticket 1 has version 3, and a history of [1, 3]"),
        (_forget_the_last_change, "ticket 1 is issued, and its history ends with paying"),
        (_jump, "ticket 1 went from cancelled to issued"),
        (_use_a_key_twice, "4 tickets keep places under the key first of buyer 0"),
        (_answer_a_key_twice, "buyer 0 got the tickets [1, 4] under the key first"),
        (_sell_something_else, "ticket 1 is not what was sold"),
        (_hand_out_a_void_qr, "ticket 4 was reported issued, it is expired"),
        (_lose_the_receipt, "1 tickets keep places, 0 have a receipt"),
        (_say_cancelled, "ticket 4 was reported cancelled, it is expired"),
        (_say_refunded, "ticket 1 was reported refunded, it is issued"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_control_wrong_books_are_found(
    sold: Sold, doctor: Callable[[Sold], None], found: str
) -> None:
    """Right books that were doctored in one way do not pass."""
    doctor(sold)
    assert any(found in problem for problem in sold.problems()), sold.problems()
