"""The state machine over both databases."""

from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine, delete, update

from tests.support.checked_machine import ALL_TRANSITIONS, Store
from tests.support.gate_machine import GateMachine
from tests.support.ways_to_hold import EACH_WAY
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlInstallation, SqlTickets
from ticketing_adapters.sql.gate_table import admissions
from ticketing_adapters.sql.tables import event_history, events, ticket_history, tickets
from ticketing_core import Ticket, TicketStatus

# The same examples in each run: taking all transitions must not depend on luck.
STEADY = settings(
    derandomize=True, max_examples=100, stateful_step_count=40, deadline=None, database=None
)


def empty_store(engine: Engine) -> Store:
    """Empty the tables of ``engine``, and return them with a way to lose a commit."""
    with engine.begin() as connection:
        for table in (admissions, ticket_history, tickets, event_history, events):
            connection.execute(delete(table))

    def lose_commit(ticket: Ticket) -> None:
        with engine.begin() as connection:
            connection.execute(
                delete(ticket_history).where(
                    ticket_history.c.ticket_id == ticket.ticket_id, ticket_history.c.version > 1
                )
            )
            connection.execute(
                update(tickets)
                .where(tickets.c.ticket_id == ticket.ticket_id)
                .values(
                    status=TicketStatus.RESERVED.value,
                    version=1,
                    checkout_id=None,
                    checkout_url=None,
                    checkout_ends_at=None,
                    held_until=ticket.created_at,
                    next_try_at=ticket.created_at,
                )
            )

    return Store(
        events=SqlEvents(engine),
        tickets=SqlTickets(engine),
        installation=SqlInstallation(engine),
        admissions=SqlAdmissions(engine),
        lose_commit=lose_commit,
    )


@EACH_WAY
@pytest.mark.usefixtures("way")
@pytest.mark.timeout(600)
def test_the_promises_hold_after_each_step_and_every_transition_is_taken(engine: Engine) -> None:
    """What holds in memory holds in the database, for every line of the transition table."""

    class SqlMachine(GateMachine):
        transitions: ClassVar = set()

        def make_store(self) -> Store:
            """See `GateMachine`."""
            return empty_store(engine)

    run_state_machine_as_test(SqlMachine, settings=STEADY)
    assert SqlMachine.transitions == ALL_TRANSITIONS
