"""The HTTP service over the shipped fakes, with access to its gateway, store and clock."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import jwt
from attrs import define, field
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.http.conformance import as_documented
from ticketing_adapters.gate_list import sign_gate_list
from ticketing_adapters.jws_admission import SigningKey
from ticketing_core import BoxOffice, Event, EventRecords, Money, Organizer, Ticket
from ticketing_core.gate import Gate
from ticketing_core.payment import PaymentHint
from ticketing_core.ports import Admissions, NotificationReader
from ticketing_core.testing import (
    FakeGateway,
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryStrays,
    InMemoryTickets,
    ManualClock,
    PlainNotifications,
    PlainQrEncoder,
    PlainSigner,
    SequentialCodes,
    plain_notification,
)
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.line import Line
from ticketing_service.capacity.load_shedding import shed_load, slot_held
from ticketing_service.capacity.rates import unlimited
from ticketing_service.capacity.slots import Slots
from ticketing_service.condition import Condition
from ticketing_service.http import AccessTokens, create_app
from ticketing_service.http.base_path import trust_proxies
from ticketing_service.http.line_tokens import LineTokens
from ticketing_service.http.purchase_line import PurchaseLine

SECRET = "known to the issuer and to this service alone"
FRONTEND = "http://localhost:5173"
OTHER_FRONTENDS = ("https://www.shop.example/", "http://127.0.0.1:5173", "http://[::1]:5173")
"""Whose pages may call, too."""

HOLD = timedelta(minutes=35)
PUBLIC_KEYS = {
    "k1": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
}

SIGNING_KEY = SigningKey.generate()
SIGN_GATE_LIST = partial(sign_gate_list, key=SIGNING_KEY)

PLAIN = PlainNotifications()
LINE_TOKENS = LineTokens(b"known to the processes of this service")
CREATE = "/api/payments/create-payment-intent/"
VERIFY = "/api/payments/verify/"
CANCEL = "/api/payments/cancel/"
REFUND = "/api/payments/refund/"
WEBHOOK = "/api/payments/webhook/"


class NoPurchases(Limits):
    """Room for everything but purchases."""

    @property
    def purchases(self) -> int:
        """None at all."""
        return 0


class TextSvg:
    """An SVG that holds the text as it is."""

    def encode(self, text: str) -> bytes:
        """See `QrEncoder.encode`."""
        return f"<svg><text>{text}</text></svg>".encode()


def claims(**changes: Any) -> dict[str, Any]:
    """Return claims of buyer 42 for the next hour; a claim changed to None is left out."""
    now = datetime.now(UTC)
    values = {"sub": "42", "iat": now, "exp": now + timedelta(hours=1)} | changes
    return {name: value for name, value in values.items() if value is not None}


def token(**changes: Any) -> str:
    """Return an access token with these claims that the service accepts."""
    return jwt.encode(claims(**changes), SECRET, "HS256")


def problem(answer: TestResponse, status: int) -> Mapping[str, Any]:
    """Return the problem in a response, after checking what all problems have in common."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = answer.get_json(force=True)
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["retryable"], bool)
    return body


