"""Values at the edges of what the core allows read back unchanged."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve
from sqlalchemy import Engine, text

from ticketing_adapters.sql import (
    SqlAdmissions,
    SqlEvents,
    SqlPublicKeys,
    SqlStrays,
    SqlTickets,
)
from ticketing_core.changes import Stale
from ticketing_core.errors import IdTaken
from ticketing_core.event import LARGEST_OWN_ID, Added, EventDraft
from ticketing_core.gate_list import GateList
from ticketing_core.money import Money
from ticketing_core.reservation import Held
from ticketing_core.scan import Inside, NoRight, Recorded
from ticketing_core.testing.contracts.door import entry_of, scan_of
from ticketing_core.testing.contracts.examples import (
    NOON,
    draft,
    event_draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.testing.contracts.strays import stray
from ticketing_core.ticket import IdempotencyKey
from ticketing_core.validators import LARGEST_ID, LARGEST_INTEGER


def test_an_id_in_a_draft_does_not_stop_the_next_free_one(engine: Engine) -> None:
    """Later ids are above it, however many events follow."""
    events = SqlEvents(engine)
    first = stored_event(events).event_id
    assert stored_event(events, event_id=15).event_id == 15
    given = [stored_event(events).event_id for _ in range(20)]
    assert len({first, 15, *given}) == 22
    assert events.add(event_draft(event_id=given[3]), at=NOON, by="suite") == IdTaken(given[3])
    assert min(given) > 15


def test_a_lower_id_in_a_draft_does_not_lower_the_next_free_one(engine: Engine) -> None:
    """The next free id is above every id that was ever given."""
    events = SqlEvents(engine)
    stored_event(events, event_id=9)
    stored_event(events, event_id=4)
    assert stored_event(events).event_id > 9


def test_the_largest_values_fit(engine: Engine) -> None:
    """Everything that the core's validators accept can be stored."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    dear = stored_event(events, price=Money(99_999_999, "usd"))
    largest = EventDraft(
        event_id=LARGEST_OWN_ID,
        name="🎷" * 200,
        price=Money(0, "usd"),
        capacity=LARGEST_INTEGER,
        opens_at=datetime.min.replace(tzinfo=UTC),
        closes_at=datetime.max.replace(tzinfo=UTC),
        max_per_order=LARGEST_INTEGER,
        max_per_buyer=LARGEST_INTEGER,
    )
    outcome = events.add(largest, at=NOON, by="suite")
    assert isinstance(outcome, Added)
    event = events.by_id(LARGEST_OWN_ID)
    assert event == outcome.event
    assert event is not None
    order = draft(
        event,
        buyer="🎷" * 200,
        quantity=LARGEST_INTEGER,
        key=IdempotencyKey(value="🎷" * 200, fingerprint="f"),
    )
    ticket = held(tickets, order)
    assert tickets.by_id(ticket.ticket_id) == ticket
    assert tickets.hold(order) == Held(ticket)
    bought = held(tickets, draft(dear))
    assert tickets.by_id(bought.ticket_id) == bought
    assert bought.total.amount_minor == 99_999_999


