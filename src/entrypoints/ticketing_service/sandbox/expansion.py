"""Replaces ids by the objects themselves (docs.stripe.com/api/expanding_objects)."""

from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.refusals import Json, invalid
from ticketing_service.sandbox.returned_money import refund_object
from ticketing_service.sandbox.stripe_objects import (
    charge_object,
    list_object,
    payment_intent_object,
)

# The expandable fields of each type and the types that they expand to; `list:` is a page.
_EXPANDABLE = {
    "charge": {"payment_intent": "payment_intent", "refunds": "list:refund"},
    "checkout.session": {"payment_intent": "payment_intent"},
    "payment_intent": {"latest_charge": "charge"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "event": {},
    "account": {},
    "webhook_endpoint": {},
    "list:webhook_endpoint": {"data": "webhook_endpoint"},
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "list:charge": {"data": "charge"},
    "list:checkout.session": {"data": "checkout.session"},
    "list:dispute": {"data": "dispute"},
    "list:event": {"data": "event"},
    "list:payment_intent": {"data": "payment_intent"},
    "list:radar.early_fraud_warning": {"data": "radar.early_fraud_warning"},
    "list:refund": {"data": "refund"},
}
_DEEPEST = 4
# docs.stripe.com/api/refunds/list: "the 10 most recent refunds are always available".
_MOST_REFUNDS = 10


def expanded_types(paths: list[str], *, object_type: str) -> set[str]:
    """Return the types of object that these paths expand.

    Raises `Refused` for a path that does not lead from this type to an expandable field.
    """
    found = set()
    for position, path in enumerate(paths):
        here = object_type
        names = path.split(".")
        for name in names:
            here = _EXPANDABLE[here].get(name, "")
            if not here or len(names) > _DEEPEST:
                message = f"This property cannot be expanded ({path})."
                raise invalid(message, param=f"expand[{position}]")
            if name != "data":
                found.add(here)
    return found


def expand(subject: Json, path: str, *, ledger: Ledger) -> None:
    """Expand one checked path in an object, in place."""
    name, _, rest = path.partition(".")
    if name == "data":
        expanded = subject["data"]
    else:
        if subject.get(name) is None or isinstance(subject[name], str):
            subject[name] = _whole(subject, name, ledger=ledger)
        expanded = [subject[name]]
    for inner in expanded if rest else ():
        if inner is not None:
            expand(inner, rest, ledger=ledger)


def _whole(subject: Json, name: str, *, ledger: Ledger) -> Json | None:
    if name == "refunds":
        refunds = [refund_object(refund) for refund in ledger.refunds_of(subject["id"])]
        shown, has_more = refunds[:_MOST_REFUNDS], len(refunds) > _MOST_REFUNDS
        return list_object(shown, url=f"/v1/charges/{subject['id']}/refunds", has_more=has_more)
    if subject[name] is None:
        return None
    if name == "payment_intent":
        return payment_intent_object(ledger.intent(subject[name], param=name))
    return charge_object(ledger.charge(subject[name]))
