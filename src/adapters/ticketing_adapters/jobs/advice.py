"""What the log and the commands tell an operator to do about a ticket."""

from collections.abc import Iterator
from datetime import datetime

from ticketing_core import Ticket, TicketStatus, TicketStory
from ticketing_core.payment import ListedCheckout
from ticketing_core.ticket import UNPAID
from ticketing_core.use_cases.news import FRAUD_WARNING


def of_ticket(story: TicketStory, *, now: datetime) -> Iterator[str]:
    """Say what the ticket waits for, and what a person can do about it."""
    ticket = story.ticket
    number = ticket.ticket_id
    if ticket.status in UNPAID and ticket.held_until is not None and ticket.held_until <= now:
        yield (
            f"the hold of ticket {number} is over: settling asks Stripe, then issues it or frees "
            "its places; `ticketing settle` does it now"
        )
    elif ticket.status in UNPAID:
        yield f"no payment of ticket {number} was seen yet; its places are kept until the hold ends"
    if ticket.excess:
        yield (
            f"{ticket.excess} more went in on ticket {number} than have a right to a place: its "
            "scans say when, and at which gates"
        )
    if ticket.disputed:
        yield (
            f"the bank contests the payment of ticket {number}: answer in Stripe's Dashboard; "
            "nothing is refunded while the bank holds the money"
        )
    if ticket.refund_problem is not None:
        yield of_stuck_refund(ticket)
    elif ticket.status is TicketStatus.REFUNDING:
        yield f"the refund of ticket {number} is owed and made by itself"
    is_suspected = any(change.why == FRAUD_WARNING for change in story.history)
    if is_suspected and ticket.status is TicketStatus.ISSUED and not ticket.disputed:
        yield of_fraud_warning(ticket)


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