@pytest.mark.parametrize("number", [2**31, LARGEST_ID])
def test_a_ticket_may_have_a_large_id(engine: Engine, number: int) -> None:
    """It is held, changed, claimed and found; refused holds use up ids, so they grow."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    event = stored_event(events, event_id=min(number, LARGEST_OWN_ID))
    held(tickets, draft(event))
    with engine.begin() as connection:
        connection.execute(text(_GIVE_NEXT[engine.dialect.name]), {"last": number - 1})
    ticket = held(tickets, draft(event, held_until=NOON))
    assert ticket.ticket_id == number
    assert list(tickets.claim_due(now=NOON, limit=9)) == [ticket]
    tickets.postpone(ticket, until=NOON)
    ticket = paying(tickets, ticket)
    assert tickets.by_id(number) == ticket
    assert list(tickets.made_since(NOON, after=number - 1, limit=9)) == [ticket]
    assert list(tickets.of_buyer("42", before=number + 1, limit=1)) == [ticket]
    assert [entry.version for entry in tickets.history(number)] == [1, 2]
    tickets.look_again([number], at=NOON)
    (look,) = tickets.claim_looks(now=NOON, limit=9)
    assert look.ticket == ticket
    tickets.clear_look(look)
    ticket = stored(tickets, ticket, ticket.refunding(at=NOON))
    assert list(tickets.owing(after=number - 1, limit=9)) == [ticket]
    gate = SqlAdmissions(engine)
    assert gate.record(entry_of(scan_of(ticket))) == Recorded(1, 1, NoRight.VOID)
    assert [each.ticket_id for each in gate.of_ticket(number)] == [number]
    assert [
        each.excess for each in gate.with_excess(event.event_id, after=number - 1, limit=9)
    ] == [1]
    listed = GateList(event_id=event.event_id, void=[number], inside=[(number, 1)])
    assert gate.gate_list(event.event_id) == listed


_GIVE_NEXT = {
    "sqlite": "UPDATE sqlite_sequence SET seq = :last WHERE name = 'tickets'",
    "postgresql": "SELECT setval(pg_get_serial_sequence('tickets', 'ticket_id'), :last)",
}
"""Makes the store give the next id to the next ticket."""


def test_instants_of_every_zone_are_one_instant(engine: Engine) -> None:
    """Instants are stored in UTC to the microsecond, and read back in UTC."""
    events = SqlEvents(engine)
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    opens_at = NOON.astimezone(kathmandu)
    event = events.by_id(stored_event(events, opens_at=opens_at).event_id)
    assert event is not None
    assert event.opens_at == opens_at
    assert event.opens_at is not None
    assert event.opens_at.tzinfo is UTC
    with engine.connect() as connection:
        written = connection.execute(text("SELECT CAST(opens_at AS TEXT) FROM events"))
        assert written.scalar_one().startswith("2030-06-01 12:00:00.123456")


def test_notes_are_told_apart_to_the_microsecond(engine: Engine) -> None:
    """Whatever their zone and fraction of a second."""
    tickets = SqlTickets(engine)
    ticket = held(tickets, draft(stored_event(SqlEvents(engine), price=Money(0, "usd"))))
    whole = NOON.replace(microsecond=0)
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    for microseconds in (0, 1, 2):
        at = (whole + timedelta(microseconds=microseconds)).astimezone(kathmandu)
        tickets.look_again([ticket.ticket_id], at=at)
        (look,) = tickets.claim_looks(now=at, limit=9)
        for other in (-1, 1):
            changed = look.look_at + timedelta(microseconds=other)
            tickets.clear_look(evolve(look, look_at=changed))
        (later,) = tickets.claim_looks(now=at + timedelta(minutes=1), limit=9)
        tickets.clear_look(evolve(later, look_at=later.look_at.astimezone(kathmandu)))
        assert list(tickets.claim_looks(now=at + timedelta(days=1), limit=9)) == []


def test_what_is_due_is_found_to_the_microsecond(engine: Engine) -> None:
    """Instants compare correctly whatever their zone and fraction of a second."""
    tickets = SqlTickets(engine)
    event = stored_event(SqlEvents(engine))
    whole = NOON.replace(microsecond=0)
    due = [
        held(tickets, draft(event, held_until=whole + n * timedelta(microseconds=1)))
        for n in (2, 0, 1)
    ]
    assert list(tickets.claim_due(now=whole, limit=9)) == [due[1]]
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    rest = tickets.claim_due(now=(whole + timedelta(seconds=1)).astimezone(kathmandu), limit=9)
    assert list(rest) == [due[2], due[0]]


@pytest.mark.parametrize("number", [-(2**80), -1, 0, 2**31, LARGEST_ID, LARGEST_ID + 1, 2**80])
def test_ids_out_of_range_find_nothing(engine: Engine, number: int) -> None:
    """Any integer may be looked up."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    event = stored_event(events)
    ticket = held(tickets, draft(event))
    assert events.by_id(number) is None
    assert tickets.by_id(number) is None
    assert tickets.history(number) == []
    assert tickets.paying(buyer="42", event_id=number) is None
    assert not tickets.places_are_due(event_id=number, now=NOON + timedelta(days=1))
    above = tickets.made_since(NOON, after=number, limit=9)
    assert list(above) == ([ticket] if number < 1 else [])
    tickets.look_again([number], at=NOON)
    assert list(tickets.claim_looks(now=NOON, limit=9)) == []
    assert list(tickets.owing(after=number, limit=9)) == []
    gate = SqlAdmissions(engine)
    assert gate.of_ticket(number) == gate.strays(number) == []
    assert gate.by_gate(number) == []
    assert gate.inside(number) == Inside(admitted=0, excess=0)
    assert gate.with_excess(number, after=0, limit=9) == []
    assert gate.with_excess(event.event_id, after=number, limit=9) == []
    assert gate.gate_list(number) == GateList(event_id=number, void=[], inside=[])
    everything = number >= 2**31
    assert list(events.newest(before=number, limit=9)) == [evolve(event, kept=1)] * everything
    assert list(tickets.of_buyer("42", before=number, limit=9)) == [ticket] * everything


