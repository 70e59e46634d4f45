"""Ports that die or do not answer at any call, and readers of news that lose some of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from attrs import define, evolve

from tests.unit.box_offices import World
from ticketing_core import BoxOffice
from ticketing_core.errors import StoreUnavailable
from ticketing_core.payment import Missing, NewsPage, Unknown
from ticketing_core.schedule import DueLook
from ticketing_core.testing import InMemoryTickets
from ticketing_core.use_cases.news import OVERLAP

PORTS = ("tickets", "strays", "installation", "gateway")


class Died(BaseException):
    """The process has died."""


@define
class Countdown:
    """Lets one call fail: the process dies before it, or its answer is lost.

    Attributes:
        left: How many calls succeed before it.
        dies: Whether the process dies.
    """

    left: int
    dies: bool

    @property
    def is_over(self) -> bool:
        """Whether the call has failed."""
        return self.left < 0


class Fragile:
    """A port whose calls fail by a countdown."""

    def __init__(self, port: object, countdown: Countdown, *, no_answer: Any) -> None:
        self._port = port
        self._countdown = countdown
        self._no_answer = no_answer

    def __getattr__(self, name: str) -> Any:
        """Return the port's method, which may fail."""
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._countdown.left -= 1
            if self._countdown.left != -1:
                return method(*args, **kwargs)
            if self._countdown.dies:
                raise Died
            method(*args, **kwargs)
            if isinstance(self._no_answer, Exception):
                raise self._no_answer
            return self._no_answer

        return call


def fragile(office: BoxOffice, countdown: Countdown) -> BoxOffice:
    """Return the box office over ports that fail by the countdown."""
    ports: dict[str, Any] = {
        name: Fragile(
            getattr(office, name),
            countdown,
            no_answer=Unknown("lost") if name == "gateway" else StoreUnavailable("lost"),
        )
        for name in PORTS
    }
    return evolve(office, **ports)


class Changed:
    """A port with one method replaced; the new one gets the old one first."""

    def __init__(self, port: object, name: str, method: Callable[..., Any]) -> None:
        self._port = port
        self._name = name
        self._method = method

    def __getattr__(self, name: str) -> Any:
        """Return the replaced method, or the port's."""
        original = getattr(self._port, name)
        if name != self._name:
            return original
        return lambda *args, **kwargs: self._method(original, *args, **kwargs)


def changed(office: BoxOffice, port: str, name: str, method: Callable[..., Any]) -> BoxOffice:
    """Return the box office with a method of one of its ports replaced."""
    other = cast("Any", Changed(getattr(office, port), name, method))
    return evolve(office, **{port: other})


def moves_page_by_page(office: BoxOffice) -> BoxOffice:
    """Moves the position after each page, although the newest news comes first."""

    def list_news(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        page = original(*args, **kwargs)
        if isinstance(page, NewsPage):
            office.installation.move_news_position(page.answered_at)
        return page

    return changed(office, "gateway", "list_news", list_news)


def moves_without_an_answer(office: BoxOffice) -> BoxOffice:
    """Takes a page without an answer for an empty last one."""

    def list_news(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        page = original(*args, **kwargs)
        if not isinstance(page, Unknown):
            return page
        return NewsPage(news=[], answered_at=office.clock.now(), next=None)

    return changed(office, "gateway", "list_news", list_news)


def takes_our_clock(office: BoxOffice) -> BoxOffice:
    """Stores the position by our own clock."""

    def move(original: Callable[..., Any], to: datetime) -> None:
        del to
        original(office.clock.now())

    return changed(office, "installation", "move_news_position", move)


def waits_for_what_is_not_ours(office: BoxOffice) -> BoxOffice:
    """Takes a payment that nothing is known of for one without an answer."""

    def checkout_of(original: Callable[..., Any], payment_id: str) -> Any:
        found = original(payment_id)
        return Unknown("no such payment") if isinstance(found, Missing) else found

    return changed(office, "gateway", "checkout_of", checkout_of)


def believes_any_position(office: BoxOffice) -> BoxOffice:
    """Never finds that the position is later than the gateway's own time."""

    def list_news(original: Callable[..., Any], source: Any, *, since: datetime, **kw: Any) -> Any:
        page = original(source, since=since, **kw)
        if not isinstance(page, NewsPage):
            return page
        return evolve(page, answered_at=max(page.answered_at, since + OVERLAP))

    return changed(office, "gateway", "list_news", list_news)


class ClearsBlindly(InMemoryTickets):
    """Removes a note after a look, whatever it says by now."""

    def clear_look(self, look: DueLook) -> None:
        """See `TicketRepository.clear_look`."""
        self._look_at.pop(look.ticket.ticket_id, None)


def clears_before_the_look(office: BoxOffice) -> BoxOffice:
    """Removes a note when it claims it."""

    def claim_looks(original: Callable[..., Any], **kwargs: Any) -> Any:
        looks = original(**kwargs)
        for look in looks:
            office.tickets.clear_look(look)
        return looks

    return changed(office, "tickets", "claim_looks", claim_looks)


def noted(world: World) -> set[int]:
    """Return the tickets that have to be looked at; their claims last for a minute."""
    looks = world.tickets.claim_looks(now=world.clock.now(), limit=100)
    world.clock.advance(timedelta(minutes=1))
    return {look.ticket.ticket_id for look in looks}
