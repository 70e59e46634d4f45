"""Events: a draft holds together, or says which value does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ticketing_core import EventDraft, Money
from ticketing_core.testing.contracts.examples import event_draft

OPENING = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_id", 0),
        ("event_id", 2**31),
        ("name", ""),
        ("name", "   "),
        ("name", "two\nlines"),
        ("name", "x" * 201),
        ("price", Money(100_000_000, "usd")),
        ("capacity", 0),
        ("capacity", 2**31),
        ("max_per_order", 0),
        ("max_per_buyer", 0),
        ("opens_at", datetime(2030, 1, 1)),  # noqa: DTZ001 - the missing zone is the point
        ("closes_at", datetime(2030, 1, 1)),  # noqa: DTZ001 - the missing zone is the point
    ],
)
def test_a_draft_says_which_value_is_wrong(name: str, value: Any) -> None:
    """The error names it."""
    with pytest.raises(ValueError, match=name):
        event_draft(**{name: value})


def test_a_sale_cannot_end_before_it_begins() -> None:
    """Nor at the same instant."""
    with pytest.raises(ValueError, match="closes_at"):
        event_draft(opens_at=OPENING, closes_at=OPENING)


def test_only_what_an_event_needs_has_to_be_said() -> None:
    """A name, a price and a capacity; an order is limited to ten."""
    draft = EventDraft(name="Concert", price=Money(0, "usd"), capacity=1)
    assert (draft.event_id, draft.opens_at, draft.closes_at) == (None, None, None)
    assert (draft.max_per_order, draft.max_per_buyer) == (10, None)
    assert event_draft(opens_at=OPENING, closes_at=OPENING + timedelta(1)).closes_at is not None
