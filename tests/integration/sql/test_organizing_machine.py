"""Events that change in the state machine, over both databases."""

from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from tests.integration.sql.test_machine import STEADY, empty_store
from tests.support.checked_machine import Store
from tests.support.organizing_machine import OrganizingMachine

FEW = settings(STEADY, max_examples=10, stateful_step_count=30)
"""The long runs are those in memory: these show that the rows are written as they should be."""


@pytest.mark.timeout(600)
def test_the_promises_hold_while_events_change(engine: Engine) -> None:
    """What holds in memory holds in the database."""

    class SqlMachine(OrganizingMachine):
        transitions: ClassVar = set()
        ends: ClassVar = set()

        def make_store(self) -> Store:
            """See `OrganizingMachine`."""
            return empty_store(engine)

    run_state_machine_as_test(SqlMachine, settings=FEW)
    assert {"on sale", "unwound"} <= SqlMachine.ends
