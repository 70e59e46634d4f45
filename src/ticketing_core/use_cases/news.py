"""News of payments, pushed by the gateway or listed by it: a hint, upon which it is asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from attrs import Factory, define, field, frozen

from ticketing_core.changes import Replaced, Stale
from ticketing_core.errors import GatewayUnavailable, StoreUnavailable, raises
from ticketing_core.payment import (
    Hint,
    Missing,
    News,
    NewsPage,
    NewsSource,
    Paid,
    PaymentHint,
    Unknown,
)
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.ports.repository import Installation, StrayRepository, TicketRepository
from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_core.use_cases.reconcile import Finding, reconcile
from ticketing_core.use_cases.settle import (
    ANOTHER_ACCOUNT,
    Settlement,
    account_doubt,
    settle_checkout,
    settle_ticket,
)
from ticketing_core.use_cases.strays import note_stray
from ticketing_core.validators import require_zoned

FRAUD_WARNING = "early fraud warning"
"""The reason in the history of a ticket whose buyer's bank suspects fraud."""

OVERLAP = timedelta(hours=1)
"""How far before the position reading begins: an event may show late, and a gateway has many
machines, whose clocks differ by seconds. News that is read twice does no harm."""

LONGEST_SILENCE = timedelta(days=25)
"""Events are listed for 30 days. An older position is not used, so none ends while it is read."""

SPANS = MappingProxyType(
    {NewsSource.REFUNDS: timedelta(days=120), NewsSource.DISPUTES: timedelta(days=200)}
)
"""How much of each list is read in place of the events. Banks return refunds within weeks, and
decide on disputes within three months; the rest is how long nobody may have read."""


@frozen(kw_only=True)
class NewsRead:
    """What was found in the gateway's news.

    Attributes:
        pages: How many pages were read.
        noted: How many tickets have to be looked at now.
        strays: How many payments lead to no ticket.
        used_lists: Whether refunds, disputes and checkouts were compared in place of the events,
            because the events since the last reading could not be read.
        another_account: Whether nothing was read, because the gateway's key belongs to another
            account than the one that sold.
        suspected: Tickets with a fraud warning: refunding them now avoids a dispute.
        findings: What the comparison of the checkouts found.
    """

    pages: int = 0
    noted: int = 0
    strays: int = 0
    used_lists: bool = False
    another_account: bool = False
    suspected: Sequence[Ticket] = field(default=(), repr=False)
    findings: Sequence[Finding] = field(default=(), repr=False)


