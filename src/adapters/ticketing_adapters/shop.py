"""Puts the shipped adapters together: a shop on an SQL database that takes money through Stripe.

`open_shop` is for programs that embed the library.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ticketing_adapters.call_pace import CallLimits
from ticketing_adapters.extras import needing
from ticketing_adapters.jobs import Settling
from ticketing_adapters.jobs.settler import READ_SINCE, READ_SINCE_IF_SLOW, notice_restore
from ticketing_adapters.no_payments import NoPayments
from ticketing_adapters.store import Store, open_store
from ticketing_adapters.wiring import box_office_of, call_pace, jobs_of, subscriber_of
from ticketing_core import (
    BoxOffice,
    EventRecords,
    Gate,
    Organizer,
    PrivacyOffice,
    Subscriptions,
)
from ticketing_core.box_office import DEFAULT_HOLD
from ticketing_core.ports import NotificationReader, PaymentGateway, Subscriber
from ticketing_core.reservation import DEFAULT_MAX_UNPAID_PLACES

with needing("sql"):
    from ticketing_adapters.sql import DEFAULT_POOL_SIZE, installation_id
with needing("signing"):
    from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
    from ticketing_adapters.signing_keys import signing_key

if TYPE_CHECKING:
    from ticketing_adapters.stripe_checkout import PageOptions

TEST_LIMITS = CallLimits(each=25, in_all=25)
"""Calls a second. Stripe takes so many from a test account, and 100 in all from a live one
(docs.stripe.com/rate-limits)."""


@frozen(kw_only=True)
class Shop:
    """A seller's box office, gate and records over one database and one Stripe account.

    All of it may be used from several threads at once. Close it at the end: as a context manager,
    or by `close`.

    Attributes:
        box_office: Sells tickets, refunds and settles them.
        organizer: Puts events on sale, changes and cancels them.
        gate: Lets people in.
        event_records: Shows what was sold of an event.
        subscriptions: Says which changes your subscribers are told.
        privacy_office: Erases buyers.
        notifications: Reads Stripe's webhooks; None without their secret.
        settling: The work in the background. It does not run until you start it.
        store: The database.
    """

    box_office: BoxOffice
    organizer: Organizer
    gate: Gate
    event_records: EventRecords
    subscriptions: Subscriptions
    privacy_office: PrivacyOffice
    notifications: NotificationReader | None
    settling: Settling
    store: Store

    def close(self) -> None:
        """Stop settling, and close all connections to the database. Call nothing afterwards."""
        self.settling.stop()
        self.store.close()

    def __enter__(self) -> "Shop":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_shop(
    *,
    database_url: str,
    signing_key_file: str | Path,
    frontend_url: str | None = None,
    stripe_secret_key: str | None = None,
    stripe_webhook_secret: str | None = None,
    stripe_api_base: str | None = None,
    stripe_page: "PageOptions | None" = None,
    stripe_limits: CallLimits = TEST_LIMITS,
    hold: timedelta = DEFAULT_HOLD,
    max_unpaid_places: int = DEFAULT_MAX_UNPAID_PLACES,
    subscribers: Mapping[str, Subscriber] = MappingProxyType({}),
    pool_size: int = DEFAULT_POOL_SIZE,
) -> Shop:
    """Open a shop. A new database, or one of an older version, is brought to this one.

    Needs the extras ``sql``, ``signing``, one of ``qrcode`` and ``zxing``, for PostgreSQL
    ``postgresql``, and to take money ``stripe``. Calls nothing but the database.

    Args:
        database_url: ``sqlite:///shop.db``, or ``postgresql://user:password@host/name``.
        signing_key_file: The private key of admission tokens, as PEM: keep it, and give it to every
            process. With SQLite it is made if the file does not exist.
        frontend_url: The address of your frontend, to which buyers return from Stripe. They come to
            ``/payment/success?session_id=…&ticket_id=…`` or ``/payment/cancel?ticket_id=…``.
        stripe_secret_key: The account's secret or restricted key. Without one, only free tickets
            can be bought.
        stripe_webhook_secret: Of your webhook endpoint, ``whsec_…``, for `Shop.notifications`.
        stripe_api_base: Another address than Stripe's, such as that of ``ticketing sandbox``.
        stripe_page: How the payment page looks, and which methods of payment it offers: a
            `ticketing_adapters.stripe_checkout.PageOptions`.
        stripe_limits: How often all processes of the shop together may call Stripe: a
            `ticketing_adapters.call_pace.CallLimits`.
        hold: How long an unpaid ticket keeps its places: one minute to 23 hours.
        max_unpaid_places: The most unpaid places that one buyer may keep at one event.
        subscribers: Those within your program, by the names of their subscriptions.
        pool_size: The most connections to the database: one for each thread at work, and four for
            settling. More threads wait.

    Raises:
        MissingExtra: A package is not installed; the text says which extra brings it.
        ValueError: An argument is malformed, or the key file does not hold such a key.
        OSError: The key file cannot be read, or does not exist beside PostgreSQL.
        KeyRevoked: The key was revoked, so nobody would accept its tokens.
        SchemaTooNew: A newer version has migrated the database, and shuts this one out.
        TablesTaken: Another program has tables of the same names there.
        StoreUnavailable: The database did not answer.
    """
    account = _account(
        secret_key=stripe_secret_key,
        webhook_secret=stripe_webhook_secret,
        frontend_url=frontend_url,
        api_base=stripe_api_base,
        page=stripe_page,
        limits=stripe_limits,
    )
    with ExitStack() as undo:
        store = open_store(database_url, pool_size=pool_size, migrates=True)
        undo.callback(store.close)
        shop = _shop(
            store,
            account=account,
            key=signing_key(Path(signing_key_file), store),
            hold=hold,
            max_unpaid_places=max_unpaid_places,
            subscribers=subscribers,
        )
        undo.pop_all()
    return shop


@frozen(kw_only=True)
class _Account:
    """A Stripe account. Its SDK takes most of a second to load, so only what needs it does."""

    secret_key: str = field(repr=False)
    webhook_secret: str | None = field(repr=False)
    frontend_url: str
    api_base: str | None
    page: "PageOptions | None"
    limits: CallLimits

    def gateway(self, store: Store, *, in_background: bool = False) -> PaymentGateway:
        with needing("stripe"):
            from ticketing_adapters.stripe_checkout import (  # noqa: PLC0415 - see above
                PageOptions,
                StripeCheckout,
            )
        return StripeCheckout(
            secret_key=self.secret_key,
            api_base=self.api_base,
            frontend_url=self.frontend_url,
            installation_id=installation_id(store.engine),
            options=self.page or PageOptions(),
            pace=call_pace(store, self.limits, in_background=in_background),
        )

    def notifications(self, store: Store) -> NotificationReader | None:
        if self.webhook_secret is None:
            return None
        from ticketing_adapters.stripe_checkout import (  # noqa: PLC0415 - see above
            StripeNotifications,
        )

        return StripeNotifications(
            webhook_secret=self.webhook_secret, installation_id=installation_id(store.engine)
        )

    @property
    def checkouts_back(self) -> timedelta:
        slow = self.page is not None and self.page.slow_methods
        return READ_SINCE_IF_SLOW if slow else READ_SINCE


def _account(
    *, secret_key: str | None, webhook_secret: str | None, frontend_url: str | None, **rest: Any
) -> _Account | None:
    """Return the account, or None without a key."""
    if secret_key is None:
        if webhook_secret is not None:
            raise ValueError("stripe_webhook_secret needs stripe_secret_key beside it")
        return None
    if not secret_key.startswith(("sk_", "rk_")):
        raise ValueError("stripe_secret_key must begin with sk_ or rk_")
    if webhook_secret is not None and not webhook_secret.startswith("whsec_"):
        raise ValueError("stripe_webhook_secret must begin with whsec_")
    if frontend_url is None or not frontend_url.startswith(("https://", "http://")):
        raise ValueError(
            "frontend_url must begin with https:// or http://: buyers return there from Stripe"
        )
    return _Account(
        secret_key=secret_key, webhook_secret=webhook_secret, frontend_url=frontend_url, **rest
    )


def _shop(
    store: Store,
    *,
    account: _Account | None,
    key: SigningKey,
    hold: timedelta,
    max_unpaid_places: int,
    subscribers: Mapping[str, Subscriber],
) -> Shop:
    signer = JwsAdmission(key=key, public_key=store.public_keys.recent)
    gateway: PaymentGateway = NoPayments() if account is None else account.gateway(store)
    over: dict[str, Any] = {"events": store.events, "tickets": store.tickets, "clock": store.clock}
    box_office = box_office_of(
        store, gateway=gateway, signer=signer, hold=hold, max_unpaid_places=max_unpaid_places
    )
    in_background = gateway if account is None else account.gateway(store, in_background=True)
    settling_office = evolve(box_office, gateway=in_background)
    jobs = partial(
        jobs_of,
        store,
        office=settling_office,
        subscriber_of=subscriber_of(store, own=subscribers),
        checkouts_back=None if account is None else account.checkouts_back,
    )
    return Shop(
        box_office=box_office,
        organizer=Organizer(gateway=gateway, **over),
        gate=Gate(admissions=store.admissions, signer=signer, gateway=gateway, **over),
        event_records=EventRecords(admissions=store.admissions, **over),
        subscriptions=Subscriptions(outbox=store.outbox, clock=store.clock),
        privacy_office=PrivacyOffice(
            tickets=store.tickets, authors=store.authors, clock=store.clock
        ),
        notifications=None if account is None else account.notifications(store),
        settling=Settling(jobs, before=partial(notice_restore, settling_office)),
        store=store,
    )