@pytest.mark.parametrize("strange", ["", "\0", "4\0002", "\ud800", "x" * 10_000])
def test_texts_that_no_column_can_hold_find_nothing(engine: Engine, strange: str) -> None:
    """Any string may be looked up."""
    tickets = SqlTickets(engine)
    event = stored_event(SqlEvents(engine))
    held(tickets, draft(event))
    assert tickets.by_checkout(strange) is None
    assert tickets.by_payment(strange) is None
    strays = SqlStrays(engine)
    strays.put(stray("co_1"))
    assert strays.by_checkout(strange) is None
    assert list(strays.unsettled(after=strange, limit=9)) == [stray("co_1")] * (strange == "")
    assert tickets.of_buyer(strange, before=None, limit=9) == []
    assert tickets.paying(buyer=strange, event_id=event.event_id) is None


def test_odd_text_from_a_gateway_does_not_block_a_change(engine: Engine) -> None:
    """The history replaces the characters that it cannot store."""
    tickets = SqlTickets(engine)
    ticket = held(tickets, draft(stored_event(SqlEvents(engine))))
    tickets.replace(ticket, ticket.cancelled(), at=NOON, why="a\0b\ud800c", by="buyer")
    assert tickets.history(ticket.ticket_id)[-1].why == "a?b?c"


def test_a_change_into_itself_is_done_already(engine: Engine) -> None:
    """Nothing is written."""
    tickets = SqlTickets(engine)
    ticket = paying(tickets, held(tickets, draft(stored_event(SqlEvents(engine)))))
    assert stored(tickets, ticket, ticket) == ticket
    assert len(tickets.history(ticket.ticket_id)) == 2


def test_a_late_change_of_the_only_ticket_is_stale(engine: Engine) -> None:
    """Its places are not freed a second time."""
    events, tickets = SqlEvents(engine), SqlTickets(engine)
    event = stored_event(events)
    ticket = held(tickets, draft(event, quantity=3))
    expired = stored(tickets, ticket, ticket.expired())
    outcome = tickets.replace(ticket, ticket.cancelled(), at=NOON, why="late", by="buyer")
    assert outcome == Stale(expired)
    assert events.by_id(event.event_id) == event


def test_public_keys_are_kept_for_good(engine: Engine) -> None:
    """A repeat changes nothing; another key with a known ``kid`` is refused."""
    keys = SqlPublicKeys(engine)
    assert keys.all() == {}
    first, second = {"kty": "OKP", "x": "abc"}, {"kty": "OKP", "x": "def"}
    for _ in range(2):
        keys.remember("2030", first)
    keys.remember("2031", second)
    with pytest.raises(ValueError, match="2030"):
        keys.remember("2030", second)
    assert keys.all() == {"2030": first, "2031": second}
