"""What organizers do with events: put them on sale, change, close and cancel them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from flask import Blueprint, Response
from msgspec import UNSET, Struct, structs

from ticketing_core import Event, EventDraft, Money, Organizer, use_cases
from ticketing_service.http import organizer_schemas as schemas
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.callers import ORGANIZER, Caller, Identity
from ticketing_service.http.events import TAG, answer_of
from ticketing_service.http.openapi import Operation
from ticketing_service.http.schemas import Amount, EventAnswer
from ticketing_service.http.service_errors import (
    FieldProblem,
    InvalidInput,
    NotFound,
    RoleMissing,
)

_PROBLEMS = (NotFound, RoleMissing)

_event_request = Reader(schemas.EventRequest)
_event_change = Reader(schemas.EventChange)
_close_request = Reader(schemas.CloseRequest)
_cancellation_request = Reader(schemas.CancellationRequest)
_history_query = Reader(schemas.HistoryQuery)


def organizer_of(caller: Caller) -> Identity:
    """Return the caller.

    Raises:
        RoleMissing: They are no organizer.
    """
    identity = caller()
    identity.require(ORGANIZER)
    return identity


def sales(organizer: Organizer, *, caller: Caller) -> Blueprint:
    """Return the blueprint of what puts events on sale, changes and closes them."""
    blueprint = Blueprint("sales", __name__, url_prefix="/api/events")

    def shown(event: Event) -> Response:
        return json_response(answer_of(event, now=organizer.clock.now()))

    @blueprint.post("/")
    @Operation(
        tag=TAG,
        body=schemas.EventRequest,
        answers=[EventAnswer],
        use_case=use_cases.create_event,
        problems=[RoleMissing],
    )
    def create_event() -> Response:
        """Put a new event on sale (role `organizer`, with a token that lists no events).

        With an `event_id` of your own it is safe to repeat: the second call answers `id_taken`.
        """
        author = _author(caller)
        terms = _terms(_event_request.body())
        with _fields_named():
            event = organizer.create_event(EventDraft(**terms), **author)
        return shown(event)

    @blueprint.patch("/<int:event_id>/")
    @Operation(
        tag=TAG,
        body=schemas.EventChange,
        answers=[EventAnswer],
        use_case=use_cases.change_event,
        problems=_PROBLEMS,
    )
    def change_event(event_id: int) -> Response:
        """Change an event (role `organizer`). Safe to repeat.

        Tickets keep the price at which they were ordered.
        """
        author = _author(caller)
        body = _event_change.body()
        terms = _terms(body)
        del terms["version"]
        with _fields_named():
            event = organizer.change_event(event_id, terms, version=body.version, **author)
        return shown(event)

    @blueprint.post("/<int:event_id>/close/")
    @Operation(
        tag=TAG,
        body=schemas.CloseRequest,
        answers=[EventAnswer],
        use_case=use_cases.close_sale,
        problems=_PROBLEMS,
    )
    def close_sale(event_id: int) -> Response:
        """Sell nothing of an event from now on (role `organizer`). Safe to repeat.

        To open the sale again, change `closes_at`.
        """
        author = _author(caller)
        version = _close_request.body().version
        return shown(organizer.close_sale(event_id, version=version, **author))

    return blueprint


def cancellations(organizer: Organizer, *, caller: Caller) -> Blueprint:
    """Return the blueprint of cancelling events."""
    blueprint = Blueprint("cancellations", __name__, url_prefix="/api/events")

    @blueprint.get("/<int:event_id>/cancel/")
    @Operation(
        tag=TAG,
        answers=[schemas.CancellationAnswer],
        use_case=use_cases.preview_cancellation,
        problems=_PROBLEMS,
    )
    def preview_cancellation(event_id: int) -> Response:
        """Show what cancelling an event would refund now (role `organizer`)."""
        preview = organizer.preview_cancellation(event_id, scope=organizer_of(caller).events)
        total = preview.refund_total
        answer = schemas.CancellationAnswer(
            event_id=event_id,
            version=preview.event.version,
            tickets=preview.tickets,
            refund_total=Amount(amount_minor=total.amount_minor, currency=total.currency),
        )
        return json_response(answer)

    @blueprint.post("/<int:event_id>/cancel/")
    @Operation(
        tag=TAG,
        body=schemas.CancellationRequest,
        answers=[EventAnswer],
        use_case=use_cases.cancel_event,
        problems=_PROBLEMS,
    )
    def cancel_event(event_id: int) -> Response:
        """Cancel an event for good (role `organizer`). Safe to repeat.

        Nothing is sold from then on. Its tickets become void and their money goes back within
        minutes or hours, as fast as the payment provider allows. Close the sale before, so that the
        sum does not grow between the preview and the confirmation.
        """
        author = _author(caller)
        body = _cancellation_request.body()
        event = organizer.cancel_event(
            event_id,
            version=body.version,
            refund_total_minor=body.refund_total_minor,
            **author,
        )
        return json_response(answer_of(event, now=organizer.clock.now()))

    return blueprint


def histories(organizer: Organizer, *, caller: Caller) -> Blueprint:
    """Return the blueprint of the histories of events."""
    blueprint = Blueprint("histories", __name__, url_prefix="/api/events")

    @blueprint.get("/<int:event_id>/history/")
    @Operation(
        tag=TAG,
        query=schemas.HistoryQuery,
        answers=[schemas.EventHistoryAnswer],
        use_case=use_cases.own_event,
        problems=_PROBLEMS,
    )
    def show_event_history(event_id: int) -> Response:
        """Show the changes of an event, the newest first (role `organizer`)."""
        scope = organizer_of(caller).events
        query = _history_query.query()
        before = None if query.before is UNSET else query.before
        # One more shows whether there is another page.
        found = organizer.history(event_id, before=before, limit=query.limit + 1, scope=scope)
        lines = [
            schemas.EventHistoryLine(version=each.version, at=each.at, why=each.why, by=each.by)
            for each in found[: query.limit]
        ]
        following = lines[-1].version if len(found) > query.limit else None
        return json_response(schemas.EventHistoryAnswer(changes=lines, next=following))

    return blueprint


class _Author(TypedDict):
    """Who changes an event, and which events they may change."""

    by: str
    scope: frozenset[int] | None


def _author(caller: Caller) -> _Author:
    identity = organizer_of(caller)
    return {"by": f"organizer {identity.buyer}", "scope": identity.events}


def _terms(body: Struct) -> dict[str, Any]:
    """Return what was sent, by the names of `EventDraft`."""
    sent = {name: value for name, value in structs.asdict(body).items() if value is not UNSET}
    price = sent.get("price")
    if price is not None:
        with _fields_named("price"):
            sent["price"] = Money(price.amount_minor, price.currency)
    return sent


@contextmanager
def _fields_named(field: str | None = None) -> Iterator[None]:
    """Raise `InvalidInput` with the name of the field for a wrong value.

    Without ``field``, the error of the core begins with that name.
    """
    try:
        yield
    except ValueError as error:
        first, _, rest = str(error).partition(" ")
        name, detail = (field, f"is wrong: {error}") if field else (first, rest)
        raise InvalidInput(FieldProblem(field=name, detail=detail)) from error
