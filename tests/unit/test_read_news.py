"""Reading news: nothing is lost, whatever fails or runs at once, and nothing is settled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from tests.unit.box_offices import BUYER, World
from tests.unit.broken_news import (
    believes_any_position,
    noted,
    takes_our_clock,
)
from tests.unit.test_reconcile import forget_ticket
from tests.unit.test_refund_life import checkout_id
from ticketing_core import BoxOffice, NewsRead
from ticketing_core.use_cases import news

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Variant = Callable[[BoxOffice], BoxOffice]


def as_it_is(office: BoxOffice) -> BoxOffice:
    """Return the box office that is tested."""
    return office


def read(world: World, variant: Variant = as_it_is) -> NewsRead:
    """Read the news once."""
    office = variant(world.office)
    return office.read_news(checkouts_since=world.clock.now() - 2 * DAY)


def refunded_by_hand(world: World, *, times: int = 1) -> set[int]:
    """Let the seller refund so many issued tickets at the gateway; return their ids."""
    event = world.event(capacity=2 * times)
    issued = [world.issued(event) for _ in range(times)]
    for ticket in issued:
        world.gateway.give_back(checkout_id(ticket))
    return {ticket.ticket_id for ticket in issued}


def paid_without_a_ticket(world: World) -> str:
    """Lose the ticket of a payment that was refunded in part; return the checkout."""
    ticket = world.issued(world.event())
    forget_ticket(world, ticket)
    world.gateway.give_back(checkout_id(ticket), 100)
    return checkout_id(ticket)


# --- what is read -------------------------------------------------------------------------------


def test_reading_notes_tickets_and_settles_nothing(world: World) -> None:
    """Settling looks at them afterwards."""
    read(world)
    moved = refunded_by_hand(world, times=3)
    world.clock.advance(HOUR)
    found = read(world)
    assert (found.pages, found.noted, found.strays, found.used_lists) == (2, 3, 0, False)
    tickets = world.tickets.of_buyer(BUYER, before=None, limit=9)
    assert [ticket.status for ticket in tickets] == ["issued"] * 3
    assert noted(world) == moved


def test_a_refund_that_the_ticket_shows_needs_no_look(world: World) -> None:
    """It only confirms what is stored. A part of it does not."""
    read(world)
    whole, part = world.issued(world.event()), world.issued(world.event())
    world.office.refund(ticket_id=whole.ticket_id, by="organizer")
    world.gateway.give_back(checkout_id(part), 100)
    assert read(world).noted == 1
    assert noted(world) == {part.ticket_id}


def test_a_refund_that_the_bank_returns_needs_a_look(world: World) -> None:
    """Although the ticket shows the refund."""
    ticket = world.issued(world.event())
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
    read(world)
    world.clock.advance(DAY)
    world.gateway.send_back(checkout_id(ticket))
    read(world)
    assert noted(world) == {ticket.ticket_id}


def test_a_payment_without_a_ticket_becomes_a_stray(world: World) -> None:
    """With what is left of it."""
    read(world)
    lost = paid_without_a_ticket(world)
    assert read(world).strays == 1
    (stray,) = world.strays.unsettled(after="", limit=9)
    assert (stray.checkout_id, stray.amount.amount_minor) == (lost, 4900)


def test_a_payment_whose_ticket_has_not_seen_it_is_found_by_asking(world: World) -> None:
    """Neither the payment nor the news names the ticket, as after an upgrade."""
    read(world)
    ticket = world.issued(world.event())
    unseen = evolve(world.now(ticket), payment_id=None)
    world.tickets._by_id[ticket.ticket_id] = unseen  # noqa: SLF001 - no port can forget it
    world.gateway.give_back(checkout_id(ticket))
    assert read(world).noted == 1
    assert noted(world) == {ticket.ticket_id}


def test_a_fraud_warning_is_written_to_the_history_once(world: World) -> None:
    """However often it is read. The result names the ticket, so that somebody is told."""
    read(world)
    ticket = world.issued(world.event())
    world.gateway.warn_of_fraud(checkout_id(ticket))
    for _ in range(3):
        assert [each.ticket_id for each in read(world).suspected] == [ticket.ticket_id]
    whys = [entry.why for entry in world.tickets.history(ticket.ticket_id)]
    assert whys.count(news.FRAUD_WARNING) == 1


def an_event_that_shows_late() -> None:
    """Half an hour after the refund, and after a reading."""
    world = World()
    read(world)
    world.clock.advance(HOUR)
    world.gateway.news.delay = HOUR / 2
    moved = refunded_by_hand(world)
    world.clock.advance(HOUR / 4)
    read(world)
    world.clock.advance(HOUR)
    read(world)
    assert noted(world) == moved


def test_an_event_that_shows_late_is_found() -> None:
    """Reading begins before the position."""
    an_event_that_shows_late()


def test_control_without_an_overlap_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: reading that begins at the position."""
    monkeypatch.setattr(news, "OVERLAP", timedelta(0))
    with pytest.raises(AssertionError):
        an_event_that_shows_late()