@raises(GatewayUnavailable, StoreUnavailable)
def settle_news(
    news: News,
    *,
    by: str,
    tickets: TicketRepository,
    strays: StrayRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> Settlement | None:
    """Settle the ticket that news is about. See `BackOffice.settle_news`."""

    def settle(checkout_id: str) -> Settlement | None:
        return settle_checkout(
            checkout_id,
            by=by,
            tickets=tickets,
            strays=strays,
            installation=installation,
            gateway=gateway,
            clock=clock,
        )

    if isinstance(news, Hint):
        return settle(news.checkout_id)
    ticket = _known_ticket(news, tickets=tickets)
    if ticket is None:
        found = gateway.checkout_of(news.payment_id)
        if isinstance(found, Unknown):
            raise GatewayUnavailable
        if isinstance(found, Missing):
            return None
        settled = settle(found.checkout_id)
    elif _only_confirms(news, ticket):
        settled = Settlement(ticket, None)
    else:
        settled = settle_ticket(ticket, by=by, tickets=tickets, gateway=gateway, clock=clock)
    if settled is None or not news.is_fraud_warning:
        return settled
    return Settlement(_warned(settled.ticket, by=by, tickets=tickets, clock=clock), settled.seen)


@raises(GatewayUnavailable, StoreUnavailable)
def read_news(
    *,
    checkouts_since: datetime,
    by: str = "news",
    tickets: TicketRepository,
    strays: StrayRepository,
    installation: Installation,
    gateway: PaymentGateway,
    clock: Clock,
) -> NewsRead:
    """Note which tickets have to be looked at. See `BackOffice.read_news`.

    A page without an answer ends the reading, and the next one begins at the same position. The
    position moves after the last page only, since the newest news comes first.
    """
    require_zoned("checkouts_since", checkouts_since)
    doubt = account_doubt(tickets=tickets, gateway=gateway)
    if doubt == ANOTHER_ACCOUNT:
        # Its news would move the position past that of the right one.
        return NewsRead(another_account=True)
    if doubt is not None:
        raise GatewayUnavailable
    position = installation.state().news_position
    since = (position or clock.now()) - OVERLAP
    first = gateway.list_news(NewsSource.EVENTS, since=since, after=None)
    if isinstance(first, Unknown):
        raise GatewayUnavailable
    # The time of the first answer: what happens from here on may be missing from all pages. It is
    # the gateway's time, because ours may be ahead of its events.
    began = first.answered_at
    reading = Reading(by=by, tickets=tickets, strays=strays, gateway=gateway, clock=clock)
    findings: list[Finding] = []
    used_lists = position is None or not began - LONGEST_SILENCE <= position <= began
    if used_lists:
        reading.read_lists(before=began)
        # A checkout of which nothing can be known is reported and holds nothing back: settling and
        # the daily comparison look at it again.
        comparison = reconcile(
            since=checkouts_since,
            by=by,
            tickets=tickets,
            strays=strays,
            installation=installation,
            gateway=gateway,
            clock=clock,
        )
        findings += (each for each in comparison if isinstance(each, Finding))
    else:
        reading.read(NewsSource.EVENTS, since=since, first=first)
    if reading.has_lost_a_ticket:
        installation.begin_restore(at=clock.now())
    installation.move_news_position(began)
    return NewsRead(
        pages=reading.pages,
        noted=len(reading.noted),
        strays=len(reading.found_strays),
        used_lists=used_lists,
        suspected=tuple(reading.suspected.values()),
        findings=findings,
    )


@define(kw_only=True)
class Reading:
    """Reads pages, and notes what they are about. It settles nothing.

    Attributes:
        has_lost_a_ticket: Whether the store does not have the ticket of one of the payments.
        asked: The ticket, if any, of each payment that the gateway was asked about.
    """

    by: str
    tickets: TicketRepository
    strays: StrayRepository
    gateway: PaymentGateway
    clock: Clock
    pages: int = 0
    noted: set[int] = Factory(set)
    found_strays: set[str] = Factory(set)
    suspected: dict[int, Ticket] = Factory(dict)
    has_lost_a_ticket: bool = False
    asked: dict[str, Ticket | None] = Factory(dict)

    def read(self, source: NewsSource, *, since: datetime, first: NewsPage | None = None) -> None:
        """Read all pages; ``first`` is the first one, if it was read before."""
        page: NewsPage | Unknown = first or self.gateway.list_news(source, since=since, after=None)
        after = None
        while not isinstance(page, Unknown):
            self._note(page)
            if page.next is None:
                return
            if page.next == after:
                break  # Something in between repeats one answer.
            after = page.next
            page = self.gateway.list_news(source, since=since, after=after)
        raise GatewayUnavailable

    def read_lists(self, *, before: datetime) -> None:
        """Read all refunds and disputes that may have changed since then."""
        for source, span in SPANS.items():
            self.read(source, since=before - span)

    def _note(self, page: NewsPage) -> None:
        self.pages += 1
        found = {ticket.ticket_id for ticket in self._tickets_of(page)}
        if found:
            self.tickets.look_again(found, at=self.clock.now())
            self.noted |= found

    def _tickets_of(self, page: NewsPage) -> Iterator[Ticket]:
        for news in page.news:
            ticket = _known_ticket(news, tickets=self.tickets) or self._ask(news.payment_id)
            if ticket is None or _only_confirms(news, ticket):
                continue
            if news.is_fraud_warning:
                ticket = _warned(ticket, by=self.by, tickets=self.tickets, clock=self.clock)
                self.suspected[ticket.ticket_id] = ticket
            yield ticket

    def _ask(self, payment_id: str) -> Ticket | None:
        """Return the ticket of a payment, or note the payment as a stray.

        An account may take money for others, too: what is not ours must not hold the rest back.
        """
        if payment_id not in self.asked:
            self.asked[payment_id] = self._found(payment_id)
        return self.asked[payment_id]

    def _found(self, payment_id: str) -> Ticket | None:
        found = self.gateway.checkout_of(payment_id)
        if isinstance(found, Unknown):
            raise GatewayUnavailable
        if isinstance(found, Missing):
            return None
        ticket = self.tickets.by_checkout(found.checkout_id)
        if ticket is not None:
            return ticket
        if isinstance(found.state, Unknown):
            raise GatewayUnavailable
        if isinstance(found.state, Paid):
            # Also where a ticket has lost its checkout: reconciling adopts it.
            at = self.clock.now()
            if note_stray(found.checkout_id, found.state, strays=self.strays, at=at):
                self.has_lost_a_ticket |= self.tickets.by_code(found.ticket_code) is None
            self.found_strays.add(found.checkout_id)
        return None


def _known_ticket(news: PaymentHint, *, tickets: TicketRepository) -> Ticket | None:
    """Return the ticket that the payment belongs to, as far as the store can tell."""
    ticket = tickets.by_payment(news.payment_id)
    if ticket is not None or news.ticket_code is None:
        return ticket
    named = tickets.by_code(news.ticket_code)
    # Otherwise the ticket has another payment or has lost its checkout, so the gateway is asked.
    if named is not None and named.payment_id is None and named.checkout is not None:
        return named
    return None


def _only_confirms(news: PaymentHint, ticket: Ticket) -> bool:
    """Return whether the news is the refund of all that was paid, which the ticket shows."""
    return (
        ticket.status is TicketStatus.REFUNDED
        and ticket.payment_id == news.payment_id
        and news.refunded_minor == ticket.total.amount_minor == ticket.refunded_minor
    )


def _warned(ticket: Ticket, *, by: str, tickets: TicketRepository, clock: Clock) -> Ticket:
    """Write the fraud warning to the history, once, and return the ticket."""
    while all(entry.why != FRAUD_WARNING for entry in tickets.history(ticket.ticket_id)):
        marked = ticket.marked()
        match tickets.replace(ticket, marked, at=clock.now(), why=FRAUD_WARNING, by=by):
            case Replaced(stored):
                return stored
            case Stale(current):
                ticket = current
    return ticket
