"""Checks the set-up: what `ticketing doctor` shows, and what keeps `ticketing serve` from starting.

Stripe is only asked where a key is set. Nothing is changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import frozen

from ticketing_adapters.jobs.job import restore_problem
from ticketing_adapters.sql import try_to_write
from ticketing_adapters.store import Store
from ticketing_adapters.system import SystemClock
from ticketing_core.errors import StoreUnavailable
from ticketing_core.payment import Missing
from ticketing_core.ports import PaymentGateway
from ticketing_service.composition.database import open_store
from ticketing_service.composition.payments import call_pace, gateway, webhook_events
from ticketing_service.composition.signing import current_kid
from ticketing_service.settings import PREFIX, CannotStart, Settings

if TYPE_CHECKING:
    from ticketing_adapters.stripe_checkout.account import Look

WEBHOOK_PATH = "/api/payments/webhook/"

MOST_CLOCK_DIFFERENCE = timedelta(seconds=5)
"""As for readiness: holds last minutes, and access tokens are checked with the same leeway."""

BREAKING_CLOCK_DIFFERENCE = timedelta(minutes=4)
"""At five minutes Stripe refuses our shortest checkouts as too short, and webhooks seem forged."""


MOST_STRAYS = 1_000
"""Counted at most; each needs a person, so a shop has few."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@frozen
class Check:
    """One thing that was checked.

    Attributes:
        level: How bad it is.
        subject: What was checked.
        detail: What was found, and what to do about it.
        is_refusal: Stripe has said so, and will say it to every buyer.
    """

    level: Level
    subject: str
    detail: str
    is_refusal: bool = False


class StripeRefuses(CannotStart):
    """Stripe has said that this key or this account cannot take payments."""


def check_set_up(settings: Settings) -> Iterator[Check]:
    """Check everything that the service needs, one after the other."""
    yield from _database(settings)
    yield from check_access(settings)
    yield from check_stripe(settings)
    yield _addresses(settings)


def check_access(settings: Settings) -> Iterator[Check]:
    """Check whether tokens that an issuer has made for other services are told apart."""
    access = settings.access
    if access is None or access.secret is not None:
        return
    demanded = {"ISSUER": access.issuer, "AUDIENCE": access.audience}
    missing = [f"{PREFIX}JWT_{name}" for name, text in demanded.items() if text is None]
    if missing:
        detail = f"Not set: {', '.join(missing)}. Tokens made for other services are accepted."
        yield Check(Level.WARNING, "access tokens", detail)
    else:
        yield Check(Level.OK, "access tokens", f"{access.issuer} makes them for {access.audience}.")


def check_stripe(settings: Settings) -> Iterator[Check]:
    """Check the Stripe key, its rights, the account, its webhook endpoint and the clock."""
    key = settings.stripe_secret_key
    if key is None:
        yield Check(
            Level.WARNING,
            "stripe key",
            f"{PREFIX}STRIPE_SECRET_KEY is not set: only free tickets can be bought.",
        )
        return
    # The SDK takes most of a second to load.
    from ticketing_adapters.stripe_checkout.account import look_at_account  # noqa: PLC0415 - above

    clock = SystemClock()
    look = look_at_account(key, api_base=settings.stripe_api_base, now=clock.now)
    yield from _rights(look)
    if look.silent is not None:
        return
    yield from _account(look, settings)
    yield from _webhook(look, settings)
    if look.clock is not None:
        yield _clock("stripe's clock", look.clock, breaking=BREAKING_CLOCK_DIFFERENCE)


def check_account(store: Store, gateway: PaymentGateway) -> Iterator[Check]:
    """Check that the account knows the newest checkout. Without an answer nothing is said."""
    newest = store.tickets.newest_checkout()
    if newest is not None and isinstance(gateway.look_up(newest), Missing):
        yield Check(
            Level.PROBLEM,
            "stripe account",
            f"Stripe does not know {newest}, the newest checkout of this database: the key belongs "
            "to another account than the one that sold, or to its other mode. What was paid there "
            "can be neither issued nor refunded.",
        )


def require_stripe(checks: Sequence[Check]) -> None:
    """Refuse to start if Stripe has definitely refused.

    Raises:
        StripeRefuses: It has; the text has Stripe's words.
    """
    refusals = [each for each in checks if each.is_refusal]
    if refusals:
        listed = "".join(f"\n  {each.subject}: {each.detail}" for each in refusals)
        raise StripeRefuses(f"Payments would fail or be lost:{listed}")


def _rights(look: "Look") -> Iterator[Check]:
    from ticketing_adapters.stripe_checkout.account import RIGHTS  # noqa: PLC0415 - see above

    if look.silent is not None:
        yield Check(Level.WARNING, "stripe", f"Stripe gives no answer: {look.silent}")
        return
    refused = {right: each for right, each in look.failures.items() if each.status in (401, 403)}
    for right, failure in look.failures.items():
        if failure.status == 404:  # noqa: PLR2004 - not Stripe itself: a sandbox has less
            continue
        if right not in refused:
            yield Check(Level.WARNING, "stripe", f"{right} could not be read: {failure}")
        elif failure.status == 401:  # noqa: PLR2004 - the key itself is not accepted
            detail = f"{failure} Set {PREFIX}STRIPE_SECRET_KEY to a key of Stripe's Dashboard."
            yield Check(Level.PROBLEM, "stripe key", detail, is_refusal=True)
            return
        elif right.needed:
            wanted = ", ".join(str(each) for each in RIGHTS if each.needed)
            detail = f"{failure} The key needs these rights: {wanted}."
            yield Check(Level.PROBLEM, "stripe key", detail, is_refusal=True)
        else:
            yield Check(
                Level.WARNING, "stripe key", f"{right} cannot be checked without its right."
            )
    if not refused:
        yield Check(Level.OK, "stripe key", "It is accepted, and lacks no right to read.")


