"""Races and crashes around the outbox: the jobs of other processes."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, event, select

from tests.integration.sql.racing import start
from ticketing_adapters.sql import (
    SqlAdmissions,
    SqlEvents,
    SqlInstallation,
    SqlOutbox,
    SqlTickets,
    engine_for,
)
from ticketing_adapters.sql.outbox_rows import message_of
from ticketing_adapters.sql.outbox_tables import outbox
from ticketing_core.ports.outbox import Claimed
from ticketing_core.reservation import TicketDraft
from ticketing_core.testing.contracts.examples import FREE, stored_event
from ticketing_core.testing.contracts.messages import LATER, MANY, MailRoom


def free_mail_room(engine: Engine) -> MailRoom:
    """Return a store with a free event, after whose creation ``all`` has subscribed."""
    events = SqlEvents(engine)
    event_ = stored_event(events, price=FREE, capacity=MANY)
    room = MailRoom(
        events,
        SqlTickets(engine),
        SqlAdmissions(engine),
        event_,
        SqlInstallation(engine),
        SqlOutbox(engine),
    )
    room.subscribe("all")
    return room


def once_before_commit(engine: Engine, action: Callable[[], object]) -> None:
    """Call ``action`` before the next commit of the engine."""
    done: list[bool] = []

    def act(_: Connection) -> None:
        if not done:
            done.append(True)
            action()

    event.listen(engine, "commit", act)


class CheckThenClaim(SqlOutbox):
    """The control, wrong on purpose: it claims what it read before others claimed it."""

    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """Read, and let the other processes do the same."""
        due = select(outbox).where(outbox.c.next_try_at <= now).limit(limit)
        with self._engine.connect() as connection:
            rows = connection.execute(due).all()
        start()
        messages = map(message_of, rows)
        return [Claimed(subscription=name, message=message) for message in messages]


def take_all(*, url: str, number: int, limit: int) -> list[str]:
    """Claim and take messages until none is left, and return their ids."""
    del number
    store = SqlOutbox(engine_for(url))
    taken: list[str] = []
    start()
    while claimed := store.claim("all", now=LATER, limit=limit):
        taken += [each.message.message_id for each in claimed]
        store.delivered(claimed, at=LATER)
    return taken


def claim_carelessly(*, url: str, number: int, limit: int) -> list[str]:
    """Claim once with `CheckThenClaim`."""
    del number
    claimed = CheckThenClaim(engine_for(url)).claim("all", now=LATER, limit=limit)
    return [each.message.message_id for each in claimed]


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _buy_and_die(url: str, draft: TicketDraft, moment: str) -> None:
    engine = engine_for(url)
    store = SqlTickets(engine)
    event.listen(engine, moment, _die)
    store.hold(draft)


def killed_while_buying(url: str, draft: TicketDraft, *, moment: str) -> None:
    """Hold places in a process that is killed at an event of its engine."""
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_buy_and_die, args=(url, draft, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
