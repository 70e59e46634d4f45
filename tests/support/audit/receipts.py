"""What clients learned from the service's answers; in the end all of it has to be true."""

from collections.abc import Iterable

from attrs import define, field, frozen


@frozen(kw_only=True)
class Receipt:
    """A ticket that an answer named to its buyer.

    Attributes:
        session_id: The checkout in which to pay for it; None for a free ticket.
    """

    buyer: str
    event_id: int
    quantity: int
    ticket_id: int
    ticket_code: str
    session_id: str | None = None


@frozen(kw_only=True)
class Told:
    """What a gate was answered.

    Attributes:
        ticket_id: The ticket that was shown.
        outcome: By the name in the answer.
        people: How many are let in or counted, or are out again.
    """

    scan_id: str
    ticket_id: int
    outcome: str
    people: int


@define
class Receipts:
    """What one client, or all of them, learned.

    Attributes:
        sold: One receipt for each answer that sold a new ticket.
        shown: Receipts for tickets that more than one answer may have named.
        uncertain: The number of requests that may have succeeded although no answer says so.
        by_key: The tickets named under each buyer's idempotency key.
        issued: Tickets whose QR code was handed out.
        cancelled: Tickets that were reported cancelled.
        refund_requested: Tickets for which somebody requested a refund, whatever the answer.
        refunded: Tickets that were reported refunded.
        lies: Answers that were untrue when they were given, each in one sentence.
        scans: The ids of all scans that a gate has sent, whatever the answer.
        told: What gates were answered, in order for each of them.
    """

    sold: list[Receipt] = field(factory=list)
    shown: list[Receipt] = field(factory=list)
    uncertain: int = 0
    by_key: dict[tuple[str, str], set[int]] = field(factory=dict)
    issued: set[int] = field(factory=set)
    cancelled: set[int] = field(factory=set)
    refund_requested: set[int] = field(factory=set)
    refunded: set[int] = field(factory=set)
    lies: list[str] = field(factory=list)
    scans: set[str] = field(factory=set)
    told: list[Told] = field(factory=list)

    def show(self, receipt: Receipt, *, key: str | None) -> None:
        """Note a receipt, and the idempotency key under which its ticket was bought."""
        self.shown.append(receipt)
        if key is not None:
            self.by_key.setdefault((receipt.buyer, key), set()).add(receipt.ticket_id)

    def lie(self, receipt: Receipt, what: str, answer: object) -> None:
        """Note an untrue answer."""
        self.lies.append(f"ticket {receipt.ticket_id} {what}, but the answer was {answer}")

    @property
    def checkouts(self) -> frozenset[str]:
        """The checkouts whose payment pages were handed out."""
        return frozenset(
            receipt.session_id for receipt in [*self.sold, *self.shown] if receipt.session_id
        )


def merged(several: Iterable[Receipts]) -> Receipts:
    """Return what several clients learned. No two of them are the same buyer."""
    result = Receipts()
    for each in several:
        result.sold += each.sold
        result.shown += each.shown
        result.uncertain += each.uncertain
        result.by_key |= each.by_key
        result.issued |= each.issued
        result.cancelled |= each.cancelled
        result.refund_requested |= each.refund_requested
        result.refunded |= each.refunded
        result.lies += each.lies
        result.scans |= each.scans
        result.told += each.told
    return result
