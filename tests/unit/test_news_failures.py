"""Reading news loses nothing while calls fail, processes die and others read at the same time."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from tests.unit.box_offices import World
from tests.unit.broken_news import (
    Countdown,
    Died,
    changed,
    fragile,
    moves_page_by_page,
    moves_without_an_answer,
    noted,
    waits_for_what_is_not_ours,
)
from tests.unit.test_read_news import (
    DAY,
    Variant,
    as_it_is,
    paid_without_a_ticket,
    read,
    refunded_by_hand,
)
from ticketing_core import BoxOffice
from ticketing_core.errors import GatewayUnavailable, StoreUnavailable


def fragile_variant(variant: Variant, countdown: Countdown, office: BoxOffice) -> BoxOffice:
    """Return the variant over ports that fail by the countdown."""
    return variant(fragile(office, countdown))


def whatever_call_fails(variant: Variant, *, dies: bool, silence: timedelta = DAY) -> None:
    """Let each call of a reading fail in turn; after the next reading all is noted."""
    for calls in count():
        world = World()
        read(world)
        world.clock.advance(DAY)
        moved = refunded_by_hand(world, times=4)
        lost = paid_without_a_ticket(world)
        world.gateway.pay_elsewhere()
        # Longer than the overlap: only the old position leads back to this news.
        world.clock.advance(silence)
        countdown = Countdown(left=calls, dies=dies)
        with suppress(Died, GatewayUnavailable, StoreUnavailable):
            read(world, partial(fragile_variant, variant, countdown))
        world.clock.advance(DAY)
        if countdown.is_over:
            read(world, variant)
        assert noted(world) == moved
        assert [each.checkout_id for each in world.strays.unsettled(after="", limit=9)] == [lost]
        assert world.installation.state().news_position is not None
        if not countdown.is_over:
            return


@pytest.mark.parametrize("silence", [DAY, 40 * DAY])
@pytest.mark.parametrize("dies", [True, False])
def test_a_reading_that_fails_at_any_call_loses_nothing(dies: bool, silence: timedelta) -> None:  # noqa: FBT001 - pytest gives it
    """The process dies before the call, or its answer is lost: the next reading finds it all.

    It is so for events, and for the lists that are read after a long silence.
    """
    whatever_call_fails(as_it_is, dies=dies, silence=silence)


@pytest.mark.parametrize(
    ("variant", "dies"), [(moves_page_by_page, True), (moves_without_an_answer, False)]
)
def test_control_a_position_that_moves_too_early_is_caught(variant: Variant, dies: bool) -> None:  # noqa: FBT001 - as above
    """Control: page by page, or although a page had no answer."""
    with pytest.raises(AssertionError):
        whatever_call_fails(variant, dies=dies)


def a_reading_after_another_shops_payment(variant: Variant) -> None:
    """The account takes money for others, too."""
    world = World()
    read(world)
    world.clock.advance(DAY)
    moved = refunded_by_hand(world)
    world.gateway.pay_elsewhere()
    began = world.clock.now()
    with suppress(GatewayUnavailable):
        read(world, variant)
    assert world.installation.state().news_position == began
    assert noted(world) == moved


def test_what_is_not_ours_does_not_hold_the_position_back() -> None:
    """It is never resolved, and the rest goes on."""
    a_reading_after_another_shops_payment(as_it_is)


def test_control_waiting_for_what_is_not_ours_is_caught() -> None:
    """Control: the position would stay where it is until the events are forgotten."""
    with pytest.raises(AssertionError):
        a_reading_after_another_shops_payment(waits_for_what_is_not_ours)


# --- two at once --------------------------------------------------------------------------------


def two_readings_at_once(variant: Variant, *, dies: bool) -> None:
    """While one process is between two pages, another one reads; then the first may die."""
    world = World()
    read(world)
    world.clock.advance(DAY)
    moved = refunded_by_hand(world, times=3)
    world.clock.advance(DAY)
    asked = count()

    def list_news(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if next(asked) == 1:
            world.clock.advance(DAY)
            read(world, variant)
            moved.update(refunded_by_hand(world))
            if dies:
                raise Died
        return original(*args, **kwargs)

    with suppress(Died):
        read(world, lambda office: changed(variant(office), "gateway", "list_news", list_news))
    world.clock.advance(DAY)
    read(world, variant)
    assert noted(world) == moved


@pytest.mark.parametrize("dies", [True, False])
def test_two_readings_at_once_lose_nothing(dies: bool) -> None:  # noqa: FBT001 - pytest gives it
    """The one that began first moves the position back, which does no harm."""
    two_readings_at_once(as_it_is, dies=dies)


def test_control_a_position_that_another_reading_has_moved_too_early_is_caught() -> None:
    """Control: the other one begins where the first has only listed the newest page."""
    with pytest.raises(AssertionError):
        two_readings_at_once(moves_page_by_page, dies=True)
