"""Scans at online gates, and the journals of offline gates."""

from uuid import UUID, uuid4

from flask import Blueprint, Response
from msgspec import UNSET

from ticketing_core import use_cases
from ticketing_core.gate import Gate
from ticketing_service.http import gate_answers
from ticketing_service.http import gate_schemas as schemas
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.service_errors import FieldProblem, InvalidInput
from ticketing_service.http.staff import UNNAMED, AtTheGate, Staff

_check_in_request = Reader(schemas.CheckInRequest)
_undo_request = Reader(schemas.UndoRequest)
_sync_request = Reader(schemas.SyncRequest)
_noted_scan = Reader(schemas.NotedScan)


def check_ins(gate: Gate, *, staff: Staff) -> Blueprint:
    """Return the blueprint of ``/api/tickets/check-in/``."""
    blueprint = Blueprint("check_ins", __name__, url_prefix="/api/tickets/check-in")

    @blueprint.post("/")
    @AtTheGate(
        body=schemas.CheckInRequest,
        answers=[schemas.CheckInAnswer],
        use_case=use_cases.check_in,
    )
    def check_in() -> Response:
        """Let people of a ticket in (role `gate` or `organizer`).

        A scan that is decided is a 200, also if it lets nobody in: only the outcome `admitted`
        does. Without an answer, repeat the call with the same `scan_id`: it counts nobody again and
        gets the first outcome.
        """
        identity = staff.known()
        body = _check_in_request.body()
        shown, name = _shown(body), _name(body)
        staff.scanning(identity, name)
        answer = gate.check_in(
            event_id=body.event_id,
            shown=shown,
            people=None if body.admit is UNSET else body.admit,
            scan_id=uuid4() if body.scan_id is UNSET else body.scan_id,
            gate=name,
            by=identity.buyer,
            scope=identity.events,
        )
        return json_response(gate_answers.of_scan(answer, gate=gate, event_id=body.event_id))

    @blueprint.post("/undo/")
    @AtTheGate(body=schemas.UndoRequest, answers=[schemas.UndoAnswer], use_case=use_cases.undo)
    def undo_check_in() -> Response:
        """Take a whole scan back, after its people are out again (role `gate` or `organizer`).

        Safe to repeat. If the scan arrives after this, it lets nobody in.
        """
        identity = staff.known()
        body = _undo_request.body()
        shown, name = _shown(body), _name(body)
        staff.scanning(identity, name)
        outcome = gate.undo(
            event_id=body.event_id,
            shown=shown,
            scan_id=body.scan_id,
            gate=name,
            by=identity.buyer,
            scope=identity.events,
        )
        now = gate.clock.now()
        return json_response(gate_answers.of_undo(outcome, scan_id=body.scan_id, now=now))

    return blueprint


def syncs(gate: Gate, *, staff: Staff) -> Blueprint:
    """Return the blueprint of ``/api/tickets/check-in/sync/``."""
    blueprint = Blueprint("syncs", __name__, url_prefix="/api/tickets/check-in")

    @blueprint.post("/sync/")
    @AtTheGate(body=schemas.SyncRequest, answers=[schemas.SyncAnswer], use_case=use_cases.sync)
    def sync_check_ins() -> Response:
        """Record what a device has decided by itself (role `gate` or `organizer`).

        Nothing that has happened is refused. Each scan is recorded by itself and once: if there is
        no answer, send all of them again.
        """
        identity = staff.syncing()
        body = _sync_request.body()
        entries = [gate_answers.noted(each, read=_noted_scan.item) for each in body.scans]
        synced = gate.sync(
            [each for each in entries if not isinstance(each, schemas.SyncedScan)],
            event_id=body.event_id,
            sent_at=body.sent_at,
            by=identity.buyer,
            scope=identity.events,
        )
        now = gate.clock.now()
        return json_response(gate_answers.of_sync(entries, synced, now=now))

    return blueprint


def _shown(body: schemas.CheckInRequest | schemas.UndoRequest) -> str | UUID | int:
    given = [each for each in (body.token, body.ticket_code, body.ticket_id) if each is not UNSET]
    if len(given) == 1:
        # Scanners that are keyboards add a line break.
        return given[0].strip() if isinstance(given[0], str) else given[0]
    detail = "is needed, or one of ticket_code and ticket_id in its place"
    raise InvalidInput(FieldProblem(field="token", detail=detail))


def _name(body: schemas.CheckInRequest | schemas.UndoRequest) -> str:
    return UNNAMED if body.gate is UNSET else body.gate
