"""The composition root: the one place that names the adapters and puts a service together."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ticketing_adapters.bounded_gateway import BoundedGateway, BoundedNotificationReader, Room
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_adapters.no_payments import NoPayments
from ticketing_adapters.paced_gateway import PacedGateway
from ticketing_adapters.sql import (
    Reports,
    SqlEvents,
    SqlLeases,
    SqlPublicKeys,
    SqlTickets,
    clock_difference,
    engine_for,
    installation_id,
    is_current,
    is_empty,
    migrate,
)
from ticketing_adapters.system import RandomCodes, SystemClock
from ticketing_core import BoxOffice, Money
from ticketing_core.errors import StoreUnavailable, TotalTooSmall
from ticketing_core.ports import (
    Clock,
    EventRepository,
    NotificationReader,
    PaymentGateway,
    QrEncoder,
    TicketRepository,
)
from ticketing_service.limits import Limits
from ticketing_service.settings import CannotStart, Settings
from ticketing_service.settler import Settler
from ticketing_service.slots import Slots

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

log = logging.getLogger(__name__)

MOST_CLOCK_DIFFERENCE = timedelta(seconds=5)
"""Holds are minutes long, and tokens are read with a leeway of as much."""

CALLS_PER_SECOND, TEST_CALLS_PER_SECOND = 90, 20
"""Of the 100 and 25 that Stripe takes (docs.stripe.com/rate-limits)."""

OLDEST_REPORT = timedelta(seconds=1)
"""How old what is told of an event may be: a crowd that asks for what is sold out, or not yet
sold, then costs one look at the database in half of it. Taking places is never decided by it."""

FEW_CONNECTIONS = 2
"""Enough for a command that does one thing at a time."""


class NotMigrated(CannotStart):
    """The database is not there, is empty, or has the schema of another version."""

    def __init__(self) -> None:
        super().__init__(
            "The database has not been brought to this version yet; run `ticketing migrate`."
        )


class SigningKeyRefused(CannotStart):
    """The signing key cannot be read or made."""


@frozen(kw_only=True)
class Store:
    """An open database that has been migrated. Close it at the end."""

    engine: "Engine"
    events: EventRepository
    tickets: TicketRepository
    public_keys: SqlPublicKeys

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@frozen(kw_only=True)
class QrEncoders:
    """One encoder for each kind of image."""

    png: QrEncoder
    svg: QrEncoder


@frozen(kw_only=True)
class Installation:
    """A service that is put together.

    Attributes:
        settings: What it was made from.
        store: Its database.
        box_office: Sells.
        current_kid: The name of the key that admission tokens are signed with.
        clock: The machine's.
    """

    settings: Settings
    store: Store
    box_office: BoxOffice
    current_kid: str
    clock: Clock

    def public_keys(self) -> Mapping[str, Mapping[str, str]]:
        """All public keys of admission tokens by ``kid``, those of the past as well."""
        return self.store.public_keys.all()

    def readiness(self) -> Sequence[str]:
        """What keeps the service from selling, each in one sentence; empty if nothing does."""
        try:
            if not is_current(self.store.engine):
                return ["The database has the schema of another version."]
            difference = abs(clock_difference(self.store.engine, self.clock.now()))
            known = self.current_kid in self.public_keys()
        except StoreUnavailable:
            return ["The database does not answer."]
        problems = []
        if difference > MOST_CLOCK_DIFFERENCE:
            seconds = difference.total_seconds()
            problems.append(f"Our clock and the database's differ by {seconds:.0f} seconds.")
        if not known:
            problems.append("The database does not know the key that admission tokens have.")
        return problems

    def settler(self) -> Settler:
        """What settles in the background; `Settler.start` begins."""
        paced = PacedGateway(
            self.box_office.gateway,
            clock=self.clock,
            calls_per_second=calls_per_second(self.settings),
        )
        return Settler(
            box_office=evolve(self.box_office, gateway=paced), leases=SqlLeases(self.store.engine)
        )

    def wsgi(
        self, *, wake_settler: Callable[[], None] = lambda: None, limits: Limits | None = None
    ) -> "Flask":
        """The HTTP service over it.

        Args:
            wake_settler: Called when somebody was refused places that settling may free.
            limits: How much is done at a time; None for no bound.

        Raises:
            ValueError: The settings were loaded without access tokens.
        """
        # Flask is for those who serve.
        from ticketing_service.http import create_app  # noqa: PLC0415 - as above

        if self.settings.access is None:
            raise ValueError("the settings have to be loaded with access tokens")
        slots = None
        box_office = self.box_office
        reader = notification_reader(self.settings, store=self.store)
        if limits is not None:
            slots = Slots(limits)
            # Whoever waits for the provider keeps none of the slots that others need.
            opening = Room(limits.opening, aside=slots.left)
            asking = Room(limits.asking, aside=slots.left)
            bounded = BoundedGateway(box_office.gateway, opening=opening, asking=asking)
            box_office = evolve(box_office, gateway=bounded)
            reader = reader and BoundedNotificationReader(reader, asking=asking)
        return create_app(
            box_office=box_office,
            access=self.settings.access,
            frontend_url=self.settings.frontend_url,
            public_keys=self.public_keys,
            readiness=self.readiness,
            qr_svg=qr_encoders().svg,
            notification_reader=reader,
            wake_settler=wake_settler,
            slots=slots,
        )

    def close(self) -> None:
        """Close all connections."""
        self.store.close()


def migrate_database(settings: Settings, *, only_empty_sqlite: bool = False) -> bool:
    """Bring the database to this version.

    Args:
        settings: Say which.
        only_empty_sqlite: Do it only where nothing can be lost and nobody else is at work.

    Returns:
        Whether anything was done.

    Raises:
        StoreUnavailable: The database did not answer.
    """
    engine = engine_for(settings.database_url, pool_size=FEW_CONNECTIONS)
    try:
        if is_current(engine):
            return False
        if only_empty_sqlite and (settings.sqlite_file is None or not is_empty(engine)):
            return False
        migrate(engine)
        return True
    finally:
        engine.dispose()


def open_store(settings: Settings, *, pool_size: int = FEW_CONNECTIONS) -> Store:
    """Open the database.

    Raises:
        NotMigrated: There is none, or it is not of this version.
        StoreUnavailable: It did not answer.
    """
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        # Opening it would leave an empty file.
        raise NotMigrated
    engine = engine_for(settings.database_url, pool_size=pool_size)
    reports = Reports(oldest=OLDEST_REPORT)
    store = Store(
        engine=engine,
        events=SqlEvents(engine, reports=reports),
        tickets=SqlTickets(engine, reports=reports),
        public_keys=SqlPublicKeys(engine),
    )
    with ExitStack() as undo:
        undo.callback(store.close)
        if not is_current(engine):
            raise NotMigrated
        undo.pop_all()
    return store


def build(settings: Settings, *, pool_size: int = FEW_CONNECTIONS) -> Installation:
    """Put the service together. It remembers its signing key's public half in the database.

    Args:
        settings: Loaded with access tokens and signing key.
        pool_size: The most connections to the database, one for each thread at work.

    Raises:
        NotMigrated: See `open_store`.
        StoreUnavailable: The database did not answer.
        SigningKeyRefused: The signing key cannot be read or made.
    """
    store = open_store(settings, pool_size=pool_size)
    with ExitStack() as undo:
        undo.callback(store.close)
        key = _signing_key(settings)
        store.public_keys.remember(key.kid, key.public_jwk)
        box_office = BoxOffice(
            events=store.events,
            tickets=store.tickets,
            gateway=gateway(settings, store=store),
            signer=JwsAdmission(key=key, public_keys=store.public_keys.all),
            qr_encoder=qr_encoders().png,
            clock=SystemClock(),
            codes=RandomCodes(),
            hold=settings.hold,
        )
        undo.pop_all()
    return Installation(
        settings=settings,
        store=store,
        box_office=box_office,
        current_kid=key.kid,
        clock=box_office.clock,
    )


def qr_encoders() -> QrEncoders:
    """The fastest that is installed. Every buyer waits for an image, often many at a time."""
    try:
        from ticketing_adapters.zxing_image import ZxingPng, ZxingSvg  # noqa: PLC0415 - may not be installed
    except ImportError:
        from ticketing_adapters.qrcode_image import QrcodePng, QrcodeSvg  # noqa: PLC0415 - then this one is

        return QrEncoders(png=QrcodePng(), svg=QrcodeSvg())
    return QrEncoders(png=ZxingPng(), svg=ZxingSvg())


def gateway(settings: Settings, *, store: Store) -> PaymentGateway:
    """Takes the money, if there is an account to take it with."""
    if settings.stripe_secret_key is None:
        return NoPayments()
    # The SDK takes most of a second to load.
    from ticketing_adapters.stripe_checkout import StripeCheckout  # noqa: PLC0415 - as above

    return StripeCheckout(
        secret_key=settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        frontend_url=settings.frontend_url,
        installation_id=installation_id(store.engine),
    )


def notification_reader(settings: Settings, *, store: Store) -> NotificationReader | None:
    """Reads Stripe's webhooks, if there is a secret to check them with."""
    if settings.stripe_secret_key is None or settings.stripe_webhook_secret is None:
        return None
    from ticketing_adapters.stripe_checkout import StripeNotifications  # noqa: PLC0415 - as in `gateway`

    return StripeNotifications(
        webhook_secret=settings.stripe_webhook_secret,
        secret_key=settings.stripe_secret_key,
        installation_id=installation_id(store.engine),
        api_base=settings.stripe_api_base,
    )


