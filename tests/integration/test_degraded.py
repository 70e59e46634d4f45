"""`/readyz` says with status 200 what does not work as it should: a gate needs no Stripe."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from attrs import frozen

from tests.integration.cli.processes import SECRET
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.jobs.job import Job
from ticketing_adapters.jobs.settler import NewsReader, Settler
from ticketing_core import ToPay
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.composition.condition import MOST_WAITING, OLDEST_NEWS
from ticketing_service.sandbox import Fault, Sandbox
from ticketing_service.sandbox.faults import SERVER_ERROR
from ticketing_service.sandbox.refusals import missing_object
from ticketing_service.settings import PREFIX, load_settings

A_LITTLE = timedelta(minutes=1)
EVERY_CALL = "/v1/*"


@frozen
class Shop:
    """A service over a database and the sandbox, which calls Stripe only when it is told to."""

    service: Service
    sandbox: Sandbox

    def degraded(self) -> Sequence[str]:
        """Return what `/readyz` shows, which never fails, and asks Stripe for nothing."""
        calls = len(self.sandbox.exchanges())
        answer = self.service.wsgi().test_client().get("/readyz")
        assert answer.status_code == 200
        assert len(self.sandbox.exchanges()) == calls
        shown: list[str] = answer.get_json().get("degraded", [])
        return shown

    def call_stripe(self, *, times: int = 2) -> None:
        """Let buyers' requests call Stripe."""
        for _ in range(times):
            self.service.box_office.gateway.look_up(f"cs_test_{uuid4().hex}")

    def job(self, kind: type[Job]) -> Job:
        """Return one of the jobs, which is not running."""
        (job,) = (each for each in self.service.jobs() if isinstance(each, kind))
        return job

    def bought(self, *, due: timedelta | None = None) -> ToPay:
        """Sell a ticket, which is due for so long already."""
        store = self.service.store
        event = stored_event(store.events)
        office = self.service.box_office
        bought = office.purchase(event_id=event.event_id, quantity=1, buyer="42")
        assert isinstance(bought, ToPay)
        if due is not None:
            store.tickets.postpone(bought.ticket, until=store.clock.now() - due)
        return bought


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Give a shop in which everything works."""
    with checked_sandbox() as running:
        for name, value in {
            "DATABASE_URL": sqlite_url,
            "SIGNING_KEY_FILE": str(tmp_path / "signing.pem"),
            "JWT_SECRET": SECRET,
            "STRIPE_SECRET_KEY": "sk_test_any",
            "STRIPE_API_BASE": running.url,
        }.items():
            monkeypatch.setenv(f"{PREFIX}{name}", value)
        settings = load_settings(access=True, signing_key=True)
        migrate_database(settings)
        with closing(build(settings)) as service:
            yield Shop(service, running.sandbox)


def break_calls(shop: Shop, path: str = EVERY_CALL, **how: Any) -> None:
    """Let calls of Stripe fail from now on."""
    shop.sandbox.plan_fault(Fault(path=path, times=None, **how))


def silent(shop: Shop) -> None:
    """Let Stripe close each connection of a buyer's request."""
    break_calls(shop, drop=True)
    shop.call_stripe(times=2)


def failing(shop: Shop) -> None:
    """Let Stripe answer with an error of its own."""
    break_calls(shop, error=SERVER_ERROR)
    shop.call_stripe(times=2)


def silent_in_background(shop: Shop) -> None:
    """Let only settling call Stripe, which does not answer."""
    for _ in range(2):
        shop.bought(due=A_LITTLE)
    break_calls(shop, drop=True)
    shop.job(Settler).run_once()


def refused(shop: Shop) -> None:
    """Let Stripe accept the key no more."""
    shop.sandbox.register_key("sk_test_another")
    shop.sandbox.take_only_registered_keys()
    shop.call_stripe(times=1)


def unsettled(shop: Shop) -> None:
    """Let a ticket be due for long."""
    shop.bought(due=MOST_WAITING + A_LITTLE)


def unread(shop: Shop) -> None:
    """Let the news be old."""
    store = shop.service.store
    store.installation.move_news_position(store.clock.now() - OLDEST_NEWS - A_LITTLE)


def other_account(shop: Shop) -> None:
    """Let the hourly reading find that the account does not know the newest checkout."""
    checkout_id = shop.bought().checkout_id
    refusal = missing_object(object_type="checkout", object_id=checkout_id, param="id").refusal
    break_calls(shop, f"/v1/checkout/sessions/{checkout_id}*", error=refusal)
    shop.job(NewsReader).run_once()


@frozen
class Case:
    """A fault, the words of its report, and what a service without the check looks like."""

    cause: Callable[[Shop], None]
    report: str
    check: str
    blind: object


WATCH = "ticketing_adapters.jobs.provider.ProviderWatch"
FOUND = "ticketing_service.composition.condition"
DAY = timedelta(days=1)
CASES = [
    Case(silent, "Stripe does not answer", f"{WATCH}.problems", lambda _: ()),
    Case(failing, "Stripe does not answer", f"{WATCH}.problems", lambda _: ()),
    Case(silent_in_background, "Stripe does not answer", f"{WATCH}.ended", lambda *_: None),
    Case(refused, "Stripe does not accept the key", f"{WATCH}.problems", lambda _: ()),
    Case(unsettled, "due for more than 5 minutes", f"{FOUND}.MOST_WAITING", DAY),
    Case(unread, "news was not read for more than 3 hours", f"{FOUND}.OLDEST_NEWS", DAY),
    Case(other_account, "belongs to another account", f"{WATCH}.problems", lambda _: ()),
]
each_case = pytest.mark.parametrize("case", CASES, ids=[each.cause.__name__ for each in CASES])


def test_nothing_is_degraded_while_everything_works(shop: Shop) -> None:
    """Nor after a call that was lost alone, with its retry."""
    shop.bought()
    for job in (Settler, NewsReader):
        shop.job(job).run_once()
    shop.sandbox.plan_fault(Fault(path=EVERY_CALL, drop=True, times=2))
    shop.call_stripe(times=1)
    assert shop.degraded() == []


@each_case
def test_each_fault_is_shown_in_a_200(shop: Shop, case: Case) -> None:
    """A balancer goes on sending those who need no Stripe. Showing it makes no call."""
    case.cause(shop)
    (shown,) = shop.degraded()
    assert case.report in shown


@each_case
def test_a_missing_check_is_the_control(
    shop: Shop, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nothing would be shown: the test above would fail."""
    monkeypatch.setattr(case.check, case.blind)
    case.cause(shop)
    assert shop.degraded() == []


@pytest.mark.parametrize("cause", [silent, refused])
def test_it_is_over_with_the_next_answer(shop: Shop, cause: Callable[[Shop], None]) -> None:
    """No restart is needed."""
    cause(shop)
    shop.sandbox.clear_faults()
    shop.sandbox.take_only_registered_keys(only=False)
    shop.call_stripe(times=1)
    assert shop.degraded() == []


def test_settling_ends_it(shop: Shop) -> None:
    """Also by a claim: what was looked at waits no longer."""
    unsettled(shop)
    shop.job(Settler).run_once()
    assert shop.degraded() == []
