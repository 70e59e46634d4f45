"""Subscriptions: how they are made and changed, and when a failing one is tried again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing_core import MessageKind, Subscription, Subscriptions
from ticketing_core.errors import NameTaken, SubscriptionNotFound
from ticketing_core.ports.outbox import Delivered
from ticketing_core.subscription import (
    BOTH_SECRETS,
    DELIVERED_KEPT,
    DISABLED_KEPT,
    GIVEN_UP_AFTER,
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
)
from ticketing_core.testing import InMemoryEvents, InMemoryOutbox, InMemoryTickets, ManualClock
from ticketing_core.testing.contracts.examples import NOON, stored_event
from ticketing_core.use_cases import subscriptions as steps

INSTANT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
PLAIN = Subscription(name="all")


class Told:
    """A subscriber that takes everything."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    def deliver(self, message: object) -> Delivered:
        """See `Subscriber.deliver`."""
        self.subjects.append(getattr(message, "subject", ""))
        return Delivered()


@pytest.fixture
def events() -> InMemoryEvents:
    """Return an empty store."""
    return InMemoryEvents()


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that shows noon."""
    return ManualClock(NOON)


@pytest.fixture
def subscriptions(events: InMemoryEvents, clock: ManualClock) -> Subscriptions:
    """Return the face of an outbox without subscriptions."""
    return Subscriptions(outbox=InMemoryOutbox(events, InMemoryTickets(events)), clock=clock)


# --- the public face ------------------------------------------------------------------------------


def test_a_subscription_is_made_and_ended(
    subscriptions: Subscriptions, events: InMemoryEvents
) -> None:
    """It is told of changes in between, if it gets their kind."""
    made = subscriptions.subscribe("all", url="https://example.com", secret="s")
    issued = subscriptions.subscribe("issued", kinds=[MessageKind.TICKET_ISSUED])
    assert subscriptions.all() == [made, issued]
    assert (made.url, made.secret) == ("https://example.com", "s")
    assert issued.kinds == {MessageKind.TICKET_ISSUED}
    with pytest.raises(NameTaken):
        subscriptions.subscribe("all")
    stored_event(events)
    told = Told()
    for name in ("all", "issued"):
        subscriptions.deliver_due(name, limit=9, subscriber=told)
    assert told.subjects == ["event_1"]
    subscriptions.unsubscribe("all")
    assert subscriptions.all() == [issued]


def test_unknown_ones_are_told(subscriptions: Subscriptions) -> None:
    """A typo of an operator must not look like a success."""
    for ask in (
        subscriptions.unsubscribe,
        subscriptions.enable,
        subscriptions.disable,
        lambda name: subscriptions.rotate(name, "new"),
        lambda name: subscriptions.replay(name, since=NOON),
        lambda name: subscriptions.abandoned(name, limit=1),
    ):
        with pytest.raises(SubscriptionNotFound, match="nobody"):
            ask("nobody")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "ä", "a\n"])
def test_a_name_is_plain(subscriptions: Subscriptions, name: str) -> None:
    """It is a label of metrics and an argument of commands."""
    with pytest.raises(ValueError, match="name"):
        subscriptions.subscribe(name)


def test_a_replay_goes_through_all_pages(
    subscriptions: Subscriptions, events: InMemoryEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many subjects there are."""
    monkeypatch.setattr(steps, "SUBJECTS_OF_A_STEP", 2)
    for _ in range(5):
        stored_event(events)
    subscriptions.subscribe("all")
    subscriptions.replay("all", since=NOON)
    told = Told()
    subscriptions.deliver_due("all", limit=9, subscriber=told)
    assert sorted(told.subjects) == [f"event_{n}" for n in range(1, 6)]


def test_old_messages_are_pruned(
    subscriptions: Subscriptions, events: InMemoryEvents, clock: ManualClock
) -> None:
    """Delivered ones after a week, those that wait for somebody after a month."""
    subscriptions.subscribe("all")
    for _ in range(3):
        stored_event(events)
    subscriptions.deliver_due("all", limit=1, subscriber=Told())
    clock.advance(DELIVERED_KEPT)
    assert subscriptions.prune(limit=9) == 0
    clock.advance(INSTANT)
    assert subscriptions.prune(limit=9) == 1
    subscriptions.disable("all")
    clock.advance(DISABLED_KEPT - DELIVERED_KEPT - INSTANT)
    assert subscriptions.prune(limit=9) == 0
    clock.advance(INSTANT)
    assert [subscriptions.prune(limit=1) for _ in range(3)] == [1, 1, 0]


