"""Whose money a payment is by now: a charge, its refunds and its disputes as the port's `Paid`."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from stripe import Charge, Dispute, Refund

from ticketing_core.money import Money
from ticketing_core.payment import Paid, Waiting

HELD = ("needs_response", "under_review")
LOST = ("lost", "prevented", "appeal_needs_response", "appeal_under_review")
INQUIRIES = ("warning_needs_response", "warning_under_review")
"""Statuses of disputes. The bank holds the money while it decides; a lost one stays lost until an
appeal is won; an inquiry takes nothing away (docs.stripe.com/api/disputes/object)."""

_RETURNED = ("failed", "canceled")
_NOT_YET_SENT = ("insufficient_funds", "charge_pending")
"""Reasons for which a pending refund has not left the account (docs.stripe.com/api/refunds/object).
Any other pending refund is on its way to the buyer."""


def paid(
    charge: Charge,
    *,
    ticket_code: UUID,
    payment_id: str,
    refunds: Iterable[Refund],
    disputes: Iterable[Dispute],
) -> Paid:
    """Return whose the money of a succeeded charge is.

    ``charge.disputed`` is not used: it stays true whichever side wins.
    """
    refunded, failed, waiting = 0, 0, None
    for refund in refunds:
        why = waits_for(refund)
        if refund.status in _RETURNED:
            failed += 1
        elif why is not None:
            waiting = Waiting(why)
        else:
            refunded += refund.amount
    amounts = {"held": 0, "lost": 0, "asked": 0}
    for dispute in disputes:
        for name, statuses in (("held", HELD), ("lost", LOST), ("asked", INQUIRIES)):
            amounts[name] += dispute.amount * (dispute.status in statuses)
    appealed = any(dispute.status.startswith("appeal_") for dispute in disputes)
    # A dispute about money that was refunded already takes nothing more.
    left = charge.amount_captured - refunded
    lost = min(amounts["lost"], left)
    return Paid(
        ticket_code=ticket_code,
        payment_id=payment_id,
        total=Money(charge.amount_captured, charge.currency),
        refunded_minor=refunded,
        held_minor=min(amounts["held"], left - lost),
        lost_minor=lost,
        disputed=bool(amounts["held"] or amounts["asked"] or appealed),
        waiting=waiting,
        failed_refunds=failed,
    )


def waits_for(refund: Refund) -> str | None:
    """Return what a refund that is not final waits for, or None."""
    if refund.status == "requires_action":
        return refund.status
    reason: str | None = getattr(refund, "pending_reason", None)
    return reason if refund.status == "pending" and reason in _NOT_YET_SENT else None


def amount_sent(refund: Mapping[str, Any]) -> int | None:
    """Return the amount of a refund, given as plain values, if it is on its way or done."""
    status, reason = refund.get("status"), refund.get("pending_reason")
    if status == "succeeded" or (status == "pending" and reason not in _NOT_YET_SENT):
        return int(refund["amount"])
    return None
