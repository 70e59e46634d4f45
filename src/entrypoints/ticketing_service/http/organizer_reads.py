"""What organizers read of their events: tickets, owed refunds, disputes and sums."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from flask import Blueprint, Response
from msgspec import UnsetType

from ticketing_core import EventRecords, Organizer, TicketsPage, use_cases
from ticketing_service.http import exports, organizer_answers
from ticketing_service.http import organizer_reads_schemas as schemas
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.callers import Caller
from ticketing_service.http.dispute_evidence import evidence_of
from ticketing_service.http.event_reports import SharedReports
from ticketing_service.http.openapi import Operation
from ticketing_service.http.organizer import cancellations, histories, organizer_of, sales
from ticketing_service.http.service_errors import NotFound, RoleMissing, TooManyRequests

_Read = partial(Operation, tag="Organizers", problems=(NotFound, RoleMissing, TooManyRequests))

Value = TypeVar("Value")

_search_query = Reader(schemas.SearchQuery)
_export_query = Reader(schemas.ExportQuery)
_after_query = Reader(schemas.AfterQuery)


def of_organizers(
    organizer: Organizer, records: EventRecords, *, caller: Caller, looking: Caller
) -> Sequence[Blueprint]:
    """Return the blueprints of what organizers do and read.

    Args:
        organizer: Puts events on sale, changes and cancels them.
        records: Shows what was sold of them.
        caller: Names the caller.
        looking: Does so, too, and counts a look.
    """
    return (
        sales(organizer, caller=caller),
        cancellations(organizer, caller=caller),
        histories(organizer, caller=caller),
        sold_tickets(records, caller=looking),
        money_of_events(records, caller=looking),
    )


def sold_tickets(records: EventRecords, *, caller: Caller) -> Blueprint:
    """Return the blueprint of the tickets of events, and of their stories."""
    blueprint = Blueprint("sold_tickets", __name__, url_prefix="/api")
    written = exports.Exports()

    @blueprint.get("/events/<int:event_id>/tickets/")
    @_Read(
        query=schemas.SearchQuery,
        answers=[schemas.SoldTicketPage],
        use_case=use_cases.event_tickets,
    )
    def list_sold_tickets(event_id: int) -> Response:
        """List the tickets of an event (role `organizer`), the newest first.

        With `q` the ticket with this code or id comes first, and then those of buyers who begin
        with it, in the order of buyers.
        """
        scope = organizer_of(caller).events
        query = _search_query.query()
        page = records.tickets_of(
            event_id,
            status=_given(query.status),
            text=_given(query.q),
            before=_given(query.before),
            limit=query.limit,
            scope=scope,
        )
        found = [organizer_answers.of_ticket(each) for each in page.tickets]
        return json_response(schemas.SoldTicketPage(tickets=found, next=page.next))

    @blueprint.get("/events/<int:event_id>/tickets.csv")
    @_Read(query=schemas.ExportQuery, media_type=exports.CSV, use_case=use_cases.event_tickets)
    def export_sold_tickets(event_id: int) -> Response:
        """Save the tickets of an event as CSV (role `organizer`), in the order of the list.

        The answer is complete, and that of a large event takes a while.
        """
        scope = organizer_of(caller).events
        query = _export_query.query()

        def page(before: int | None = None) -> TicketsPage:
            return records.tickets_of(
                event_id,
                status=_given(query.status),
                text=_given(query.q),
                before=before,
                limit=exports.PAGE,
                scope=scope,
            )

        return written.response(page(), page, name=f"tickets-{event_id}")

    @blueprint.get("/tickets/<int:ticket_id>/story/")
    @_Read(answers=[schemas.TicketStoryAnswer], use_case=use_cases.own_story)
    def show_story(ticket_id: int) -> Response:
        """Show a ticket and all that has happened to it (role `organizer`)."""
        story = records.story(ticket_id, scope=organizer_of(caller).events)
        return json_response(organizer_answers.of_story(story))

    return blueprint


def money_of_events(records: EventRecords, *, caller: Caller) -> Blueprint:
    """Return the blueprint of owed refunds, disputes and reports of events."""
    blueprint = Blueprint("money_of_events", __name__, url_prefix="/api/events/<int:event_id>")
    reports = SharedReports(records)

    @blueprint.get("/refunds/")
    @_Read(query=schemas.AfterQuery, answers=[schemas.RefundPage], use_case=use_cases.owed_refunds)
    def list_refunds(event_id: int) -> Response:
        """List the tickets of an event whose money is owed (role `organizer`), oldest first.

        Without a `refund_problem` the refund is under way.
        """
        scope = organizer_of(caller).events
        query = _after_query.query()
        page = records.refunds(
            event_id, after=_given(query.after) or 0, limit=query.limit, scope=scope
        )
        found = [organizer_answers.of_ticket(each) for each in page.tickets]
        return json_response(schemas.RefundPage(refunds=found, next=page.next))

    @blueprint.get("/disputes/")
    @_Read(
        query=schemas.AfterQuery, answers=[schemas.DisputePage], use_case=use_cases.open_disputes
    )
    def list_disputes(event_id: int) -> Response:
        """List the open disputes of an event with their evidence (role `organizer`)."""
        scope = organizer_of(caller).events
        query = _after_query.query()
        page = records.disputes(
            event_id, after=_given(query.after) or 0, limit=query.limit, scope=scope
        )
        found = [
            schemas.Dispute(
                ticket=organizer_answers.of_ticket(each.ticket),
                evidence=evidence_of(each, event=page.event),
            )
            for each in page.stories
        ]
        return json_response(schemas.DisputePage(disputes=found, next=page.next))

    @blueprint.get("/report/")
    @_Read(answers=[schemas.EventReportAnswer], use_case=use_cases.event_report)
    def show_event_report(event_id: int) -> Response:
        """Show what was sold of an event, and where the money is (role `organizer`).

        A ticket belongs to the day and hour on which it was ordered, whatever happens later. The
        sums are some seconds old, those of large events some minutes at most.
        """
        records.allowed(event_id, scope=organizer_of(caller).events)
        return json_response(organizer_answers.of_report(reports.of(event_id)))

    @blueprint.get("/report.csv")
    @_Read(media_type=exports.CSV, use_case=use_cases.event_report)
    def export_event_report(event_id: int) -> Response:
        """Save the days of an event's report as CSV (role `organizer`)."""
        records.allowed(event_id, scope=organizer_of(caller).events)
        lines = organizer_answers.csv_of_report(reports.of(event_id))
        return exports.csv_response(lines, name=f"report-{event_id}")

    return blueprint


def _given(value: Value | UnsetType) -> Value | None:
    return None if isinstance(value, UnsetType) else value
