"""A walk through every life of a payment after the sale: all that banks, buyers and people can do.

Each step is one look of the real use case at the fake gateway. It may die after each change, and
lose the answer to each refund. Wherever settling has nothing left to do, the money has to be where
it belongs. The bounds are small: two units, three refunds, one dispute, and some moves only once.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from attrs import evolve, frozen

from tests.unit.test_ticket import CHECKOUT, NOW, ticket
from ticketing_core import Money, Sums, Ticket, TicketStatus
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import TicketingError
from ticketing_core.payment import Paid
from ticketing_core.settlement import owed
from ticketing_core.testing import FakeGateway, Fault, InMemoryEvents, InMemoryTickets, ManualClock
from ticketing_core.testing.fake_checkout import (
    DisputeStatus,
    FakeCheckout,
    FakeDispute,
    FakeRefund,
    Phase,
    RefundStatus,
)
from ticketing_core.ticket import MOST_REFUND_FAILURES
from ticketing_core.use_cases.refund import refund
from ticketing_core.use_cases.settle import settle_ticket

S, R, D = TicketStatus, RefundStatus, DisputeStatus
TOTAL = Money(2, "usd")
MOST_REFUNDS = 3
ONCE = frozenset({"fails late", "appeal", "by hand", "again"})
MOST_OF_ONCE = int(os.environ.get("TICKETING_TEST_MOVES", "2"))
"""How many of these a life has. All four make 230,000 states each, and take some minutes."""

# A pending refund is left out: until it fails it is like one that succeeded.
STARTS = (R.SUCCEEDED, R.REQUIRES_ACTION, R.FAILED)
DECISIONS = {D.INQUIRY: (D.OPEN, D.WON), D.OPEN: (D.WON, D.LOST), D.APPEALED: (D.WON, D.LOST)}
CLOCK = ManualClock(NOW)


@frozen
class Life:
    """The ticket as stored, the payment as it is, and the moves that are left.

    Attributes:
        for_a_person: Money came back by an appeal after the service had seen its loss.
    """

    ticket: Ticket
    refunds: tuple[tuple[str, int, RefundStatus], ...] = ()
    dispute: tuple[int, DisputeStatus] | None = None
    left: frozenset[str] = ONCE
    for_a_person: bool = False

    def has(self, move: str) -> bool:
        """Return whether a move can be made that happens once."""
        return move in self.left and len(ONCE - self.left) < MOST_OF_ONCE


class StoredOneChange(Exception):
    """The process dies after a change, so others have a turn between any two."""


class OneTicket(InMemoryTickets):
    """Keeps one ticket."""

    def __init__(self, kept: Ticket) -> None:
        super().__init__(InMemoryEvents())
        self.kept = kept

    def by_id(self, ticket_id: int) -> Ticket | None:
        """See `TicketRepository.by_id`."""
        del ticket_id
        return self.kept

    def replace(self, old: Ticket, new: Ticket, **rest: object) -> Replaced | Stale:
        """See `TicketRepository.replace`."""
        del old, rest
        self.kept = evolve(new, version=1)
        raise StoredOneChange


def gateway_of(life: Life, gateway_class: type[FakeGateway] = FakeGateway) -> FakeGateway:
    """Return a gateway that has the payment of that state."""
    gateway = gateway_class(clock=CLOCK)
    made = {key: FakeRefund(amount, status) for key, amount, status in life.refunds}
    gateway._refunded_with = made  # noqa: SLF001 - the port cannot make every state
    gateway._checkouts[CHECKOUT.checkout_id] = FakeCheckout(  # noqa: SLF001 - as above
        checkout=CHECKOUT,
        ticket_code=life.ticket.ticket_code,
        ticket_id=life.ticket.ticket_id,
        total=TOTAL,
        opened_at=NOW,
        phase=Phase.PAID,
        taken=TOTAL.amount_minor,
        refunds=list(made.values()),
        disputes=[FakeDispute(*life.dispute)] if life.dispute else [],
    )
    return gateway


def truth(life: Life) -> tuple[int, int, bool]:
    """Return what is owed if the ticket is void, what is held, and whether a refund waits."""
    seen = gateway_of(life).look_up(CHECKOUT.checkout_id)
    assert isinstance(seen, Paid)
    return owed(life.ticket, seen).ours.amount_minor, seen.held_minor, seen.waiting is not None


Act = Callable[[OneTicket, FakeGateway], object]


def settle(tickets: OneTicket, gateway: FakeGateway) -> None:
    """Look once."""
    settle_ticket(tickets.kept, by="settler", tickets=tickets, gateway=gateway, clock=CLOCK)


def after(life: Life, act: Act, gateway: FakeGateway) -> Life:
    """Return the state after an act of the service."""
    tickets = OneTicket(life.ticket)
    with suppress(StoredOneChange, TicketingError):
        act(tickets, gateway)
    made = gateway._refunded_with.items()  # noqa: SLF001 - as above
    refunds = tuple((key, each.amount, each.status) for key, each in made)
    return evolve(life, ticket=tickets.kept, refunds=refunds)


def looks(life: Life, gateway_class: type[FakeGateway]) -> Iterator[tuple[str, Life]]:
    """Yield what one look can lead to, with each way in which a refund can start."""
    for status in STARTS:
        for lost in (False, True):
            gateway = gateway_of(life, gateway_class)
            gateway.refund_as(status)
            if lost:
                gateway.fail_next("refund", Fault.AFTER_EFFECT)
            then = after(life, settle, gateway)
            made = len(then.refunds) > len(life.refunds)
            if then != life:
                yield f"refund {status.name}" if made else f"look: {then.ticket.status}", then
            if not made:
                return


def bank_moves(life: Life) -> Iterator[tuple[str, Life]]:
    """Yield what the bank does about a dispute."""
    if life.dispute is None:
        for amount, opened in ((1, D.INQUIRY), (1, D.OPEN), (2, D.INQUIRY), (2, D.OPEN)):
            yield f"{opened.name} over {amount}", evolve(life, dispute=(amount, opened))
        return
    amount, status = life.dispute
    for decision in DECISIONS.get(status, ()):
        then = evolve(life, dispute=(amount, decision))
        void = life.ticket.status in (S.REFUNDED, S.EXPIRED)
        was_lost = void and life.ticket.charged_back_minor and truth(then)[0]
        won = status is D.APPEALED and decision is D.WON and was_lost
        yield f"dispute {decision.name}", evolve(then, for_a_person=bool(won or then.for_a_person))
    if status is D.LOST and life.has("appeal"):
        yield "appealed", evolve(life, dispute=(amount, D.APPEALED), left=life.left - {"appeal"})


def refund_moves(life: Life) -> Iterator[tuple[str, Life]]:
    """Yield how a refund goes on."""
    for i, (key, amount, status) in enumerate(life.refunds):
        for end in (R.SUCCEEDED, R.FAILED) if status is not R.FAILED else ():
            if end is status or (status is R.SUCCEEDED and not life.has("fails late")):
                continue
            changed = (*life.refunds[:i], (key, amount, end), *life.refunds[i + 1 :])
            left = life.left - {"fails late"} if status is R.SUCCEEDED else life.left
            # A person wanted it, and now it has arrived.
            decided = key == "by hand" and end is R.SUCCEEDED
            person = life.for_a_person and not decided
            yield f"{end.name}", evolve(life, refunds=changed, left=left, for_a_person=person)


def people_moves(life: Life, true: tuple[int, int, bool]) -> Iterator[tuple[str, Life]]:
    """Yield what the organizer and the seller do."""
    ask = partial(refund, ticket_id=1, by="organizer", clock=CLOCK)

    def asked(**how: object) -> Life:
        act: Act = lambda tickets, gateway: ask(tickets=tickets, gateway=gateway, **how)  # type: ignore[arg-type]  # noqa: E731 - passed through
        return evolve(after(life, act, gateway_of(life)), for_a_person=False)

    ours, held, waits = true
    if life.ticket.status is S.ISSUED:
        yield "refund asked for", asked()
    if life.ticket.refund_problem:
        yield "paid back", asked(paid_back="cash")
        if life.has("again"):
            yield "again", evolve(asked(again=True), left=life.left - {"again"})
    if life.has("by hand") and not (held or waits or life.ticket.paid_back_minor):
        left = life.left - {"by hand"}
        for amount, status in ((1, R.SUCCEEDED), (ours, R.SUCCEEDED), (ours, R.REQUIRES_ACTION)):
            made = (*life.refunds, ("by hand", amount, status))
            if ours:
                yield "by hand", evolve(life, refunds=made, left=left, for_a_person=False)


def wrong(
    life: Life,
    true: tuple[int, int, bool],
    looked: list[tuple[str, Life]],
    gateway_class: type[FakeGateway],
) -> str | None:
    """Return what is wrong in this state, or None."""
    ours, held, waits = true
    own = [status for key, _, status in life.refunds if key != "by hand"]
    alive = sum(amount for _, amount, status in life.refunds if status is not R.FAILED)
    kept = life.ticket
    if alive + kept.paid_back_minor > TOTAL.amount_minor:
        return "paid back twice"
    if kept.status is S.REFUNDED and R.REQUIRES_ACTION in own:
        return "reported before it is final"
    if any(len(then.refunds) > len(life.refunds) for _, then in looked):
        if life.for_a_person:
            return "refunded after an appeal without a person"
        if own.count(R.FAILED) >= MOST_REFUND_FAILURES and "again" in life.left:
            return "tried too often"
    if looked:
        return None
    return _wrong_at_rest(kept, ours=ours, held=held, waits=waits) or _misreported(
        life, gateway_class
    )


def _wrong_at_rest(kept: Ticket, *, ours: int, held: int, waits: bool) -> str | None:
    match kept.status:
        case S.ISSUED if not (ours or held):
            return "issued without money"
        case S.EXPIRED if ours or held:
            return "money of a ticket that was given up"
        case S.REFUNDED if ours or waits:
            return "refunded, and it is not"
        case S.REFUNDING if not (ours or held or waits):
            return "owed, and there is nothing to refund"
        case S.REFUNDING if not (held or waits) and not (
            kept.waits_for_person and kept.refund_problem
        ):
            return "owed, and neither made nor left to a person"
    return None


def _misreported(life: Life, gateway_class: type[FakeGateway]) -> str | None:
    """Return whether a report has the money somewhere else than that gateway says it is."""
    kept, seen = life.ticket, gateway_of(life, gateway_class).look_up(CHECKOUT.checkout_id)
    assert isinstance(seen, Paid)
    sums = Sums.of(kept)
    captured = seen.total.amount_minor - seen.refunded_minor - seen.lost_minor
    in_hand = captured - kept.paid_back_minor
    reported = (sums.taken, sums.refunded, sums.charged_back, sums.earned + sums.owed)
    true = (seen.total.amount_minor, seen.refunded_minor, seen.lost_minor, in_hand)
    return None if reported == true else f"reported as {reported} instead of {true}"


def first_wrong(gateway_class: type[FakeGateway], start: TicketStatus) -> str | None:
    """Walk breadth first, and return the shortest way to something wrong, or None."""
    first = Life(evolve(ticket(start), total=TOTAL, checkout=CHECKOUT))
    came_by: dict[Life, tuple[Life, str] | None] = {first: None}
    queue = deque([first])
    while queue:
        life = queue.popleft()
        true = truth(life)
        looked = list(looks(life, gateway_class))
        found = wrong(life, true, looked, gateway_class)
        if found:
            way, at = [found], came_by[life]
            while at is not None:
                way.append(at[1])
                at = came_by[at[0]]
            return " <- ".join(way)
        moved = [*bank_moves(life), *refund_moves(life), *people_moves(life, true)]
        for move, then in [*looked, *moved]:
            if then not in came_by and len(then.refunds) <= MOST_REFUNDS:
                came_by[then] = life, move
                queue.append(then)
    return None
