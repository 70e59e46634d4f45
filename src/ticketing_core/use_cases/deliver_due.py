"""Deliver the due messages of one subscription: one bounded pass.

A pass may stop at any point, and several may run at once: a message that is not marked as delivered
is delivered again, and no message is sent before all earlier ones of its subject were taken.
"""

from collections.abc import Callable, Iterable, Sequence

from attrs import field, frozen

from ticketing_core import schedule
from ticketing_core.errors import StoreUnavailable, raises
from ticketing_core.message import Message
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
"""Calls a function for each message, like `map`; the ``map`` of a thread pool fits as well."""


@frozen(kw_only=True)
class Deliveries:
    """The result of one pass.

    Attributes:
        delivered: Messages that were taken.
        refused: Messages that the subscriber rejected, or that made it raise. They are retried
            with growing pauses, and abandoned after some days.
        unanswered: Messages that the failing subscriber did not answer or take.
        put_off: Messages that were not sent, because it had failed or the pass took too long.
        stopped: The subscription as it is stored now that it has failed: paused or disabled. None
            if it did not fail.
        failures: Messages that made the subscriber raise, and what it raised.
    """

    delivered: int = 0
    refused: int = 0
    unanswered: int = 0
    put_off: int = 0
    stopped: Subscription | None = None
    failures: Sequence[tuple[Message, Exception]] = field(default=(), repr=False)

    @property
    def more(self) -> bool:
        """Whether more messages may be due now: later ones of the same subjects, or others."""
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
    # The first claim is the shortest. After it another pass may have claimed the rest.
    ends = now + schedule.lease(0)
    failed: list[DeliveryOutcome] = []

    def deliver(each: Claimed) -> Outcome:
        if failed or clock.now() >= ends:
            return None
        try:
            outcome = subscriber.deliver(each.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other messages go on
            return error
        if not isinstance(outcome, DeliveryOutcome):
            # No type checker has seen it: it forgot its `return`, most likely.
            return TypeError(f"not an outcome: {outcome!r}")  # type: ignore[unreachable]
        if not isinstance(outcome, Delivered) and not _minds(outcome):
            failed.append(outcome)
        return outcome

    # No transaction is open meanwhile: the claims are stored.
    outcomes = list(zip(claimed, run_all(deliver, claimed), strict=True))
    taken = [each for each, outcome in outcomes if isinstance(outcome, Delivered)]
    minded = [each for each, outcome in outcomes if _minds(outcome)]
    rest = [each for each, outcome in outcomes if outcome is None]
    _note(taken, minded, outbox=outbox, clock=clock)
    stopped = _judge(subscription, failed, has_taken=bool(taken), outbox=outbox, clock=clock)
    if rest:
        # Due at once: they wait only for the pause of the subscription, which an operator may end.
        # Those that it did not answer keep their claims: otherwise a message on which a subscriber
        # hangs would always come first.
        outbox.put_off(rest, until=clock.now())
    return Deliveries(
        delivered=len(taken),
        refused=len(minded),
        unanswered=len(claimed) - len(taken) - len(minded) - len(rest),
        put_off=len(rest),
        stopped=stopped,
        failures=tuple(
            (each.message, outcome) for each, outcome in outcomes if isinstance(outcome, Exception)
        ),
    )


def _minds(outcome: Outcome) -> bool:
    """Return whether the subscriber rejects this message, and may take others."""
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
    """Store whether the subscriber failed, and return the subscription if it did."""
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
