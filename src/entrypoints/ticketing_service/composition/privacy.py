"""Wires the privacy office, for commands."""

from ticketing_adapters.store import Store
from ticketing_core import PrivacyOffice


def privacy_office(store: Store) -> PrivacyOffice:
    """Return the privacy office over a store."""
    return PrivacyOffice(tickets=store.tickets, authors=store.authors, clock=store.clock)
