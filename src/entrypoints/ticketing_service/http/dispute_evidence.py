"""The evidence for a dispute, in the fields of Stripe's form.

The fields are those of `dispute_evidence` (docs.stripe.com/api/disputes/evidence_object). Stripe
takes 20,000 characters in each text and 150,000 in all (docs.stripe.com/api/disputes/update).
Other fields, such as `customer_purchase_ip`, are about data that the service does not store.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ticketing_core import Event, TicketStatus, WholeStory
from ticketing_core.event import zone_of
from ticketing_core.scan import ScanKind, StoredScan
from ticketing_service.http.organizer_reads_schemas import DisputeEvidence

LONGEST_TEXT = 20_000
"""Characters; see above."""


def evidence_of(story: WholeStory, *, event: Event) -> DisputeEvidence:
    """Return the evidence about a disputed ticket."""
    ticket = story.ticket
    paid = [each.at for each in story.history if each.status is TicketStatus.ISSUED]
    paid_at = paid[0] if paid and ticket.payment_id is not None else None
    about = (
        f"Admission of {_people(ticket.quantity)} to {event.name}",
        f"Where: {event.venue}" if event.venue else "",
        f"When: {_written(event.starts_at, event)}" if event.starts_at else "",
        f"Price: {ticket.total}",
        f"Ordered: {_written(ticket.created_at, event)}, by the account {ticket.buyer}",
        f"Paid: {_written(paid_at, event)}, payment {ticket.payment_id}" if paid_at else "",
        f"Ticket: {ticket.ticket_id}, code {ticket.ticket_code}",
    )
    went_in = [_entry(each, event) for each in _entries(story.scans)]
    history = (
        f"{_written(each.at, event)}: {each.status.value}, {each.why}, by {each.by}"
        for each in story.history
    )
    return DisputeEvidence(
        product_description=_lines(about),
        service_date=_written(event.starts_at, event) if event.starts_at else None,
        access_activity_log=_lines(went_in) if went_in else None,
        uncategorized_text=_lines(["What has happened to the ticket:", *history]),
        payment_id=ticket.payment_id,
        paid_at=paid_at,
    )


def _entries(scans: Sequence[StoredScan]) -> Iterable[StoredScan]:
    """Return the scans that let people in and were not taken back."""
    undone = {each.scan_id for each in scans if each.kind is ScanKind.UNDONE}
    return (each for each in scans if each.kind is ScanKind.LET_IN and each.scan_id not in undone)


def _entry(scan: StoredScan, event: Event) -> str:
    people = _people(scan.people)
    return f"{_written(scan.at, event)}: {people} went in at the gate {scan.gate}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _written(instant: datetime, event: Event) -> str:
    """Write an instant in the event's zone, such as ``1 June 2030, 20:00 (Europe/Berlin)``."""
    local = instant.astimezone(zone_of(event.time_zone))
    return f"{local.day} {local:%B %Y, %H:%M} ({event.time_zone})"


def _lines(lines: Iterable[str]) -> str:
    text = "\n".join(filter(None, lines))
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
