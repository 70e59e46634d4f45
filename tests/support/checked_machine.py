"""The checks of the state machine: what holds after each step, and once everything is settled."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

from attrs import frozen
from hypothesis.stateful import RuleBasedStateMachine, invariant

from ticketing_core import TRANSITIONS, Ticket, TicketStatus
from ticketing_core.payment import Hint, Paid
from ticketing_core.ports import Admissions, EventRepository, Installation, TicketRepository
from ticketing_core.settlement import owed
from ticketing_core.testing import FakeGateway
from ticketing_core.testing.contracts.examples import MINUTE
from ticketing_core.testing.simulation import World

ALL_TRANSITIONS = frozenset((a, b) for a, following in TRANSITIONS.items() for b in following)

BUYERS = ("ann", "bob")

S = TicketStatus
GIVEN_UP = (S.CANCELLED, S.EXPIRED)


@frozen
class Store:
    """A store to run over.

    Attributes:
        lose_commit: Turns a PAYING ticket back into its reservation, as a restored backup does.
    """

    events: EventRepository
    tickets: TicketRepository
    admissions: Admissions
    installation: Installation
    lose_commit: Callable[[Ticket], object]


class CheckedMachine(RuleBasedStateMachine):
    """A world whose promises are checked. It records every transition that a ticket makes."""

    transitions: ClassVar[set[tuple[TicketStatus, TicketStatus]]]
    """Transitions seen over all runs of a subclass; the subclass sets it to an empty set."""

    gateway_class: type[FakeGateway] = FakeGateway

    def make_store(self) -> Store:
        """Return an empty store."""
        raise NotImplementedError  # pragma: no cover - a subclass that forgets it fails at once

    def __init__(self) -> None:
        super().__init__()
        store = self.make_store()
        world = World(
            events=store.events,
            tickets=store.tickets,
            admissions=store.admissions,
            installation=store.installation,
        )
        self.clock = world.clock
        self.gateway = self.gateway_class(clock=self.clock)
        self.lose_commit = store.lose_commit
        self.tickets = store.tickets
        self.admissions = store.admissions
        self.events = store.events
        self.event_ids: list[int] = []
        # Tickets whose commit was lost.
        self.lost: set[int] = set()
        # Tickets whose money was moved by hand or by a bank.
        self.moved: set[int] = set()
        # The versions whose history was checked.
        self.checked: dict[int, Ticket] = {}
        self.office = world.office_over(
            events=store.events,
            tickets=store.tickets,
            strays=world.strays,
            installation=store.installation,
            gateway=self.gateway,
            clock=self.clock,
        )

    def settle_everything_due(self) -> None:
        """Settle once all that is due."""
        assert self.office.settle_due(limit=100, by="settler").failed == 0

    # --- after each step ----------------------------------------------------------------------

    @invariant()
    def the_promises_hold(self) -> None:
        """Read everything once, and check each promise on it."""
        tickets = list(self._all())
        self._never_oversold(tickets)
        self._no_ticket_without_money(tickets)
        self._nobody_is_paid_back_twice(tickets)
        self._freed_places_cannot_be_paid(tickets)
        self._history_has_every_step(tickets)

    def _never_oversold(self, tickets: Sequence[Ticket]) -> None:
        """The event counts the places that its tickets keep, and never more than its capacity."""
        kept = Counter(dict.fromkeys(self.event_ids, 0))
        for ticket in tickets:
            kept[ticket.event_id] += ticket.places
        for event_id in self.event_ids:
            event = self.events.by_id(event_id)
            assert event is not None
            assert event.kept == kept[event_id]
            assert 0 <= event.kept <= event.capacity

    def _no_ticket_without_money(self, tickets: Sequence[Ticket]) -> None:
        """An issued ticket was free, or paid to the cent."""
        for ticket in tickets:
            if ticket.status is S.ISSUED:
                assert self.gateway.taken_for(ticket.ticket_code) == ticket.total.amount_minor

    def _nobody_is_paid_back_twice(self, tickets: Sequence[Ticket]) -> None:
        """By the gateway and by hand together; what a bank takes comes on top at worst."""
        for ticket in tickets:
            checkouts = self.gateway.checkouts_of(ticket.ticket_code)
            back = sum(each.refunded for each in checkouts) + ticket.paid_back_minor
            assert back <= self.gateway.taken_for(ticket.ticket_code)

    def _freed_places_cannot_be_paid(self, tickets: Sequence[Ticket]) -> None:
        """A ticket that was given up has no payable checkout and holds no money."""
        for ticket in tickets:
            payable = self.gateway.payable_for(ticket.ticket_code)
            assert len(payable) <= 1
            if ticket.status in GIVEN_UP and ticket.ticket_id not in self.lost:
                handed_out = ticket.checkout is not None
                assert not (payable and handed_out)
                assert self.gateway.captured_for(ticket.ticket_code) == 0

    def _history_has_every_step(self, tickets: Sequence[Ticket]) -> None:
        """Versions have no gap, each step is in the table, and the last one is stored."""
        for ticket in tickets:
            if self.checked.get(ticket.ticket_id) == ticket:
                continue
            self.checked[ticket.ticket_id] = ticket
            entries = list(self.tickets.history(ticket.ticket_id))
            assert [entry.version for entry in entries] == list(range(1, ticket.version + 1))
            assert entries[-1].status is ticket.status
            steps = {(a.status, b.status) for a, b in pairwise(entries) if a.status != b.status}
            assert steps <= ALL_TRANSITIONS
            self.transitions.update(steps)

    # --- once everything is settled -----------------------------------------------------------

    def teardown(self) -> None:
        """Let settling finish all that is left, then compare with the gateway to the cent."""
        self.gateway.land_late_effects()
        for _ in range(6):
            self.clock.advance(25 * 60 * MINUTE)
            self.settle_everything_due()
        for ticket in self._all():
            for checkout in self.gateway.checkouts_of(ticket.ticket_code):
                self.office.settle_news(Hint(checkout.checkout.checkout_id), by="webhook")
        for _ in range(6):
            self.clock.advance(25 * 60 * MINUTE)
            self.settle_everything_due()
        for ticket in self._all():
            if ticket.ticket_id not in self.lost:
                self._check_settled(ticket)
        self.the_promises_hold()

    def _check_settled(self, ticket: Ticket) -> None:
        captured = self.gateway.captured_for(ticket.ticket_code)
        seen = None
        if ticket.checkout is not None:
            seen = FakeGateway.look_up(self.gateway, ticket.checkout.checkout_id)
        ours = owed(ticket, seen).ours.amount_minor if isinstance(seen, Paid) else 0
        match ticket.status:
            case S.ISSUED if ticket.ticket_id in self.moved:
                assert captured > 0
            case S.ISSUED:
                assert captured == ticket.total.amount_minor
            case S.PAYING:
                # A bank that never decides: the places stay kept, and nothing is captured.
                assert captured == 0
                assert not self.gateway.payable_for(ticket.ticket_code)
            case S.CANCELLED | S.EXPIRED:
                assert captured == 0
            case S.REFUNDED:
                assert ours == 0
            case S.REFUNDING:
                assert isinstance(seen, Paid)
                waits = seen.held_minor or seen.waiting
                assert waits or (ours and ticket.waits_for_person and ticket.refund_problem)
            case S.RESERVED:
                raise AssertionError("reserved is never final")

    def _all(self) -> Iterator[Ticket]:
        for buyer in BUYERS:
            yield from self.tickets.of_buyer(buyer, before=None, limit=1000)
