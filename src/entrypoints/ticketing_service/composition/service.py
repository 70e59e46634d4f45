"""Puts the HTTP service together, and the back office that settles for it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy.exc import DBAPIError

from ticketing_adapters.jws_admission import JwsAdmission
from ticketing_adapters.sql import SqlLeases, is_usable, try_to_write
from ticketing_adapters.system import RandomCodes, SystemClock
from ticketing_core import BackOffice, BoxOffice
from ticketing_core.errors import StoreUnavailable
from ticketing_core.ports import Clock
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.pace import CallPace
from ticketing_service.composition.database import FEW_CONNECTIONS, Store, open_store
from ticketing_service.composition.payments import call_pace, gateway
from ticketing_service.composition.qr_encoders import qr_encoders
from ticketing_service.composition.signing import signing_key
from ticketing_service.jobs import Job, restore_problem
from ticketing_service.settings import Settings
from ticketing_service.settler import (
    READ_SINCE,
    READ_SINCE_IF_SLOW,
    Comparer,
    NewsReader,
    Settler,
)

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

LINE_TOKENS = "ticketing line tokens 1"
"""What the secret of the line's tokens is derived for."""

MOST_CLOCK_DIFFERENCE = timedelta(seconds=5)
"""Access tokens are checked with this leeway, and webhooks with one of minutes."""


@frozen(kw_only=True)
class Service:
    """The service, wired.

    Attributes:
        settings: What it was made from.
        store: Its database.
        box_office: Sells.
        current_kid: The name of the key that signs admission tokens.
        line_secret: Derived from that key, for the tokens of the line.
        pace: Of the calls of the payment provider.
        machine_clock: The clock that access tokens and webhooks are checked by.
    """

    settings: Settings
    store: Store
    box_office: BoxOffice
    current_kid: str
    line_secret: bytes = field(repr=False)
    pace: CallPace
    machine_clock: Clock = field(factory=SystemClock)

    def public_keys(self) -> Mapping[str, Mapping[str, str]]:
        """Return the public keys of admission tokens by ``kid``, without revoked ones."""
        return self.store.public_keys.all()

    def readiness(self) -> Sequence[str]:
        """Return the reasons why the service cannot sell, a sentence each; empty if it can."""
        try:
            if not is_usable(self.store.engine):
                return ["The database has the schema of another version."]
            key_problem = self._key_problem()
            restoring = restore_problem(self.store.installation)
        except StoreUnavailable as error:
            # Its words may name hosts and accounts, and anybody may ask.
            log.warning("the database does not answer: %s", error.reason)
            return ["The database does not answer."]
        reasons = [*self._write_problem()]
        if restoring is not None:
            reasons.append(restoring)
        clock_problem = self.store.clock_problem()
        if clock_problem is not None:
            reasons.append(f"{clock_problem} Nothing is settled until it can be trusted.")
        difference = abs(self.machine_clock.now() - self.store.clock.now())
        if difference > MOST_CLOCK_DIFFERENCE:
            reasons.append(
                "This machine's clock, which checks access tokens and webhooks, and the database's"
                f" differ by {difference.total_seconds():.0f} seconds."
            )
        return [*reasons, *key_problem]

    def _key_problem(self) -> Sequence[str]:
        if self.current_kid in self.public_keys():
            return []
        if self.current_kid in self.store.public_keys.revoked():
            revoked = "The key that signs admission tokens was revoked: put another in its place"
            return [f"{revoked}, and restart."]
        return ["The database does not know the key that signs admission tokens."]

    def _write_problem(self) -> Iterator[str]:
        try:
            try_to_write(self.store.engine)
        except StoreUnavailable as error:
            # Such as a full disk. It has answered just now, so these are not words of a network.
            yield f"The database takes no changes: {error.reason}."
        except DBAPIError as error:
            log.warning("the database takes no changes: %s", error.orig)
            yield "The role may not change the tables."

    def jobs(self) -> Sequence[Job]:
        """Return the work in the background, not started yet.

        All of it shares one pace. Without a payment provider there is nothing to read or compare.
        """
        parts: dict[str, Any] = {
            "office": back_office(self.settings, store=self.store),
            "leases": SqlLeases(self.store.engine),
            "clock_problem": self.store.clock_problem,
        }
        settler = Settler(**parts)
        if self.settings.stripe_secret_key is None:
            return [settler]
        back = READ_SINCE_IF_SLOW if self.settings.stripe_slow_methods else READ_SINCE
        return [settler, NewsReader(**parts, checkouts_back=back), Comparer(**parts)]

    def wsgi(self, *, limits: Limits | None = None, degraded: Sequence[str] = ()) -> "Flask":
        """Return the HTTP service.

        Args:
            limits: How much to do at a time; None for no bound, not even for one buyer.
            degraded: What does not work as it should, for `/readyz`.

        Raises:
            ValueError: The settings were loaded without access tokens.
        """
        # Only a process that serves loads Flask.
        from ticketing_service.composition.web import web_service  # noqa: PLC0415 - as above

        return web_service(self, limits=limits, degraded=degraded)

    def close(self) -> None:
        """Close all connections."""
        self.store.close()


def back_office(settings: Settings, *, store: Store) -> BackOffice:
    """Return what settles and reconciles, with the calls of Stripe that buyers leave."""
    pace = call_pace(settings, store=store, in_background=True)
    return BackOffice(
        tickets=store.tickets,
        strays=store.strays,
        installation=store.installation,
        gateway=gateway(settings, store=store, pace=pace),
        clock=store.clock,
    )


def build(settings: Settings, *, pool_size: int = FEW_CONNECTIONS) -> Service:
    """Put the service together. Its signing key's public half is stored in the database.

    Args:
        settings: Loaded with access tokens and signing key.
        pool_size: The most connections to the database, one for each thread at work.

    Raises:
        NotMigrated: The database does not exist, or is not of this version.
        StoreUnavailable: The database did not answer.
        SigningKeyRefused: The signing key cannot be read or made, or was revoked.
    """
    store = open_store(settings, pool_size=pool_size)
    with ExitStack() as undo:
        undo.callback(store.close)
        key = signing_key(settings, store.public_keys)
        pace = call_pace(settings, store=store)
        box_office = BoxOffice(
            events=store.events,
            tickets=store.tickets,
            strays=store.strays,
            installation=store.installation,
            gateway=gateway(settings, store=store, pace=pace),
            signer=JwsAdmission(key=key, public_keys=store.public_keys.all),
            qr_encoder=qr_encoders().png,
            clock=store.clock,
            codes=RandomCodes(),
            hold=settings.hold,
            max_unpaid_places=settings.max_unpaid_places,
        )
        undo.pop_all()
    return Service(
        settings=settings,
        store=store,
        box_office=box_office,
        current_kid=key.kid,
        line_secret=key.derived(LINE_TOKENS),
        pace=pace,
    )
