"""What `shop` and the service wire alike: selling, the pace of Stripe's calls, the jobs."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ticketing_adapters.call_pace import CallLimits, CallPace
from ticketing_adapters.jobs import (
    Comparer,
    Courier,
    Job,
    NewsReader,
    ProviderWatch,
    Pruner,
    Settler,
    Unwinder,
)
from ticketing_adapters.qr_images import qr_encoders
from ticketing_adapters.sql import SqlLeases, SqlPace
from ticketing_adapters.store import Store
from ticketing_adapters.system import RandomCodes
from ticketing_adapters.webhooks import WebhookSubscriber
from ticketing_core import BackOffice, BoxOffice, Organizer, Subscription, Subscriptions
from ticketing_core.ports import AdmissionSigner, Leases, PaymentGateway, Subscriber


def box_office_of(
    store: Store,
    *,
    gateway: PaymentGateway,
    signer: AdmissionSigner,
    hold: timedelta,
    max_unpaid_places: int,
) -> BoxOffice:
    """Return what sells from the store, with the QR encoder that is installed."""
    return BoxOffice(
        events=store.events,
        tickets=store.tickets,
        strays=store.strays,
        installation=store.installation,
        gateway=gateway,
        signer=signer,
        qr_encoder=qr_encoders().png,
        clock=store.clock,
        codes=RandomCodes(),
        hold=hold,
        max_unpaid_places=max_unpaid_places,
    )


def call_pace(store: Store, limits: CallLimits, *, in_background: bool = False) -> CallPace:
    """Return the pace of calls of Stripe, which all processes over the same store share."""
    take = SqlPace(store.engine, clock=store.clock).take
    return CallPace(take, limits=limits, in_background=in_background)


def subscriber_of(
    store: Store, *, own: Mapping[str, Subscriber], private: bool = False
) -> Callable[[Subscription], Subscriber | None]:
    """Return a function that finds the subscriber of a subscription; see `Courier`.

    Args:
        store: Its clock tells the time.
        own: The subscribers within the program, by the names of their subscriptions.
        private: Whether webhooks may go to private addresses, and by http to this machine.
    """
    tls = ssl.create_default_context()

    def found(subscription: Subscription) -> Subscriber | None:
        if subscription.url is None:
            return own.get(subscription.name)
        return WebhookSubscriber(
            subscription=subscription, clock=store.clock, private=private, tls=tls
        )

    return found


def jobs_of(
    store: Store,
    *,
    office: BackOffice,
    subscriber_of: Callable[[Subscription], Subscriber | None],
    checkouts_back: timedelta | None,
    leases: Leases | None = None,
    provider: ProviderWatch | None = None,
) -> Sequence[Job]:
    """Return the work in the background, not started yet.

    Args:
        store: The database.
        office: Settles, with a gateway at the pace of the background.
        subscriber_of: Finds those who get messages.
        checkouts_back: As for `NewsReader`; None without a payment provider, where there is nothing
            to read or compare.
        leases: Decide which process does each job; those of the store by default.
        provider: Is told whether the provider's account is the one that sold.
    """
    parts: dict[str, Any] = {
        "office": office,
        "leases": leases or SqlLeases(store.engine),
        "provider": provider or ProviderWatch(),
        "clock_problem": store.clock_problem,
    }
    organizer = Organizer(
        events=store.events, tickets=store.tickets, gateway=office.gateway, clock=store.clock
    )
    subscriptions = Subscriptions(outbox=store.outbox, clock=store.clock)
    always = [
        Settler(**parts),
        Unwinder(**parts, organizer=organizer),
        Courier(**parts, subscriptions=subscriptions, subscriber_of=subscriber_of),
        Pruner(**parts, subscriptions=subscriptions),
    ]
    if checkouts_back is None:
        return always
    return [*always, NewsReader(**parts, checkouts_back=checkouts_back), Comparer(**parts)]
