"""The ways to pay that the hosted page offers, and Stripe's test card numbers."""

from enum import StrEnum
from typing import Literal

from attrs import frozen

from ticketing_service.sandbox.refund_plan import RefundPlan


class PayWith(StrEnum):
    """What the buyer pays with, named after its outcome."""

    CARD = "card"
    DECLINED_CARD = "declined_card"
    EMPTY_CARD = "empty_card"
    EXPIRED_CARD = "expired_card"
    AUTHENTICATED_CARD = "authenticated_card"
    DISPUTED_CARD = "disputed_card"
    INQUIRED_CARD = "inquired_card"
    SUSPECTED_CARD = "suspected_card"
    SLOW_REFUND_CARD = "slow_refund_card"
    FAILING_REFUND_CARD = "failing_refund_card"
    BANK_DEBIT = "bank_debit"
    VOUCHER = "voucher"


class SlowOutcome(StrEnum):
    """How a bank debit or a voucher ends."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"


@frozen
class Decline:
    """Why a payment fails, in the words of docs.stripe.com/declines/codes and /error-codes."""

    code: str
    decline_code: str | None
    message: str
    type: str = "card_error"


@frozen
class CardNumber:
    """One of the numbers of docs.stripe.com/testing, which are named by `PayWith`."""

    number: str
    brand: str
    pay_with: PayWith
    outcome: str
    decline: Decline | None = None
    asks_first: bool = False
    afterwards: Literal["dispute", "inquiry", "fraud_warning"] | None = None
    refund: RefundPlan | None = None


_DECLINED = Decline("card_declined", "generic_decline", "Your card has been declined.")
_EMPTY = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds. Try a different card."
)
_EXPIRED = Decline("expired_card", "expired_card", "Your card has expired. Try a different card.")
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again.",
    type="invalid_request_error",
)
DEBIT_RETURNED = Decline(
    "payment_method_provider_decline",
    None,
    "The bank returned the debit.",
    type="invalid_request_error",
)
VOUCHER_EXPIRED = Decline(
    "payment_intent_payment_attempt_expired",
    None,
    "The voucher expired before it was paid.",
    type="invalid_request_error",
)

# How long the refunds of two test cards take; docs.stripe.com/testing says "some time later".
_SOME_TIME = 30.0

TEST_CARDS = (
    CardNumber("4242424242424242", "visa", PayWith.CARD, "succeeds"),
    CardNumber("5555555555554444", "mastercard", PayWith.CARD, "succeeds"),
    CardNumber("4000000000000002", "visa", PayWith.DECLINED_CARD, "is declined", _DECLINED),
    CardNumber("4000000000009995", "visa", PayWith.EMPTY_CARD, "has insufficient funds", _EMPTY),
    CardNumber("4000000000000069", "visa", PayWith.EXPIRED_CARD, "has expired", _EXPIRED),
    CardNumber(
        "4000002500003155",
        "visa",
        PayWith.AUTHENTICATED_CARD,
        "asks the buyer first (3-D Secure)",
        asks_first=True,
    ),
    CardNumber(
        "4000000000000259",
        "visa",
        PayWith.DISPUTED_CARD,
        "succeeds, then is disputed",
        afterwards="dispute",
    ),
    CardNumber(
        "4000000000001976",
        "visa",
        PayWith.INQUIRED_CARD,
        "succeeds, then an inquiry is opened",
        afterwards="inquiry",
    ),
    CardNumber(
        "4000000000005423",
        "visa",
        PayWith.SUSPECTED_CARD,
        "succeeds, with an early fraud warning",
        afterwards="fraud_warning",
    ),
    CardNumber(
        "4000000000007726",
        "visa",
        PayWith.SLOW_REFUND_CARD,
        "succeeds; its refunds are pending first",
        refund=RefundPlan("pending", "processing", then="succeeded", after=_SOME_TIME),
    ),
    CardNumber(
        "4000000000005126",
        "visa",
        PayWith.FAILING_REFUND_CARD,
        "succeeds; its refunds fail later",
        refund=RefundPlan("succeeded", then="failed", after=_SOME_TIME),
    ),
)
USUAL_CARDS = {card.pay_with: card for card in reversed(TEST_CARDS)}

# A debit takes days to succeed or fail, and a voucher is paid days later in a shop or at a bank.
# Each of these currencies has a scheme of its own: docs.stripe.com/payments/bank-debits and
# docs.stripe.com/payments/vouchers.
BANK_DEBITS = {
    "aud": "au_becs_debit",
    "cad": "acss_debit",
    "eur": "sepa_debit",
    "gbp": "bacs_debit",
    "nzd": "nz_bank_account",
    "usd": "us_bank_account",
}
VOUCHERS = {"brl": "boleto", "eur": "multibanco", "jpy": "konbini", "mxn": "oxxo"}
SLOW_METHODS = frozenset({*BANK_DEBITS.values(), *VOUCHERS.values()})
