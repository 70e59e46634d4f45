"""Wires what erases buyers, for commands."""

from ticketing_adapters.sql import SqlAuthors
from ticketing_core import PrivacyOffice
from ticketing_service.composition.database import Store


def privacy_office(store: Store) -> PrivacyOffice:
    """Return what erases buyers from the store."""
    return PrivacyOffice(tickets=store.tickets, authors=SqlAuthors(store.engine), clock=store.clock)
