"""Finds what `/readyz` reports, from the database and what is known of the payment provider."""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from attrs import evolve
from sqlalchemy.exc import DBAPIError

from ticketing_adapters.jobs import ProviderWatch, restore_problem
from ticketing_adapters.sql import is_usable, try_to_write
from ticketing_adapters.store import Store
from ticketing_core.errors import StoreUnavailable
from ticketing_core.ports import Clock
from ticketing_service.condition import Condition

log = logging.getLogger(__name__)

MOST_CLOCK_DIFFERENCE = timedelta(seconds=5)
"""Access tokens are checked with this leeway, and webhooks with one of minutes."""

MOST_WAITING = timedelta(minutes=5)
"""What is due is claimed within seconds, or after a minute if the process that settled was killed.
It takes longer if no process settles, or if more is due than Stripe allows."""

OLDEST_NEWS = timedelta(hours=3)
"""The news is read every hour. One reading may fail, and is repeated."""


def found_condition(
    store: Store,
    *,
    current_kid: str,
    machine_clock: Clock,
    provider: ProviderWatch | None,
) -> Condition:
    """Return the condition of a service. It asks the database alone.

    Args:
        store: Its database.
        current_kid: The name of the key that signs admission tokens.
        machine_clock: The clock that access tokens and webhooks are checked by.
        provider: What is known of the payment provider, if there is one.
    """
    try:
        if not is_usable(store.engine):
            return Condition(reasons=["The database has the schema of another version."])
        reasons = [*_reasons(store, current_kid=current_kid, machine_clock=machine_clock)]
        return Condition(reasons=reasons, degraded=[*_degraded(store, provider=provider)])
    except StoreUnavailable as error:
        # Its words may name hosts and accounts, and anybody may ask.
        log.warning("the database does not answer: %s", error.reason)
        return Condition(reasons=["The database does not answer."])


def with_degraded(found: Condition, more: Sequence[str]) -> Condition:
    """Return the condition with more that does not work as it should."""
    return evolve(found, degraded=[*more, *(each for each in found.degraded if each not in more)])


def _reasons(store: Store, *, current_kid: str, machine_clock: Clock) -> Iterator[str]:
    key_problem, restoring = _key_problem(store, current_kid), restore_problem(store.installation)
    yield from _write_problem(store)
    if restoring is not None:
        yield restoring
    clock_problem = store.clock_problem()
    if clock_problem is not None:
        yield f"{clock_problem} Nothing is settled until it can be trusted."
    difference = abs(machine_clock.now() - store.clock.now())
    if difference > MOST_CLOCK_DIFFERENCE:
        yield (
            "This machine's clock, which checks access tokens and webhooks, and the database's"
            f" differ by {difference.total_seconds():.0f} seconds."
        )
    yield from key_problem


def _key_problem(store: Store, current_kid: str) -> Sequence[str]:
    if current_kid in store.public_keys.all():
        return []
    if current_kid in store.public_keys.revoked():
        revoked = "The key that signs admission tokens was revoked: put another in its place"
        return [f"{revoked}, and restart."]
    return ["The database does not know the key that signs admission tokens."]


def _write_problem(store: Store) -> Iterator[str]:
    try:
        try_to_write(store.engine)
    except StoreUnavailable as error:
        # Such as a full disk. It has answered just now, so these are not words of a network.
        yield f"The database takes no changes: {error.reason}."
    except DBAPIError as error:
        log.warning("the database takes no changes: %s", error.orig)
        yield "The database role may not change the tables."


def _degraded(store: Store, *, provider: ProviderWatch | None) -> Iterator[str]:
    now, due = store.clock.now(), store.tickets.next_due()
    if due is not None and due < now - MOST_WAITING:
        minutes = MOST_WAITING // timedelta(minutes=1)
        yield (
            f"Tickets have been due for more than {minutes} minutes: settling does not run, or"
            " cannot keep up."
        )
    if provider is None:
        return
    yield from provider.problems()
    read = store.installation.state().news_position
    if read is not None and read < now - OLDEST_NEWS:
        hours = OLDEST_NEWS // timedelta(hours=1)
        yield (
            f"Stripe's news was not read for more than {hours} hours: money that moves without a"
            " webhook is found late."
        )
