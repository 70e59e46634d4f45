"""What a refund costs at Stripe from its start to its end: the calls, with every event of it."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from tests.integration.cli.keys import private_pem
from tests.support.sandbox import SandboxWorld, checked_sandbox
from tests.support.server import SECRET, WEBHOOK_PATH, WEBHOOK_SECRET, access_token
from ticketing_adapters.stripe_checkout.news import SINCE_2024_10_28, UNTIL_2024_10_28
from ticketing_core import BackOffice, Ticket, TicketStatus
from ticketing_core.payment import Paid, PaymentHint, RefundOutcome
from ticketing_core.testing import RefundStatus
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_core.use_cases import news
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.observing.gateways import ObservedGateway
from ticketing_service.sandbox import Exchange, Sandbox
from ticketing_service.sandbox.webhooks import signature
from ticketing_service.settings import PREFIX, load_settings

CALLS = 2
"""A look and the refund."""

CALLS_IF_TOLD_FIRST = 3
"""An event that overtakes the answer to the refund is looked at. The answer and the other events
then only confirm what that look has stored."""

AN_HOUR_AGO = timedelta(hours=1)


@define
class Seller:
    """A service over a real database and the sandbox, which gets the sandbox's events from here.

    Attributes:
        older: Whether the account has a version from before `SINCE_2024_10_28`.
        told: How many events the service has got.
    """

    service: Service
    sandbox: Sandbox
    older: bool = False
    told: int = 0
    app: Flask = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.app = self.service.wsgi()

    @property
    def office(self) -> BackOffice:
        """What reads and settles in the background."""
        return self.service.jobs()[0].office

    def tell_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the events of a refund arrive before its answer, and so before REFUNDED is stored."""
        observed = self.service.box_office.gateway
        assert isinstance(observed, ObservedGateway)
        gateway = observed.gateway
        refund = gateway.refund

        def refund_and_tell(paid: Paid, *, key: str) -> RefundOutcome:
            outcome = refund(paid, key=key)
            # Another thread of the service gets them.
            with ThreadPoolExecutor(1) as other:
                other.submit(self.tell).result()
            return outcome

        monkeypatch.setattr(gateway, "refund", refund_and_tell)

    def post(self, path: str, body: object, *, roles: Sequence[str] = ()) -> dict[str, object]:
        """Send a body as buyer 42, and return the body of the answer."""
        headers = {"Authorization": f"Bearer {access_token(roles=list(roles))}"}
        answer = self.app.test_client().post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: dict[str, object] = answer.get_json()
        return found

    def issued(self) -> Ticket:
        """Sell a ticket of a new event, and let the buyer pay and come back."""
        event = stored_event(self.service.store.events)
        order = self.post(
            "/api/payments/create-payment-intent/",
            {"event_id": event.event_id, "quantity": 2},
        )
        SandboxWorld(self.sandbox).pay(str(order["checkout_url"]))
        ids = {name: order[name] for name in ("session_id", "ticket_id")}
        self.post("/api/payments/verify/", ids)
        self.tell()
        ticket = self.service.store.tickets.by_id(int(str(order["ticket_id"])))
        assert ticket is not None
        assert ticket.status is TicketStatus.ISSUED
        return ticket

    def refund(self, ticket: Ticket) -> None:
        """Refund a ticket as an organizer does, through the API."""
        body = {"ticket_id": ticket.ticket_id}
        answer = self.post("/api/payments/refund/", body, roles=["organizer"])
        assert answer["status"] == "refunded"

    def tell(self) -> None:
        """Deliver all events that were not delivered yet, in the order in which they were sent."""
        events = [sent.event for sent in reversed(self.sandbox.events())]
        new, self.told = events[self.told :], len(events)
        for event in new:
            if self.older:
                if event["type"] in SINCE_2024_10_28:
                    continue
                event = event | {"api_version": "2024-09-30.acacia"}  # noqa: PLW2901 - rewritten
            body = json.dumps(event).encode()
            signed = signature(body=body, secret=WEBHOOK_SECRET, timestamp=int(time.time()))
            headers = {"Stripe-Signature": signed}
            answer = self.app.test_client().post(WEBHOOK_PATH, data=body, headers=headers)
            assert answer.status_code == 200, answer.get_data(as_text=True)

    def calls(self, *, after: int = 0) -> Sequence[Exchange]:
        """Return the calls that Stripe got after so many others."""
        return self.sandbox.exchanges()[after:]