def calls_per_second(settings: Settings) -> int:
    """How often settling may ask: below Stripe's limits, which buyers' calls count to as well."""
    key = settings.stripe_secret_key or ""
    at_stripe_in_test_mode = settings.stripe_api_base is None and "_live_" not in key
    return TEST_CALLS_PER_SECOND if at_stripe_in_test_mode else CALLS_PER_SECOND


def clock() -> Clock:
    """The clock of this machine."""
    return SystemClock()


def is_payable(currency: str) -> bool:
    """Whether anybody can be paid in the currency: three letters alone may be a slip."""
    from ticketing_adapters.stripe_checkout import CURRENCIES  # noqa: PLC0415 - as in `gateway`

    return currency in CURRENCIES


def smallest_price(price: Money) -> Money | None:
    """The least that can be paid in the currency, if ``price`` is below it and not zero."""
    from ticketing_adapters.stripe_checkout import too_small  # noqa: PLC0415 - as in `gateway`

    objection = None if price.is_zero else too_small(price)
    return objection.smallest if isinstance(objection, TotalTooSmall) else None


def current_kid(settings: Settings) -> str | None:
    """The ``kid`` of the signing key, or None where no key file exists.

    Raises:
        SigningKeyRefused: The file cannot be read.
    """
    path = settings.signing_key_file
    return _signing_key(settings).kid if path is not None and path.exists() else None


def _signing_key(settings: Settings) -> SigningKey:
    path = settings.signing_key_file
    if path is None:
        raise ValueError("the settings have to be loaded with a signing key")
    try:
        missing = settings.sqlite_file is not None and not path.exists()
        # Of several processes one makes it; all of them load what is there then.
        if missing and SigningKey.generate().save_new(path):
            log.info("made the signing key of admission tokens: %s", path)
        return SigningKey.load(path)
    except (OSError, ValueError) as error:
        raise SigningKeyRefused(f"The signing key {path} cannot be used: {error}") from error
