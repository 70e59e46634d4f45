"""Deliver the messages of one subscription that are due: one bounded pass.

It may stop anywhere, and run several times at once: what is not noted as delivered is delivered
again, and no message is handed out before all earlier ones of its subject were taken.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import field, frozen

from ticketing_core import schedule
from ticketing_core.errors import StoreUnavailable, raises
from ticketing_core.ports.environment import Clock
from ticketing_core.ports.outbox import (
    Claimed,
    Delivered,
    DeliveryOutcome,
    Gone,
    Outbox,
    Refused,
    Subscriber,
)
from ticketing_core.subscription import Subscription

Outcome = DeliveryOutcome | Exception | None
"""What the subscriber returned or raised; None if it was not asked."""

RunAll = Callable[[Callable[[Claimed], Outcome], Iterable[Claimed]], Iterable[Outcome]]
"""Calls the function for each message, as `map` does; the ``map`` of a thread pool fits too."""


@frozen(kw_only=True)
class Deliveries:
    """The result of one pass.

    Attributes:
        delivered: Messages that were taken.
        refused: Messages that the subscriber minds themselves, or that made it raise. Each is
            tried again ever more rarely, and abandoned after some days.
        unanswered: Messages that the subscriber did not answer or take when it failed.
        put_off: Messages that it was not asked about, since it had failed or the pass took too
            long.
        stopped: The subscription as it is stored now that it has failed: paused or disabled. None
            if it did not fail.
        failures: What the subscriber raised, by the ids of the messages.
    """

    delivered: int = 0
    refused: int = 0
    unanswered: int = 0
    put_off: int = 0
    stopped: Subscription | None = None
    failures: Mapping[str, Exception] = field(factory=dict, repr=False)

    @property
    def more(self) -> bool:
        """Whether more may be due now: later messages of the same subjects, or others."""
        return self.stopped is None and self.delivered + self.refused + self.put_off > 0


NOTHING = Deliveries()


@raises(StoreUnavailable)
def deliver_due(
    name: str,
    *,
    limit: int,
    outbox: Outbox,
    subscriber: Subscriber,
    clock: Clock,
    run_all: RunAll = map,
) -> Deliveries:
    """Deliver at most ``limit`` messages that are due. See `Subscriptions.deliver_due`."""
    subscription = next((each for each in outbox.subscriptions() if each.name == name), None)
    now = clock.now()
    if subscription is None or not subscription.may_be_asked(now=now):
        return NOTHING
    claimed = outbox.claim(name, now=now, limit=limit)
    # The first claim is the shortest. Afterwards somebody else may have the rest.
    ends = now + schedule.lease(0)
    failed: list[DeliveryOutcome] = []

    def deliver(each: Claimed) -> Outcome:
        if failed or clock.now() >= ends:
            return None
        try:
            outcome = subscriber.deliver(each.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other messages go on
            return error
        if not isinstance(outcome, Delivered) and not _minds(outcome):
            failed.append(outcome)
        return outcome

    # Nothing is held meanwhile: the claims are stored.
    outcomes = list(zip(claimed, run_all(deliver, claimed), strict=True))
    taken = [each for each, outcome in outcomes if isinstance(outcome, Delivered)]
    minded = [each for each, outcome in outcomes if _minds(outcome)]
    rest = [each for each, outcome in outcomes if outcome is None]
    _note(taken, minded, outbox=outbox, clock=clock)
    stopped = _judge(subscription, failed, has_taken=bool(taken), outbox=outbox, clock=clock)
    if rest:
        # Due at once: the subscription's pause is what they wait for, and an operator may end it.
        # Those that it did not answer keep their claims, so that one message on which a subscriber
        # hangs does not come first for ever.
        outbox.put_off(rest, until=clock.now())
    return Deliveries(
        delivered=len(taken),
        refused=len(minded),
        unanswered=len(claimed) - len(taken) - len(minded) - len(rest),
        put_off=len(rest),
        stopped=stopped,
        failures={
            each.message.message_id: outcome
            for each, outcome in outcomes
            if isinstance(outcome, Exception)
        },
    )


def _minds(outcome: Outcome) -> bool:
    """Whether it is this message that the subscriber does not take."""
    if isinstance(outcome, Refused):
        return not outcome.retryable
    return isinstance(outcome, Exception)


def _note(
    taken: Sequence[Claimed], minded: Sequence[Claimed], *, outbox: Outbox, clock: Clock
) -> None:
    if taken:
        outbox.delivered(taken, at=clock.now())
    if minded:
        outbox.refused(minded, at=clock.now())


def _judge(
    subscription: Subscription,
    failed: Sequence[DeliveryOutcome],
    *,
    has_taken: bool,
    outbox: Outbox,
    clock: Clock,
) -> Subscription | None:
    """Store whether the subscriber fails, and return the subscription if it does."""
    if failed:
        at = clock.now()

        def fail(current: Subscription) -> Subscription:
            if isinstance(failed[0], Gone):
                return current.disabled(at=at)
            wait = failed[0].wait if isinstance(failed[0], Refused) else None
            return (current.succeeded() if has_taken else current).failed(at=at, wait=wait)

        return outbox.change(subscription.name, fail)
    if has_taken and subscription.failing_since is not None:
        outbox.change(subscription.name, Subscription.succeeded)
    return None
