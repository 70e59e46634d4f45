"""`ticketing event set|close|cancel`: events are changed from the shell."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database
from ticketing_adapters.sql import SqlEvents, SqlTickets
from ticketing_core.testing.contracts.examples import FREE, draft, held, stored_event
from ticketing_service.cli import main


@pytest.fixture
def sold(migrated: Run, tmp_path: Path) -> Run:
    """Run commands beside a free event of which two places are sold."""
    with database(tmp_path) as engine:
        event = stored_event(SqlEvents(engine), price=FREE)
        held(SqlTickets(engine), draft(event, quantity=2))
    return migrated


def test_only_what_is_given_changes(migrated: Run) -> None:
    """`none` takes away what is optional."""
    before = printed(migrated(*ADD, "--max-per-buyer", "4", "--venue", "Hall A", "--json"))
    changed = printed(
        migrated(
            *("event", "set", "1", "--capacity", "50", "--venue", "Hall B"),
            *("--max-per-buyer", "none", "--starts-at", "2027-06-01T20:00+02:00", "--json"),
        )
    )
    assert changed == before | {
        "capacity": 50,
        "places_left": 50,
        "venue": "Hall B",
        "max_per_buyer": None,
        "starts_at": "2027-06-01T18:00:00+00:00",
        "version": 2,
    }
    assert printed(migrated("event", "show", "1", "--json")) == changed
    assert printed(migrated("event", "set", "1", "--starts-at", "none", "--json")) == changed | {
        "starts_at": None,
        "version": 3,
    }


@pytest.mark.parametrize(
    ("wrong", "message", "code"),
    [
        (["--capacity", "1"], "capacity must be at least 2: so many places are kept", 1),
        (["--capacity", "0"], "--capacity", 2),
        (["--name", ""], "name must be", 2),
        (["--time-zone", "Mars"], "time_zone must be", 2),
        (["--price", "x"], "price must be", 2),
        (["--price", "5"], "Payments are not set up", 1),
    ],
)
def test_what_cannot_be_is_refused(sold: Run, wrong: list[str], message: str, code: int) -> None:
    """It names the value, and nothing changes."""
    before = printed(sold("event", "show", "1", "--json"))
    result = sold("event", "set", "1", *wrong)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert printed(sold("event", "show", "1", "--json")) == before


def test_a_sale_is_closed(migrated: Run) -> None:
    """Once."""
    migrated(*ADD)
    closed = printed(migrated("event", "close", "1", "--json"))
    assert closed["closes_at"] is not None
    assert printed(migrated("event", "close", "1", "--json")) == closed


def test_an_event_is_cancelled_after_a_question(sold: Run) -> None:
    """It says what would go back. A repeat asks nothing and changes nothing."""
    asked = CliRunner().invoke(main, ["event", "cancel", "1"], input="n\n")
    assert asked.exit_code == 1
    assert "Cancel Concert for good (1 tickets, 0.00 USD back)?" in asked.stderr
    assert printed(sold("event", "show", "1", "--json"))["cancelled_at"] is None
    done = printed(sold("event", "cancel", "1", "--yes", "--json"))
    assert done["cancelled_at"] is not None
    assert printed(sold("event", "cancel", "1", "--json")) == done


@pytest.mark.parametrize("command", [["set", "--name", "New"], ["close"], ["cancel", "--yes"]])
def test_an_unknown_event_is_an_error(migrated: Run, command: list[str]) -> None:
    """That names it."""
    result = migrated("event", command[0], "9", *command[1:])
    assert (result.exit_code, result.stderr) == (1, "Error: There is no event 9.\n")
