"""Erase a buyer: their tickets get a random name, and no history names the buyer.

The tickets themselves are the state of the erasure, so it may stop at any point and be repeated.
The new name is derived from the code of the buyer's oldest ticket, which is renamed last: a repeat
after a crash derives the same name.
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
"""The reason in the history of their tickets."""

ERASED_BUYER = "erased:"
"""With this begins the name of a buyer who was erased."""

ERASED = "erased"
"""The new name of an author. It is the same for all, so that acts of one person are not linked."""

ROLES = ("gate", "organizer")
"""The words before the identity of an author in histories. Scans have the identity alone."""

OPEN = UNPAID | {TicketStatus.REFUNDING}
"""Statuses in which the buyer, the payment provider or a person still has to act."""

RECORDS = 10_000
"""Records of a page. It is read in hundredths of a second, and few of its records change."""


@frozen(kw_only=True)
class Erased:
    """The result of an erasure.

    Attributes:
        name: What the buyer is called on their tickets now; None if they had none.
        tickets: How many of them were changed; none of somebody who was erased before.
    """

    name: str | None
    tickets: int


@raises(BuyerHasOpenOrders, StoreUnavailable)
def erase_buyer(
    buyer: str, *, by: str, tickets: TicketRepository, authors: Authors, clock: Clock
) -> Erased:
    """Erase a buyer. See `PrivacyOffice.erase_buyer`."""
    if buyer.startswith(ERASED_BUYER):
        # Their oldest ticket would give them the name that they have.
        return Erased(name=buyer, tickets=0)
    name, before = None, None
    open_orders = []
    for ticket in tickets_of_buyer(buyer, tickets=tickets):
        name = f"{ERASED_BUYER}{uuid5(ticket.ticket_code, WHY)}"
        before = before or ticket.ticket_id + 1
        if ticket.status in OPEN:
            open_orders.append(ticket.ticket_id)
    if open_orders:
        raise BuyerHasOpenOrders(tuple(open_orders))
    changed = 0
    if name is not None:
        # An order that the buyer makes meanwhile has a larger id, and keeps their name.
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
