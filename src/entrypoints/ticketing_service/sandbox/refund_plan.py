"""How a refund goes, chosen before it is made."""

from typing import Literal, get_args

from attrs import field, frozen
from attrs.validators import ge, in_, instance_of, optional

RefundStatus = Literal["succeeded", "pending", "requires_action", "failed", "canceled"]
PendingReason = Literal["processing", "insufficient_funds", "charge_pending"]

FAILURE_REASONS = (
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
)
"""docs.stripe.com/api/refunds/object#refund_object-failure_reason"""


@frozen
class RefundPlan:
    """The first status of a refund; with `then`, it takes that one by itself `after` seconds.

    `pending_reason` may be None for a pending refund: the field is only there when Stripe knows it.
    """

    status: RefundStatus = field(default="succeeded", validator=in_(get_args(RefundStatus)))
    pending_reason: PendingReason | None = field(
        default=None, validator=optional(in_(get_args(PendingReason)))
    )
    failure_reason: str = field(default="unknown", validator=in_(FAILURE_REASONS))
    then: RefundStatus | None = field(
        default=None, validator=optional(in_(("succeeded", "failed")))
    )
    after: float = field(default=0.0, validator=[instance_of((int, float)), ge(0)])

    def __attrs_post_init__(self) -> None:
        """Raise `ValueError` for a reason that the status cannot have."""
        if self.pending_reason and self.status != "pending":
            raise ValueError("only a pending refund has a pending_reason")
