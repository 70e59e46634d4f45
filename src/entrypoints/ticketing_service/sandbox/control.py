"""The JSON interface under `/_sandbox/`, by which tests in another process drive the sandbox."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from attrs import asdict
from flask import Blueprint, Response, jsonify, request

from ticketing_service.sandbox.errors import Json, Refusal, Refused, invalid
from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.payment_methods import Decline, PayWith, SlowOutcome
from ticketing_service.sandbox.payment_objects import dispute_object, refund_object
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.session_object import session_object
from ticketing_service.sandbox.webhooks import Delivery

_Word = TypeVar("_Word", bound=StrEnum)


def control_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes; the package's docstring lists them with their bodies."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    _add_buyer_routes(blueprint, sandbox)
    _add_bank_routes(blueprint, sandbox)
    _add_world_routes(blueprint, sandbox)
    _add_record_routes(blueprint, sandbox)

    @blueprint.errorhandler(Refused)
    def refuse(refused: Refused) -> tuple[Response, int]:
        return jsonify(refused.refusal.body()), refused.refusal.status

    return blueprint


def _add_buyer_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/sessions")
    def sessions() -> Response:
        url = sandbox.public_url
        written = [session_object(session, public_url=url) for session in sandbox.sessions()]
        return jsonify({"sessions": written})

    @blueprint.post("/sessions/<session_id>/pay")
    def pay(session_id: str) -> Response:
        body = _Body(request.get_json(silent=True))
        paid = sandbox.pay(
            session_id,
            body.word("with", PayWith) or PayWith.CARD,
            email=body.value("email", str),
            name=body.value("name", str),
            slow_outcome=body.word("slow_outcome", SlowOutcome),
            slow_seconds=body.value("slow_seconds", int) or 0,
            delivery=body.word("delivery", Delivery),
        )
        if isinstance(paid, Decline):
            return jsonify({"declined": asdict(paid)})
        return jsonify(session_object(paid, public_url=sandbox.public_url))

    @blueprint.post("/sessions/<session_id>/end_slow_payment")
    def end_slow_payment(session_id: str) -> Response:
        body = _Body(request.get_json(silent=True))
        session = sandbox.end_slow_payment(
            session_id,
            body.word("outcome", SlowOutcome) or SlowOutcome.SUCCEEDS,
            delivery=body.word("delivery", Delivery),
        )
        return jsonify(session_object(session, public_url=sandbox.public_url))


def _add_bank_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/sessions/<session_id>/refund")
    def refund(session_id: str) -> Response:
        body = _Body(request.get_json(silent=True))
        amount = body.value("amount", int)
        if amount is not None and amount < 1:
            raise invalid("amount must be at least 1", param="amount")
        refund = sandbox.refund(session_id, amount=amount, delivery=body.word("delivery", Delivery))
        return jsonify(refund_object(refund))

    @blueprint.post("/sessions/<session_id>/dispute")
    def dispute(session_id: str) -> Response:
        body = _Body(request.get_json(silent=True))
        delivery = body.word("delivery", Delivery)
        return jsonify(dispute_object(sandbox.dispute(session_id, delivery=delivery)))

    @blueprint.post("/refunds/<refund_id>/fail")
    def fail_refund(refund_id: str) -> Response:
        body = _Body(request.get_json(silent=True))
        delivery = body.word("delivery", Delivery)
        return jsonify(refund_object(sandbox.fail_refund(refund_id, delivery=delivery)))


def _add_world_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/clock/advance")
    def advance_clock() -> Response:
        seconds = _Body(request.get_json(silent=True)).value("seconds", int) or 0
        if seconds < 0:
            raise invalid("the clock can only be set forward", param="seconds")
        sandbox.advance_clock(seconds)
        return jsonify({"now": sandbox.clock.now()})

    @blueprint.post("/delivery")
    def set_delivery() -> Response:
        body = _Body(request.get_json(silent=True))
        sandbox.delivery = body.word("delivery", Delivery) or Delivery.ON_TIME
        return jsonify({"delivery": sandbox.delivery})

    @blueprint.route("/faults", methods=["GET", "POST", "DELETE"])
    def faults() -> Response:
        if request.method == "POST":
            sandbox.plan_fault(_fault(_Body(request.get_json(silent=True))))
        if request.method == "DELETE":
            sandbox.clear_faults()
        return jsonify({"faults": [asdict(fault) for fault in sandbox.planned_faults()]})

    @blueprint.post("/reset")
    def reset() -> Response:
        sandbox.reset()
        return jsonify({"reset": True})


def _add_record_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/exchanges")
    def exchanges() -> Response:
        return jsonify({"exchanges": [asdict(exchange) for exchange in sandbox.exchanges()]})

    @blueprint.get("/events")
    def events() -> Response:
        return jsonify({"events": [asdict(sent) for sent in sandbox.events()]})

    @blueprint.post("/events/<event_id>/resend")
    def resend(event_id: str) -> Response:
        if not sandbox.send_again(event_id):
            raise Refused(Refusal(status=404, message=f"No event {event_id} can be sent."))
        return jsonify({"resent": event_id})


def _fault(body: "_Body") -> Fault:
    error = body.value("error", dict)
    fields: dict[str, Any] = {**body.fields, "error": error and _refusal(error)}
    return _built(Fault, fields)


def _refusal(fields: Json) -> Refusal:
    return _built(Refusal, fields)


_Built = TypeVar("_Built")


def _built(kind: Callable[..., _Built], fields: Json) -> _Built:
    try:
        return kind(**fields)
    except (TypeError, ValueError) as problem:
        raise invalid(f"Not a {kind.__name__}: {problem}") from None


class _Body:
    """A JSON object whose members are read with their type checked."""

    def __init__(self, sent: object) -> None:
        if sent is not None and not isinstance(sent, dict):
            raise invalid("The body must be a JSON object.")
        self.fields: Json = sent or {}

    def value(self, name: str, kind: type[_Built]) -> _Built | None:
        """Return the member, or None when it is absent or null."""
        value = self.fields.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise invalid(f"{name} must be of type {kind.__name__}", param=name)
        return value

    def word(self, name: str, kind: type[_Word]) -> _Word | None:
        """Return the member as a word of a closed list, or None."""
        value = self.value(name, str)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            raise invalid(f"{name} must be one of: {known}", param=name) from None
