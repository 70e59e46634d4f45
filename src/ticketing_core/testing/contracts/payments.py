"""The contract of `TicketRepository`: payments, and refunds that are owed."""

from ticketing_core.changes import Stale
from ticketing_core.event import Event
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.testing.contracts.examples import (
    MINUTE,
    NOON,
    draft,
    held,
    kept,
    paying,
    stored,
    stored_event,
)
from ticketing_core.testing.contracts.holds import HoldContract
from ticketing_core.ticket import Ticket, TicketStatus

NOTE = "bank transfer, 2 May — Zoë 🎷"


class PaymentContract(HoldContract):
    """The tests of what every ticket repository stores of payments and refunds."""

    def test_whose_money_it_is_reads_back_unchanged(self) -> None:
        """Every amount, count and mark; amounts beyond 32 bits as well."""
        _, tickets, event = self.on_sale()
        ticket = paying(tickets, held(tickets, draft(event, quantity=3)))
        ticket = stored(tickets, ticket, ticket.issued())
        ticket = self.read_back(
            tickets,
            ticket,
            ticket.marked(
                payment_id="pay_1",
                refunded_minor=2**40,
                charged_back_minor=2**41,
                disputed=True,
                failed_refunds=5,
                refund_failures=2,
            ),
        )
        ticket = self.read_back(tickets, ticket, ticket.refunding(at=NOON + MINUTE))
        ticket = self.read_back(tickets, ticket, ticket.refund_refused("charge_disputed"))
        assert ticket.owed_since == NOON + MINUTE
        assert (ticket.refund_attempt, ticket.refund_problem) == (1, "charge_disputed")
        ticket = self.read_back(tickets, ticket, ticket.paid_back(amount_minor=2**42, how=NOTE))
        assert (ticket.paid_back_minor, ticket.paid_back_otherwise) == (2**42, NOTE)
        assert ticket.owed_since is None

    def read_back(self, tickets: TicketRepository, old: Ticket, new: Ticket) -> Ticket:
        """Store the new version, and return it as it is read."""
        stored(tickets, old, new)
        read = tickets.by_id(new.ticket_id)
        assert read == new
        return new

    def test_a_ticket_is_found_by_its_payment(self) -> None:
        """Once the payment is stored. An unknown one returns None, however strange."""
        _, tickets, event = self.on_sale()
        both = [paying(tickets, held(tickets, draft(event))) for _ in range(2)]
        assert tickets.by_payment("pay_1") is None
        first, second = (
            stored(tickets, ticket, ticket.marked(payment_id=f"pay_{n}"))
            for n, ticket in enumerate(both, start=1)
        )
        assert tickets.by_payment("pay_1") == first
        assert tickets.by_payment("pay_2") == second
        for strange in ("", "pay_", "pay_11", "\0", "\ud800", "x" * 10_000):
            assert tickets.by_payment(strange) is None

    def test_a_payment_belongs_to_one_ticket(self) -> None:
        """A second ticket with it is not stored: no place, no history. Its own ticket keeps it."""
        events, tickets, event = self.on_sale()
        first, second = (paying(tickets, held(tickets, draft(event))) for _ in range(2))
        first = stored(tickets, first, first.marked(payment_id="pay_1"))
        changed = second.marked(payment_id="pay_1", status=TicketStatus.EXPIRED)
        try:
            tickets.replace(second, changed, at=NOON, why="test", by="suite")
        except ValueError:
            pass
        else:
            raise AssertionError("two tickets have one payment")
        assert tickets.by_id(second.ticket_id) == second
        assert len(tickets.history(second.ticket_id)) == 2
        assert kept(events, event) == 2
        first = stored(tickets, first, first.issued())
        assert tickets.by_payment("pay_1") == first
        late = tickets.replace(second.marked(), changed, at=NOON, why="late", by="suite")
        assert late == Stale(second)

    def owed(self, tickets: TicketRepository, event: Event) -> Ticket:
        """Return a ticket with a refund that is owed since noon."""
        ticket = paying(tickets, held(tickets, draft(event)))
        return stored(tickets, ticket, ticket.refunding(at=NOON))

    def test_owed_refunds_do_not_hold_back_places(self) -> None:
        """Places come first, though the refunds of a cancelled event wait for longer.

        Refunds get a third of the limit, and all of it that the places leave.
        """
        events, tickets, cancelled = self.on_sale(capacity=99)
        refunds = [self.owed(tickets, cancelled) for _ in range(20)]
        event = stored_event(events, capacity=99)
        later = NOON + MINUTE
        unpaid = [held(tickets, draft(event, held_until=later)) for _ in range(8)]
        claims = [list(tickets.claim_due(now=later, limit=9)) for _ in range(4)]
        assert claims == [
            [*unpaid[:6], *refunds[:3]],
            [*unpaid[6:], *refunds[3:10]],
            refunds[10:19],
            refunds[19:],
        ]

    def test_places_do_not_hold_back_all_owed_refunds(self) -> None:
        """Nor do many expired reservations stop the refunds. One claim alone is for a place."""
        events, tickets, event = self.on_sale(capacity=99)
        unpaid = [held(tickets, draft(event, held_until=NOON)) for _ in range(20)]
        refunds = [self.owed(tickets, stored_event(events)) for _ in range(3)]
        assert list(tickets.claim_due(now=NOON, limit=1)) == unpaid[:1]
        assert list(tickets.claim_due(now=NOON, limit=2)) == [unpaid[1], refunds[0]]
        assert list(tickets.claim_due(now=NOON, limit=4)) == [*unpaid[2:4], *refunds[1:]]
        assert list(tickets.claim_due(now=NOON, limit=9)) == unpaid[4:13]
        assert list(tickets.claim_due(now=NOON, limit=9)) == unpaid[13:]
