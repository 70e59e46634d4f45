"""The choices that the dashboard offers, with their labels."""

from attrs import frozen

from ticketing_service.sandbox.account import Account
from ticketing_service.sandbox.disputes import FirstStatus, Move
from ticketing_service.sandbox.faults import RATE_LIMITED, SERVER_ERROR, Fault
from ticketing_service.sandbox.limits import LIVE, TEST, Limits
from ticketing_service.sandbox.people import RefundStep
from ticketing_service.sandbox.refund_plan import RefundPlan

# For POST calls only: in a shop, a failed look-up is hardly visible.
FAULTS = {
    "refused": ("Fails with status 500", Fault(method="POST", error=SERVER_ERROR)),
    "too_many": ("Fails with status 429", Fault(method="POST", error=RATE_LIMITED)),
    "slow": ("Takes 8 seconds", Fault(method="POST", delay=8)),
    "unreached": ("Is lost on the way", Fault(method="POST", drop=True)),
    "response_lost": (
        "Takes effect, but the response is lost",
        Fault(method="POST", drop=True, after_effect=True),
    ),
}

_WEEK = 7 * 24 * 3600.0
REFUNDS = {
    "succeeds": ("succeeds", RefundPlan()),
    "pending": ("is pending, without a reason", RefundPlan("pending")),
    "processing": ("is pending: processing", RefundPlan("pending", "processing")),
    "no_balance": ("is pending: no balance", RefundPlan("pending", "insufficient_funds")),
    "unsettled": ("is pending: payment not settled", RefundPlan("pending", "charge_pending")),
    "asks": ("asks for the buyer's account", RefundPlan("requires_action")),
    "fails": ("fails at once", RefundPlan("failed", failure_reason="declined")),
    "returns": (
        "is returned after a week",
        RefundPlan("succeeded", then="failed", after=_WEEK),
    ),
}
ACCOUNTS = {
    "usual": ("can take payments", Account()),
    "nameless": ("has no name", Account(name=None)),
    "disabled": (
        "cannot take payments",
        Account(
            charges_enabled=False,
            disabled_reason="requirements.past_due",
            currently_due=("business_profile.url", "external_account"),
        ),
    ),
}
LIMITS: dict[str, tuple[str, Limits | None]] = {
    "none": ("without limits", None),
    "test": ("with those of a test account", TEST),
    "live": ("with those of a live account", LIVE),
}


@frozen
class Form:
    """In which form events are sent; see `WebhookEndpoint`."""

    thin: bool = False
    api_version: str | None = None


_OLD_VERSION = "2020-08-27"
FORMS = {
    "usual": ("in the account's version", Form()),
    "old": (f"of version {_OLD_VERSION}", Form(api_version=_OLD_VERSION)),
    "thin": ("thin", Form(thin=True)),
}
# The steps that are offered in each status, with the labels of their buttons.
REFUND_STEPS: dict[str, dict[RefundStep, str]] = {
    "succeeded": {"fail": "Bank returns refund"},
    "pending": {"complete": "Refund arrives", "fail": "Refund fails"},
    "requires_action": {
        "name_account": "Buyer names account",
        "cancel": "Cancel refund",
        "fail": "Refund fails",
    },
}
_INQUIRY = {
    Move.RESPOND: "Respond",
    Move.CLOSE_INQUIRY: "Close inquiry",
    Move.ESCALATE: "Becomes chargeback",
}
_CHARGEBACK = {Move.RESPOND: "Respond", Move.WIN: "Win", Move.LOSE: "Lose"}
_APPEAL = {Move.RESPOND: "Respond", Move.WIN: "Win appeal", Move.LOSE: "Lose appeal"}
DISPUTE_STEPS = {
    "warning_needs_response": _INQUIRY,
    "warning_under_review": {move: _INQUIRY[move] for move in (Move.CLOSE_INQUIRY, Move.ESCALATE)},
    "needs_response": _CHARGEBACK,
    "under_review": {move: _CHARGEBACK[move] for move in (Move.WIN, Move.LOSE)},
    "lost": {Move.APPEAL: "Appeal"},
    "appeal_needs_response": _APPEAL,
    "appeal_under_review": {move: _APPEAL[move] for move in (Move.WIN, Move.LOSE)},
}
DISPUTES = {
    FirstStatus.CHARGEBACK: "Chargeback",
    FirstStatus.INQUIRY: "Inquiry",
    FirstStatus.PREVENTED: "Prevented",
}
