"""A second payment of a ticket, or one that no ticket has: found, and refunded once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from attrs import asdict, evolve

from tests.unit.box_offices import World, lose_commit
from tests.unit.simulation.broken import BelievesTheFirstRead
from tests.unit.test_reconcile import findings, since
from ticketing_core import BoxOffice, Ticket, TicketStatus, ToPay
from ticketing_core.payment import Hint, Paid
from ticketing_core.testing import InMemoryTickets, RefundStatus
from ticketing_core.use_cases.reconcile import Difference

LONG_AGO = timedelta(days=1)


def paid_twice(world: World) -> ToPay:
    """Two checkouts of one ticket were paid, which no use case causes."""
    bought = world.paid(world.event())
    world.verify(bought)
    second = evolve(
        world.gateway._checkouts[bought.checkout_id].checkout,  # noqa: SLF001 - no port opens two
        checkout_id="co_second",
        url="https://pay.example/second",
    )
    world.gateway._checkouts["co_second"] = evolve(  # noqa: SLF001 - no port opens two
        world.gateway._checkouts[bought.checkout_id],  # noqa: SLF001 - no port opens two
        checkout=second,
        refunds=[],
        disputes=[],
    )
    return bought


def test_a_second_payment_of_a_ticket_is_refunded(world: World) -> None:
    """The ticket stays valid by the first one."""
    bought = paid_twice(world)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_TWICE, True)
    assert (found.checkout_id, found.ticket_id) == ("co_second", bought.ticket.ticket_id)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


class AdoptsMeanwhile(InMemoryTickets):
    """A webhook stores the lost checkout just after the first look at it."""

    webhook: Callable[[], object] | None = None

    def by_checkout(self, checkout_id: str) -> Ticket | None:
        """See `TicketRepository.by_checkout`."""
        found = super().by_checkout(checkout_id)
        webhook, self.webhook = self.webhook, None
        if webhook is not None:
            webhook()
        return found


def captured_after_the_webhook(world: World, office: type[BoxOffice]) -> int:
    """Reconcile while a webhook settles the only payment of a ticket; return what is left of it."""
    bought = world.paid(world.event())
    lose_commit(world.tickets, bought.ticket)
    tickets = AdoptsMeanwhile(world.events)
    vars(tickets).update(vars(world.tickets))
    tickets.webhook = partial(world.office.settle_news, Hint(bought.checkout_id), by="webhook")
    parts = asdict(world.office, recurse=False) | {"tickets": tickets}
    for _ in office(**parts).reconcile(since=since(world)):
        pass
    return world.gateway.captured_for(bought.ticket.ticket_code)


def test_a_checkout_that_a_webhook_stores_meanwhile_is_no_second_payment(world: World) -> None:
    """It is the only payment of its ticket, and nothing differs any more."""
    assert captured_after_the_webhook(world, BoxOffice) == 5000
    assert world.only_ticket().status is TicketStatus.ISSUED
    assert findings(world) == []


def test_control_believing_the_first_look_refunds_the_only_payment(world: World) -> None:
    """The test above would fail."""
    assert captured_after_the_webhook(world, BelievesTheFirstRead) == 0


def test_a_second_payment_that_is_disputed_is_left_to_the_bank(world: World) -> None:
    """A refund would come on top of what the bank returns."""
    paid_twice(world)
    world.gateway.dispute("co_second")
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_TWICE, False)
    seen = world.gateway.look_up("co_second")
    assert isinstance(seen, Paid)
    assert (seen.held_minor, seen.refunded_minor) == (5000, 0)


def test_a_second_payment_is_not_refunded_while_another_refund_waits(world: World) -> None:
    """The seller has made one by hand, and the buyer has to name an account."""
    bought = paid_twice(world)
    world.gateway.refund_as(RefundStatus.REQUIRES_ACTION)
    world.gateway.give_back("co_second", 100)
    world.gateway.refund_as(RefundStatus.SUCCEEDED)
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_TWICE, False)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 10_000


def test_a_refund_of_a_second_payment_that_was_returned_is_made_again(world: World) -> None:
    """With a new key: the old one would only report the refund that has failed."""
    bought = paid_twice(world)
    (found,) = findings(world)
    assert found.healed
    world.gateway.send_back("co_second")
    (found,) = findings(world)
    assert (found.difference, found.healed) == (Difference.PAID_TWICE, True)
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000
