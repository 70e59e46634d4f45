"""Wires the organizer: for the service and for commands."""

from ticketing_adapters.store import Store
from ticketing_core import EventRecords, Organizer
from ticketing_core.ports import Clock, PaymentGateway
from ticketing_service.composition.payments import call_pace, gateway
from ticketing_service.settings import Settings


def organizer_of(store: Store, *, gateway: PaymentGateway, clock: Clock | None = None) -> Organizer:
    """Return the organizer over a store."""
    return Organizer(
        events=store.events, tickets=store.tickets, gateway=gateway, clock=clock or store.clock
    )


def event_records_of(store: Store, *, clock: Clock) -> EventRecords:
    """Return the records of events over a store."""
    return EventRecords(
        events=store.events, tickets=store.tickets, admissions=store.admissions, clock=clock
    )


def organizer_for_commands(settings: Settings, *, store: Store) -> Organizer:
    """Return the organizer over a store, with the gateway of the settings."""
    pace = call_pace(settings, store=store)
    return organizer_of(store, gateway=gateway(settings, store=store, pace=pace))
