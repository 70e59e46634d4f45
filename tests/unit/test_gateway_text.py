"""Text of a gateway that no store can hold must not keep a change from being stored."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ticketing_core import Money
from ticketing_core.payment import Paid, PaymentHint, Refused, Waiting
from ticketing_core.ticket import Checkout
from ticketing_core.validators import storable

ODD = "a\0b\ud800c é"
CODE = UUID(int=1, version=4)
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_what_a_ticket_takes_from_a_gateway_can_be_stored() -> None:
    """The problem of its refund, and the id of its payment, which news is found by."""
    paid = Paid(ticket_code=CODE, payment_id=ODD, total=Money(1, "usd"))
    assert Waiting(ODD).why == Refused(ODD, retryable=False).code == "a?b?c é"
    assert paid.payment_id == PaymentHint(payment_id=ODD).payment_id == "a?b?c é"


def test_control_such_text_is_refused_elsewhere() -> None:
    """Control: it is what stores cannot hold, and the cleaned text is not."""

    def checkout(text: str) -> Checkout:
        return Checkout(checkout_id=text, url=text, ends_at=NOW)

    with pytest.raises(ValueError, match="NUL or lone surrogates"):
        checkout(ODD)
    assert checkout(storable(ODD)).checkout_id == "a?b?c é"
