"""The rule of settling: from a ticket and the state of its checkout to the next ticket.

Pure: it calls nothing and stores nothing. Every path by which a payment can come to light (verify,
cancel, a webhook, the periodic pass) decides here.
"""

from datetime import datetime, timedelta

from attrs import evolve, frozen

from ticketing_core.money import Money
from ticketing_core.payment import CheckoutState, Closed, Missing, Paid
from ticketing_core.ticket import APPEAL_WON, PERSON_DECIDES, Checkout, Ticket, TicketStatus

MISSING_GRACE = timedelta(hours=1)
"""How long after its end a checkout that the gateway does not know counts as unknown."""

REFUND_RETURNED = "refund_returned"
"""The refund problem after the bank returned a refund."""

_S = TicketStatus


@frozen
class Step:
    """A change to store, and the reason for the history."""

    ticket: Ticket
    why: str


def next_step(
    ticket: Ticket, seen: CheckoutState, *, checkout: Checkout, now: datetime
) -> Step | None:
    """Return what has to change, or None if all is as it should be or nothing is known.

    Args:
        ticket: The ticket as stored.
        seen: The state of ``checkout`` at the gateway.
        checkout: The ticket's checkout, or one that the store has lost.
        now: The present instant.
    """
    match ticket.status, seen:
        case _S.RESERVED, Paid():
            # Only a lost commit leads here: an address is handed out after PAYING is stored.
            return Step(ticket.paying(checkout, until=checkout.ends_at), "lost checkout found")
        case _S.PAYING, Paid():
            return _paid(ticket, seen, now=now)
        case _S.PAYING, Closed():
            return Step(ticket.expired(), "checkout ended unpaid")
        case _S.PAYING, Missing() if now >= checkout.ends_at + MISSING_GRACE:
            return Step(ticket.expired(), "checkout unknown to the gateway long after its end")
        case ((_S.ISSUED | _S.REFUNDING), Closed()):
            return Step(ticket.refunded(), "no payment at the gateway")
        case _, Paid():
            return _moved(ticket, seen, checkout=checkout, now=now)
        case _:
            return None


def may_refund(ticket: Ticket, seen: Paid) -> bool:
    """Return whether a refund may be made now.

    None is made while the bank decides on a dispute, while another refund is not final, or while a
    person has to decide: it would pay the buyer twice, or fail again.
    """
    return (
        ticket.status is _S.REFUNDING
        and not ticket.waits_for_person
        and owed(ticket, seen).ours.amount_minor > 0
        and seen.held_minor == 0
        and seen.waiting is None
    )


def owed(ticket: Ticket, seen: Paid) -> Paid:
    """Return the payment as if all that a person has paid back otherwise were refunded.

    What is ``ours`` of it is what a void ticket owes.
    """
    return evolve(seen, refunded_minor=seen.refunded_minor + ticket.paid_back_minor)


def _paid(ticket: Ticket, seen: Paid, *, now: datetime) -> Step:
    if seen.ticket_code != ticket.ticket_code:
        return Step(ticket.refunding(at=now), "the payment names another ticket")
    paid = recorded(ticket, seen)
    if seen.total != ticket.total:
        return Step(paid.refunding(at=now), f"{seen.total} paid instead of {ticket.total}")
    if seen.is_gone:
        return Step(paid.refunding(at=now), "paid, and given back before it was seen")
    return Step(paid.issued(), "payment seen")


def _moved(ticket: Ticket, seen: Paid, *, checkout: Checkout, now: datetime) -> Step | None:
    """Follow the money of a ticket that was settled before. The amounts decide."""
    ours, held = owed(ticket, seen).ours.amount_minor, seen.held_minor
    known = recorded(ticket, seen)
    match ticket.status:
        case _S.ISSUED | _S.REFUNDING if not (ours or held or seen.waiting):
            return Step(known.refunded(), _where_it_went(seen))
        case _S.ISSUED if not (ours or held):
            # Void, but not REFUNDED while a refund needs somebody.
            return Step(known.refunding(at=now), _where_it_went(seen))
        case _S.CANCELLED | _S.EXPIRED if ours or held:
            why = f"money seen for a {ticket.status} ticket"
        case _S.REFUNDED if ours:
            why = "the bank returned the refund"
        case _S.REFUNDED if seen.waiting:
            why = "a refund is not final"
        case _ if known != ticket:
            attempt = known.refund_attempt + _has_used_its_key(ticket, known)
            # Without its checkout nobody could look at the payment again.
            marked = known.marked(refund_attempt=attempt, checkout=ticket.checkout or checkout)
            return Step(marked, _where_it_went(seen))
        case _:
            return None
    problem = REFUND_RETURNED if known.refund_failures else None
    if seen.waiting:
        problem = seen.waiting.why
    if seen.lost_minor < ticket.charged_back_minor:
        problem, why = APPEAL_WON, "an appeal was won"
    return Step(known.refunding(checkout, at=now, problem=problem), why)


def refunded(ticket: Ticket, seen: Paid) -> Ticket:
    """Return the ticket after a refund of all that it owed."""
    back = seen.refunded_minor + owed(ticket, seen).ours.amount_minor
    return evolve(recorded(ticket, seen), refunded_minor=back).refunded()


def recorded(ticket: Ticket, seen: Paid) -> Ticket:
    """Return the ticket with what is known of its payment now; status and version stay."""
    failures = max(0, seen.failed_refunds - ticket.failed_refunds)
    # Each may have used a key, also of a ticket that is ISSUED again after a restore. The first key
    # after REFUNDED is taken by `Ticket.refunding`.
    used_keys = max(0, failures - (ticket.status is _S.REFUNDED))
    problem = ticket.refund_problem
    if ticket.status is _S.REFUNDING and problem not in PERSON_DECIDES:
        if seen.waiting is not None:
            problem = seen.waiting.why
        elif failures:
            problem = REFUND_RETURNED
    return evolve(
        ticket,
        payment_id=seen.payment_id,
        refunded_minor=seen.refunded_minor,
        charged_back_minor=seen.lost_minor,
        disputed=seen.disputed,
        failed_refunds=seen.failed_refunds,
        refund_failures=ticket.refund_failures + failures,
        refund_attempt=ticket.refund_attempt + used_keys,
        refund_problem=problem,
    )


def _has_used_its_key(ticket: Ticket, known: Ticket) -> bool:
    """Return whether a refund was made, maybe with the key of the ticket.

    Repeating the call would then only report that refund again, and not make the one that is owed.
    """
    return ticket.status is _S.REFUNDING and known.refunded_minor > ticket.refunded_minor


def _where_it_went(seen: Paid) -> str:
    currency = seen.total.currency
    parts = {"refunded": seen.refunded_minor, "held": seen.held_minor, "lost": seen.lost_minor}
    found = [f"{Money(amount, currency)} {what}" for what, amount in parts.items() if amount]
    return ", ".join(found) or f"{seen.total} captured"
