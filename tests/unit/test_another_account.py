"""A key of another account: what was sold before is missing there, and nothing is settled by it."""

from datetime import timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, HOLD, World
from ticketing_core import (
    AnotherAccount,
    BoxOffice,
    NewsRead,
    RestoreStep,
    StepDone,
    TicketStatus,
    ToPay,
)
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.settlement import MISSING_GRACE, next_step
from ticketing_core.testing import FakeGateway, Fault
from ticketing_core.use_cases import settle
from ticketing_core.use_cases.settle import Round

LONG_AFTER = HOLD + MISSING_GRACE + timedelta(minutes=1)


def sold_before(world: World) -> tuple[ToPay, BoxOffice]:
    """Sell a ticket that is paid unseen, and return it with the office of another account."""
    bought = world.paid(world.event())
    world.to_pay(world.event())
    world.clock.advance(LONG_AFTER)
    return bought, evolve(world.office, gateway=FakeGateway(clock=world.clock))


def test_nothing_is_settled_by_the_key_of_another_account(world: World) -> None:
    """Neither settling nor the buyer frees the places; with the right key the ticket is issued."""
    bought, foreign = sold_before(world)
    tally = foreign.settle_due(limit=100, by="settler")
    assert (tally.left, tally.another_account) == (2, True)
    with pytest.raises(GatewayUnavailable):
        foreign.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)
    assert world.now(bought.ticket).status is TicketStatus.PAYING
    assert world.verify(bought).status is TicketStatus.ISSUED


def test_no_news_is_read_by_the_key_of_another_account(world: World) -> None:
    """Otherwise the position would pass what happened at the right account meanwhile."""
    ticket = world.issued(world.event())
    assert ticket.checkout is not None
    world.office.read_news(checkouts_since=world.clock.now())
    before = world.installation.state().news_position
    _, foreign = sold_before(world)
    assert foreign.read_news(checkouts_since=world.clock.now()) == NewsRead(another_account=True)
    assert world.installation.state().news_position == before
    world.gateway.give_back(ticket.checkout.checkout_id)
    assert world.office.read_news(checkouts_since=world.clock.now()).noted >= 1


def test_no_answer_about_the_account_reads_no_news(world: World) -> None:
    """It may be another one; the next reading asks again."""
    world.issued(world.event())
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        world.office.read_news(checkouts_since=world.clock.now())
    assert world.installation.state().news_position is None


def test_no_restore_is_done_by_the_key_of_another_account(world: World) -> None:
    """It would find nothing to compare, and let the sale go on."""
    _, foreign = sold_before(world)
    done = list(foreign.restore(since=world.clock.now(), may_close=lambda _: True))
    assert done == [StepDone(step=RestoreStep.STOPPED), AnotherAccount()]
    assert world.installation.state().restoring_since is not None


def test_believing_missing_is_the_control(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would free the places of a ticket that was paid: the test above would fail."""
    monkeypatch.setattr(
        settle,
        "decided",
        lambda ticket, seen, *, checkout, clock, **_: Round(
            next_step(ticket, seen, checkout=checkout, now=clock.now()), seen
        ),
    )
    bought, foreign = sold_before(world)
    foreign.settle_due(limit=100, by="settler")
    assert world.now(bought.ticket).status is TicketStatus.EXPIRED


def test_one_missing_checkout_is_believed_once_the_newest_is_known(world: World) -> None:
    """The account was changed on purpose, and sells again: the old places become free."""
    bought = world.to_pay(world.event())
    world.gateway.forget(bought.checkout_id)
    world.clock.advance(LONG_AFTER)
    world.issued(world.event())
    tally = world.office.settle_due(limit=100, by="settler")
    assert not tally.another_account
    assert world.now(bought.ticket).status is TicketStatus.EXPIRED


def test_no_answer_about_the_newest_checkout_frees_nothing(world: World) -> None:
    """It may be missing as well."""
    bought = world.to_pay(world.event())
    world.gateway.forget(bought.checkout_id)
    world.clock.advance(LONG_AFTER)
    world.issued(world.event())
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        world.office.cancel(ticket_id=bought.ticket.ticket_id, buyer=BUYER)
    assert world.now(bought.ticket).status is TicketStatus.PAYING
