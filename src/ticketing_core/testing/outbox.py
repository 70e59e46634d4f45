"""The outbox in memory, for tests and demonstrations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from ticketing_core import schedule
from ticketing_core.message import Message, MessageDraft, event_message, ticket_message
from ticketing_core.ports.outbox import Abandoned, Claimed, Waiting
from ticketing_core.query import TicketQuery
from ticketing_core.subscription import ABANDONED_AFTER, Subscription
from ticketing_core.testing.events import InMemoryEvents
from ticketing_core.testing.store import InMemoryTickets

_ALL = 2**31


@frozen
class Row:
    """A message of one subscription. For variants in tests of tests."""

    name: str
    message: Message
    made_at: datetime
    due_at: datetime
    claims: int = 0
    refused_since: datetime | None = None
    delivered_at: datetime | None = None
    abandoned_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Under which it is kept."""
        return self.name, self.message.message_id

    @property
    def waits(self) -> bool:
        """Whether it was neither delivered nor abandoned."""
        return self.delivered_at is None and self.abandoned_at is None


class InMemoryOutbox:
    """Keeps subscriptions and messages, beside the events and tickets that they tell of.

    An `InMemoryEvents` has one outbox at most.
    """

    def __init__(self, events: InMemoryEvents, tickets: InMemoryTickets) -> None:
        self._events = events
        self._tickets = tickets
        self._lock = events.lock
        self._subscriptions: dict[str, Subscription] = {}
        self._rows: dict[tuple[str, str], Row] = {}
        events.tell = self._tell

    def add(self, subscription: Subscription) -> bool:
        """See `Outbox.add`."""
        with self._lock:
            is_new = subscription.name not in self._subscriptions
            self._subscriptions.setdefault(subscription.name, subscription)
            return is_new

    def remove(self, name: str) -> bool:
        """See `Outbox.remove`."""
        with self._lock:
            for row in list(self._of(name)):
                del self._rows[row.key]
            return self._subscriptions.pop(name, None) is not None

    def subscriptions(self) -> Sequence[Subscription]:
        """See `Outbox.subscriptions`."""
        with self._lock:
            return [each for _, each in sorted(self._subscriptions.items())]

    def change(self, name: str, to: Callable[[Subscription], Subscription]) -> Subscription | None:
        """See `Outbox.change`."""
        with self._lock:
            if name not in self._subscriptions:
                return None
            self._subscriptions[name] = to(self._subscriptions[name])
            return self._subscriptions[name]

    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """See `Outbox.claim`."""
        with self._lock:
            due = [row for row in self._claimable(name) if schedule.is_due(row.due_at, now=now)]
            claimed = sorted(due, key=lambda row: row.due_at)[:limit]
            for row in claimed:
                self._change(row, due_at=now + schedule.lease(row.claims), claims=row.claims + 1)
            return [Claimed(subscription=name, message=row.message) for row in claimed]

    def delivered(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """See `Outbox.delivered`."""
        with self._lock:
            for row in self._claimed(claimed):
                self._change(row, delivered_at=at)

    def refused(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """See `Outbox.refused`."""
        with self._lock:
            for row in self._claimed(claimed):
                since = row.refused_since or at
                abandoned_at = at if at - since >= ABANDONED_AFTER else None
                self._change(row, refused_since=since, abandoned_at=abandoned_at)

    def put_off(self, claimed: Sequence[Claimed], *, until: datetime) -> None:
        """See `Outbox.put_off`."""
        with self._lock:
            for row in self._claimed(claimed):
                self._change(row, due_at=until, claims=row.claims - 1)

    def replay(
        self, name: str, *, since: datetime, now: datetime, after: str = "", limit: int
    ) -> str | None:
        """See `Outbox.replay`."""
        with self._lock:
            if name not in self._subscriptions:
                return None
            left = sorted(
                (draft for draft in self._present() if draft.at >= since and draft.subject > after),
                key=lambda draft: draft.subject,
            )
            for draft in left[:limit]:
                self._put(name, draft, now=now)
            return left[limit - 1].subject if len(left) > limit else None

    def abandoned(self, name: str, *, limit: int) -> Sequence[Abandoned]:
        """See `Outbox.abandoned`."""
        with self._lock:
            found = [
                Abandoned(message=row.message, at=row.abandoned_at)
                for row in self._of(name)
                if row.abandoned_at is not None
            ]
        return sorted(found, key=lambda each: each.at, reverse=True)[:limit]

    def prune(self, *, delivered_before: datetime, made_before: datetime, limit: int) -> int:
        """See `Outbox.prune`."""
        with self._lock:
            old = [
                key
                for key, row in self._rows.items()
                if (row.delivered_at or row.abandoned_at or delivered_before) < delivered_before
                or (row.made_at < made_before and self._is_disabled(row))
            ][:limit]
            for key in old:
                del self._rows[key]
            return len(old)

    def waiting(self) -> Mapping[str, Waiting]:
        """See `Outbox.waiting`."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.waits and not self._is_disabled(row)]
            # The oldest comes last, and so it stays.
            rows.sort(key=lambda row: row.made_at, reverse=True)
            return {
                row.name: Waiting(since=row.made_at, refused_since=row.refused_since)
                for row in rows
            }

    def _tell(self, draft: MessageDraft) -> None:
        for name in self._subscriptions:
            self._put(name, draft, now=draft.at)

    def _put(self, name: str, draft: MessageDraft, *, now: datetime) -> None:
        message = Message(
            epoch=self._events.epoch,
            subject=draft.subject,
            version=draft.version,
            kind=draft.kind,
            at=draft.at,
            data=draft.data,
        )
        known = self._rows.get((name, message.message_id))
        row = Row(name, known.message if known else message, made_at=now, due_at=now)
        if self._subscriptions[name].gets(row.message.kind):
            self._rows[row.key] = row

    def _change(self, row: Row, **changes: Any) -> None:
        self._rows[row.key] = evolve(row, **changes)

    def _present(self) -> Iterator[MessageDraft]:
        """Return a message of each ticket and event as it is now."""
        for event in self._events.newest(before=None, limit=_ALL):
            at = self._events.history(event.event_id, before=None, limit=1)[0].at
            yield event_message(event, event, at=at)
        for ticket in self._tickets.find(TicketQuery(), before=None, limit=_ALL):
            at = self._tickets.history(ticket.ticket_id)[-1].at
            draft = ticket_message(ticket, ticket, at=at)
            if draft is not None:
                yield draft

    def _of(self, name: str) -> Iterator[Row]:
        return (row for row in self._rows.values() if row.name == name)

    def _claimable(self, name: str) -> Sequence[Row]:
        """Return the oldest message of each subject that waits, claimed or not."""
        oldest: dict[str, Row] = {}
        for row in sorted(self._of(name), key=lambda row: row.message.order):
            if row.waits:
                oldest.setdefault(row.message.subject, row)
        return list(oldest.values())

    def _claimed(self, claimed: Sequence[Claimed]) -> Sequence[Row]:
        keys = [(each.subscription, each.message.message_id) for each in claimed]
        rows = [self._rows[key] for key in keys if key in self._rows]
        return [row for row in rows if row.waits and row.claims > 0]

    def _is_disabled(self, row: Row) -> bool:
        return self._subscriptions[row.name].disabled_at is not None
