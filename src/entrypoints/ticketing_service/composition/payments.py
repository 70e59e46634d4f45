"""Chooses the payment gateway, and knows what can be paid.

Stripe's SDK takes most of a second to load, so only what needs it imports it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from attrs import frozen

from ticketing_adapters import wiring
from ticketing_adapters.call_pace import CallLimits, CallPace
from ticketing_adapters.no_payments import NoPayments
from ticketing_adapters.sql import installation_id
from ticketing_adapters.store import Store
from ticketing_core.money import Money
from ticketing_core.ports import NotificationReader, PaymentGateway
from ticketing_service.observing.gateways import ObservedGateway
from ticketing_service.observing.metrics import Metrics
from ticketing_service.settings import Settings


def call_pace(settings: Settings, *, store: Store, in_background: bool = False) -> CallPace:
    """Return whose turn it is to call Stripe. All processes that share the store take turns."""
    limits = CallLimits(each=settings.stripe_calls_per_second, in_all=settings.stripe_calls_in_all)
    return wiring.call_pace(store, limits, in_background=in_background)


@frozen
class CallPaceOfOne:
    """The pace at which checkouts are opened: that of one operation of Stripe."""

    _pace: CallPace
    _operation: str

    def each(self) -> float:
        """See `line.OpeningPace`."""
        return self._pace.each(self._operation)

    def at_start(self, begun: Callable[[], None]) -> AbstractContextManager[None]:
        """See `line.OpeningPace`."""
        return self._pace.at_start(begun)


def opening_pace(settings: Settings, *, pace: CallPace) -> CallPaceOfOne | None:
    """Return the pace of opening checkouts, or None without an account."""
    if settings.stripe_secret_key is None:
        return None
    from ticketing_adapters.stripe_checkout.pacing import OPEN  # noqa: PLC0415 - see above

    return CallPaceOfOne(pace, OPEN)


def gateway(
    settings: Settings,
    *,
    store: Store,
    pace: CallPace,
    watch: Callable[[int | None], None] = lambda _: None,
    metrics: Metrics | None = None,
) -> PaymentGateway:
    """Return the gateway of the account in the settings; without one, only free tickets sell.

    ``watch`` is told what came of each call: see `StripeCheckout`.
    """
    if settings.stripe_secret_key is None:
        return NoPayments()
    from ticketing_adapters.stripe_checkout import (  # noqa: PLC0415 - see above
        PageOptions,
        StripeCheckout,
    )

    stripe = StripeCheckout(
        secret_key=settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        frontend_url=settings.frontend_url,
        installation_id=installation_id(store.engine),
        options=PageOptions(
            slow_methods=settings.stripe_slow_methods,
            statement_suffix=settings.stripe_statement_suffix,
            locale=settings.stripe_locale,
            terms=settings.stripe_terms,
        ),
        pace=pace,
        watch=watch,
    )
    return ObservedGateway(stripe, metrics)


def notification_reader(settings: Settings, *, store: Store) -> NotificationReader | None:
    """Return the reader of Stripe's webhooks, or None without a secret to check them with."""
    if settings.stripe_secret_key is None or settings.stripe_webhook_secret is None:
        return None
    from ticketing_adapters.stripe_checkout import StripeNotifications  # noqa: PLC0415 - see above

    return StripeNotifications(
        webhook_secret=settings.stripe_webhook_secret,
        installation_id=installation_id(store.engine),
    )


def webhook_events() -> Sequence[str]:
    """Return the events that Stripe has to send to the webhook."""
    from ticketing_adapters.stripe_checkout import WEBHOOK_EVENTS  # noqa: PLC0415 - see above

    return WEBHOOK_EVENTS


def smallest_price(price: Money) -> Money | None:
    """Return the least that Stripe may take if ``price`` is less, but not zero. Only a hint."""
    from ticketing_adapters.stripe_checkout import too_small  # noqa: PLC0415 - see above

    return None if price.is_zero else too_small(price)


def largest_price(price: Money) -> Money | None:
    """Return the most that can be paid at once in the currency if ``price`` is more."""
    from ticketing_adapters.stripe_checkout import too_large  # noqa: PLC0415 - see above

    refused = too_large(price)
    return refused.largest if refused else None
