"""What really happened in a run: orders, addresses given to buyers, opened checkouts."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from attrs import define, field

from ticketing_core.event import Edited, Event
from ticketing_core.money import Money
from ticketing_core.payment import Open
from ticketing_core.reservation import Held
from ticketing_core.testing.simulation.gate_facts import GateFacts
from ticketing_core.testing.simulation.outbox_facts import Reader
from ticketing_core.use_cases.purchase import ToPay


@define(kw_only=True, slots=False)
class Facts:
    """What a run knows without trusting the store.

    Attributes:
        event_id: The event on sale.
        ordered: How many tickets each buyer ordered; calls with the same key are one order.
        keys: The keys that each buyer has used.
        to_pay: The purchases whose address each buyer was given, the latest last.
        opened: Ids of all checkouts that the gateway has opened.
        moved: Checkouts whose money was moved without the box office: by hand, by a bank, or before
            the store has gone back.
        given: The tickets that were given each id.
        totals: What each ticket cost when it was held.
        event: The version that was stored last; None if the event was never changed.
        was_cancelled: Whether the event was cancelled, also if the store has gone back since.
        refund_asked: Tickets that the organizer wants to refund.
        gate: What happened at the gates.
        reader: The only subscriber, and what it was told.
        backed_up_at: When the backup was made, if there is one.
        put_back: Lets the store go back to it.
        is_down: Whether the store has gone back, and nothing is served yet.
    """

    event_id: int = 0
    ordered: Counter[str] = field(factory=Counter)
    keys: set[tuple[str, str]] = field(factory=set)
    to_pay: dict[str, list[ToPay]] = field(factory=dict)
    opened: list[str] = field(factory=list)
    moved: set[str] = field(factory=set)
    given: dict[int, set[UUID]] = field(factory=dict)
    totals: dict[UUID, Money] = field(factory=dict)
    event: Event | None = None
    was_cancelled: bool = False
    refund_asked: set[UUID] = field(factory=set)
    gate: GateFacts = field(factory=GateFacts)
    reader: Reader = field(factory=Reader)
    backed_up_at: datetime | None = None
    put_back: Callable[[], None] | None = None
    is_down: bool = False

    @property
    def beyond_effects(self) -> object:
        """What does not follow from the effects of the run. Settling leaves it as it is."""
        known = self.ordered, self.keys, self.to_pay, self.moved, self.refund_asked
        return *known, self.gate.beyond_effects

    def add_order(self, buyer: str, key: str | None) -> None:
        """Record that the buyer orders a ticket."""
        if key is None or (buyer, key) not in self.keys:
            self.ordered[buyer] += 1
        if key is not None:
            self.keys.add((buyer, key))

    def add_address(self, buyer: str, purchase: ToPay) -> None:
        """Record that the buyer was given the address of a checkout."""
        self.to_pay.setdefault(buyer, []).append(purchase)

    def add_change(self, method: str, outcome: object) -> None:
        """Record what follows from the effect of a call."""
        match outcome:
            case Open(checkout) if method == "open":
                self.opened.append(checkout.checkout_id)
            case Held(ticket):
                self.given.setdefault(ticket.ticket_id, set()).add(ticket.ticket_code)
                self.totals.setdefault(ticket.ticket_code, ticket.total)
            case Edited(event):
                self.event = event
                self.was_cancelled |= event.cancelled_at is not None
            case _ if method == "begin_restore":
                self.is_down = False
