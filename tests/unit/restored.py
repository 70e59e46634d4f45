"""A shop that loses what happened after its backup, and what must be true after the restore."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve, field

from tests.unit.box_offices import BUYER, World
from ticketing_core import BoxOffice, Event, LeftOpen, Ticket, TicketStatus, ToPay
from ticketing_core.errors import NotReady
from ticketing_core.testing import CannotPay
from ticketing_core.use_cases.restore import Restoring

S = TicketStatus
WEEKS = timedelta(days=40)


class Crash(BaseException):
    """The process was killed."""


@define
class Calls:
    """Counts the calls of the ports, and does something before or after one of them.

    Attributes:
        at: The call.
        early: Whether to do it before the call, or after it took effect.
        what: What to do.
    """

    at: int | None = None
    early: bool = True
    what: Callable[[], None] = lambda: None
    count: int = 0

    def counted(self, port: Any) -> Any:
        """Return the port with its calls counted."""
        return _Counted(port, self)


class _Counted:
    def __init__(self, port: Any, calls: Calls) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        method, calls = getattr(self._port, name), self._calls

        def call(*args: Any, **kwargs: Any) -> Any:
            calls.count += 1
            now = calls.count == calls.at
            if now and calls.early:
                calls.what()
            outcome = method(*args, **kwargs)
            if now and not calls.early:
                calls.what()
            return outcome

        return call


@define
class Shop:
    """A shop after a restore from its backup.

    Attributes:
        reserved: In the backup a reservation whose checkout was just opened; paid since.
        unpaid: The same, but nobody has paid since; the buyer still has the address.
        refunded: In the backup an issued ticket; refunded by hand since.
        old: The same, sold weeks before the backup.
        lost: Sold and issued since: the database does not know it, and its QR code is out.
        open: Opened since: the buyer has the address and may pay.
        ended: Opened since, and cancelled.
        by_now: The ids that were given before the restore.
    """

    world: World
    event: Event
    reserved: ToPay
    unpaid: ToPay
    refunded: Ticket
    old: Ticket
    lost: Ticket
    open: ToPay
    ended: ToPay
    backup_at: datetime
    by_now: set[int]
    sold_meanwhile: list[Ticket] = field(factory=list)

    def office(self, calls: Calls | None = None) -> BoxOffice:
        """Return the box office, with counted ports."""
        office = self.world.office
        if calls is None:
            return office
        names = ("tickets", "strays", "installation", "gateway")
        return evolve(office, **{name: calls.counted(getattr(office, name)) for name in names})

    def restore(
        self, *, calls: Calls | None = None, agreed: bool = True, **options: Any
    ) -> Sequence[Restoring]:
        """Run the restore to its end."""
        office = self.office(calls)
        options.setdefault("since", self.backup_at)
        return list(office.restore(may_close=lambda _: agreed, **options))

    def buyer_pays(self) -> None:
        """The buyer of the open checkout pays, if that is still possible."""
        try:
            self.world.gateway.pay(self.open.checkout_url)
        except CannotPay:
            return

    def somebody_buys(self) -> None:
        """Somebody tries to buy."""
        try:
            bought = self.world.to_pay(self.event)
        except NotReady:
            return
        self.sold_meanwhile.append(bought.ticket)

    def wrongs(self) -> Iterator[str]:
        """Yield each promise that is broken now."""
        world, gateway = self.world, self.world.gateway
        if world.now(self.reserved.ticket).status is not S.ISSUED:
            yield "paid, and its ticket is lost"
        if gateway.captured_for(self.reserved.ticket.ticket_code) != 5000:
            yield "paid, and given back"
        for ticket in (self.refunded, self.old):
            if world.now(ticket).status is not S.REFUNDED:
                yield "valid without money"
        for bought in (self.open, self.unpaid):
            if gateway.payable_for(bought.ticket.ticket_code):
                yield "can be paid, and no ticket knows"
        yield from self._unknown_money()
        if self.by_now & {ticket.ticket_id for ticket in self.sold_meanwhile}:
            yield "an id was given twice"
        if world.installation.state().restoring_since is not None:
            yield "nothing is sold"

    def _unknown_money(self) -> Iterator[str]:
        for code in (self.lost.ticket_code, self.open.ticket.ticket_code):
            known = [s for s in self._strays() if s.ticket_code == code and not s.settled_at]
            amount = sum(each.amount.amount_minor for each in known)
            if amount != self.world.gateway.captured_for(code):
                yield "money that nobody knows of"

    def _strays(self) -> Sequence[Any]:
        return list(self.world.strays._by_checkout.values())  # noqa: SLF001 - also settled ones

    def facts(self) -> object:
        """Return what has to be the same after any run that was finished."""
        strays = {
            (each.checkout_id, each.amount, each.how, each.settled_at is None)
            for each in self._strays()
        }
        tickets = {
            ticket_id: (ticket.status, ticket.checkout and ticket.checkout.checkout_id)
            for ticket_id, ticket in self.world.tickets._by_id.items()  # noqa: SLF001 - all
        }
        return strays, tickets, self.world.kept(self.event)


def lossy_shop() -> Shop:
    """Sell, back up, sell more, and restore the backup."""
    world = World()
    event = world.event(capacity=100)
    old = world.issued(event)
    world.clock.advance(WEEKS)
    refunded = world.issued(event)
    reserved, unpaid = world.to_pay(event), world.to_pay(event)
    saved = _backup(world)
    for each in (reserved, unpaid):
        _forget_checkout(saved, each.ticket)
    backup_at = world.clock.now()
    world.clock.advance(timedelta(minutes=10))
    world.gateway.pay(reserved.checkout_url)
    assert refunded.checkout is not None
    world.gateway.give_back(refunded.checkout.checkout_id)
    assert old.checkout is not None
    world.gateway.give_back(old.checkout.checkout_id)
    lost, ended = world.issued(event), world.to_pay(event)
    world.office.cancel(ticket_id=ended.ticket.ticket_id, buyer=BUYER)
    still_open = world.to_pay(event)
    world.clock.advance(timedelta(minutes=12))
    _restore(world, saved)
    return Shop(
        world=world,
        event=event,
        reserved=reserved,
        unpaid=unpaid,
        refunded=refunded,
        old=old,
        lost=lost,
        open=still_open,
        ended=ended,
        backup_at=backup_at,
        by_now={lost.ticket_id, ended.ticket.ticket_id, still_open.ticket.ticket_id},
    )


def left_open(done: Sequence[Restoring]) -> int:
    """Return how many checkouts the restore has left open, because nobody agreed."""
    return sum(each.count for each in done if isinstance(each, LeftOpen))


def _backup(world: World) -> list[dict[str, Any]]:
    stores = (world.events, world.tickets)
    return [
        {name: copy(value) for name, value in vars(each).items() if isinstance(value, dict | int)}
        for each in stores
    ]


def _restore(world: World, saved: list[dict[str, Any]]) -> None:
    # No port can lose what was stored.
    for store, values in zip((world.events, world.tickets), saved, strict=True):
        vars(store).update({name: copy(value) for name, value in values.items()})


def _forget_checkout(saved: list[dict[str, Any]], paying: Ticket) -> None:
    """Let the backup have been made just before the checkout was stored."""
    tickets = saved[1]
    tickets["_by_id"][paying.ticket_id] = evolve(
        paying,
        status=S.RESERVED,
        checkout=None,
        version=1,
        held_until=paying.created_at + timedelta(minutes=2),
    )
    tickets["_history"][paying.ticket_id] = tickets["_history"][paying.ticket_id][:1]
    tickets["_next_try_at"][paying.ticket_id] = paying.created_at + timedelta(minutes=2)
