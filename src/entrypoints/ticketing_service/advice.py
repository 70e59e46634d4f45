"""What the log tells an operator to do about a ticket."""

from ticketing_core import Ticket
from ticketing_core.payment import ListedCheckout


def of_fraud_warning(ticket: Ticket) -> str:
    """Say what an early fraud warning asks for."""
    number = ticket.ticket_id
    return (
        f"the bank suspects fraud in the payment of ticket {number}: if it is right, "
        f"`ticketing refund {number}` now avoids a dispute"
    )


def of_lost_ticket(proof: ListedCheckout) -> str:
    """Say what a checkout proves whose ticket the database has lost."""
    opened_at = proof.opened_at.isoformat(timespec="seconds")
    return (
        f"Stripe has the checkout {proof.checkout_id}, opened at {opened_at} for ticket "
        f"{proof.ticket_id}, which the database has lost: run `ticketing restored`"
    )


def of_stuck_refund(ticket: Ticket) -> str:
    """Say what can be done about a refund that has a problem."""
    number = ticket.ticket_id
    problem = f"the refund of ticket {number} is not made ({ticket.refund_problem})"
    if not ticket.waits_for_person:
        return f"{problem}; it is looked at again by itself"
    return (
        f"{problem} and waits for you: try it once more with `ticketing refund {number} --again`, "
        f"or pay the buyer by other means and say how with `ticketing refund {number} --paid-back`"
    )
