"""What was sold, as organizers get it: in JSON and in CSV."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO

from msgspec import to_builtins

from ticketing_core import EventReport, Sums, Ticket, WholeStory
from ticketing_core.money import decimals
from ticketing_service.http import organizer_reads_schemas as schemas
from ticketing_service.http.schemas import Amount

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins like this is one to spreadsheets (owasp.org/www-community/attacks/
CSV_Injection)."""

Cell = str | int | bool | Decimal | datetime | None


def of_ticket(ticket: Ticket) -> schemas.SoldTicket:
    """Return a ticket. The address of its payment page is the buyer's alone."""
    return schemas.SoldTicket(
        ticket_id=ticket.ticket_id,
        ticket_code=str(ticket.ticket_code),
        event_id=ticket.event_id,
        buyer=ticket.buyer,
        status=ticket.status,
        quantity=ticket.quantity,
        admitted=ticket.admitted,
        excess=ticket.excess,
        total=Amount(amount_minor=ticket.total.amount_minor, currency=ticket.total.currency),
        created_at=ticket.created_at,
        held_until=ticket.held_until,
        disputed=ticket.disputed,
        refunded_minor=ticket.refunded_minor,
        charged_back_minor=ticket.charged_back_minor,
        paid_back_minor=ticket.paid_back_minor,
        paid_back_otherwise=ticket.paid_back_otherwise,
        owed_minor=Sums.of(ticket).owed,
        owed_since=ticket.owed_since,
        refund_problem=ticket.refund_problem,
        waits_for_person=ticket.waits_for_person,
    )


def of_story(story: WholeStory) -> schemas.TicketStoryAnswer:
    """Return a ticket with its story."""
    return schemas.TicketStoryAnswer(
        ticket=of_ticket(story.ticket),
        changes=[
            schemas.StoryChange(
                version=each.version, status=each.status, at=each.at, why=each.why, by=each.by
            )
            for each in story.history
        ],
        scans=[
            schemas.StoryScan(
                scan_id=each.scan_id,
                kind=each.kind,
                people=each.people,
                gate=each.gate,
                by=each.by,
                at=each.at,
                stored_at=each.stored_at,
                offline=each.offline,
                outcome=each.outcome,
                asked=each.asked,
                inside_after=each.inside_after,
            )
            for each in story.scans
        ],
    )


def of_report(report: EventReport) -> schemas.EventReportAnswer:
    """Return a report."""
    return schemas.EventReportAnswer(
        event_id=report.event_id,
        currency=report.currency,
        sums=_of_sums(report.sums),
        days=[schemas.ReportDay(day=day, sums=_of_sums(sums)) for day, sums in report.days],
        hours=[
            schemas.ReportHour(at=each.at, sold=each.sums.sold, taken=each.sums.taken)
            for each in report.hours
        ],
        added_up_at=report.added_up_at,
    )


def _of_sums(sums: Sums) -> schemas.ReportSums:
    names = schemas.ReportSums.__struct_fields__
    return schemas.ReportSums(**{name: getattr(sums, name) for name in names})


# --- CSV (RFC 4180) -------------------------------------------------------------------------------

TICKET_COLUMNS = (
    "ticket_id", "ticket_code", "event_id", "buyer", "status", "quantity", "admitted", "excess",
    "total", "currency", "created_at", "held_until", "disputed", "refunded", "charged_back",
    "paid_back", "paid_back_otherwise", "owed", "owed_since", "refund_problem", "waits_for_person",
)  # fmt: skip

_COUNTS = ("kept", "sold", "admitted", "excess")
_AMOUNTS = ("taken", "earned", "refunded", "charged_back", "owed", "paid_back_otherwise")


def csv_of_tickets(tickets: Iterable[Ticket]) -> str:
    """Return a line for each ticket."""
    return csv_lines(_ticket_cells(each) for each in tickets)


def _ticket_cells(ticket: Ticket) -> Sequence[Cell]:
    currency = ticket.total.currency
    return (
        ticket.ticket_id,
        str(ticket.ticket_code),
        ticket.event_id,
        ticket.buyer,
        ticket.status.value,
        ticket.quantity,
        ticket.admitted,
        ticket.excess,
        _decimal(ticket.total.amount_minor, currency),
        currency.upper(),
        ticket.created_at,
        ticket.held_until,
        ticket.disputed,
        _decimal(ticket.refunded_minor, currency),
        _decimal(ticket.charged_back_minor, currency),
        _decimal(ticket.paid_back_minor, currency),
        ticket.paid_back_otherwise,
        _decimal(Sums.of(ticket).owed, currency),
        ticket.owed_since,
        ticket.refund_problem,
        ticket.waits_for_person,
    )


def csv_of_report(report: EventReport) -> str:
    """Return a line with names, and one for each day."""
    rows = (
        (
            day.isoformat(),
            *(getattr(sums, name) for name in _COUNTS),
            *(_decimal(getattr(sums, name), report.currency) for name in _AMOUNTS),
            report.currency.upper(),
        )
        for day, sums in report.days
    )
    return csv_lines([("day", *_COUNTS, *_AMOUNTS, "currency"), *rows])


def csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    """Return lines of which no cell is a formula. Numbers stay numbers, also negative ones."""
    text = StringIO()
    csv.writer(text).writerows([_shown(cell) for cell in row] for row in rows)
    return text.getvalue()


def _shown(cell: Cell) -> object:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    # As in JSON: instants and truth values look the same.
    return str(cell).lower() if isinstance(cell, bool) else to_builtins(cell)


def _decimal(amount_minor: int, currency: str) -> Decimal:
    return Decimal(amount_minor).scaleb(-decimals(currency))
