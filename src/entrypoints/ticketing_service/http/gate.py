"""The gate list of an event, and the people inside, for gates and organizers."""

from flask import Blueprint, Response, request
from msgspec import UNSET

from ticketing_core import use_cases
from ticketing_core.gate import Gate
from ticketing_service.http import gate_answers
from ticketing_service.http import gate_schemas as schemas
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.gate_lists import GateLists
from ticketing_service.http.pages import address_of_next
from ticketing_service.http.service_errors import NotFound, RoleMissing, TooManyRequests
from ticketing_service.http.staff import AtTheGate, Staff

STATUS_LIST = "application/statuslist+jwt"
"""As draft-ietf-oauth-status-list registers it."""

LIST_SECONDS = 60
"""How long a device uses a list before it asks again: the list's own `ttl`."""

_PROBLEMS = (NotFound, RoleMissing, TooManyRequests)

_admissions_query = Reader(schemas.AdmissionsQuery)


def gate_of_event(gate: Gate, *, lists: GateLists, staff: Staff) -> Blueprint:
    """Return the blueprint of ``gate-list`` and ``admissions`` of ``/api/events/<id>/``."""
    blueprint = Blueprint("gate", __name__, url_prefix="/api/events/<int:event_id>")

    @blueprint.get("/gate-list/")
    @AtTheGate(media_type=STATUS_LIST, use_case=use_cases.own_gate, problems=_PROBLEMS, cached=True)
    def show_gate_list(event_id: int) -> Response:
        """Show what a gate has to know to decide offline (role `gate` or `organizer`).

        A Token Status List (draft-ietf-oauth-status-list), signed with a key of the key set, with
        one bit for each ticket id from `first` on; it is set if the ticket is void. `inside` has
        pairs of varints (LEB128), compressed and encoded as `lst` is: how far a ticket id is from
        the one before, or from `first`, and how many people are inside.
        """
        identity = staff.looking()
        gate.allowed(event_id, scope=identity.events)
        found = lists.of(event_id)
        response = Response(found.text, mimetype=STATUS_LIST)
        response.set_etag(found.etag)
        response.headers["Cache-Control"] = f"private, max-age={LIST_SECONDS}"
        # The same browser may send the tokens of several people.
        response.vary.update(("Authorization", "Origin"))
        response.make_conditional(request)
        return response

    @blueprint.get("/admissions/")
    @AtTheGate(
        query=schemas.AdmissionsQuery,
        answers=[schemas.AdmissionsAnswer, schemas.ExcessPage],
        use_case=use_cases.own_gate,
        problems=_PROBLEMS,
    )
    def show_admissions(event_id: int) -> Response:
        """Count the people inside, or list those without a right to a place (`only=excess`)."""
        identity = staff.looking()
        query = _admissions_query.query()
        if query.only is UNSET:
            return json_response(_counted(gate, event_id, scope=identity.events))
        return json_response(_excess(gate, event_id, query, scope=identity.events))

    return blueprint


def _counted(
    gate: Gate, event_id: int, *, scope: frozenset[int] | None
) -> schemas.AdmissionsAnswer:
    found = gate.attendance(event_id, scope=scope)
    return schemas.AdmissionsAnswer(
        event_id=event_id,
        inside=found.inside.admitted + found.inside.excess,
        admitted=found.inside.admitted,
        excess=found.inside.excess,
        kept=found.event.kept,
        capacity=found.event.capacity,
        gates=[schemas.GateCount(each.gate, each.people) for each in found.gates],
        server_now=gate.clock.now(),
    )


def _excess(
    gate: Gate, event_id: int, query: schemas.AdmissionsQuery, *, scope: frozenset[int] | None
) -> schemas.ExcessPage:
    after = 0 if query.after is UNSET else query.after
    # One more shows whether there is another page.
    found = gate.with_excess(event_id, after=after, limit=query.limit + 1, scope=scope)
    page, following = found[: query.limit], None
    if len(found) > query.limit:
        last, _ = page[-1]
        following = address_of_next(only="excess", limit=query.limit, after=last.ticket_id)
    strays = () if after else gate.strays(event_id, scope=scope)
    return gate_answers.of_excess(page, strays, following=following)
