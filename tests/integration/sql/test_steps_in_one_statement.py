"""Steps of many holds that PostgreSQL takes in one statement, as far as it can."""

import pytest
from sqlalchemy import Engine, text

from tests.integration.sql.racing import count_places
from tests.integration.sql.shops import Shop, edited, open_shop
from ticketing_adapters.sql import SqlEvents
from ticketing_adapters.sql.lanes import BLOCKED
from ticketing_adapters.sql.patience import SHORT
from ticketing_core.errors import EventChanged, OverOrderLimit, StoreUnavailable
from ticketing_core.reservation import Held
from ticketing_core.testing.contracts.examples import draft, held, stored_event


@pytest.fixture
def shop(postgres_engine: Engine) -> Shop:
    """A shop with an event of ten free places."""
    return open_shop(postgres_engine)


def test_each_draft_of_a_step_has_its_own_outcome(shop: Shop) -> None:
    """Known events, changed ones, unknown ones and paid ones share a step."""
    engine = shop.engine
    paid, changed = stored_event(SqlEvents(engine)), open_shop(engine, capacity=5).event
    assert SqlEvents(engine, cache=shop.cache).by_id(changed.event_id) is not None
    edited(engine, changed, max_per_order=1)
    drafts = [
        draft(paid),
        draft(shop.event, quantity=4),
        draft(changed),
        draft(changed, quantity=2),
        draft(shop.event, event_id=999),
        draft(shop.event, quantity=6),
    ]
    outcomes = shop.step(*drafts)
    sold = [each.ticket for each in outcomes if isinstance(each, Held)]
    assert [each.ticket_code for each in sold] == [drafts[n].ticket_code for n in (0, 1, 2, 5)]
    assert [outcomes[3], outcomes[4]] == [OverOrderLimit(1), EventChanged()]
    assert len({each.ticket_id for each in sold}) == 4
    for ticket in sold:
        assert shop.tickets.by_id(ticket.ticket_id) == ticket
    assert [count_places(engine, each) for each in (shop.event, changed, paid)] == [10, 1, 1]


def test_a_hold_that_is_repeated_gets_its_ticket(shop: Shop) -> None:
    """Its places are taken once, and others of the step are held."""
    again = draft(shop.event, quantity=2)
    first = held(shop.tickets, again)
    outcomes = shop.step(draft(shop.event), again)
    assert isinstance(outcomes[0], Held)
    assert outcomes[1] == Held(first)
    assert count_places(shop.engine, shop.event) == 3


def test_control_a_repeat_fails_the_statement(shop: Shop) -> None:
    """It leaves nothing behind, not even of the others."""
    again = draft(shop.event)
    held(shop.tickets, again)
    at_once = shop.tickets._hold_in_one_statement(  # noqa: SLF001 - the step would repeat it
        [draft(shop.event), again], patience=None
    )
    assert at_once == {}
    assert count_places(shop.engine, shop.event) == 1


def test_what_a_statement_sells_is_known_afterwards(shop: Shop) -> None:
    """The cache has the places that are kept, so that a crowd is refused without the database."""
    shop.step(draft(shop.event, quantity=10))
    assert shop.cache.last_read([shop.event.event_id])[shop.event.event_id].kept == 10


def test_who_has_a_ticket_does_not_wait_for_a_locked_event(shop: Shop, other: Engine) -> None:
    """The rest of the step gives up and goes to the lane of its event, as without the others."""
    locked = stored_event(SqlEvents(shop.engine))
    drafts = [draft(shop.event), draft(locked), draft(shop.event)]
    lock = text("SELECT 1 FROM events WHERE event_id = :id FOR UPDATE")
    with other.connect() as blocker:
        blocker.execute(lock, {"id": locked.event_id})
        outcomes = shop.tickets._hold_all(drafts, patience=SHORT)  # noqa: SLF001 - one step
        with pytest.raises(StoreUnavailable):
            shop.tickets._hold_all(drafts[1:2], patience=SHORT)  # noqa: SLF001 - as above
        blocker.rollback()
    assert [isinstance(each, Held) for each in outcomes] == [True, False, True]
    assert outcomes[1] is BLOCKED
    assert (count_places(shop.engine, shop.event), count_places(shop.engine, locked)) == (2, 0)
    # In the lane, a step that holds again what the first one held finds it.
    again = shop.step(*drafts)
    assert [again[0], again[2]] == [outcomes[0], outcomes[2]]
    assert isinstance(again[1], Held)
