"""The builder for the shipped adapters: one call opens a shop that sells, settles and lets in."""

import importlib
import json
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from sqlalchemy import inspect, text

from tests.integration.cli.databases import hold_long_ago
from tests.integration.test_settling import comes_true, nothing_more_than
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.extras import MissingExtra, needing
from ticketing_adapters.jobs import Settler
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.shop import Shop, open_shop
from ticketing_adapters.sql import SchemaTooNew, SqlTickets, TablesTaken, engine_for
from ticketing_core import EventDraft, Issued, Money, ToPay
from ticketing_core.errors import PaymentsNotConfigured, StoreUnavailable
from ticketing_core.payment import Hint
from ticketing_core.scan import Admitted
from ticketing_service.sandbox import RunningSandbox
from ticketing_service.sandbox.webhooks import signature

SECRET = "whsec_of_the_tests"
CARD = {"card_number": "4242424242424242"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """Give a stand-in for Stripe."""
    with checked_sandbox() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database of each kind."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


def key_file(folder: Path, url: str) -> Path:
    """Return where the signing key is; beside PostgreSQL, it is there already."""
    path = folder / "signing.pem"
    if url.startswith("postgres"):
        SigningKey.generate().save_new(path)
    return path


def opened(folder: Path, url: str, sandbox: RunningSandbox) -> Shop:
    """Open a shop that takes money."""
    return open_shop(
        database_url=url,
        signing_key_file=key_file(folder, url),
        frontend_url="https://shop.example",
        stripe_secret_key="sk_test_1",
        stripe_webhook_secret=SECRET,
        stripe_api_base=sandbox.url,
    )


def concert(shop: Shop, *, price: int = 2500) -> int:
    """Put an event on sale, and return its id."""
    draft = EventDraft(name="Concert", price=Money(price, "usd"), capacity=10)
    return shop.organizer.create_event(draft, by="alice").event_id


def paid(shop: Shop, event_id: int) -> ToPay:
    """Buy two places, and pay for them."""
    order = shop.box_office.purchase(event_id=event_id, quantity=2, buyer="42")
    assert isinstance(order, ToPay)
    requests.post(order.checkout_url, CARD, allow_redirects=False, timeout=30)
    return order


def test_a_shop_sells_lets_in_and_reports(
    tmp_path: Path, url: str, sandbox: RunningSandbox
) -> None:
    """On either kind of database. Everything is over the same one."""
    with opened(tmp_path, url, sandbox) as shop:
        event_id = concert(shop)
        order = paid(shop, event_id)
        issued = shop.box_office.verify(
            ticket_id=order.ticket.ticket_id, checkout_id=order.checkout_id, buyer="42"
        )
        assert issued.admission.qr_code.startswith(b"\x89PNG")
        scan = shop.gate.check_in(
            event_id=event_id,
            shown=issued.admission.token,
            scan_id=uuid4(),
            gate="North",
            by="alice",
        )
        assert scan.outcome == Admitted(people=2, left=0)
        assert len(shop.event_records.tickets_of(event_id, limit=9).tickets) == 1
        assert shop.privacy_office.erase_buyer("42", by="alice").tickets == 1
        assert shop.subscriptions.all() == []


def test_settling_issues_frees_and_ends_with_the_shop(
    tmp_path: Path, url: str, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A payment whose buyer did not come back is found by the webhook, which needs no buyer."""
    monkeypatch.setattr(Settler, "pause", timedelta(seconds=0.05))
    before = set(threading.enumerate())
    with opened(tmp_path, url, sandbox) as shop:
        event_id = concert(shop)
        tickets = shop.store.tickets
        assert isinstance(tickets, SqlTickets)
        hold_long_ago(tickets, event_id=event_id)
        assert shop.box_office.event(event_id).kept == 3
        shop.settling.start()
        assert comes_true(lambda: shop.box_office.event(event_id).kept == 0)
        order = paid(shop, event_id)
        assert shop.notifications is not None
        news = shop.notifications.read(*webhook(sandbox, order.checkout_id))
        assert news == Hint(order.checkout_id)
        settled = shop.box_office.settle_news(news, by="webhook")
        assert settled is not None
        assert settled.ticket.status == "issued"
    assert comes_true(lambda: nothing_more_than(before))


def webhook(sandbox: RunningSandbox, checkout_id: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of an event about the checkout, as Stripe sends it."""
    sent = [each.event for each in sandbox.sandbox.events()]
    about = [each for each in sent if each["data"]["object"]["id"] == checkout_id]
    body = json.dumps(about[0]).encode()
    signed = signature(body=body, secret=SECRET, timestamp=int(time.time()))
    return body, {"Stripe-Signature": signed}


def test_a_second_opening_keeps_key_and_sales(tmp_path: Path, sqlite_url: str) -> None:
    """Tokens that were signed before stay genuine. Without an account free tickets sell."""
    key = tmp_path / "signing.pem"
    with open_shop(database_url=sqlite_url, signing_key_file=key) as shop:
        event_id = concert(shop, price=0)
        bought = shop.box_office.purchase(event_id=event_id, quantity=1, buyer="42")
        assert isinstance(bought, Issued)
        with pytest.raises(PaymentsNotConfigured):
            concert(shop)
    with open_shop(database_url=sqlite_url, signing_key_file=key) as shop:
        scan = shop.gate.check_in(
            event_id=event_id,
            shown=bought.admission.token,
            scan_id=uuid4(),
            gate="North",
            by="alice",
        )
        assert scan.outcome == Admitted(people=1, left=0)


def test_what_does_not_fit_together_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    """Before anything is opened."""
    file = tmp_path / "a.pem"
    with pytest.raises(ValueError, match="frontend_url"):
        open_shop(database_url=sqlite_url, signing_key_file=file, stripe_secret_key="sk_test_1")
    with pytest.raises(ValueError, match="stripe_secret_key"):
        open_shop(database_url=sqlite_url, signing_key_file=file, stripe_webhook_secret=SECRET)
    with pytest.raises(ValueError, match="mysql"):
        open_shop(database_url="mysql://shop", signing_key_file=file)
    with pytest.raises(ValueError, match="pool_size"):
        open_shop(database_url=sqlite_url, signing_key_file=file, pool_size=0)
    right = {
        "frontend_url": "https://shop.example",
        "stripe_secret_key": "sk_test_1",
        "stripe_webhook_secret": SECRET,
    }
    # An environment variable that is not set is often read as "".
    for name, value in product(right, ["", "hello"]):
        with pytest.raises(ValueError, match=f"^{name} must begin with"):
            open_shop(database_url=sqlite_url, signing_key_file=file, **(right | {name: value}))  # type: ignore[arg-type]
    assert not file.exists()


def test_a_database_that_does_not_answer_is_shown_with_its_reason(tmp_path: Path) -> None:
    """The text of the error is for buyers; a traceback has the driver's words as well."""
    with pytest.raises(StoreUnavailable) as raised:
        open_shop(database_url="sqlite:////nowhere/a.db", signing_key_file=tmp_path / "a.pem")
    assert "/nowhere/a.db cannot be made: No such" in "".join(
        traceback.format_exception(raised.value)
    )


def test_tables_of_another_program_are_left_alone(tmp_path: Path, url: str) -> None:
    """They are named. On PostgreSQL a schema of its own is enough."""
    engine = engine_for(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE events (theirs INTEGER)"))
        connection.execute(text("CREATE TABLE other (theirs INTEGER)"))
    key = key_file(tmp_path, url)
    with pytest.raises(TablesTaken, match="tables of another program: events\\."):
        open_shop(database_url=url, signing_key_file=key)
    with engine.begin() as connection:
        assert {*inspect(connection).get_table_names()} == {"events", "other"}
        if engine.dialect.name == "postgresql":
            connection.execute(text("CREATE SCHEMA ticketing"))
    if engine.dialect.name == "postgresql":
        own = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dticketing"
        with open_shop(database_url=own, signing_key_file=key) as shop:
            concert(shop, price=0)
    engine.dispose()


def test_the_version_of_another_program_is_named(tmp_path: Path, url: str) -> None:
    """Its own Alembic has migrated the database, or a newer version of this library has."""
    engine = engine_for(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('abc123def')"))
    engine.dispose()
    with pytest.raises(SchemaTooNew, match="at schema version abc123def"):
        open_shop(database_url=url, signing_key_file=key_file(tmp_path, url))


def test_beside_postgresql_no_key_is_made(tmp_path: Path, postgres_url: str) -> None:
    """Each machine would make another one. The error has the command that makes it."""
    with pytest.raises(FileNotFoundError, match="openssl genpkey -algorithm ed25519"):
        open_shop(database_url=postgres_url, signing_key_file=tmp_path / "a.pem")


@pytest.mark.parametrize(
    ("package", "ours", "extra"),
    [
        ("stripe", "ticketing_adapters.stripe_checkout", "stripe"),
        ("jwt", "ticketing_adapters.jws_admission", "signing"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, ours: str, extra: str
) -> None:
    """It is a package of an extra, which the core does without."""
    for name in [each for each in sys.modules if each.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    importers = ("ticketing_adapters.shop", "ticketing_adapters.signing_keys", ours)
    for name in [each for each in sys.modules if each.startswith(importers)]:
        monkeypatch.delitem(sys.modules, name)
    # None makes the import fail like that of a missing package.
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf"{package} .*ticketing-core\[{extra}\]"):
        importlib.import_module("ticketing_adapters.shop").open_shop(
            database_url=f"sqlite:///{tmp_path / 'a.db'}",
            signing_key_file=tmp_path / "a.pem",
            frontend_url="https://shop.example",
            stripe_secret_key="sk_test_1",
        )


def test_control_a_module_of_ours_that_is_missing_is_no_missing_extra() -> None:
    """Control: what is broken in the package itself is not hidden behind advice."""
    with pytest.raises(ModuleNotFoundError) as raised, needing("sql"):
        import ticketing_adapters.nothing  # type: ignore[import-not-found] # noqa: F401, PLC0415
    assert not isinstance(raised.value, MissingExtra)
