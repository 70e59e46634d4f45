"""Puts the HTTP service together, and the back office that settles for it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import field, frozen

from ticketing_adapters.call_pace import CallPace
from ticketing_adapters.gate_list import sign_gate_list
from ticketing_adapters.jobs import Job, ProviderWatch
from ticketing_adapters.jobs.settler import READ_SINCE, READ_SINCE_IF_SLOW
from ticketing_adapters.jws_admission import JwsAdmission
from ticketing_adapters.sql import Figure, SqlFigures, SqlLeases
from ticketing_adapters.store import Store
from ticketing_adapters.system import SystemClock
from ticketing_adapters.wiring import box_office_of, jobs_of, subscriber_of
from ticketing_core import BackOffice, BoxOffice
from ticketing_core.ports import Clock, Leases, Subscriber
from ticketing_service.capacity.limits import Limits
from ticketing_service.composition.condition import found_condition
from ticketing_service.composition.database import FEW_CONNECTIONS, open_store
from ticketing_service.composition.payments import call_pace, gateway
from ticketing_service.composition.signing import signing_key
from ticketing_service.condition import Condition
from ticketing_service.observing.leases import ObservedLeases
from ticketing_service.observing.metrics import Metrics
from ticketing_service.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from ticketing_service.http.gate_lists import SignGateList

LINE_TOKENS = "ticketing line tokens 1"
"""What the secret of the line's tokens is derived for."""


@frozen(kw_only=True)
class Service:
    """The service, wired.

    Attributes:
        settings: What it was made from.
        store: Its database.
        box_office: Sells.
        sign_gate_list: Signs gate lists with the key of admission tokens.
        current_kid: The name of that key.
        line_secret: Derived from it, for the tokens of the line.
        pace: Of the calls of the payment provider.
        metrics: What is counted; None if nobody reads it.
        machine_clock: The clock that access tokens and webhooks are checked by.
        provider: What is known of the payment provider.
        subscribers: Those within the program, by the names of their subscriptions.
    """

    settings: Settings
    store: Store
    box_office: BoxOffice
    sign_gate_list: "SignGateList"
    current_kid: str
    line_secret: bytes = field(repr=False)
    pace: CallPace
    metrics: Metrics | None = None
    machine_clock: Clock = field(factory=SystemClock)
    provider: ProviderWatch = field(factory=ProviderWatch)
    subscribers: Mapping[str, Subscriber] = field(factory=dict)

    def public_keys(self) -> Mapping[str, Mapping[str, str]]:
        """Return the public keys of admission tokens by ``kid``, without revoked ones."""
        return self.store.public_keys.all()

    def condition(self) -> Condition:
        """Return what keeps the service from selling, and what does not work as it should."""
        return found_condition(
            self.store,
            current_kid=self.current_kid,
            machine_clock=self.machine_clock,
            provider=self.provider if self.settings.stripe_secret_key is not None else None,
        )

    def jobs(self) -> Sequence[Job]:
        """Return the work in the background, not started yet.

        All of it shares one pace. Without a payment provider there is nothing to read or compare.
        """
        leases: Leases = SqlLeases(self.store.engine)
        if self.metrics is not None:
            leases = ObservedLeases(leases, self.metrics)
        takes_money = self.settings.stripe_secret_key is not None
        back = READ_SINCE_IF_SLOW if self.settings.stripe_slow_methods else READ_SINCE
        return jobs_of(
            self.store,
            office=back_office(
                self.settings, store=self.store, watch=self.provider.ended, metrics=self.metrics
            ),
            subscriber_of=subscriber_of(
                self.store, own=self.subscribers, private=self.settings.webhooks_private
            ),
            checkouts_back=back if takes_money else None,
            leases=leases,
            provider=self.provider,
        )

    def figures(self) -> Sequence[Figure]:
        """Return what the database says in numbers.

        Raises:
            StoreUnavailable: The database did not answer.
        """
        return SqlFigures(self.store.engine).read(self.store.clock.now())

    def wsgi(
        self, *, limits: Limits | None = None, degraded: Callable[[], Sequence[str]] = tuple
    ) -> "Flask":
        """Return the HTTP service.

        Args:
            limits: How much to do at a time; None for no bound, not even for one buyer.
            degraded: Returns what else does not work as it should, for `/readyz`.

        Raises:
            ValueError: The settings were loaded without access tokens.
        """
        # Only a process that serves loads Flask.
        from ticketing_service.composition.web import web_service  # noqa: PLC0415 - as above

        return web_service(self, limits=limits, degraded=degraded)

    def close(self) -> None:
        """Close all connections."""
        self.store.close()


def back_office(
    settings: Settings,
    *,
    store: Store,
    watch: Callable[[int | None], None] = lambda _: None,
    metrics: Metrics | None = None,
) -> BackOffice:
    """Return what settles and reconciles, with the calls of Stripe that buyers leave."""
    pace = call_pace(settings, store=store, in_background=True)
    return BackOffice(
        tickets=store.tickets,
        strays=store.strays,
        installation=store.installation,
        gateway=gateway(settings, store=store, pace=pace, watch=watch, metrics=metrics),
        clock=store.clock,
    )


def build(
    settings: Settings,
    *,
    pool_size: int = FEW_CONNECTIONS,
    metrics: Metrics | None = None,
    subscribers: Mapping[str, Subscriber] = MappingProxyType({}),
) -> Service:
    """Put the service together. Its signing key's public half is stored in the database.

    Args:
        settings: Loaded with access tokens and signing key.
        pool_size: The most connections to the database, one for each thread at work.
        metrics: Counts what it does; None if nobody reads it.
        subscribers: Those within the program, by the names of their subscriptions.

    Raises:
        NotMigrated: The database does not exist, or is not of this version.
        StoreUnavailable: The database did not answer.
        SigningKeyRefused: The signing key cannot be read or made, or was revoked.
    """
    store = open_store(settings, pool_size=pool_size, metrics=metrics)
    with ExitStack() as undo:
        undo.callback(store.close)
        key = signing_key(settings, store)
        pace, provider = call_pace(settings, store=store), ProviderWatch()
        box_office = box_office_of(
            store,
            gateway=gateway(
                settings, store=store, pace=pace, watch=provider.ended, metrics=metrics
            ),
            signer=JwsAdmission(key=key, public_key=store.public_keys.recent),
            hold=settings.hold,
            max_unpaid_places=settings.max_unpaid_places,
        )
        undo.pop_all()
    return Service(
        settings=settings,
        store=store,
        box_office=box_office,
        sign_gate_list=partial(sign_gate_list, key=key),
        current_kid=key.kid,
        line_secret=key.derived(LINE_TOKENS),
        pace=pace,
        metrics=metrics,
        provider=provider,
        subscribers=subscribers,
    )
