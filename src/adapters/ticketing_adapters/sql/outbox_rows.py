"""Maps rows of the outbox to the core's classes and back."""

from typing import Any

from attrs import fields_dict

from ticketing_adapters.sql.rows import AnyRow
from ticketing_core.message import Message, MessageKind
from ticketing_core.subscription import Subscription


def message_of(row: AnyRow) -> Message:
    """Return the message of a row of `outbox`."""
    return Message(
        subject=row.subject,
        epoch=row.epoch,
        version=row.version,
        kind=MessageKind(row.kind),
        at=row.at,
        data=row.data,
    )


def subscription_of(row: AnyRow) -> Subscription:
    """Return the subscription of a row of `subscriptions`."""
    values = {name: getattr(row, name) for name in fields_dict(Subscription)}
    kinds = [each for each in row.kinds.split(",") if each]
    return Subscription(**values | {"kinds": frozenset(map(MessageKind, kinds))})


def subscription_values(subscription: Subscription) -> dict[str, Any]:
    """Return the columns of `subscriptions`, except the id."""
    values = {name: getattr(subscription, name) for name in fields_dict(Subscription)}
    kinds = "".join(f",{kind}" for kind in sorted(subscription.kinds))
    return values | {"kinds": f"{kinds}," if kinds else ""}
