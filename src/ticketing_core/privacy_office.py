"""The public face that erases what is known of a person."""

from attrs import frozen

from ticketing_core.ports import Authors, Clock, TicketRepository
from ticketing_core.use_cases.erase_buyer import Erased, erase_buyer


@frozen(kw_only=True)
class PrivacyOffice:
    """Erases what is known of a person. It needs no payment provider.

    Attributes:
        tickets: Keeps the tickets.
        authors: Knows who did what.
        clock: Knows the time.
    """

    tickets: TicketRepository
    authors: Authors
    clock: Clock

    def erase_buyer(self, buyer: str, *, by: str) -> Erased:
        """Give all tickets of a buyer one random name, and forget the buyer's.

        The tickets stay good, and their QR codes, too; the books do not change. Idempotency keys
        are deleted, and changes and scans that the person made as an organizer or at a gate have no
        name any more. What the buyer orders from then on is theirs and new: limits start anew.

        May be repeated: after a crash or `StoreUnavailable`, a repeat finds the same name and does
        the rest.

        Args:
            buyer: The text of their identity claim.
            by: Who erases them, for the history.

        Raises:
            BuyerHasOpenOrders: Tickets are unpaid, or refunds are not made. If that happened
                meanwhile, the other tickets may be erased already.
        """
        return erase_buyer(
            buyer, by=by, tickets=self.tickets, authors=self.authors, clock=self.clock
        )
