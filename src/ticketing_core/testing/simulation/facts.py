"""What really happened in a run: orders, addresses given to buyers, opened checkouts."""

from collections import Counter

from attrs import define, field

from ticketing_core.use_cases.purchase import ToPay


@define(kw_only=True)
class Facts:
    """What a run knows without trusting the store.

    Attributes:
        event_id: The event on sale.
        ordered: How many tickets each buyer ordered; calls with the same key are one order.
        keys: The keys that each buyer has used.
        to_pay: The purchases whose address each buyer was given, the latest last.
        opened: Ids of all checkouts that the gateway has opened.
        moved: Checkouts whose money was moved without the box office: by hand, or by a bank.
    """

    event_id: int = 0
    ordered: Counter[str] = field(factory=Counter)
    keys: set[tuple[str, str]] = field(factory=set)
    to_pay: dict[str, list[ToPay]] = field(factory=dict)
    opened: list[str] = field(factory=list)
    moved: set[str] = field(factory=set)

    def add_order(self, buyer: str, key: str | None) -> None:
        """Record that the buyer orders a ticket."""
        if key is None or (buyer, key) not in self.keys:
            self.ordered[buyer] += 1
        if key is not None:
            self.keys.add((buyer, key))

    def add_address(self, buyer: str, purchase: ToPay) -> None:
        """Record that the buyer was given the address of a checkout."""
        self.to_pay.setdefault(buyer, []).append(purchase)
