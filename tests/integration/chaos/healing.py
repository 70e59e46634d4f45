"""What the service does in the hours after an accident, run with a clock set forward."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

from attrs import frozen
from sqlalchemy import Engine

from ticketing_adapters.sql import (
    SqlEvents,
    SqlInstallation,
    SqlStrays,
    SqlTickets,
    installation_id,
)
from ticketing_adapters.stripe_checkout import PageOptions, StripeCheckout
from ticketing_core import Organizer
from ticketing_core.ports import PaymentGateway
from ticketing_core.use_cases.reconcile import Finding, reconcile
from ticketing_core.use_cases.settle_due import settle_due
from ticketing_service.sandbox import Delivery, Sandbox, SlowOutcome

AT_ONCE = 4


@frozen
class LaterClock:
    """The machine's clock, set forward."""

    ahead: timedelta

    def now(self) -> datetime:
        """See `Clock.now`."""
        return datetime.now(UTC) + self.ahead

    def sleep(self, duration: timedelta) -> None:
        """See `Clock.sleep`."""
        time.sleep(duration.total_seconds())


def gateway_of(engine: Engine, *, sandbox_url: str) -> PaymentGateway:
    """Return the provider as the service sees it."""
    return StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173",
        installation_id=installation_id(engine),
        api_base=sandbox_url,
        options=PageOptions(slow_methods=True),
    )


def end_slow_payments(sandbox: Sandbox, *, rng: Random) -> None:
    """Let the banks decide, and lose their webhooks."""
    for session in sandbox.sessions():
        charge = sandbox.charge(session.id)
        if charge is not None and charge.status == "pending":
            outcome = rng.choice([*SlowOutcome])
            sandbox.end_slow_payment(session.id, outcome, delivery=Delivery.LOST)


def settle_all(engine: Engine, *, gateway: PaymentGateway, ahead: timedelta) -> None:
    """Settle and unwind until nothing is due at that time any more."""
    clock, tickets = LaterClock(ahead), SqlTickets(engine)
    organizer = Organizer(events=SqlEvents(engine), tickets=tickets, gateway=gateway, clock=clock)
    claimed = 1
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while claimed:
            unwound = organizer.unwind(limit=100, by="settler")
            tally = settle_due(
                limit=100,
                by="settler",
                tickets=tickets,
                gateway=gateway,
                clock=clock,
                run=pool.map,
            )
            claimed = tally.claimed + unwound


def compare(
    engine: Engine, *, gateway: PaymentGateway, since: datetime, ahead: timedelta
) -> list[Finding]:
    """Reconcile with the gateway; return the findings that could not be healed."""
    findings = reconcile(
        since=since,
        tickets=SqlTickets(engine),
        strays=SqlStrays(engine),
        installation=SqlInstallation(engine),
        gateway=gateway,
        clock=LaterClock(ahead),
    )
    return [each for each in findings if isinstance(each, Finding) and not each.healed]
