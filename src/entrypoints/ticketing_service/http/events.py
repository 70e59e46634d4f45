"""The events on sale, which anyone may read."""

from datetime import datetime

from flask import Blueprint, Response

from ticketing_core import BoxOffice, Event, use_cases
from ticketing_service.http.bodies import json_response
from ticketing_service.http.openapi import Operation
from ticketing_service.http.pages import page_of
from ticketing_service.http.schemas import Amount, EventAnswer, EventPage, PageQuery
from ticketing_service.http.service_errors import NotFound

TAG = "Events"


def events(box_office: BoxOffice) -> Blueprint:
    """Return the blueprint of ``/api/events/``."""
    blueprint = Blueprint("events", __name__, url_prefix="/api/events")

    @blueprint.get("/")
    @Operation(
        tag=TAG,
        query=PageQuery,
        answers=[EventPage],
        secured=False,
        links={
            "create_payment_intent": {"event_id": "/events/0/event_id"},
            "show_event": {"event_id": "/events/0/event_id"},
        },
    )
    def list_events() -> Response:
        """List the events, the newest first."""
        now = box_office.clock.now()
        found, following = page_of(box_office.newest_events, id_of=lambda event: event.event_id)
        page = EventPage(events=[answer_of(event, now=now) for event in found], next=following)
        return json_response(page)

    @blueprint.get("/<int:event_id>/")
    @Operation(
        tag=TAG,
        answers=[EventAnswer],
        secured=False,
        use_case=use_cases.existing_event,
        problems=[NotFound],
    )
    def show_event(event_id: int) -> Response:
        """Show one event."""
        event = box_office.event(event_id)
        return json_response(answer_of(event, now=box_office.clock.now()))

    return blueprint


def answer_of(event: Event, *, now: datetime) -> EventAnswer:
    """Return an event as it is shown to anyone."""
    return EventAnswer(
        event_id=event.event_id,
        name=event.name,
        price=Amount(amount_minor=event.price.amount_minor, currency=event.price.currency),
        capacity=event.capacity,
        places_left=event.places_left,
        opens_at=event.opens_at,
        closes_at=event.closes_at,
        max_per_order=event.max_per_order,
        max_per_buyer=event.max_per_buyer,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        doors_at=event.doors_at,
        venue=event.venue,
        time_zone=event.time_zone,
        version=event.version,
        cancelled_at=event.cancelled_at,
        unwound_at=event.unwound_at,
        server_now=now,
    )