@pytest.fixture(params=["sqlite", "postgres"])
def seller(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Seller]:
    """Give a seller whose news was read an hour ago."""
    key = tmp_path / "signing.pem"
    key.write_bytes(private_pem(Ed25519PrivateKey.generate()))
    with checked_sandbox() as running:
        for name, value in {
            "DATABASE_URL": request.getfixturevalue(f"{request.param}_url"),
            "SIGNING_KEY_FILE": str(key),
            "JWT_SECRET": SECRET,
            "STRIPE_SECRET_KEY": "sk_test_any",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": running.url,
        }.items():
            monkeypatch.setenv(f"{PREFIX}{name}", value)
        settings = load_settings(access=True, signing_key=True)
        migrate_database(settings)
        with closing(build(settings, pool_size=4)) as service:
            service.store.installation.move_news_position(datetime.now(UTC) - AN_HOUR_AGO)
            yield Seller(service, running.sandbox)


def refunded(seller: Seller, *, status: RefundStatus = RefundStatus.SUCCEEDED) -> int:
    """Refund a ticket to the end, with all events of it; return how many calls that took."""
    ticket, world = seller.issued(), SandboxWorld(seller.sandbox)
    world.refund_as(status)
    before = len(seller.calls())
    seller.refund(ticket)
    seller.tell()
    if status is RefundStatus.PENDING:
        assert ticket.checkout is not None
        world.end_refunds(ticket.checkout.checkout_id, RefundStatus.SUCCEEDED)
        seller.tell()
    stored = seller.service.store.tickets.by_id(ticket.ticket_id)
    assert stored is not None
    assert (stored.status, stored.refunded_minor) == (TicketStatus.REFUNDED, 5000)
    return len(seller.calls(after=before))


def looked_at_later(seller: Seller) -> int:
    """Read the news, settle all that is due, and return how many payments were looked at."""
    # The newest checkout of all tells whether the key is the right one.
    newest = seller.issued()
    assert newest.checkout is not None
    before, office = len(seller.calls()), seller.office
    read = office.read_news(checkouts_since=datetime.now(UTC) - AN_HOUR_AGO)
    assert not read.used_lists
    office.settle_due(limit=9, by="settler")
    ours = {f"/v1/checkout/sessions/{newest.checkout.checkout_id}", "/v1/events"}
    return sum(call.path not in ours for call in seller.calls(after=before))


@pytest.mark.parametrize("status", [RefundStatus.SUCCEEDED, RefundStatus.PENDING])
def test_a_refund_takes_two_calls_with_all_its_events(seller: Seller, status: RefundStatus) -> None:
    """Neither reading the news nor settling looks at it once more."""
    assert refunded(seller, status=status) == CALLS
    assert looked_at_later(seller) == 0


@pytest.mark.parametrize("status", [RefundStatus.SUCCEEDED, RefundStatus.PENDING])
def test_it_takes_one_call_more_if_its_events_overtake_the_answer(
    seller: Seller, status: RefundStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come before REFUNDED is stored. Nothing looks at it once more, as above."""
    seller.tell_first(monkeypatch)
    assert refunded(seller, status=status) == CALLS_IF_TOLD_FIRST
    assert looked_at_later(seller) == 0


@pytest.mark.parametrize("told_first", [False, True])
def test_it_takes_one_call_more_at_an_older_account(
    seller: Seller, monkeypatch: pytest.MonkeyPatch, *, told_first: bool
) -> None:
    """One event there does not hold the refund, so it is looked at, whenever it comes."""
    seller.older = True
    if told_first:
        seller.tell_first(monkeypatch)
    assert refunded(seller) == CALLS_IF_TOLD_FIRST
    types = {sent.event["type"] for sent in seller.sandbox.events()}
    assert set(UNTIL_2024_10_28) <= types


def test_a_service_that_looks_at_every_piece_of_news_is_the_control(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes more calls, and looks again when it reads: each of the tests above would fail."""

    def only_confirms(_news: PaymentHint, _ticket: Ticket) -> bool:
        return False

    monkeypatch.setattr(news, "_only_confirms", only_confirms)
    assert refunded(seller) > CALLS
    assert looked_at_later(seller) > 0
    seller.tell_first(monkeypatch)
    assert refunded(seller) > CALLS_IF_TOLD_FIRST
    seller.older = True
    assert refunded(seller) > CALLS_IF_TOLD_FIRST
