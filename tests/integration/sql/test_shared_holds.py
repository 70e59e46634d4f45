"""Holds and changes that share a transaction: each has the outcome that it would have alone."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from tests.integration.sql.racing import count_places
from ticketing_adapters.sql import SqlEvents, SqlTickets
from ticketing_adapters.sql.engine import writing
from ticketing_adapters.sql.holds import hold_all
from ticketing_adapters.sql.lanes import Blocked
from ticketing_adapters.sql.writes import Change
from ticketing_core.changes import Replaced
from ticketing_core.errors import EventChanged, OverBuyerLimit, OverOrderLimit, SoldOut
from ticketing_core.money import Money
from ticketing_core.reservation import Held, HoldOutcome, KeyTaken, TicketDraft
from ticketing_core.testing.contracts.examples import FREE, NOON, draft, held, stored_event
from ticketing_core.ticket import IdempotencyKey, Ticket


def together(engine: Engine, drafts: Sequence[TicketDraft]) -> Sequence[HoldOutcome | Blocked]:
    """Hold all drafts in one step."""
    return SqlTickets(engine)._hold_all(drafts)  # noqa: SLF001 - with threads, sharing is chance


def taken(outcome: HoldOutcome | Blocked) -> Ticket:
    """Return the ticket of a hold that succeeded."""
    assert isinstance(outcome, Held)
    return outcome.ticket


def test_each_hold_gets_its_own_outcome(engine: Engine) -> None:
    """Refusals of all kinds cost the holds between them nothing."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    event = stored_event(events, capacity=6, max_per_buyer=3, max_per_order=5)
    other = stored_event(events)
    key = IdempotencyKey(value="once", fingerprint="f")
    first = held(tickets, draft(event, buyer="key", key=key))
    drafts = [
        draft(event, buyer="a", quantity=2),
        draft(event, buyer="a", quantity=2),
        draft(event, buyer="b", quantity=6),
        draft(event, buyer="key", key=key),
        draft(event, buyer="c", price=Money(1, "usd")),
        draft(other, buyer="c", event_id=999),
        draft(other, buyer="d"),
        draft(event, buyer="e", quantity=2),
        draft(event, buyer="f", quantity=2),
        draft(event, buyer="f"),
    ]
    outcomes = together(engine, drafts)
    assert taken(outcomes[0]).ticket_code == drafts[0].ticket_code
    assert outcomes[1:6] == [
        OverBuyerLimit(3, kept=2),
        OverOrderLimit(5),
        KeyTaken(first),
        EventChanged(),
        EventChanged(),
    ]
    assert taken(outcomes[6]).event_id == other.event_id
    assert taken(outcomes[7]).quantity == 2
    assert outcomes[8] == SoldOut(places_left=1)
    assert taken(outcomes[9]).quantity == 1
    for outcome in (outcomes[0], outcomes[6], outcomes[7], outcomes[9]):
        assert tickets.by_id(taken(outcome).ticket_id) == taken(outcome)
    assert (count_places(engine, event), count_places(engine, other)) == (6, 1)


def test_orders_of_one_buyer_in_one_step_share_the_limit(engine: Engine) -> None:
    """Each counts those before it, and those that were there; other buyers have their own limit."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    event = stored_event(events, capacity=99, max_per_order=1)
    free = stored_event(events, max_per_order=1, price=FREE)
    held(tickets, draft(event, buyer="a", max_unpaid_places=3))
    buyers = ["a", "b", "a", "a", "b", "a"]
    outcomes = together(
        engine, [draft(event, buyer=buyer, max_unpaid_places=3) for buyer in buyers]
    )
    over = OverBuyerLimit(3, kept=3, unpaid=True)
    assert [each for each in outcomes if not isinstance(each, Held)] == [over, over]
    assert [outcomes[3], outcomes[5]] == [over, over]
    assert count_places(engine, event) == 5
    drafts = [draft(free, buyer="a", max_unpaid_places=1) for _ in range(5)]
    assert all(isinstance(each, Held) for each in together(engine, drafts))


@pytest.mark.parametrize("places_left", [0, 5])
def test_a_repeated_hold_gets_its_ticket_among_others(engine: Engine, places_left: int) -> None:
    """Its places are taken once; the outcomes of the others do not depend on it."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    event, other = stored_event(events, capacity=2 + places_left), stored_event(events)
    again = draft(event, quantity=2)
    first = held(tickets, again)
    outcomes = together(engine, [draft(other), again, draft(other)])
    assert outcomes[1] == Held(first)
    assert taken(outcomes[0]).ticket_id != taken(outcomes[2]).ticket_id
    assert (count_places(engine, event), count_places(engine, other)) == (2, 2)


def test_control_a_repeat_fails_the_step_that_does_not_look_for_repeats(engine: Engine) -> None:
    """It fails at the unique constraint and leaves nothing behind."""
    event = stored_event(SqlEvents(engine))
    again = draft(event)
    held(SqlTickets(engine), again)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        hold_all(connection, [draft(event), again], may_repeat=False)
    assert count_places(engine, event) == 1


def test_changes_that_free_places_of_one_event_together_all_count(engine: Engine) -> None:
    """Two of one event and one of another: each frees its own places, once."""
    tickets = SqlTickets(engine)
    event, other = (stored_event(SqlEvents(engine)) for _ in range(2))
    stored = [
        held(tickets, draft(at, quantity=n)) for at, n in ((event, 1), (event, 2), (other, 3))
    ]
    held(tickets, draft(event, quantity=4))
    expiries = [
        Change(old=ticket, new=ticket.expired(), at=NOON, why="test", by="suite")
        for ticket in stored
    ]
    outcomes = tickets._replace_all(expiries)  # noqa: SLF001 - as above
    assert outcomes == [Replaced(change.new) for change in expiries]
    assert (count_places(engine, event), count_places(engine, other)) == (4, 0)
