"""The JSON interface under `/_sandbox/`, by which other processes drive the sandbox.

README.md lists the routes with their bodies.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TypeVar

from attrs import asdict, evolve
from flask import Blueprint, Response, jsonify, request

from ticketing_service.sandbox.account import Account
from ticketing_service.sandbox.disputes import FirstStatus, Move
from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.limits import Limits
from ticketing_service.sandbox.payment_methods import Decline, PayWith, SlowOutcome
from ticketing_service.sandbox.people import RefundStep
from ticketing_service.sandbox.refund_plan import FAILURE_REASONS, RefundPlan
from ticketing_service.sandbox.refusals import Json, Refusal, Refused, invalid
from ticketing_service.sandbox.returned_money import (
    dispute_object,
    fraud_warning_object,
    refund_object,
)
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.stripe_objects import payment_intent_object, session_object
from ticketing_service.sandbox.unsettled import Unsettled
from ticketing_service.sandbox.webhooks import Delivery, WebhookEndpoint

_Value = TypeVar("_Value")
_Word = TypeVar("_Word", bound=StrEnum)
_Settings = TypeVar("_Settings", Account, Unsettled, WebhookEndpoint)


def control_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    _add_payment_routes(blueprint, sandbox)
    _add_refund_routes(blueprint, sandbox)
    _add_dispute_routes(blueprint, sandbox)
    _add_world_routes(blueprint, sandbox)
    _add_account_routes(blueprint, sandbox)
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

    @blueprint.post("/sessions/<session_id>/authenticate")
    def authenticate(session_id: str) -> Json:
        passed, delivery = _flag("passed", default=True), _word("delivery", Delivery)
        paid = sandbox.authenticate(session_id, passed=passed, delivery=delivery)
        return {"declined": asdict(paid)} if isinstance(paid, Decline) else session_object(paid)

    @blueprint.post("/sessions/<session_id>/cancel_payment")
    def cancel_payment(session_id: str) -> Json:
        delivery = _word("delivery", Delivery)
        return payment_intent_object(sandbox.cancel_payment(session_id, delivery=delivery))

    @blueprint.post("/sessions/<session_id>/fraud_warning")
    def warn_of_fraud(session_id: str) -> Json:
        delivery = _word("delivery", Delivery)
        return fraud_warning_object(sandbox.warn_of_fraud(session_id, delivery=delivery))


def _add_refund_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/refunds/plan")
    def plan_refund() -> Json:
        times = _value("times", int) or 1
        fields = {name: value for name, value in _body().items() if name != "times"}
        plan = _built(RefundPlan, fields)
        sandbox.plan_refund(plan, times=times)
        return {"planned": asdict(plan), "times": times}

    @blueprint.post("/refunds/<refund_id>/<any(complete, fail, name_account, cancel):step>")
    def move_refund(refund_id: str, step: RefundStep) -> Json:
        reason, delivery = _value("reason", str), _word("delivery", Delivery)
        if step == "fail" and reason:
            if reason not in FAILURE_REASONS:
                raise invalid(
                    f"reason must be one of: {', '.join(FAILURE_REASONS)}", param="reason"
                )
            refund = sandbox.fail_refund(refund_id, reason=reason, delivery=delivery)
        else:
            refund = sandbox.move_refund(refund_id, step, delivery=delivery)
        return refund_object(refund)


def _add_dispute_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/sessions/<session_id>/dispute")
    def dispute(session_id: str) -> Json:
        return dispute_object(
            sandbox.dispute(
                session_id,
                amount=_value("amount", int),
                status=_word("status", FirstStatus) or FirstStatus.CHARGEBACK,
                reason=_value("reason", str) or "fraudulent",
                delivery=_word("delivery", Delivery),
            )
        )

    @blueprint.post("/disputes/<dispute_id>/<word>")
    def move_dispute(dispute_id: str, word: str) -> Json:
        delivery = _word("delivery", Delivery)
        if word == "evidence":
            characters = _value("characters", int) or 0
            changed = sandbox.add_evidence(dispute_id, characters=characters, delivery=delivery)
        else:
            changed = sandbox.move_dispute(
                dispute_id, _one_of(word, Move, "move"), delivery=delivery
            )
        return dispute_object(changed)


def _add_world_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/clock/advance")
    def advance_clock() -> Json:
        sandbox.advance_clock(_value("seconds", int) or 0)
        return {"now": sandbox.now()}

    @blueprint.post("/clock/return")
    def return_clock() -> Json:
        sandbox.return_clock()
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


def _add_account_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/account")
    def account() -> Json:
        sandbox.account = _changed(sandbox.account)
        return asdict(sandbox.account)

    @blueprint.post("/unsettled")
    def unsettled() -> Json:
        sandbox.unsettled = _changed(sandbox.unsettled)
        return asdict(sandbox.unsettled)

    @blueprint.post("/webhook")
    def webhook() -> Json:
        if sandbox.webhook is None:
            raise invalid("The sandbox was started without a webhook endpoint.")
        sandbox.webhook = _changed(sandbox.webhook)
        return {**asdict(sandbox.webhook), "secret": "***"}

    @blueprint.route("/limits", methods=["POST", "DELETE"])
    def limits() -> Json:
        sandbox.limits = _built(Limits, _body()) if request.method == "POST" else None
        return {"limits": sandbox.limits and asdict(sandbox.limits)}

    @blueprint.post("/keys")
    def register_key() -> Json:
        key, rights = _value("key", str) or "", _value("rights", list)
        sandbox.register_key(key, rights)
        return {"key": key, "rights": rights}

    @blueprint.post("/keys/only_registered")
    def take_only_registered_keys() -> Json:
        only = _flag("only", default=True)
        sandbox.take_only_registered_keys(only=only)
        return {"only": only}


def _add_record_routes(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.get("/exchanges")
    def exchanges() -> Json:
        return {"exchanges": [asdict(exchange) for exchange in sandbox.exchanges()]}

    @blueprint.get("/calls")
    def calls() -> Json:
        return {"calls": sandbox.calls()}

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


def _flag(name: str, *, default: bool) -> bool:
    value = _body().get(name, default)
    if not isinstance(value, bool):
        raise invalid(f"{name} must be true or false", param=name)
    return value


def _word(name: str, words: type[_Word]) -> _Word | None:
    """Return a member of the body that is one of these words, or None."""
    value = _value(name, str)
    return None if value is None else _one_of(value, words, name)


def _one_of(value: str, words: type[_Word], name: str) -> _Word:
    try:
        return words(value)
    except ValueError:
        raise invalid(f"{name} must be one of: {', '.join(words)}", param=name) from None


def _changed(settings: _Settings) -> _Settings:
    """Return the settings with the members of the body changed."""
    return _built(partial(evolve, settings), _body())


def _built(kind: Callable[..., _Value], fields: Json) -> _Value:
    try:
        return kind(**fields)
    except (TypeError, ValueError) as problem:
        raise invalid(f"Wrong members: {problem}") from None
