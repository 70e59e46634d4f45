"""Puts whole objects where the API has their ids (docs.stripe.com/api/expanding_objects)."""

from ticketing_service.sandbox.errors import Json, invalid
from ticketing_service.sandbox.ledger import Ledger
from ticketing_service.sandbox.payment_objects import (
    charge_object,
    payment_intent_object,
    refund_object,
)

# What can be expanded in what; `list:` is a page of objects.
_EXPANSIONS = {
    "charge": {"payment_intent": "payment_intent", "refunds": "list:refund"},
    "checkout.session": {"payment_intent": "payment_intent"},
    "payment_intent": {"latest_charge": "charge"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
}
_DEEPEST = 4


def check_expand(paths: list[str], *, kind: str) -> None:
    """Raise `Refused` for a path that leads to nothing expandable from an object of this kind."""
    for position, path in enumerate(paths):
        here = kind
        names = path.split(".")
        for name in names:
            inner = _inner(here, name)
            if inner is None or len(names) > _DEEPEST:
                raise invalid(
                    f"This property cannot be expanded ({path}).", param=f"expand[{position}]"
                )
            here = inner


def _inner(kind: str, name: str) -> str | None:
    if kind.startswith("list:"):
        return kind.removeprefix("list:") if name == "data" else None
    return _EXPANSIONS[kind].get(name)


def expand(subject: Json, paths: list[str], *, ledger: Ledger) -> Json:
    """Expand the checked paths in the object, and return it."""
    for path in paths:
        _expand(subject, path.split("."), ledger=ledger)
    return subject


def _expand(subject: Json, names: list[str], *, ledger: Ledger) -> None:
    name, *rest = names
    if subject["object"] == "list":
        for member in subject["data"] if rest else ():
            _expand(member, rest, ledger=ledger)
        return
    value = subject.get(name)
    if name == "refunds" and value is None:
        subject[name] = _refunds(subject["id"], ledger=ledger)
    elif isinstance(value, str):
        subject[name] = _whole(value, name=name, ledger=ledger)
    if rest and subject[name] is not None:
        _expand(subject[name], rest, ledger=ledger)


def _whole(object_id: str, *, name: str, ledger: Ledger) -> Json:
    if name == "payment_intent":
        return payment_intent_object(ledger.intents[object_id])
    return charge_object(ledger.charges[object_id])


def _refunds(charge_id: str, *, ledger: Ledger) -> Json:
    newest_first = [
        refund_object(refund)
        for refund in reversed(ledger.refunds.values())
        if refund.charge == charge_id
    ]
    return {
        "object": "list",
        "data": newest_first,
        "has_more": False,
        "url": f"/v1/charges/{charge_id}/refunds",
    }
