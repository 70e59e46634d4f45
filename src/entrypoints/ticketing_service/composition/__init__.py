"""The composition root: the one package that names the adapters and wires them.

- `database`: opens, migrates and backs up the store.
- `payments`: chooses the payment gateway, and knows what can be paid.
- `gate`: wires the gate.
- `organizer`: wires the organizer.
- `subscribers`: wires subscriptions to messages.
- `privacy`: wires what erases buyers.
- `doctor`: checks the set-up.
- `condition`: finds what `/readyz` reports.
- `signing`: finds or makes the signing key of admission tokens.
- `service`: puts the service together.
- `web`: the part of it that speaks HTTP.
"""

from ticketing_service.composition.database import (
    NotMigrated,
    Store,
    back_up,
    migrate_database,
    open_store,
)
from ticketing_service.composition.organizer import organizer_for_commands
from ticketing_service.composition.payments import largest_price, smallest_price
from ticketing_service.composition.privacy import privacy_office
from ticketing_service.composition.service import Service, back_office, build
from ticketing_service.composition.signing import SigningKeyRefused, current_kid, publish_key
from ticketing_service.composition.subscribers import (
    new_secret,
    objection_to_url,
    subscriptions_of,
)

__all__ = [
    "NotMigrated",
    "Service",
    "SigningKeyRefused",
    "Store",
    "back_office",
    "back_up",
    "build",
    "current_kid",
    "largest_price",
    "migrate_database",
    "new_secret",
    "objection_to_url",
    "open_store",
    "organizer_for_commands",
    "privacy_office",
    "publish_key",
    "smallest_price",
    "subscriptions_of",
]
