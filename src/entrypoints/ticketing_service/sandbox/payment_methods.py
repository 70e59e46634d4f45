"""The ways to pay that the hosted page offers, and Stripe's test card numbers."""

from enum import StrEnum

from attrs import frozen


class PayWith(StrEnum):
    """What the buyer pays with, named after its outcome."""

    CARD = "card"
    DECLINED_CARD = "declined_card"
    EMPTY_CARD = "empty_card"
    EXPIRED_CARD = "expired_card"
    BANK_DEBIT = "bank_debit"


class SlowOutcome(StrEnum):
    """How a bank debit ends."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"


@frozen
class Decline:
    """Why a bank declines a card, in the words of docs.stripe.com/declines/codes."""

    code: str
    decline_code: str
    message: str


@frozen
class CardNumber:
    """One of the numbers of docs.stripe.com/testing, which are named by `PayWith`."""

    number: str
    brand: str
    pay_with: PayWith
    outcome: str
    decline: Decline | None = None


_DECLINED = Decline("card_declined", "generic_decline", "Your card has been declined.")
_EMPTY = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds. Try a different card."
)
_EXPIRED = Decline("expired_card", "expired_card", "Your card has expired. Try a different card.")

TEST_CARDS = (
    CardNumber("4242424242424242", "visa", PayWith.CARD, "succeeds"),
    CardNumber("5555555555554444", "mastercard", PayWith.CARD, "succeeds"),
    CardNumber("4000000000000002", "visa", PayWith.DECLINED_CARD, "is declined", _DECLINED),
    CardNumber("4000000000009995", "visa", PayWith.EMPTY_CARD, "has insufficient funds", _EMPTY),
    CardNumber("4000000000000069", "visa", PayWith.EXPIRED_CARD, "has expired", _EXPIRED),
)
USUAL_CARDS = {card.pay_with: card for card in reversed(TEST_CARDS)}

# A debit takes days to succeed or fail. Each of these currencies has a scheme of its own.
BANK_DEBITS = {"eur": "sepa_debit", "gbp": "bacs_debit", "usd": "us_bank_account"}
