"""The types that users of the library see. Only mypy reads this file: `make check` is its test.

A line with `# type: ignore[code]` is a mistake that mypy must find: where it no longer does, the
comment is unused, and that is an error too.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import assert_never, assert_type
from uuid import UUID

import ticketing_core
from ticketing_adapters.jobs import Settling
from ticketing_adapters.shop import Shop, open_shop
from ticketing_core import (
    Admission,
    AdmissionClaims,
    BoxOffice,
    Checkout,
    DaySums,
    Deliveries,
    Event,
    EventRecords,
    Gate,
    Issued,
    Message,
    MessageKind,
    Money,
    NewsRead,
    Organizer,
    PrivacyOffice,
    Purchase,
    Settlement,
    Subscription,
    Subscriptions,
    Ticket,
    TicketQuery,
    TicketStatus,
    TicketStory,
    ToPay,
)
from ticketing_core.payment import Hint
from ticketing_core.ports import AdmissionSigner, Clock, Codes, NotificationReader, QrEncoder
from ticketing_core.ports.outbox import Delivered


def what_a_shop_has() -> None:
    """The builder for the shipped adapters, and the loop that it starts."""
    with open_shop(database_url="sqlite:///a.db", signing_key_file="a.pem") as shop, shop.settling:
        assert_type(shop, Shop)
        assert_type(shop.box_office, BoxOffice)
        assert_type(shop.organizer, Organizer)
        assert_type(shop.gate, Gate)
        assert_type(shop.event_records, EventRecords)
        assert_type(shop.subscriptions, Subscriptions)
        assert_type(shop.privacy_office, PrivacyOffice)
        assert_type(shop.notifications, NotificationReader | None)
        assert_type(shop.settling, Settling)
        assert_type(shop.settling.stop(within=timedelta(seconds=5)), bool)
    open_shop(database_url="sqlite:///a.db")  # type: ignore[call-arg]
    open_shop("sqlite:///a.db", "a.pem")  # type: ignore[call-arg]
    open_shop(
        database_url="sqlite:///a.db",
        signing_key_file="a.pem",
        subscribers={"box": Mailbox()},  # type: ignore[dict-item]
    )


def each_method_of_a_box_office(office: BoxOffice, ticket: Ticket) -> None:
    """The type that each call returns."""
    number = ticket.ticket_id
    assert_type(office.event(1), Event)
    assert_type(office.reserve(event_id=1, quantity=2, buyer="42", key="k"), Ticket)
    assert_type(office.open_checkout(ticket), Ticket)
    assert_type(office.newest_events(before=None, limit=10), Sequence[Event])
    assert_type(office.tickets_of("42", before=None, limit=10), Sequence[Ticket])
    assert_type(office.ticket(number, buyer="42"), Ticket)
    assert_type(office.admission_of(ticket), Admission)
    assert_type(office.purchase(event_id=1, quantity=2, buyer="42", key="k"), Issued | ToPay)
    office.purchase(event_id=1, quantity=2, buyer="42", email="a@example.com")
    assert_type(office.verify(ticket_id=number, checkout_id="c", buyer="42"), Issued)
    assert_type(office.cancel(ticket_id=number, buyer="42"), Ticket)
    assert_type(office.story(ticket.ticket_code), TicketStory)
    assert_type(office.find(TicketQuery(buyer="42"), limit=10), Sequence[Ticket])
    assert_type(office.report(event_id=1), Iterator[DaySums])
    assert_type(office.refund(ticket_id=number, by="organizer"), Ticket)
    assert_type(office.settle_news(Hint("c"), by="webhook"), Settlement | None)
    assert_type(office.settle(ticket, by="operator"), Settlement)
    assert_type(office.read_news(checkouts_since=ticket.created_at), NewsRead)
    office.purchase(event_id=1, quantity=2)  # type: ignore[call-arg]
    office.purchase(1, 2, "42")  # type: ignore[call-arg]
    office.cancel(ticket_id="1", buyer="42")  # type: ignore[arg-type]


def what_a_purchase_gives(purchase: Purchase) -> str:
    """Two cases, and no third: the fields that each has."""
    match purchase:
        case Issued():
            assert_type(purchase.ticket, Ticket)
            assert_type(purchase.admission.token, str)
            assert_type(purchase.admission.qr_code, bytes)
            return purchase.admission.token
        case ToPay():
            assert_type(purchase.ticket, Ticket)
            assert_type(purchase.checkout_id, str)
            return purchase.checkout_url
        case _:
            assert_never(purchase)


def a_forgotten_case(purchase: Purchase) -> str:
    """A caller who handles one case only."""
    purchase.admission  # type: ignore[union-attr]  # noqa: B018 - its type is the test
    match purchase:  # type: ignore[exhaustive-match]
        case Issued():
            return purchase.admission.token
    return ""


def what_a_ticket_has(ticket: Ticket) -> None:
    """The fields that a frontend shows."""
    assert_type(ticket.ticket_code, UUID)
    assert_type(ticket.total, Money)
    assert_type(ticket.total.amount_minor, int)
    assert_type(ticket.total.currency, str)
    assert_type(ticket.status, TicketStatus)
    assert_type(ticket.checkout, Checkout | None)
    assert_type(ticket.held_until, datetime | None)
    ticket.status = TicketStatus.ISSUED  # type: ignore[misc]
    Money("25.00", "usd")  # type: ignore[arg-type]


class SystemClock:
    """A user's own adapter inherits from none of our classes."""

    def now(self) -> datetime:
        """Like the port's."""
        raise NotImplementedError

    def sleep(self, duration: timedelta) -> None:
        """Like the port's."""