@define
class Service:
    """One running service: what its callers see, and the state behind it."""

    access: AccessTokens = field(factory=lambda: AccessTokens(secret=SECRET))
    clock: ManualClock = field(factory=ManualClock)
    events: InMemoryEvents = field(factory=InMemoryEvents)
    tickets: InMemoryTickets = field(init=False)
    admissions: InMemoryAdmissions = field(init=False)
    strays: InMemoryStrays = field(factory=InMemoryStrays)
    installation: InMemoryInstallation = field(init=False)
    gateway: FakeGateway = field(init=False)
    office: BoxOffice = field(init=False)
    organizer: Organizer = field(init=False)
    gate: Gate = field(init=False)
    app: Flask = field(init=False)
    client: FlaskClient = field(init=False)
    not_ready: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.tickets = InMemoryTickets(self.events)
        self.admissions = InMemoryAdmissions(self.events, self.tickets)
        self.installation = InMemoryInstallation(self.events)
        self.gateway = FakeGateway(
            clock=self.clock, minimum=Money(50, "usd"), maximum=Money(99_999_999, "usd")
        )
        self.rebuild()

    def rebuild(
        self,
        *,
        notification_reader: NotificationReader | None = PLAIN,
        limits: Limits | None = None,
        line: Line | None = None,
        degraded: Sequence[str] = (),
        trusted_proxies: int = 0,
        within_rate: Callable[[str, int], bool] = unlimited,
        admissions: Admissions | None = None,
        observe: Callable[[Gate], Gate] = lambda plain: plain,
        **ports: Any,
    ) -> None:
        """Start the service, with the given ports in place of the fakes."""
        self.office = BoxOffice(
            **{
                "events": self.events,
                "tickets": self.tickets,
                "strays": self.strays,
                "installation": self.installation,
                "gateway": self.gateway,
                "signer": PlainSigner(),
                "qr_encoder": PlainQrEncoder(),
                "clock": self.clock,
                "codes": SequentialCodes(),
                "hold": HOLD,
                **ports,
            }
        )
        slots = None if limits is None else Slots(limits)
        ours, office = admissions or self.admissions, self.office
        waits = partial(PurchaseLine, tokens=LINE_TOKENS, office=office)
        in_line = None if line is None else waits(line=line)
        stores: dict[str, Any] = {"events": office.events, "tickets": office.tickets}
        known: dict[str, Any] = {"gateway": office.gateway, "clock": office.clock}
        self.gate = observe(Gate(admissions=ours, signer=office.signer, **stores, **known))
        self.organizer = Organizer(**stores, **known)
        self.app = create_app(
            box_office=self.office,
            organizer=self.organizer,
            records=EventRecords(admissions=ours, clock=office.clock, **stores),
            gate=self.gate,
            sign_gate_list=SIGN_GATE_LIST,
            access=self.access,
            frontend_url=FRONTEND,
            cors_origins=OTHER_FRONTENDS,
            public_keys=lambda: PUBLIC_KEYS,
            readiness=lambda: Condition(reasons=self.not_ready, degraded=degraded),
            qr_svg=TextSvg(),
            notification_reader=notification_reader,
            notification_slot=nullcontext if slots is None else partial(slot_held, slots),
            line=in_line,
            within_rate=within_rate,
        )
        if trusted_proxies:
            trust_proxies(self.app, trusted_proxies)
        if slots is not None:
            shed_load(
                self.app,
                slots,
                frontend_url=FRONTEND,
                cors_origins=OTHER_FRONTENDS,
                token_for_unread=None if in_line is None else in_line.token_for_unread,
            )
        self.client = self.app.test_client()

    def get(
        self,
        path: str,
        *,
        buyer: str | None = "42",
        roles: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a GET request as a buyer, or without a token."""
        sent = {**_authorization(buyer, roles=roles), **(headers or {})}
        return as_documented(self.app, self.client.get(path, headers=sent))

    def post(
        self,
        path: str,
        body: Any,
        *,
        buyer: str | None = "42",
        roles: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a JSON body as a buyer, or without a token."""
        sent = {**_authorization(buyer, roles=roles), **(headers or {})}
        return as_documented(self.app, self.client.post(path, json=body, headers=sent))

    def organize(
        self, path: str, body: Any = None, *, method: str = "POST", **claims: Any
    ) -> TestResponse:
        """Send a request as organizer 7, whose access token may have further claims."""
        signed = token(sub="7", roles=["organizer"], **claims)
        sent = {"Authorization": f"Bearer {signed}"}
        answer = self.client.open(path, method=method, json=body, headers=sent)
        return as_documented(self.app, answer)

    def notify(self, about: str | PaymentHint) -> TestResponse:
        """Send a genuine notification about a checkout or a payment, as the gateway does."""
        body, headers = plain_notification(about)
        return as_documented(self.app, self.client.post(WEBHOOK, data=body, headers=headers))

    def send(
        self, path: str, text: bytes, *, content_type: str | None = "application/json"
    ) -> TestResponse:
        """Send any bytes as buyer 42."""
        answer = self.client.post(
            path, data=text, content_type=content_type, headers=_authorization("42")
        )
        return as_documented(self.app, answer)

    def event(self, *, price: int = 2500, capacity: int = 10, **limits: Any) -> Event:
        """Store an event and return it."""
        return stored_event(self.events, price=Money(price, "usd"), capacity=capacity, **limits)

    def bought(self, event: Event, *, quantity: int = 2, buyer: str = "42") -> Mapping[str, Any]:
        """Buy places and return the body of the response."""
        answer = self.post(CREATE, {"event_id": event.event_id, "quantity": quantity}, buyer=buyer)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        body: dict[str, Any] = answer.get_json()
        return body

    def verify(self, bought: Mapping[str, Any], **changes: Any) -> TestResponse:
        """Verify a purchase."""
        body = {"session_id": bought["session_id"], "ticket_id": bought["ticket_id"]}
        return self.post(VERIFY, body | changes)

    def cancel(self, bought: Mapping[str, Any]) -> TestResponse:
        """Cancel a purchase."""
        return self.post(CANCEL, {"ticket_id": bought["ticket_id"]})

    def pay(self, bought: Mapping[str, Any]) -> None:
        """Pay a purchase at the gateway."""
        self.gateway.pay(bought["checkout_url"])

    def stored(self, bought: Mapping[str, Any]) -> Ticket:
        """Return the ticket as it is stored now."""
        ticket = self.tickets.by_id(bought["ticket_id"])
        assert ticket is not None
        assert str(ticket.ticket_code) == bought["ticket_code"]
        return ticket

    def kept(self, event: Event) -> int:
        """Return how many places of the event are held now."""
        stored = self.events.by_id(event.event_id)
        assert stored is not None
        return stored.kept

    def everything(self) -> tuple[Sequence[Event], Sequence[Ticket | None]]:
        """Return all stored events and tickets, to compare before and after a call."""
        events = self.events.newest(before=None, limit=100)
        return events, [self.tickets.by_id(ticket_id) for ticket_id in range(1, 20)]


def _authorization(buyer: str | None, *, roles: Sequence[str] = ()) -> dict[str, str]:
    if buyer is None:
        return {}
    return {"Authorization": f"Bearer {token(sub=buyer, roles=list(roles) or None)}"}
