"""Compares the answers to buyers with what is stored, and with where the money is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine

from tests.integration.chaos.healing import compare, end_slow_payments, gateway_of, settle_all
from tests.integration.chaos.site import Site
from tests.support.audit import Receipts, problems, read_books, settled_problems
from ticketing_core import Finding, TicketStatus

_ANY = frozenset(status.value for status in TicketStatus)

_HOLDS_ARE_OVER = timedelta(minutes=3)
"""A hold lasts one minute, a reservation two; checkouts are still open then."""
_LEASES_ARE_OVER = timedelta(hours=2)
"""A ticket that could not be settled is tried again within the hour."""
_KEYS_ARE_FORGOTTEN = timedelta(hours=25)
"""The provider repeats an error for the same idempotency key for a day."""


def wrong_meanwhile(engine: Engine, receipts: Receipts) -> Sequence[str]:
    """Return what is wrong while the service still settles: lost, oversold or untrue."""
    # Otherwise ticket and history could be of two moments.
    one_moment = engine.execution_options(isolation_level="REPEATABLE READ")
    return problems(read_books(one_moment), receipts, may_be=_ANY)


def wrong_in_the_end(
    site: Site, receipts: Receipts, *, since: datetime, rng: Random
) -> Sequence[str]:
    """Settle everything, then return what is wrong, to the cent. Nothing else may run."""
    left = settle_everything(site, since=since, rng=rng)
    books = read_books(site.engine, site.sandbox)
    return [*map(str, left), *settled_problems(books, receipts)]


def settle_everything(site: Site, *, since: datetime, rng: Random) -> Sequence[Finding]:
    """Do what the service does within a day; return the differences that it could not heal."""
    gateway = gateway_of(site.engine, sandbox_url=site.sandbox_url)
    end_slow_payments(site.sandbox, rng=rng)
    for ahead in (_HOLDS_ARE_OVER, _LEASES_ARE_OVER):
        settle_all(site.engine, gateway=gateway, ahead=ahead)
    site.sandbox.advance_clock(_KEYS_ARE_FORGOTTEN.total_seconds())
    settle_all(site.engine, gateway=gateway, ahead=_KEYS_ARE_FORGOTTEN)
    return compare(site.engine, gateway=gateway, since=since, ahead=_KEYS_ARE_FORGOTTEN)
