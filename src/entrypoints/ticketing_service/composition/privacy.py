"""Wires the privacy office, for commands."""

from ticketing_adapters.sql import SqlAuthors
from ticketing_core import PrivacyOffice
from ticketing_service.composition.database import Store


def privacy_office(store: Store) -> PrivacyOffice:
    """Return the privacy office over a store."""
    return PrivacyOffice(tickets=store.tickets, authors=SqlAuthors(store.engine), clock=store.clock)
