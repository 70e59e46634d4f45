"""What people were told by the service: at the end, all of it has to be true."""

from collections.abc import Iterable
from typing import Any

from attrs import define, field, frozen


@frozen(kw_only=True)
class Order:
    """A ticket that a buyer was told he has, or can have by paying.

    Attributes:
        session_id: What he pays; None for a free ticket.
    """

    buyer: str
    event_id: int
    quantity: int
    ticket_id: int
    ticket_code: str
    session_id: str | None


@define
class Told:
    """What one person was told, or all of them.

    Attributes:
        orders: Every order that an answer has named.
        by_key: The tickets that were named under one buyer's idempotency key.
        issued: Tickets whose QR code was handed out.
        cancelled: Tickets of which somebody was told that they are cancelled.
        refund_asked: Tickets for which a refund was asked, whatever was answered.
        refunded: Tickets of which an organizer was told that the money is given back.
        lies: What was untrue at the moment at which it was told.
        unanswered: How often no answer came.
    """

    orders: list[Order] = field(factory=list)
    by_key: dict[tuple[str, str], set[int]] = field(factory=dict)
    issued: set[int] = field(factory=set)
    cancelled: set[int] = field(factory=set)
    refund_asked: set[int] = field(factory=set)
    refunded: set[int] = field(factory=set)
    lies: list[str] = field(factory=list)
    unanswered: int = 0

    def order(self, order: Order, *, key: str | None) -> None:
        """Note an order that was answered."""
        self.orders.append(order)
        if key is not None:
            self.by_key.setdefault((order.buyer, key), set()).add(order.ticket_id)

    def lie(self, order: Order, what: str, answer: Any) -> None:
        """Note an answer that is untrue."""
        self.lies.append(f"ticket {order.ticket_id} {what}, and was answered {answer}")

    @property
    def addresses(self) -> frozenset[str]:
        """The sessions whose payment pages were handed out."""
        return frozenset(order.session_id for order in self.orders if order.session_id)


def told_in_all(several: Iterable[Told]) -> Told:
    """What several people were told. Keys are of one buyer, who is one person."""
    result = Told()
    for told in several:
        result.orders += told.orders
        result.by_key |= told.by_key
        result.issued |= told.issued
        result.cancelled |= told.cancelled
        result.refund_asked |= told.refund_asked
        result.refunded |= told.refunded
        result.lies += told.lies
        result.unanswered += told.unanswered
    return result