# --- clocks and silence -------------------------------------------------------------------------


def a_service_whose_clock_is_ahead(variant: Variant) -> None:
    """By three hours. A refund is made an hour after a reading, and read three hours later."""
    world = World(gateway_ahead=-3 * HOUR)
    read(world, variant)
    world.clock.advance(HOUR)
    moved = refunded_by_hand(world)
    world.clock.advance(3 * HOUR)
    read(world, variant)
    assert noted(world) == moved


def test_the_position_is_the_time_of_the_gateway() -> None:
    """A wrong clock of ours loses nothing."""
    a_service_whose_clock_is_ahead(as_it_is)


def test_control_a_position_by_our_clock_is_caught() -> None:
    """Control: it skips what happens before the gateway's clock gets there."""
    with pytest.raises(AssertionError):
        a_service_whose_clock_is_ahead(takes_our_clock)


def a_long_silence(variant: Variant) -> None:
    """Nobody reads for 40 days; the events of the first days are forgotten."""
    world = World()
    read(world)
    moved = refunded_by_hand(world)
    disputed = world.issued(world.event())
    world.gateway.dispute(checkout_id(disputed))
    world.clock.advance(40 * DAY)
    bought = world.paid(world.event())
    began = world.clock.now()
    found = read(world, variant)
    assert found.used_lists
    assert noted(world) == {*moved, disputed.ticket_id}
    assert world.now(bought.ticket).status == "issued"
    assert [each.ticket_id for each in found.findings] == [bought.ticket.ticket_id]
    assert world.installation.state().news_position == began


def test_after_a_long_silence_the_lists_are_read() -> None:
    """Refunds, disputes and the checkouts of the last days. Afterwards events are read again."""
    a_long_silence(as_it_is)


def test_control_believing_that_all_events_are_kept_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Control: the events have ended."""
    monkeypatch.setattr(news, "LONGEST_SILENCE", timedelta(days=365))
    with pytest.raises(AssertionError):
        a_long_silence(as_it_is)


def test_the_first_reading_reads_the_lists(world: World) -> None:
    """Nobody knows what happened before. The next one reads events."""
    moved = refunded_by_hand(world)
    world.clock.advance(60 * DAY)
    assert read(world).used_lists
    assert noted(world) == moved
    assert not read(world).used_lists


def a_position_of_the_future(variant: Variant) -> None:
    """A test clock, or another account, has left a position that the gateway has yet to reach."""
    world = World()
    moved = refunded_by_hand(world)
    world.installation.move_news_position(world.clock.now() + 3 * DAY)
    world.clock.advance(2 * DAY)
    began = world.clock.now()
    read(world, variant)
    assert noted(world) == moved
    assert world.installation.state().news_position == began


def test_a_position_later_than_the_gateways_time_is_not_believed() -> None:
    """The lists are read."""
    a_position_of_the_future(as_it_is)


def test_control_believing_such_a_position_is_caught() -> None:
    """Control: nothing would be read until the gateway gets there."""
    with pytest.raises(AssertionError):
        a_position_of_the_future(believes_any_position)
