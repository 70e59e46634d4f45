"""Payments that only the gateway knows a ticket of, and a ticket that changes while it is read."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from tests.unit.box_offices import World
from tests.unit.broken_news import changed, noted
from tests.unit.test_read_news import paid_without_a_ticket, read
from tests.unit.test_refund_life import checkout_id
from ticketing_core import BoxOffice, Ticket, TicketStatus
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.payment import CheckoutState, Closed, ListedCheckout, Unknown
from ticketing_core.use_cases import news


def asked_for_each(world: World) -> Counter[str]:
    """Let much happen to two payments without a ticket, and read it twice; count the questions."""
    asked: Counter[str] = Counter()

    def checkout_of(original: Callable[..., Any], payment_id: str) -> Any:
        asked[payment_id] += 1
        return original(payment_id)

    def counted(office: BoxOffice) -> BoxOffice:
        return changed(office, "gateway", "checkout_of", checkout_of)

    read(world)
    lost, elsewhere = paid_without_a_ticket(world), world.gateway.pay_elsewhere()
    for _ in range(5):
        world.gateway.give_back(lost, 100)
        assert world.gateway.pay_elsewhere() == elsewhere
    for _ in range(2):
        read(world, counted)
    return asked


def test_each_payment_is_asked_about_once_in_a_reading(world: World) -> None:
    """However much is told of it, and whether it is ours."""
    assert set(asked_for_each(world).values()) == {2}


def test_control_asking_for_each_piece_of_news_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: a reading that remembers no answer asks six times as often."""
    monkeypatch.setattr(news.Reading, "_ask", news.Reading._found)  # noqa: SLF001 - leaves it out
    assert set(asked_for_each(world).values()) == {12}


def seen_as(state: CheckoutState) -> Callable[[BoxOffice], BoxOffice]:
    """Return a variant in which the checkout of each payment is in this state."""

    def checkout_of(original: Callable[..., Any], payment_id: str) -> Any:
        found = original(payment_id)
        return evolve(found, state=state) if isinstance(found, ListedCheckout) else found

    return lambda office: changed(office, "gateway", "checkout_of", checkout_of)


def test_a_payment_of_which_nothing_is_known_holds_the_position_back(world: World) -> None:
    """The gateway named its checkout, and did not say what was paid. Later it does."""
    read(world)
    before = world.installation.state()
    lost = paid_without_a_ticket(world)
    with pytest.raises(GatewayUnavailable):
        read(world, seen_as(Unknown("the refunds could not be listed")))
    assert world.installation.state() == before
    assert read(world).strays == 1
    assert [stray.checkout_id for stray in world.strays.unsettled(after="", limit=9)] == [lost]


def test_a_checkout_without_money_is_no_stray(world: World) -> None:
    """There is nothing to give back, and nothing holds the position back."""
    read(world)
    paid_without_a_ticket(world)
    assert read(world, seen_as(Closed())).strays == 0
    assert world.installation.state().news_position == world.clock.now()


# --- a fraud warning ----------------------------------------------------------------------------


def warned_while(world: World, meanwhile: Callable[[Ticket], object]) -> Ticket:
    """Read a fraud warning; just before it is written, something else happens to the ticket."""
    read(world)
    ticket = world.issued(world.event())
    world.gateway.warn_of_fraud(checkout_id(ticket))
    happened: list[object] = []

    def replace(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not happened:
            happened.append(meanwhile(ticket))
        return original(*args, **kwargs)

    read(world, lambda office: changed(office, "tickets", "replace", replace))
    assert happened
    whys = [entry.why for entry in world.tickets.history(ticket.ticket_id)]
    assert whys.count(news.FRAUD_WARNING) == 1
    assert noted(world) == {ticket.ticket_id}
    return world.now(ticket)


def test_a_warning_is_written_to_a_ticket_that_is_refunded_meanwhile(world: World) -> None:
    """Once, and the refund stays."""

    def refund(ticket: Ticket) -> None:
        world.office.refund(ticket_id=ticket.ticket_id, by="organizer")

    assert warned_while(world, refund).status is TicketStatus.REFUNDED


def test_a_warning_that_another_reading_writes_meanwhile_is_written_once(world: World) -> None:
    """As if there were one reading."""
    warned_while(world, lambda _: read(world))


def test_control_giving_up_on_a_changed_ticket_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the history says nothing of the warning."""

    def tries_once(ticket: Ticket, *, by: str, tickets: Any, clock: Any) -> Ticket:
        marked = ticket.marked()
        tickets.replace(ticket, marked, at=clock.now(), why=news.FRAUD_WARNING, by=by)
        return ticket

    monkeypatch.setattr(news, "_warned", tries_once)
    with pytest.raises(AssertionError):
        test_a_warning_is_written_to_a_ticket_that_is_refunded_meanwhile(world)