class StoppedClock:
    """Not an adapter: it cannot sleep."""

    def now(self) -> datetime:
        """Like the port's."""
        raise NotImplementedError


class Counting:
    """An adapter of `Codes`."""

    def new_code(self) -> UUID:
        """Like the port's."""
        raise NotImplementedError


class Numbers:
    """Not an adapter: its codes are numbers."""

    def new_code(self) -> int:
        """Unlike the port's."""
        raise NotImplementedError


def users_classes_are_ports() -> None:
    """The right shape is enough, and a wrong one is not."""
    clocks: list[Clock] = [SystemClock()]
    clocks.append(StoppedClock())  # type: ignore[arg-type]
    codes: list[Codes] = [Counting()]
    codes.append(Numbers())  # type: ignore[arg-type]


class Display:
    """A subscriber within the program."""

    def deliver(self, message: Message) -> Delivered:
        """Like the port's."""
        raise NotImplementedError


class Mailbox:
    """Not a subscriber: nobody can tell whether it has taken a message."""

    def deliver(self, message: Message) -> None:
        """Unlike the port's."""


def who_is_told(subscriptions: Subscriptions) -> None:
    """Subscribing and delivering."""
    assert_type(subscriptions.subscribe("a", kinds=[MessageKind.EVENT_ADDED]), Subscription)
    assert_type(subscriptions.deliver_due("a", limit=9, subscriber=Display()), Deliveries)
    with ThreadPoolExecutor() as pool:
        subscriptions.deliver_due("a", limit=9, subscriber=Display(), run_all=pool.map)
    subscriptions.deliver_due("a", limit=9, subscriber=Mailbox())  # type: ignore[arg-type]


def every_other_port(signer: AdmissionSigner, encoder: QrEncoder, claims: AdmissionClaims) -> None:
    """What the small ports take and give."""
    token = signer.sign(claims)
    assert_type(token, str)
    assert_type(encoder.encode(token), bytes)


def reconciling_is_lazy(office: BoxOffice, since: datetime) -> None:
    """It returns an iterator, not a list."""
    findings: Iterator[object] = office.reconcile(since=since, dry_run=True)
    next(findings)


assert_type(ticketing_core.__version__, str)
