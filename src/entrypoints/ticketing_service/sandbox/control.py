"""The JSON interface under `/_sandbox/`, by which other processes drive the sandbox.

README.md lists the routes with their bodies.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from attrs import asdict
from flask import Blueprint, Response, jsonify, request

from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.payment_methods import Decline, PayWith, SlowOutcome
from ticketing_service.sandbox.refusals import Json, Refusal, Refused, invalid
from ticketing_service.sandbox.returned_money import dispute_object, refund_object
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.stripe_objects import session_object
from ticketing_service.sandbox.webhooks import Delivery

_Value = TypeVar("_Value")
_Word = TypeVar("_Word", bound=StrEnum)


def control_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    _add_payment_routes(blueprint, sandbox)
    _add_world_routes(blueprint, sandbox)
    _add_record_routes(blueprint, sandbox)

    @blueprint.errorhandler(Refused)
    def refuse(refused: Refused) -> tuple[Response, int]:
        return jsonify(refused.refusal.body()), refused.refusal.status

    return blueprint


def _add_payment_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/sessions")
    def sessions() -> Json:
        return {"sessions": [session_object(session) for session in sandbox.sessions()]}

    @blueprint.post("/sessions/<session_id>/pay")
    def pay(session_id: str) -> Json:
        paid = sandbox.pay(
            session_id,
            _word("with", PayWith) or PayWith.CARD,
            email=_value("email", str),
            name=_value("name", str),
            slow_outcome=_word("slow_outcome", SlowOutcome),
            slow_seconds=_value("slow_seconds", int) or 0,
            delivery=_word("delivery", Delivery),
        )
        return {"declined": asdict(paid)} if isinstance(paid, Decline) else session_object(paid)

    @blueprint.post("/sessions/<session_id>/end_slow_payment")
    def end_slow_payment(session_id: str) -> Json:
        outcome = _word("outcome", SlowOutcome) or SlowOutcome.SUCCEEDS
        delivery = _word("delivery", Delivery)
        return session_object(sandbox.end_slow_payment(session_id, outcome, delivery=delivery))

    @blueprint.post("/sessions/<session_id>/refund")
    def refund(session_id: str) -> Json:
        amount = _value("amount", int)
        if amount is not None and amount < 1:
            raise invalid("amount must be at least 1", param="amount")
        delivery = _word("delivery", Delivery)
        return refund_object(sandbox.refund(session_id, amount=amount, delivery=delivery))

    @blueprint.post("/sessions/<session_id>/dispute")
    def dispute(session_id: str) -> Json:
        return dispute_object(sandbox.dispute(session_id, delivery=_word("delivery", Delivery)))

    @blueprint.post("/refunds/<refund_id>/fail")
    def fail_refund(refund_id: str) -> Json:
        return refund_object(sandbox.fail_refund(refund_id, delivery=_word("delivery", Delivery)))


def _add_world_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/clock/advance")
    def advance_clock() -> Json:
        sandbox.advance_clock(_value("seconds", int) or 0)
        return {"now": sandbox.now()}

    @blueprint.post("/delivery")
    def set_delivery() -> Json:
        sandbox.delivery = _word("delivery", Delivery) or Delivery.ON_TIME
        return {"delivery": sandbox.delivery}

    @blueprint.route("/faults", methods=["GET", "POST", "DELETE"])
    def faults() -> Json:
        if request.method == "POST":
            error = _value("error", dict)
            fields = {**_body(), "error": error and _built(Refusal, error)}
            sandbox.plan_fault(_built(Fault, fields))
        if request.method == "DELETE":
            sandbox.clear_faults()
        return {"faults": [asdict(fault) for fault in sandbox.planned_faults()]}

    @blueprint.post("/reset")
    def reset() -> Json:
        sandbox.reset()
        return {"reset": True}


def _add_record_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/exchanges")
    def exchanges() -> Json:
        return {"exchanges": [asdict(exchange) for exchange in sandbox.exchanges()]}

    @blueprint.get("/events")
    def events() -> Json:
        return {"events": [asdict(sent) for sent in sandbox.events()]}

    @blueprint.post("/events/<event_id>/resend")
    def resend(event_id: str) -> Json:
        if not sandbox.resend(event_id):
            raise Refused(Refusal(status=404, message=f"No event {event_id} can be sent."))
        return {"resent": event_id}


def _body() -> Json:
    sent = request.get_json(silent=True)
    if sent is not None and not isinstance(sent, dict):
        raise invalid("The body must be a JSON object.")
    return sent or {}


def _value(name: str, kind: type[_Value]) -> _Value | None:
    """Return a member of the body, or None if it is absent or null."""
    value = _body().get(name)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise invalid(f"{name} must be of type {kind.__name__}", param=name)
    return value


def _word(name: str, words: type[_Word]) -> _Word | None:
    """Return a member of the body that is one of these words, or None."""
    value = _value(name, str)
    try:
        return None if value is None else words(value)
    except ValueError:
        raise invalid(f"{name} must be one of: {', '.join(words)}", param=name) from None


def _built(kind: Callable[..., _Value], fields: Json) -> _Value:
    try:
        return kind(**fields)
    except (TypeError, ValueError) as problem:
        raise invalid(f"Not a {kind.__name__}: {problem}") from None
