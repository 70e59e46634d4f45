"""A small service that knows of tickets and events only what webhooks tell it."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import define, field
from standardwebhooks import Webhook

from tests.integration.board.organizing import Season
from tests.integration.cli.processes import run, wait_until
from tests.support.webhook_receiver import Got, receiving, take

Picture = Mapping[tuple[str, int], tuple[Any, ...]]
"""What is true of each ticket and event, by its kind and id."""

_MEMBERS = {
    "ticket": ("event_id", "status", "quantity", "admitted", "excess", "refunded_minor"),
    "event": ("version", "name", "capacity", "cancelled_at"),
}
_TICKETS = """
    SELECT ticket_id, event_id, status, quantity, admitted, excess, refunded_minor FROM tickets
    WHERE ticket_id IN (SELECT ticket_id FROM ticket_history WHERE status = 'issued')
"""
_EVENTS = "SELECT event_id, version, name, capacity, cancelled_at FROM events"
_UNDELIVERED = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"


@define
class Reader:
    """Verifies each message, and keeps the newest of each ticket and event.

    Attributes:
        secret: As `ticketing subscriber add` prints it.
    """

    secret: str = ""
    _newest: dict[tuple[str, int], Mapping[str, Any]] = field(factory=dict)
    _one_at_a_time: threading.Lock = field(factory=threading.Lock)

    def answer(self, got: Got) -> tuple[int, Mapping[str, str]]:
        """Take a message.

        Raises:
            WebhookVerificationError: Its signature is wrong. It gets no answer.
        """
        message = Webhook(self.secret).verify(got.body, dict(got.headers))
        kind, data = message["type"].partition(".")[0], message["data"]
        subject = kind, data[f"{kind}_id"]
        with self._one_at_a_time:
            if self.is_newer(data, self._newest.get(subject)):
                self._newest[subject] = data
        return take(got)

    def is_newer(self, data: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
        """Return whether a message is newer than what is known of its ticket or event."""
        return known is None or _order(known) < _order(data)

    def picture(self) -> Picture:
        """Return what it knows."""
        return {
            (kind, number): tuple(data[name] for name in _MEMBERS[kind])
            for (kind, number), data in self._newest.items()
        }


@contextmanager
def subscribed(season: Season) -> Iterator[Reader]:
    """Run a reader that gets the messages about all changes from now on."""
    reader = Reader()
    with receiving(reader.answer) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        command = ("subscriber", "add", "reader", url, "--json")
        added = run(*command, env=season.server.environment, cwd=season.server.folder)
        assert added.returncode == 0, added.stderr
        reader.secret = json.loads(added.stdout)["secret"]
        yield reader


def expect_all_told(season: Season, reader: Reader, *, subjects: int) -> None:
    """Wait until all is delivered; then the reader knows what the database has.

    Args:
        season: Where the database is.
        reader: Subscribed since the beginning.
        subjects: How many tickets and events there are.
    """
    wait_until(lambda: season.stored(_UNDELIVERED) == [(0,)], what="the reader took all messages")
    told, stored = reader.picture(), stored_picture(season)
    assert told == stored, sorted(told.items() ^ stored.items())
    assert len(told) == subjects, len(told)


def stored_picture(season: Season) -> Picture:
    """Return what the database has: all events, and the tickets that were ever issued."""
    tickets = {("ticket", each): tuple(rest) for each, *rest in season.stored(_TICKETS)}
    events = {
        ("event", each): (*rest, None if cancelled_at is None else _as_told(cancelled_at))
        for each, *rest, cancelled_at in season.stored(_EVENTS)
    }
    return tickets | events


def _order(data: Mapping[str, Any]) -> tuple[int, int]:
    return data["epoch"], data["version"]


def _as_told(stored: str) -> str:
    # SQLite has text in UTC, without the zone.
    return datetime.fromisoformat(stored).replace(tzinfo=UTC).isoformat()
