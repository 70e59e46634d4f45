"""Delivering what is due: what comes in which order, and what becomes of the rest."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from attrs import define, field

from ticketing_core import Deliveries, Message, Subscription, Subscriptions
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Gone, Refused, Unanswered
from ticketing_core.subscription import ABANDONED_AFTER, GIVEN_UP_AFTER, SHORTEST_PAUSE
from ticketing_core.testing import (
    InMemoryAdmissions,
    InMemoryEvents,
    InMemoryInstallation,
    InMemoryOutbox,
    InMemoryTickets,
    ManualClock,
)
from ticketing_core.testing.contracts.examples import NOON, stored_event
from ticketing_core.testing.contracts.messages import MANY, MailRoom
from ticketing_core.ticket import Ticket

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WAIT = 5 * HOUR


@define
class Shop(MailRoom):
    """A store whose one subscriber answers as it is told."""

    clock: ManualClock
    told: list[Message] = field(factory=list)
    answer: Callable[[Message], DeliveryOutcome] = lambda _: Delivered()

    @property
    def subscriptions(self) -> Subscriptions:
        """The public face."""
        return Subscriptions(outbox=self.outbox, clock=self.clock)

    @property
    def subscription(self) -> Subscription:
        """As it is stored now."""
        return self.outbox.subscriptions()[0]

    def deliver(self, message: Message) -> DeliveryOutcome:
        """See `Subscriber.deliver`."""
        self.told.append(message)
        return self.answer(message)

    def fails(self, outcome: DeliveryOutcome, only: Ticket | None = None) -> None:
        """Answer so from now on, or only about one ticket."""
        subject = only and f"ticket_{only.ticket_code}"
        self.answer = lambda each: outcome if subject in (None, each.subject) else Delivered()

    def recovers(self) -> None:
        """Take everything from now on."""
        self.told.clear()
        self.answer = lambda _: Delivered()

    def delivers(self, *, limit: int = MANY) -> Deliveries:
        """Deliver once."""
        return self.subscriptions.deliver_due("all", limit=limit, subscriber=self)

    def delivers_all(self) -> set[tuple[str, int]]:
        """Deliver until nothing is due, and return what was taken or refused."""
        while self.delivers().more:
            pass
        return {(each.subject, each.version) for each in self.told}


@pytest.fixture
def shop() -> Shop:
    """Return a shop whose clock shows noon."""
    events = InMemoryEvents()
    tickets = InMemoryTickets(events)
    shop = Shop(
        events,
        tickets,
        InMemoryAdmissions(events, tickets),
        stored_event(events, capacity=MANY),
        InMemoryInstallation(events),
        InMemoryOutbox(events, tickets),
        ManualClock(NOON),
    )
    shop.subscribe("all")
    return shop


def named(*tickets: Ticket) -> set[tuple[str, int]]:
    """Return the messages of these versions."""
    return {(f"ticket_{each.ticket_code}", each.version) for each in tickets}


def test_all_is_delivered_in_order(shop: Shop) -> None:
    """Once, each subject in order of version. A pass says whether to go on at once."""
    first, other = shop.issued(), shop.issued()
    second = shop.changed(first)
    assert shop.delivers() == Deliveries(delivered=2)
    assert shop.delivers() == Deliveries(delivered=1)
    assert shop.delivers() == Deliveries()
    assert not Deliveries().more
    assert Deliveries(delivered=1).more
    assert {(each.subject, each.version) for each in shop.told} == named(first, second, other)
    assert [each.version for each in shop.told].index(second.version) == 2
    shop.clock.advance(HOUR)
    assert shop.delivers() == Deliveries()


def test_a_pass_is_bounded(shop: Shop) -> None:
    """It hands out ``limit`` messages at most."""
    for _ in range(3):
        shop.issued()
    assert shop.delivers(limit=2) == Deliveries(delivered=2)


def test_several_threads_may_deliver(shop: Shop) -> None:
    """By the ``map`` of a pool."""
    tickets = [shop.issued() for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        done = shop.subscriptions.deliver_due("all", limit=MANY, subscriber=shop, run_all=pool.map)
    assert done == Deliveries(delivered=20)
    assert {(each.subject, each.version) for each in shop.told} == named(*tickets)


def test_nothing_is_delivered_to_who_must_not_be_asked(shop: Shop) -> None:
    """Nor is it claimed: it is due as soon as the subscription may go on."""
    ticket = shop.issued()
    shop.outbox.change("all", lambda old: old.failed(at=NOON))
    assert shop.delivers() == Deliveries()
    shop.subscriptions.disable("all")
    shop.clock.advance(HOUR)
    assert shop.delivers() == Deliveries()
    assert shop.subscriptions.deliver_due("x", limit=1, subscriber=shop) == Deliveries()
    shop.subscriptions.enable("all")
    assert shop.delivers_all() == named(ticket)


@pytest.mark.parametrize("outcome", [Unanswered(), Refused(retryable=True), Gone()])
def test_one_failure_stops_the_pass(shop: Shop, outcome: DeliveryOutcome) -> None:
    """A subscriber that is down is asked once, and all comes when it is back."""
    tickets = [shop.issued() for _ in range(5)]
    shop.fails(outcome)
    done = shop.delivers()
    assert (done.unanswered, done.put_off, done.more) == (1, 4, False)
    assert done.stopped == shop.subscription
    assert len(shop.told) == 1
    assert shop.delivers() == Deliveries()
    if outcome == Gone():
        assert shop.subscription == Subscription(name="all", disabled_at=NOON)
        shop.subscriptions.enable("all")
    else:
        failing = Subscription(name="all", failing_since=NOON, paused_until=NOON + SHORTEST_PAUSE)
        assert shop.subscription == failing
    shop.recovers()
    shop.clock.advance(SHORTEST_PAUSE)
    assert shop.delivers_all() == named(*tickets)
    assert shop.subscription == Subscription(name="all")


def test_a_long_outage_delays_only_what_was_asked_about(shop: Shop) -> None:
    """The others wait for the subscriber, not for claims of their own, and then come first."""
    tickets = [shop.issued() for _ in range(3)]
    shop.fails(Unanswered())
    while shop.clock.now() < NOON + 5 * HOUR:
        shop.delivers()
        assert shop.subscription.paused_until is not None
        shop.clock.advance(shop.subscription.paused_until - shop.clock.now())
    shop.recovers()
    shop.clock.advance(HOUR)
    assert shop.delivers_all() == named(*tickets)


def test_an_operator_may_end_a_pause(shop: Shop) -> None:
    """What the subscriber was not asked about comes at once."""
    for _ in range(3):
        shop.issued()
    shop.fails(Refused(retryable=True, wait=WAIT))
    shop.delivers()
    shop.recovers()
    assert shop.delivers() == Deliveries()
    shop.subscriptions.enable("all")
    assert shop.delivers() == Deliveries(delivered=2)


def test_a_subscriber_may_ask_for_a_longer_pause(shop: Shop) -> None:
    """All wait for so long, and then come at once."""
    tickets = [shop.issued() for _ in range(2)]
    shop.fails(Refused(retryable=True, wait=WAIT))
    shop.delivers()
    shop.recovers()
    shop.clock.advance(WAIT - MINUTE)
    assert shop.delivers() == Deliveries()
    shop.clock.advance(MINUTE)
    assert shop.delivers_all() == named(*tickets)


def test_who_never_answers_is_given_up(shop: Shop) -> None:
    """After seven days without a success. One that takes some is not."""
    ticket = shop.issued()
    shop.fails(Unanswered())
    shop.delivers()
    shop.clock.advance(GIVEN_UP_AFTER)
    done = shop.delivers()
    assert done.stopped is not None
    assert done.stopped.disabled_at == shop.clock.now()
    shop.subscriptions.enable("all")
    shop.clock.advance(HOUR)
    shop.delivers()
    shop.clock.advance(GIVEN_UP_AFTER)
    good = shop.issued()
    shop.fails(Unanswered(), only=ticket)
    while not shop.delivers().delivered:
        shop.clock.advance(HOUR)
    assert named(good) < {(each.subject, each.version) for each in shop.told}
    assert shop.subscription.disabled_at is None
    since = shop.subscription.failing_since
    assert since is None or since > NOON + GIVEN_UP_AFTER


def test_a_message_on_which_a_subscriber_hangs_holds_up_its_subject_alone(shop: Shop) -> None:
    """It is asked about ever more rarely, and the others are delivered meanwhile."""
    bad = shop.issued()
    others = [shop.issued() for _ in range(4)]
    shop.fails(Unanswered(), only=bad)
    taken = 0
    for _ in range(10):
        taken += shop.delivers(limit=2).delivered
        shop.clock.advance(MINUTE)
    assert taken == len(others)
    assert {(each.subject, each.version) for each in shop.told} == named(bad, *others)


def test_what_is_no_outcome_is_a_failure(shop: Shop) -> None:
    """A subscriber without a ``return`` has failed, and does not get the message again at once."""
    for _ in range(3):
        shop.issued()
    shop.answer = lambda _: None  # type: ignore[assignment,return-value]
    done = shop.delivers()
    assert (done.refused, done.put_off, done.stopped) == (3, 0, None)
    assert {str(error) for _, error in done.failures} == {"not an outcome: None"}
    assert shop.delivers() == Deliveries()


@pytest.mark.parametrize("raises", [True, False])
def test_a_message_that_is_minded_waits_alone(shop: Shop, *, raises: bool) -> None:
    """The others are delivered. In the end it is abandoned, and the next of its subject comes."""
    bad, good = shop.issued(), shop.issued()
    after = shop.changed(bad)

    def minds(message: Message) -> DeliveryOutcome:
        if (message.subject, message.version) not in named(bad):
            return Delivered()
        if raises:
            raise RuntimeError("a bug of the subscriber")
        return Refused(retryable=False)

    shop.answer = minds
    done = shop.delivers()
    assert (done.delivered, done.refused, done.stopped, done.more) == (1, 1, None, True)
    assert [str(error) for _, error in done.failures] == raises * ["a bug of the subscriber"]
    assert shop.subscription == Subscription(name="all")
    assert shop.delivers_all() == named(bad, good)
    shop.clock.advance(ABANDONED_AFTER)
    assert shop.delivers_all() == named(bad, good, after)
    (abandoned,) = shop.subscriptions.abandoned("all", limit=MANY)
    assert (abandoned.message.subject, abandoned.message.version) in named(bad)


def test_nothing_is_handed_out_after_its_claim(shop: Shop) -> None:
    """With a slow subscriber a pass ends after a minute, and the next one goes on at once."""
    tickets = [shop.issued() for _ in range(5)]

    def slow(_: Message) -> DeliveryOutcome:
        shop.clock.advance(MINUTE / 2)
        return Delivered()

    shop.answer = slow
    assert shop.delivers() == Deliveries(delivered=2, put_off=3)
    assert Deliveries(put_off=3).more
    assert shop.delivers_all() == named(*tickets)


def test_a_subscription_may_end_meanwhile(shop: Shop) -> None:
    """Nothing is left of it, whatever its last messages were answered."""
    for outcome in (Delivered(), Unanswered(), Refused(retryable=False)):
        shop.issued()

        def leaves(_: Message, outcome: DeliveryOutcome = outcome) -> DeliveryOutcome:
            shop.subscriptions.unsubscribe("all")
            return outcome

        shop.answer = leaves
        assert shop.delivers().stopped is None
        shop.subscribe("all")
        assert shop.delivers() == Deliveries()