# --- secrets --------------------------------------------------------------------------------------


def test_both_secrets_sign_for_a_day(subscriptions: Subscriptions, clock: ManualClock) -> None:
    """So nothing is refused while the subscriber learns the new one, which comes first."""
    subscriptions.subscribe("all", url="https://example.com", secret="old")
    rotated = subscriptions.rotate("all", "new")
    assert rotated.secrets(now=clock.now()) == ("new", "old")
    assert rotated.secrets(now=NOON + BOTH_SECRETS - INSTANT) == ("new", "old")
    assert rotated.secrets(now=NOON + BOTH_SECRETS) == ("new",)
    again = subscriptions.rotate("all", "third")
    assert again.secrets(now=NOON) == ("third", "new")
    assert PLAIN.secrets(now=NOON) == ()
    assert "third" not in repr(again)
    assert "new" not in repr(again)


# --- failures -------------------------------------------------------------------------------------


def fail_until(end: datetime) -> list[Subscription]:
    """Return a subscription after each failure, tried again as soon as each pause is over."""
    failed = [PLAIN.failed(at=NOON)]
    while (last := failed[-1]).paused_until is not None and last.paused_until <= end:
        assert not last.may_be_asked(now=last.paused_until - INSTANT)
        assert last.may_be_asked(now=last.paused_until)
        failed.append(last.failed(at=last.paused_until))
    return failed


def test_pauses_double_up_to_an_hour() -> None:
    """They are as long as it has failed, so each is as long as all before together."""
    ends = [each.paused_until or NOON for each in fail_until(NOON + 6 * HOUR)]
    pauses = [later - earlier for earlier, later in zip([NOON, *ends], ends, strict=False)]
    minutes = [pause / SHORTEST_PAUSE for pause in pauses]
    assert minutes == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


def test_a_success_ends_the_pause() -> None:
    """The next failure is a first one."""
    assert PLAIN.failed(at=NOON).failed(at=NOON + HOUR).succeeded() == PLAIN


def test_a_clock_that_was_ahead_ends_no_deliveries() -> None:
    """A pause until next year is none. The longest that there is holds, and clocks may differ."""
    ahead = PLAIN.failed(at=NOON + timedelta(days=365))
    assert ahead.may_be_asked(now=NOON)
    longest = PLAIN.failed(at=NOON, wait=2 * GIVEN_UP_AFTER)
    assert not longest.may_be_asked(now=NOON - timedelta(seconds=30))
    assert longest.may_be_asked(now=NOON + GIVEN_UP_AFTER)


def test_it_is_disabled_after_seven_days_of_failures() -> None:
    """Not before, and it is asked again after somebody has enabled it."""
    failing = PLAIN.failed(at=NOON)
    end = NOON + GIVEN_UP_AFTER
    assert failing.failed(at=end - INSTANT).disabled_at is None
    disabled = failing.failed(at=end)
    assert disabled.disabled_at == end
    assert not disabled.may_be_asked(now=end + GIVEN_UP_AFTER)
    assert disabled.enabled() == PLAIN


@given(st.timedeltas(), st.timedeltas(timedelta(0), 2 * GIVEN_UP_AFTER))
def test_no_pause_is_shorter_or_longer_than_may_be(asked: timedelta, failing: timedelta) -> None:
    """What the subscriber asks for counts if it is longer, but must not stop it for ever."""
    at = NOON + failing
    failed = PLAIN.failed(at=NOON).failed(at=at, wait=asked)
    if failed.disabled_at is not None:
        assert failing >= GIVEN_UP_AFTER
        return
    assert failed.paused_until is not None
    pause = failed.paused_until - at
    assert SHORTEST_PAUSE <= pause <= GIVEN_UP_AFTER
    assert pause >= min(asked, GIVEN_UP_AFTER)
    assert pause <= max(asked, LONGEST_PAUSE)
