"""Erase a buyer: their tickets stay, under a random name, and no history names them.

There is no state of the erasure but that of the tickets, so it may stop anywhere and be repeated.
The new name is made from the code of the buyer's oldest ticket, which is renamed last: a repeat
after a crash finds the same one.
"""

from uuid import uuid5

from attrs import frozen

from ticketing_core.authored import Authored
from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import BuyerHasOpenOrders, StoreUnavailable, raises
from ticketing_core.ports.authors import Authors
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.repository import TicketRepository
from ticketing_core.ticket import UNPAID, Ticket, TicketStatus
from ticketing_core.use_cases.pages import tickets_of_buyer

WHY = "buyer erased"
"""In the history of their tickets."""

ERASED = "erased"
"""What an author is called afterwards. It is the same for all, so nobody's acts can be joined."""

ROLES = ("gate", "organizer")
"""In histories, what stands before the identity of an author. Scans have the identity alone."""

OPEN = UNPAID | {TicketStatus.REFUNDING}
"""The buyer, the payment provider or a person still has to act on these."""

RECORDS = 10_000
"""A page: it is read in hundredths of a second, and few of its records change."""


@frozen(kw_only=True)
class Erased:
    """What was done.

    Attributes:
        name: What the buyer is called on their tickets now; None if they had none.
        tickets: How many of them were changed.
    """

    name: str | None
    tickets: int


@raises(BuyerHasOpenOrders, StoreUnavailable)
def erase_buyer(
    buyer: str, *, by: str, tickets: TicketRepository, authors: Authors, clock: Clock
) -> Erased:
    """Erase a buyer. See `PrivacyOffice.erase_buyer`."""
    name, before = None, None
    open_orders = []
    for ticket in tickets_of_buyer(buyer, tickets=tickets):
        name = f"erased:{uuid5(ticket.ticket_code, WHY)}"
        before = before or ticket.ticket_id + 1
        if ticket.status in OPEN:
            open_orders.append(ticket.ticket_id)
    if open_orders:
        raise BuyerHasOpenOrders(tuple(open_orders))
    changed = 0
    if name is not None:
        # What the buyer orders meanwhile has a larger id, and stays theirs.
        for ticket in tickets_of_buyer(buyer, tickets=tickets, before=before):
            _rename(ticket, name, by=by, tickets=tickets, clock=clock)
            changed += 1
    for records in Authored:
        _forget_author(buyer, of=records, authors=authors)
    return Erased(name=name, tickets=changed)


def _rename(ticket: Ticket, name: str, *, by: str, tickets: TicketRepository, clock: Clock) -> None:
    buyer = ticket.buyer
    while ticket.buyer == buyer:
        if ticket.status in OPEN:
            raise BuyerHasOpenOrders((ticket.ticket_id,))
        renamed = ticket.marked(buyer=name, key=None)
        match tickets.replace(ticket, renamed, at=clock.now(), why=WHY, by=by):
            case Replaced(stored):
                ticket = stored
            case Stale(current):
                ticket = current


def _forget_author(identity: str, *, of: Authored, authors: Authors) -> None:
    if of is Authored.SCANS:
        names = {identity: ERASED}
    else:
        names = {f"{role} {identity}": f"{role} {ERASED}" for role in ROLES}
    after: int | None = 0
    while after is not None:
        after = authors.rename(names, of=of, after=after, limit=RECORDS)
