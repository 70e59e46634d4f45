"""What the account holds: all objects by id, its events, and what is still to come."""

import heapq
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from attrs import evolve, field, frozen

from ticketing_service.sandbox.account import Account
from ticketing_service.sandbox.clock import Clock
from ticketing_service.sandbox.records import (
    Charge,
    Dispute,
    FraudWarning,
    Intent,
    Refund,
    Session,
)
from ticketing_service.sandbox.refund_plan import RefundPlan
from ticketing_service.sandbox.refusals import Json, missing_object, wrong_state
from ticketing_service.sandbox.stripe_objects import event_object
from ticketing_service.sandbox.unsettled import Unsettled
from ticketing_service.sandbox.webhooks import WebhookEndpoint

_Record = TypeVar("_Record", Session, Intent, Charge, Refund, Dispute)

_EVENTS_KEPT_SECONDS = 30 * 24 * 3600
"""docs.stripe.com/api/events: "the last 30 days"."""
_MOST_EVENTS_KEPT = 10_000
"""For the memory of a demo that runs for weeks."""


@frozen(order=True)
class _Planned:
    due: float
    order: int
    # How far ahead the clock was when this was planned.
    ahead: float = field(order=False)
    step: Callable[[], object] = field(order=False)


class State:
    """All objects by id, oldest first. Not thread-safe: `Sandbox` holds a lock."""

    def __init__(
        self,
        *,
        clock: Clock,
        public_url: str,
        unsettled: Unsettled,
        webhook: WebhookEndpoint | None,
    ) -> None:
        self.account = Account()
        self.clock = clock
        self.webhook = webhook
        self.unsettled = unsettled
        self.sessions: dict[str, Session] = {}
        self.intents: dict[str, Intent] = {}
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.fraud_warnings: dict[str, FraudWarning] = {}
        self.events: dict[str, Json] = {}
        self.refund_plans: deque[RefundPlan] = deque()
        self.refunds_by_charge: defaultdict[str, list[str]] = defaultdict(list)
        self.disputes_by_charge: defaultdict[str, list[str]] = defaultdict(list)
        self._public_url = public_url
        self._unsent: list[Json] = []
        self._due: list[_Planned] = []
        self._order = itertools.count()

    @property
    def now(self) -> int:
        """The account's Unix time."""
        return int(self.clock.now())

    # Look-ups. An unknown id is refused as the API refuses it; `param` names the wrong parameter.

    def session(self, session_id: str) -> Session:
        """Return a session."""
        return _found(self.sessions, session_id, object_type="checkout.session", param="session")

    def intent(self, intent_id: str, *, param: str = "intent") -> Intent:
        """Return a payment intent."""
        return _found(self.intents, intent_id, object_type="payment_intent", param=param)

    def charge(self, charge_id: str, *, param: str = "id") -> Charge:
        """Return a charge."""
        return _found(self.charges, charge_id, object_type="charge", param=param)

    def refund(self, refund_id: str, *, param: str = "id") -> Refund:
        """Return a refund."""
        return _found(self.refunds, refund_id, object_type="refund", param=param)

    def dispute(self, dispute_id: str) -> Dispute:
        """Return a dispute."""
        return _found(self.disputes, dispute_id, object_type="dispute", param="dispute")

    def charge_of(self, session_id: str) -> Charge:
        """Return the newest charge of a session."""
        intent_id = self.session(session_id).payment_intent
        charge_id = self.intents[intent_id].latest_charge if intent_id else None
        if charge_id is None:
            raise wrong_state("This Checkout Session has no payment.")
        return self.charges[charge_id]

    def refunds_of(self, charge_id: str) -> list[Refund]:
        """Return the refunds of a charge, newest first."""
        return [self.refunds[refund_id] for refund_id in self.refunds_by_charge[charge_id][::-1]]

    def disputes_of(self, charge_id: str) -> list[Dispute]:
        """Return the disputes of a charge, newest first."""
        return [self.disputes[found] for found in self.disputes_by_charge[charge_id][::-1]]

    # Time.

    def plan(self, step: Callable[[], object], *, due: float) -> None:
        """Plan a step for this time of the account's clock. It must not raise `Refused`."""
        heapq.heappush(self._due, _Planned(due, next(self._order), self.clock.ahead, step))

    def catch_up(self) -> None:
        """Take the steps that are due."""
        while self._due and self._due[0].due <= self.clock.now():
            heapq.heappop(self._due).step()

    def return_to_wall_time(self) -> None:
        """Set the clock back to the real time. What was done stays done.

        What was planned while the clock was ahead comes as long after its planning as it would
        have come without the return.
        """
        self._due = [evolve(p, due=p.due - p.ahead, ahead=0.0) for p in self._due]
        heapq.heapify(self._due)
        self.clock.ahead = 0.0

    # Events.

    def take_events(self) -> list[Json]:
        """Return the events since the last call, for the webhook endpoint."""
        events, self._unsent = self._unsent, []
        return events

    def forget_old_events(self) -> None:
        """Forget the events that Stripe no longer lists."""
        oldest = self.now - _EVENTS_KEPT_SECONDS
        while self.events:
            first = next(iter(self.events.values()))
            if first["created"] >= oldest and len(self.events) <= _MOST_EVENTS_KEPT:
                return
            del self.events[first["id"]]

    def emit(self, event_type: str, subject: Json, previous: Json | None = None) -> None:
        """Record an event about an object as it is now."""
        event = event_object(event_type, subject, previous=previous, created=self.now)
        self.events[event["id"]] = event
        self.forget_old_events()
        self._unsent.append(event)

    def emit_change(self, event_type: str, old: Json, new: Json) -> None:
        """Record an event about a change, with the values from before."""
        previous = {name: old.get(name) for name in new if old.get(name) != new[name]}
        previous |= {name: old[name] for name in old.keys() - new.keys()}
        self.emit(event_type, new, previous)


def _found(
    records: Mapping[str, _Record], object_id: str, *, object_type: str, param: str
) -> _Record:
    if object_id not in records:
        raise missing_object(object_type=object_type, object_id=object_id, param=param)
    return records[object_id]
