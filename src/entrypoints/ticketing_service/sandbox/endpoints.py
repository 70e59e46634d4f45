"""The calls of Stripe's API that the sandbox answers, as one table."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from attrs import frozen

from ticketing_service.sandbox import parameters
from ticketing_service.sandbox.errors import Json, invalid, missing_object, wrong_state
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.payment_objects import (
    charge_object,
    payment_intent_object,
    refund_object,
)
from ticketing_service.sandbox.records import Charge
from ticketing_service.sandbox.session_object import session_object
from ticketing_service.sandbox.shapes import Fields

Asked = dict[str, Any]
# docs.stripe.com/api/pagination
_USUAL_LIMIT = 10


@frozen
class Endpoint:
    """One call: how it is addressed, what it takes, what it gives, and what it does.

    `kind` is the kind of object it answers with, `list:` for a page of them. `run` gets the
    checked parameters and the id from the path (empty when there is none).
    """

    method: str
    rule: str
    shape: Fields
    kind: str
    run: Callable[[Ledger, Asked, str], Json]


class _Stored(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created(self) -> int: ...


_Record = TypeVar("_Record", bound=_Stored)


def _create_session(ledger: Ledger, asked: Asked, _: str) -> Json:
    return session_object(ledger.open_session(asked), public_url=ledger.public_url)


def _retrieve_session(ledger: Ledger, _: Asked, session_id: str) -> Json:
    return session_object(ledger.session(session_id), public_url=ledger.public_url)


def _expire_session(ledger: Ledger, _: Asked, session_id: str) -> Json:
    return session_object(ledger.expire_session(session_id), public_url=ledger.public_url)


def _list_sessions(ledger: Ledger, asked: Asked, _: str) -> Json:
    return _page(
        ledger.sessions.values(),
        asked,
        url="/v1/checkout/sessions",
        write=lambda session: session_object(session, public_url=ledger.public_url),
        keep=lambda session: (
            asked.get("payment_intent") in {None, session.payment_intent}
            and asked.get("status") in {None, session.status}
        ),
    )


def _retrieve_payment_intent(ledger: Ledger, _: Asked, intent_id: str) -> Json:
    if intent_id not in ledger.intents:
        raise missing_object(kind="payment_intent", object_id=intent_id, param="intent")
    return payment_intent_object(ledger.intents[intent_id])


def _list_payment_intents(ledger: Ledger, asked: Asked, _: str) -> Json:
    return _page(
        ledger.intents.values(), asked, url="/v1/payment_intents", write=payment_intent_object
    )


def _retrieve_charge(ledger: Ledger, _: Asked, charge_id: str) -> Json:
    if charge_id not in ledger.charges:
        raise missing_object(kind="charge", object_id=charge_id, param="id")
    return charge_object(ledger.charges[charge_id])


def _create_refund(ledger: Ledger, asked: Asked, _: str) -> Json:
    refund = ledger.refund(
        _charge_to_refund(ledger, asked),
        amount=asked.get("amount"),
        reason=asked.get("reason"),
        metadata=asked.get("metadata"),
    )
    return refund_object(refund)


def _charge_to_refund(ledger: Ledger, asked: Asked) -> Charge:
    charge_id, intent_id = asked.get("charge"), asked.get("payment_intent")
    if charge_id is None and intent_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    if intent_id is not None and intent_id not in ledger.intents:
        raise missing_object(kind="payment_intent", object_id=intent_id, param="payment_intent")
    if charge_id is not None and charge_id not in ledger.charges:
        raise missing_object(kind="charge", object_id=charge_id, param="charge")
    of_intent = None if intent_id is None else ledger.intents[intent_id].charge
    if None not in {charge_id, of_intent} and charge_id != of_intent:
        raise wrong_state(f"The charge {charge_id} does not belong to {intent_id}.")
    return ledger.charges[of_intent or str(charge_id)]


def _retrieve_refund(ledger: Ledger, _: Asked, refund_id: str) -> Json:
    if refund_id not in ledger.refunds:
        raise missing_object(kind="refund", object_id=refund_id, param="refund")
    return refund_object(ledger.refunds[refund_id])


def _list_refunds(ledger: Ledger, asked: Asked, _: str) -> Json:
    return _page(
        ledger.refunds.values(),
        asked,
        url="/v1/refunds",
        write=refund_object,
        keep=lambda refund: (
            asked.get("charge") in {None, refund.charge}
            and asked.get("payment_intent") in {None, refund.payment_intent}
        ),
    )


def _page(
    oldest_first: Iterable[_Record],
    asked: Asked,
    *,
    url: str,
    write: Callable[[_Record], Json],
    keep: Callable[[_Record], bool] = lambda _: True,
) -> Json:
    """Return one page, newest first.

    The cursor is looked for before anything is filtered out: an object may have stopped matching
    since the page that ended with it.
    """
    found = list(oldest_first)[::-1]
    backwards = "ending_before" in asked
    if backwards:
        found = found[: _position(found, asked["ending_before"], param="ending_before")]
    elif "starting_after" in asked:
        found = found[_position(found, asked["starting_after"], param="starting_after") + 1 :]
    found = [
        record
        for record in found
        if keep(record) and _within(record.created, asked.get("created", {}))
    ]
    limit = asked.get("limit", _USUAL_LIMIT)
    return {
        "object": "list",
        "data": [write(record) for record in (found[-limit:] if backwards else found[:limit])],
        "has_more": len(found) > limit,
        "url": url,
    }


def _within(created: int, bounds: dict[str, int]) -> bool:
    return (
        created > bounds.get("gt", created - 1)
        and created >= bounds.get("gte", created)
        and created < bounds.get("lt", created + 1)
        and created <= bounds.get("lte", created)
    )


def _position(found: list[_Record], object_id: str, *, param: str) -> int:
    for position, record in enumerate(found):
        if record.id == object_id:
            return position
    raise invalid(f"No such object: '{object_id}'", param=param, code="resource_missing")


ENDPOINTS = (
    Endpoint(
        method="POST",
        rule="/v1/checkout/sessions",
        shape=parameters.CREATE_SESSION,
        kind="checkout.session",
        run=_create_session,
    ),
    Endpoint(
        method="GET",
        rule="/v1/checkout/sessions",
        shape=parameters.LIST_SESSIONS,
        kind="list:checkout.session",
        run=_list_sessions,
    ),
    Endpoint(
        method="GET",
        rule="/v1/checkout/sessions/<object_id>",
        shape=parameters.EXPAND_ONLY,
        kind="checkout.session",
        run=_retrieve_session,
    ),
    Endpoint(
        method="POST",
        rule="/v1/checkout/sessions/<object_id>/expire",
        shape=parameters.EXPAND_ONLY,
        kind="checkout.session",
        run=_expire_session,
    ),
    Endpoint(
        method="GET",
        rule="/v1/payment_intents",
        shape=parameters.LIST_PAYMENT_INTENTS,
        kind="list:payment_intent",
        run=_list_payment_intents,
    ),
    Endpoint(
        method="GET",
        rule="/v1/payment_intents/<object_id>",
        shape=parameters.EXPAND_ONLY,
        kind="payment_intent",
        run=_retrieve_payment_intent,
    ),
    Endpoint(
        method="GET",
        rule="/v1/charges/<object_id>",
        shape=parameters.EXPAND_ONLY,
        kind="charge",
        run=_retrieve_charge,
    ),
    Endpoint(
        method="POST",
        rule="/v1/refunds",
        shape=parameters.CREATE_REFUND,
        kind="refund",
        run=_create_refund,
    ),
    Endpoint(
        method="GET",
        rule="/v1/refunds",
        shape=parameters.LIST_REFUNDS,
        kind="list:refund",
        run=_list_refunds,
    ),
    Endpoint(
        method="GET",
        rule="/v1/refunds/<object_id>",
        shape=parameters.EXPAND_ONLY,
        kind="refund",
        run=_retrieve_refund,
    ),
)
