"""What really happened in a run, seen from outside of the office: wishes, addresses, checkouts."""

from collections import Counter

from attrs import define, field

from ticketing_core.use_cases.purchase import ToPay


@define(kw_only=True)
class Facts:
    """Gathers what a store or an answer might tell wrongly.

    Attributes:
        event_id: What is on sale.
        wishes: How many tickets each buyer wants: calls under one key are one wish.
        keys: The keys each buyer has used.
        told: The purchases whose address each buyer was given, the latest last.
        opened: Ids of all checkouts the gateway has opened.
        moved_by_hand: Checkouts whose money was given back on the gateway's own pages.
    """

    event_id: int = 0
    wishes: Counter[str] = field(factory=Counter)
    keys: set[tuple[str, str]] = field(factory=set)
    told: dict[str, list[ToPay]] = field(factory=dict)
    opened: list[str] = field(factory=list)
    moved_by_hand: set[str] = field(factory=set)

    def wish(self, buyer: str, key: str | None) -> None:
        """A buyer asks for a ticket."""
        if key is None or (buyer, key) not in self.keys:
            self.wishes[buyer] += 1
        if key is not None:
            self.keys.add((buyer, key))

    def hand_out(self, buyer: str, purchase: ToPay) -> None:
        """A buyer gets to know where to pay."""
        self.told.setdefault(buyer, []).append(purchase)
