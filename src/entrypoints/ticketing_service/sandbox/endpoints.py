"""The calls of Stripe's API that the sandbox has: one function each, in the table `ENDPOINTS`."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ticketing_service.sandbox.account import account_object, webhook_endpoint_object
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.paging import page
from ticketing_service.sandbox.parameter_types import ParameterType
from ticketing_service.sandbox.parameters import (
    CANCEL_INTENT,
    CREATE_REFUND,
    CREATE_SESSION,
    EXPAND_ONLY,
    LIST_CHARGES,
    LIST_EVENTS,
    LIST_OF_PAYMENT,
    LIST_PAYMENT_INTENTS,
    LIST_SESSIONS,
    LIST_WEBHOOK_ENDPOINTS,
    UPDATE_DISPUTE,
)
from ticketing_service.sandbox.records import Charge
from ticketing_service.sandbox.refusals import Json, invalid, missing_object, wrong_state
from ticketing_service.sandbox.returned_money import (
    dispute_object,
    fraud_warning_object,
    refund_object,
)
from ticketing_service.sandbox.stripe_objects import (
    charge_object,
    payment_intent_object,
    session_object,
)

Params = dict[str, Any]
_Run = Callable[[Ledger, Params, str], Json]


@frozen
class Endpoint:
    """One call. `returns` is the type of object in its response, `list:` for a page of them.

    `run` gets the checked parameters and the id in the path, which is empty if there is none.
    """

    method: str
    rule: str
    params: ParameterType
    returns: str
    run: _Run

    @property
    def operation(self) -> str:
        """The call with all ids together, as Stripe counts it (docs.stripe.com/rate-limits)."""
        return f"{self.method} {self.rule.replace('<object_id>', '{id}')}"


ENDPOINTS: list[Endpoint] = []


def _endpoint(call: str, params: ParameterType, returns: str) -> Callable[[_Run], _Run]:
    method, rule = call.split()

    def add(run: _Run) -> _Run:
        ENDPOINTS.append(Endpoint(method, rule, params, returns, run))
        return run

    return add


@_endpoint("POST /v1/checkout/sessions", CREATE_SESSION, "checkout.session")
def _create_session(ledger: Ledger, params: Params, _: str) -> Json:
    return session_object(ledger.open_session(params))


@_endpoint("GET /v1/checkout/sessions", LIST_SESSIONS, "list:checkout.session")
def _list_sessions(ledger: Ledger, params: Params, _: str) -> Json:
    return page(ledger.sessions, params, url="/v1/checkout/sessions", write=session_object)


@_endpoint("GET /v1/checkout/sessions/<object_id>", EXPAND_ONLY, "checkout.session")
def _retrieve_session(ledger: Ledger, _: Params, session_id: str) -> Json:
    return session_object(ledger.session(session_id))


@_endpoint("POST /v1/checkout/sessions/<object_id>/expire", EXPAND_ONLY, "checkout.session")
def _expire_session(ledger: Ledger, _: Params, session_id: str) -> Json:
    return session_object(ledger.expire_session(session_id))


@_endpoint("GET /v1/payment_intents", LIST_PAYMENT_INTENTS, "list:payment_intent")
def _list_payment_intents(ledger: Ledger, params: Params, _: str) -> Json:
    return page(ledger.intents, params, url="/v1/payment_intents", write=payment_intent_object)


@_endpoint("GET /v1/payment_intents/<object_id>", EXPAND_ONLY, "payment_intent")
def _retrieve_payment_intent(ledger: Ledger, _: Params, intent_id: str) -> Json:
    return payment_intent_object(ledger.intent(intent_id))


@_endpoint("POST /v1/payment_intents/<object_id>/cancel", CANCEL_INTENT, "payment_intent")
def _cancel_payment_intent(ledger: Ledger, _: Params, intent_id: str) -> Json:
    # All payment intents of the sandbox belong to a session (docs.stripe.com/api/payment_intents/
    # cancel).
    ledger.intent(intent_id)
    raise wrong_state(
        "You cannot cancel the PaymentIntent for a Checkout Session. Expire the Checkout Session "
        "instead."
    )


@_endpoint("GET /v1/charges", LIST_CHARGES, "list:charge")
def _list_charges(ledger: Ledger, params: Params, _: str) -> Json:
    return page(ledger.charges, params, url="/v1/charges", write=charge_object)


@_endpoint("GET /v1/charges/<object_id>", EXPAND_ONLY, "charge")
def _retrieve_charge(ledger: Ledger, _: Params, charge_id: str) -> Json:
    return charge_object(ledger.charge(charge_id))


@_endpoint("POST /v1/refunds", CREATE_REFUND, "refund")
def _create_refund(ledger: Ledger, params: Params, _: str) -> Json:
    refund = ledger.create_refund(
        _charge_to_refund(ledger, params),
        amount=params.get("amount"),
        reason=params.get("reason"),
        metadata=params.get("metadata"),
    )
    return refund_object(refund)


def _charge_to_refund(ledger: Ledger, params: Params) -> Charge:
    charge_id, intent_id = params.get("charge"), params.get("payment_intent")
    if charge_id is None and intent_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    if intent_id is None:
        return ledger.charge(str(charge_id), param="charge")
    intent = ledger.intent(intent_id, param="payment_intent")
    if (
        charge_id is not None
        and ledger.charge(charge_id, param="charge").payment_intent != intent_id
    ):
        raise wrong_state(f"The charge {charge_id} does not belong to {intent_id}.")
    if intent.latest_charge is None:
        raise wrong_state(
            f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        )
    return ledger.charge(intent.latest_charge)


@_endpoint("GET /v1/refunds", LIST_OF_PAYMENT, "list:refund")
def _list_refunds(ledger: Ledger, params: Params, _: str) -> Json:
    return page(ledger.refunds, params, url="/v1/refunds", write=refund_object)


@_endpoint("GET /v1/refunds/<object_id>", EXPAND_ONLY, "refund")
def _retrieve_refund(ledger: Ledger, _: Params, refund_id: str) -> Json:
    return refund_object(ledger.refund(refund_id, param="refund"))


@_endpoint("POST /v1/refunds/<object_id>/cancel", EXPAND_ONLY, "refund")
def _cancel_refund(ledger: Ledger, _: Params, refund_id: str) -> Json:
    return refund_object(ledger.cancel_refund(refund_id))


@_endpoint("GET /v1/disputes", LIST_OF_PAYMENT, "list:dispute")
def _list_disputes(ledger: Ledger, params: Params, _: str) -> Json:
    return page(ledger.disputes, params, url="/v1/disputes", write=dispute_object)


@_endpoint("GET /v1/disputes/<object_id>", EXPAND_ONLY, "dispute")
def _retrieve_dispute(ledger: Ledger, _: Params, dispute_id: str) -> Json:
    return dispute_object(ledger.dispute(dispute_id))


@_endpoint("POST /v1/disputes/<object_id>", UPDATE_DISPUTE, "dispute")
def _update_dispute(ledger: Ledger, params: Params, dispute_id: str) -> Json:
    sent = {name: value for name, value in params.items() if name != "expand"}
    return dispute_object(ledger.add_evidence(dispute_id, **sent))


@_endpoint("POST /v1/disputes/<object_id>/close", EXPAND_ONLY, "dispute")
def _close_dispute(ledger: Ledger, _: Params, dispute_id: str) -> Json:
    return dispute_object(ledger.close_dispute(dispute_id))


@_endpoint("GET /v1/radar/early_fraud_warnings", LIST_OF_PAYMENT, "list:radar.early_fraud_warning")
def _list_fraud_warnings(ledger: Ledger, params: Params, _: str) -> Json:
    url = "/v1/radar/early_fraud_warnings"
    return page(ledger.fraud_warnings, params, url=url, write=fraud_warning_object)


@_endpoint("GET /v1/events", LIST_EVENTS, "list:event")
def _list_events(ledger: Ledger, params: Params, _: str) -> Json:
    if "type" in params and "types" in params:
        raise invalid("You may pass either `type` or `types`, but not both.", param="type")
    ledger.forget_old_events()
    return page(ledger.events, params, url="/v1/events", write=dict)


@_endpoint("GET /v1/events/<object_id>", EXPAND_ONLY, "event")
def _retrieve_event(ledger: Ledger, _: Params, event_id: str) -> Json:
    ledger.forget_old_events()
    if event_id not in ledger.events:
        raise missing_object(object_type="event", object_id=event_id, param="id")
    return ledger.events[event_id]


@_endpoint("GET /v1/account", EXPAND_ONLY, "account")
def _retrieve_account(ledger: Ledger, _: Params, __: str) -> Json:
    return account_object(ledger.account)


@_endpoint("GET /v1/webhook_endpoints", LIST_WEBHOOK_ENDPOINTS, "list:webhook_endpoint")
def _list_webhook_endpoints(ledger: Ledger, params: Params, _: str) -> Json:
    endpoints = {"we_1Sandbox": ledger.webhook} if ledger.webhook else {}
    return page(endpoints, params, url="/v1/webhook_endpoints", write=webhook_endpoint_object)
