"""A restore that is begun with a wrong moment, or meets what is not decided yet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, World, lose_commit
from tests.unit.restored import Shop, lossy_shop
from ticketing_core import Event, LeftForPerson, Ticket, TicketStatus
from ticketing_core.errors import GatewayUnavailable, NotReady
from ticketing_core.payment import Unknown
from ticketing_core.testing import Fault
from ticketing_core.testing.fake_checkout import FakeCheckout
from ticketing_core.ticket import RESTORED
from ticketing_core.use_cases.restore import _Restore

S = TicketStatus


@pytest.fixture
def shop() -> Shop:
    """Give a shop that was restored from a backup. Nobody has run the restore."""
    return lossy_shop()


def restored_later(shop: Shop) -> set[str]:
    """Restore from a moment days after the backup, and return what is broken afterwards."""
    shop.world.clock.advance(timedelta(days=9))
    shop.restore(since=shop.world.clock.now())
    return {*shop.wrongs()}


def test_a_moment_after_the_newest_sale_is_not_believed(shop: Shop) -> None:
    """A backup that was made then would have later sales."""
    assert restored_later(shop) == set()


def test_control_a_moment_that_is_believed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: what was paid between the backup and that moment is lost."""
    monkeypatch.setattr(_Restore, "newest_sale", lambda _: None)
    assert "paid, and its ticket is lost" in restored_later(shop)


def test_a_reservation_that_was_paid_slowly_keeps_its_places(shop: Shop) -> None:
    """The bank has not decided at the restore, and does so days later."""
    shop.world.gateway.pay_slowly(shop.unpaid.checkout_url)
    shop.restore()
    assert shop.world.now(shop.unpaid.ticket).status is S.PAYING
    shop.world.gateway.decide(shop.unpaid.checkout_id, paid=True)
    shop.world.clock.advance(timedelta(days=1))
    shop.world.settle_due()
    assert shop.world.now(shop.unpaid.ticket).status is S.ISSUED


def test_a_state_that_nobody_knows_ends_it_unfinished(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a reservation that was paid could expire."""
    listed = FakeCheckout.listed

    def unknown(checkout: FakeCheckout, *args: Any) -> Any:
        return evolve(listed(checkout, *args), state=Unknown("odd"))

    with monkeypatch.context() as patched:
        patched.setattr(FakeCheckout, "listed", unknown)
        with pytest.raises(GatewayUnavailable):
            shop.restore()
    assert shop.world.now(shop.reserved.ticket).status is S.RESERVED
    shop.restore()
    assert [*shop.wrongs()] == []


def cancels(world: World, _: Event, reserved: Ticket) -> None:
    """The buyer does not want it any more."""
    world.office.cancel(ticket_id=reserved.ticket_id, buyer=BUYER)


def retries(world: World, event: Event, _: Ticket) -> None:
    """The buyer's frontend repeats the purchase."""
    world.to_pay(event, key="key")


@pytest.mark.parametrize("gives_up", [cancels, retries])
def test_a_reservation_is_not_given_up_during_a_restore(
    world: World, gives_up: Callable[[World, Event, Ticket], None]
) -> None:
    """Its checkout may be lost, and paid."""
    event = world.event()
    bought = world.to_pay(event, key="key")
    reserved = lose_commit(world.tickets, bought.ticket)
    world.gateway.pay(bought.checkout_url)
    world.installation.begin_restore(at=world.clock.now())
    world.clock.advance(timedelta(minutes=5))
    with pytest.raises(NotReady):
        gives_up(world, event, reserved)
    assert world.now(reserved) == reserved
    list(world.office.restore(since=bought.ticket.created_at, may_close=lambda _: True))
    assert world.now(reserved).status is S.ISSUED


def refused(world: World) -> Ticket:
    """Return a ticket whose refund was refused."""
    ticket = world.issued(world.event())
    world.gateway.fail_next("refund", Fault.REFUSED)
    return world.office.refund(ticket_id=ticket.ticket_id, by="organizer")


def test_a_refund_that_had_a_problem_waits_for_a_person(world: World) -> None:
    """They may have paid it back since the backup: the buyer must not get the money twice."""
    ticket = refused(world)
    done = list(world.office.restore(since=ticket.created_at, may_close=lambda _: True))
    assert world.now(ticket).refund_problem == RESTORED
    assert world.gateway.captured_for(ticket.ticket_code) == ticket.total.amount_minor
    (left,) = [each for each in done if isinstance(each, LeftForPerson)]
    assert left.tickets == [world.now(ticket)]
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer", again=True)
    assert world.now(ticket).status is S.REFUNDED


def test_a_silent_gateway_does_not_keep_the_restore_busy(world: World) -> None:
    """Each ticket that is due is tried once."""
    ticket = world.to_pay(world.event()).ticket
    world.clock.advance(timedelta(days=1))
    world.tickets.look_again([ticket.ticket_id], at=world.clock.now())
    world.gateway.fail_next("close", Fault.BEFORE_EFFECT, times=99)
    list(world.office.restore(since=ticket.created_at, may_close=lambda _: True))
    assert world.installation.state().restoring_since is None


def test_a_payment_that_is_gone_can_be_looked_at_again(world: World) -> None:
    """Of a reservation that has expired; the bank may return the refund."""
    bought = world.paid(world.event())
    reserved = lose_commit(world.tickets, bought.ticket)
    world.clock.advance(timedelta(minutes=5))
    world.settle_due()
    assert world.now(reserved).status is S.EXPIRED
    world.gateway.give_back(bought.checkout_id)
    world.office.read_news(checkouts_since=bought.ticket.created_at)
    list(world.office.reconcile(since=bought.ticket.created_at))
    world.gateway.send_back(bought.checkout_id)
    world.office.read_news(checkouts_since=bought.ticket.created_at)
    world.settle_due()
    assert world.now(reserved).status is S.REFUNDED
    assert world.gateway.captured_for(reserved.ticket_code) == 0
