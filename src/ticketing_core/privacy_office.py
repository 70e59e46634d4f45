"""The public API for erasing personal data."""

from attrs import frozen

from ticketing_core.ports import Authors, Clock, TicketRepository
from ticketing_core.use_cases.erase_buyer import Erased, erase_buyer


@frozen(kw_only=True)
class PrivacyOffice:
    """Erases what is stored about a person. It does not call the payment provider.

    Attributes:
        tickets: Stores the tickets.
        authors: Stores who made each change and scan.
        clock: Tells the time.
    """

    tickets: TicketRepository
    authors: Authors
    clock: Clock

    def erase_buyer(self, buyer: str, *, by: str) -> Erased:
        """Replace the buyer's name on all of their tickets with one random name.

        The tickets and their QR codes stay valid, and no amount changes. Idempotency keys are
        deleted, and so is the person's name in changes and scans that they made as an organizer or
        at a gate. Later orders of the same buyer are a new buyer's: limits start at zero.

        May be repeated: after a crash or `StoreUnavailable`, a repeat uses the same random name
        and does the rest.

        Args:
            buyer: The text of the buyer's identity claim.
            by: The author, for the history.

        Raises:
            BuyerHasOpenOrders: Tickets are unpaid, or refunds are not made. If an order came during
                the call, other tickets may have been erased already.
        """
        return erase_buyer(
            buyer, by=by, tickets=self.tickets, authors=self.authors, clock=self.clock
        )
