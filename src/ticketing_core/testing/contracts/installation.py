"""The contract of `Installation`."""

import abc
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta, timezone
from threading import Event as Signal

from attrs import evolve

from ticketing_core.errors import NotReady
from ticketing_core.event import LARGEST_OWN_ID, Event
from ticketing_core.installation import InstallationState, next_epoch
from ticketing_core.ports.events import EventRepository
from ticketing_core.ports.repository import Installation, TicketRepository
from ticketing_core.reservation import Held, HoldOutcome
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    draft,
    held,
    kept,
    stored_event,
)
from ticketing_core.ticket import IdempotencyKey
from ticketing_core.validators import LARGEST_ID

THREADS = 4
GAP = 1_000_000
SOON_SECONDS = 5.0
"""After that, a store that goes on selling is stopped."""


class InstallationContract(abc.ABC):
    """The tests of every store of an installation's state."""

    @abc.abstractmethod
    def make_installation(self) -> tuple[EventRepository, TicketRepository, Installation]:
        """Return empty repositories and a new installation, over the same store."""

    def test_the_news_position_is_stored(self) -> None:
        """To the microsecond, from any zone. It may move back; at first there is none."""
        _, _, installation = self.make_installation()
        assert installation.state() == InstallationState()
        kathmandu = timezone(timedelta(hours=5, minutes=45))
        for position in (NOON, (NOON + MINUTE).astimezone(kathmandu), NOON - MINUTE):
            installation.move_news_position(position)
            assert installation.state() == InstallationState(news_position=position)

    def test_a_restore_begins_once_and_ends(self) -> None:
        """Each one raises the epoch, and repeats change nothing. The news position stays."""
        _, _, installation = self.make_installation()
        installation.move_news_position(NOON)
        at_first = installation.state()
        installation.end_restore()
        assert installation.state() == at_first
        epoch = next_epoch(1, at=NOON + MINUTE)
        for at in (NOON + MINUTE, NOON + 2 * MINUTE):
            installation.begin_restore(at=at)
            begun = evolve(at_first, restoring_since=NOON + MINUTE, epoch=epoch)
            assert installation.state() == begun
        for _ in range(2):
            installation.end_restore()
            assert installation.state() == evolve(at_first, epoch=epoch)
        # By a clock that was set back.
        installation.begin_restore(at=NOON)
        assert installation.state() == evolve(at_first, restoring_since=NOON, epoch=epoch + 1)

    def test_nothing_is_sold_during_a_restore(self) -> None:
        """Whatever else could be refused; a hold that was done before is still told."""
        events, tickets, installation = self.make_installation()
        event = stored_event(events, capacity=1)
        order = draft(event, key=IdempotencyKey(value="one", fingerprint="two"))
        ticket = held(tickets, order)
        installation.begin_restore(at=NOON)
        orders = [draft(event), draft(event, quantity=99), draft(stored_event(events, price=FREE))]
        assert all(isinstance(tickets.hold(each), NotReady) for each in orders)
        assert tickets.hold(order) == Held(ticket)
        retry = evolve(order, ticket_code=draft(event).ticket_code)
        assert isinstance(tickets.hold(retry), NotReady)
        assert kept(events, event) == 1
        installation.end_restore()
        assert isinstance(tickets.hold(orders[2]), Held)

    def test_no_hold_takes_effect_after_a_restore_began(self) -> None:
        """Not even one that was under way; all that come later are refused."""
        events, tickets, installation = self.make_installation()
        shows = [stored_event(events, price=FREE, capacity=9999) for _ in range(2)]
        stop = Signal()
        with ThreadPoolExecutor(THREADS) as pool:
            runs = [pool.submit(_hold_until, stop, tickets, shows[n % 2]) for n in range(THREADS)]
            while not (all(kept(events, show) for show in shows) or any(map(Future.done, runs))):
                pass
            installation.begin_restore(at=NOON)
            at_return = [kept(events, show) for show in shows]
            outcomes = [tickets.hold(draft(show)) for show in shows for _ in range(5)]
            wait(runs, timeout=SOON_SECONDS)
            stop.set()
            outcomes += [run.result() for run in runs]
        assert [kept(events, show) for show in shows] == at_return
        assert all(isinstance(outcome, NotReady) for outcome in outcomes)

    def test_new_ids_leave_a_gap(self) -> None:
        """Above the largest that was given, stored or named, of events and of tickets."""
        events, tickets, installation = self.make_installation()
        event = stored_event(events, price=FREE)
        last = held(tickets, draft(event)).ticket_id
        for ahead in (500, 0, -500):
            named = max(last + ahead, 0)
            installation.skip_ids(named=named, gap=GAP)
            following = held(tickets, draft(event)).ticket_id
            assert following > max(last, named) + GAP
            last = following
        last_event = event.event_id
        for chosen in (None, 5 * GAP, 4 * GAP + 7):
            stored = stored_event(events, event_id=chosen).event_id
            last_event = max(last_event, stored)
        installation.skip_ids(named=0, gap=GAP)
        # An event may get a lost id back, and then the others still get none.
        stored_event(events, event_id=last_event + 1)
        assert stored_event(events).event_id > last_event + GAP

    def test_ids_of_an_empty_store_leave_a_gap(self) -> None:
        """All of its events and tickets may be lost. A gap of none gives each id once."""
        events, tickets, installation = self.make_installation()
        installation.skip_ids(named=7, gap=GAP)
        event = stored_event(events, price=FREE)
        assert event.event_id > GAP
        first = held(tickets, draft(event)).ticket_id
        assert first > GAP + 7
        installation.skip_ids(named=0, gap=0)
        assert held(tickets, draft(event)).ticket_id > first
        assert stored_event(events).event_id > event.event_id

    def test_a_gap_leaves_ids_to_give(self) -> None:
        """Even if somebody chose one of the last ids, any number of times."""
        events, tickets, installation = self.make_installation()
        stored_event(events, event_id=LARGEST_OWN_ID)
        for _ in range(2):
            installation.skip_ids(named=LARGEST_ID - 9, gap=GAP)
        event = stored_event(events, price=FREE)
        assert LARGEST_OWN_ID < event.event_id <= LARGEST_ID
        assert LARGEST_ID - 9 < held(tickets, draft(event)).ticket_id <= LARGEST_ID
        for named in (LARGEST_ID + 1, 2**80, -1):
            installation.skip_ids(named=named, gap=GAP)
        assert held(tickets, draft(event)).ticket_id <= LARGEST_ID
        assert stored_event(events, event_id=3).event_id == 3


def _hold_until(stop: Signal, tickets: TicketRepository, event: Event) -> HoldOutcome:
    """Hold a place again and again until it is refused, and return the last outcome."""
    outcome = tickets.hold(draft(event))
    while isinstance(outcome, Held) and not stop.is_set():
        outcome = tickets.hold(draft(event))
    return outcome