def _account(look: "Look", settings: Settings) -> Iterator[Check]:
    account = look.state
    if account is None:
        return
    if not account.takes_payments:
        live = settings.stripe_key_is_live
        yield Check(
            # An account takes test payments before it is activated.
            Level.PROBLEM if live else Level.WARNING,
            "stripe account",
            f"{account.account_id} cannot take {'' if live else 'live '}payments "
            f"({account.why_not or 'not activated'}); see https://dashboard.stripe.com/account.",
            is_refusal=live,
        )
    elif not account.has_name:
        yield Check(
            Level.WARNING,
            "stripe account",
            f"{account.account_id} has no business name, without which Stripe opens no checkout; "
            "set one at https://dashboard.stripe.com/account.",
        )
    else:
        yield Check(Level.OK, "stripe account", f"{account.account_id} can take payments.")


def _webhook(look: "Look", settings: Settings) -> Iterator[Check]:
    later = "Tickets whose buyers close the browser are issued only when their hold is over"
    if settings.stripe_webhook_secret is None:
        detail = f"{PREFIX}STRIPE_WEBHOOK_SECRET is not set. {later}."
        yield Check(Level.WARNING, "webhook", detail)
    if look.endpoints is None:
        return
    ours = [
        endpoint
        for endpoint in look.endpoints
        if urlsplit(endpoint.url).path.rstrip("/").endswith(WEBHOOK_PATH.rstrip("/"))
    ]
    if not ours:
        yield Check(
            Level.WARNING,
            "webhook",
            f"No endpoint of the account ends in {WEBHOOK_PATH}. {later}; "
            "`ticketing stripe webhook` prints what to set up.",
        )
    for endpoint in ours:
        missing = endpoint.misses(webhook_events())
        if not endpoint.enabled:
            detail = f"{endpoint.url} is disabled; enable it in Stripe's Dashboard."
        elif missing:
            detail = f"{endpoint.url} is not subscribed to {', '.join(missing)}."
        else:
            yield Check(Level.OK, "webhook", f"{endpoint.url} gets all that is needed.")
            continue
        yield Check(Level.WARNING, "webhook", detail)


def _addresses(settings: Settings) -> Check:
    stripe = settings.stripe_api_base
    level = Level.OK if stripe is None else Level.WARNING
    api = "Stripe itself" if stripe is None else f"{stripe} instead of Stripe itself"
    return Check(
        level, "addresses", f"Buyers return to {settings.frontend_url}; calls go to {api}."
    )


def _database(settings: Settings) -> Iterator[Check]:
    try:
        with closing(open_store(settings)) as store:
            try_to_write(store.engine)
            yield Check(Level.OK, "database", "It answers, has this schema and takes changes.")
            if store.database_clock is not None:
                difference = store.database_clock.now() - SystemClock().now()
                yield _clock("database's clock", difference, breaking=MOST_CLOCK_DIFFERENCE)
            yield _signing_key(settings, store)
            yield from _restore(store)
            yield from check_account(
                store, gateway(settings, store=store, pace=call_pace(settings, store=store))
            )
    except StoreUnavailable as error:
        reason = f" ({error.reason})" if error.reason else ""
        detail = f"The one that {PREFIX}DATABASE_URL names cannot be used now{reason}."
        yield Check(Level.PROBLEM, "database", detail)
    except CannotStart as error:
        yield Check(Level.PROBLEM, "database", str(error))


def _restore(store: Store) -> Iterator[Check]:
    problem = restore_problem(store.installation)
    if problem is not None:
        yield Check(Level.PROBLEM, "restore", problem)
    strays = len(store.strays.unsettled(after="", limit=MOST_STRAYS))
    if strays:
        number = f"{strays} or more" if strays == MOST_STRAYS else strays
        detail = f"{number} that no ticket has; `ticketing reconcile` lists them."
        yield Check(Level.WARNING, "payments", detail)


def _signing_key(settings: Settings, store: Store) -> Check:
    kid, known = current_kid(settings), store.public_keys.all()
    if kid in known:
        return Check(Level.OK, "signing key", f"The database knows {kid}.")
    if kid in store.public_keys.revoked():
        detail = f"{kid} was revoked: put another key into {settings.signing_key_file}."
        return Check(Level.PROBLEM, "signing key", detail)
    if not known:
        return Check(Level.OK, "signing key", "The first start publishes it.")
    return Check(
        Level.WARNING,
        "signing key",
        f"The database knows others, but not {kid or 'one that the next start makes'}; the next "
        "start publishes it. All machines need the same file.",
    )


def _clock(subject: str, ahead: timedelta, *, breaking: timedelta) -> Check:
    difference = f"{ahead.total_seconds():+.0f} seconds beside ours."
    if abs(ahead) > breaking:
        return Check(Level.PROBLEM, subject, f"{difference} Synchronise the clocks (NTP).")
    if abs(ahead) > MOST_CLOCK_DIFFERENCE:
        return Check(Level.WARNING, subject, f"{difference} Synchronise the clocks (NTP).")
    return Check(Level.OK, subject, difference)
