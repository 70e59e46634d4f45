"""The calls of Stripe's API that the sandbox has: one function each, in the table `ENDPOINTS`."""

import operator
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, TypeVar

from attrs import frozen

from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.parameter_types import ParameterType
from ticketing_service.sandbox.parameters import (
    CREATE_REFUND,
    CREATE_SESSION,
    EXPAND_ONLY,
    LIST_PAYMENT_INTENTS,
    LIST_REFUNDS,
    LIST_SESSIONS,
    PAGING,
)
from ticketing_service.sandbox.records import Charge
from ticketing_service.sandbox.refusals import Json, invalid, wrong_state
from ticketing_service.sandbox.stripe_objects import (
    charge_object,
    list_object,
    payment_intent_object,
    refund_object,
    session_object,
)

Params = dict[str, Any]
_Run = Callable[[Ledger, Params, str], Json]
_Record = TypeVar("_Record")

# docs.stripe.com/api/pagination
_USUAL_LIMIT = 10
_COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


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
    return _page(ledger.sessions, params, url="/v1/checkout/sessions", write=session_object)


@_endpoint("GET /v1/checkout/sessions/<object_id>", EXPAND_ONLY, "checkout.session")
def _retrieve_session(ledger: Ledger, _: Params, session_id: str) -> Json:
    return session_object(ledger.session(session_id))


@_endpoint("POST /v1/checkout/sessions/<object_id>/expire", EXPAND_ONLY, "checkout.session")
def _expire_session(ledger: Ledger, _: Params, session_id: str) -> Json:
    return session_object(ledger.expire_session(session_id))


@_endpoint("GET /v1/payment_intents", LIST_PAYMENT_INTENTS, "list:payment_intent")
def _list_payment_intents(ledger: Ledger, params: Params, _: str) -> Json:
    by_intent = {charge.payment_intent: charge for charge in ledger.charges.values()}
    return _page(by_intent, params, url="/v1/payment_intents", write=payment_intent_object)


@_endpoint("GET /v1/payment_intents/<object_id>", EXPAND_ONLY, "payment_intent")
def _retrieve_payment_intent(ledger: Ledger, _: Params, intent_id: str) -> Json:
    return payment_intent_object(ledger.charge_of_intent(intent_id, param="intent"))


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
    charge = ledger.charge_of_intent(intent_id, param="payment_intent")
    if charge_id is not None and ledger.charge(charge_id, param="charge") != charge:
        raise wrong_state(f"The charge {charge_id} does not belong to {intent_id}.")
    return charge


@_endpoint("GET /v1/refunds", LIST_REFUNDS, "list:refund")
def _list_refunds(ledger: Ledger, params: Params, _: str) -> Json:
    return _page(ledger.refunds, params, url="/v1/refunds", write=refund_object)


@_endpoint("GET /v1/refunds/<object_id>", EXPAND_ONLY, "refund")
def _retrieve_refund(ledger: Ledger, _: Params, refund_id: str) -> Json:
    return refund_object(ledger.refund(refund_id, param="refund"))


def _page(
    by_id: Mapping[str, _Record], params: Params, *, url: str, write: Callable[[_Record], Json]
) -> Json:
    """Return one page, newest first.

    The cursor may be any object, also one that the filters leave out: it may have stopped matching
    since the page that ended with it.
    """
    backwards = "ending_before" in params
    ids = list(by_id) if backwards else list(by_id)[::-1]
    name = "ending_before" if backwards else "starting_after"
    if name in params:
        if params[name] not in by_id:
            message = f"No such object: '{params[name]}'"
            raise invalid(message, param=name, code="resource_missing")
        ids = ids[ids.index(params[name]) + 1 :]
    limit = params.get("limit", _USUAL_LIMIT)
    written = (write(by_id[object_id]) for object_id in ids)
    found = list(islice((one for one in written if _matches(one, params)), limit + 1))
    data = found[:limit]
    return list_object(data[::-1] if backwards else data, url=url, has_more=len(found) > limit)


def _matches(written: Json, params: Params) -> bool:
    created = params.get("created", {})
    return all(_COMPARISONS[name](written["created"], at) for name, at in created.items()) and all(
        written[name] == value for name, value in params.items() if name not in PAGING
    )
