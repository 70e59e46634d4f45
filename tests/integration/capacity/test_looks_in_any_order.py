"""Nobody who has paid is told that they have not, in whatever order things happen."""

from collections.abc import Callable
from concurrent.futures import Future
from itertools import permutations

import pytest

from tests.integration.capacity.looking import OPEN, PAID, SOON, Make, Provider, sharing
from ticketing_core.payment import CheckoutState, Unknown
from ticketing_service.capacity.looks import SharedLooks


@pytest.fixture(autouse=True)
def _no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing_service.capacity.looks.GAP_SECONDS", 0.0)


class CachedLooks(SharedLooks):
    """A control: tells for a while what the last look has found."""

    def look_up(
        self,
        checkout_id: str,
        look: Callable[[], CheckoutState],
        *,
        for_news: bool = False,
        at_most: float | None = None,
    ) -> CheckoutState:
        """See `SharedLooks.look_up`."""
        known: dict[str, CheckoutState] = self.__dict__.setdefault("known", {})
        if checkout_id not in known:
            known[checkout_id] = super().look_up(
                checkout_id, look, for_news=for_news, at_most=at_most
            )
        return known[checkout_id]


class JoiningLooks(SharedLooks):
    """A control: a caller that comes during a look takes its finding, whatever it is."""

    def look_up(
        self,
        checkout_id: str,
        look: Callable[[], CheckoutState],
        *,
        for_news: bool = False,
        at_most: float | None = None,
    ) -> CheckoutState:
        """See `SharedLooks.look_up`."""
        found = super().look_up(
            checkout_id, lambda: Disguised(look()), for_news=for_news, at_most=at_most
        )
        return found.finding if isinstance(found, Disguised) else found


class Disguised(Unknown):
    """A finding that does not show that it is `Open`."""

    def __init__(self, finding: CheckoutState) -> None:
        super().__init__("disguised")
        object.__setattr__(self, "finding", finding)

    finding: CheckoutState


ACTIONS = ("poll", "ends", "pay", "verify", "news", "ends ")
"""What may happen in any order. At the end, all looks end."""


def told_wrongly(make: Make) -> list[str]:
    """Return the orders in which somebody who came after the payment is told that it is open."""
    wrong: list[str] = []
    for order in permutations(ACTIONS):
        if order.index("ends") > order.index("ends "):
            continue
        provider = Provider(make=make)
        callers: list[Future[CheckoutState]] = []
        for action in order:
            match action.strip():
                case "pay":
                    provider.state = PAID
                case "ends":
                    provider.ends()
                case who:
                    came = provider.comes(for_news=who == "news")
                    if provider.state == PAID:
                        callers.append(came)
        provider.close()
        if any(each.result(SOON) == OPEN for each in callers):
            wrong.append(", ".join(order))
    return wrong


def test_nobody_who_has_paid_is_told_that_it_is_open() -> None:
    """Whatever comes first: a poll, the payment, the buyer, the webhook, or the end of a look."""
    assert told_wrongly(sharing) == []


@pytest.mark.parametrize("broken", [CachedLooks, JoiningLooks])
def test_a_cache_and_joining_any_look_are_the_controls(broken: type[SharedLooks]) -> None:
    """Both tell buyers who have paid that they have not."""
    assert told_wrongly(lambda room: broken(waiting=room))
