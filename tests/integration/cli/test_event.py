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


def test_the_list_has_the_start_and_the_state_of_the_sale(migrated: Run) -> None:
    """No line ends in blanks, which a file or a pipe would keep."""
    past, future = "2020-01-01T00:00Z", "2099-01-01T00:00Z"
    free = ["event", "add", "--price", "0", "--capacity", "1"]
    states = {
        "on sale": ["--starts-at", future],
        "closed": ["--closes-at", past],
        "not open yet": ["--opens-at", future],
        "sold out": [],
        "cancelled": [],
    }
    for name, options in states.items():
        printed(migrated(*free, "--name", f"<{name}>", *options, "--json"))
    with database(Path()) as engine:
        events = SqlEvents(engine)
        [full] = [each for each in events.newest(before=None, limit=9) if "sold" in each.name]
        held(SqlTickets(engine), draft(full, quantity=1))
    printed(migrated("event", "cancel", "5", "--yes", "--json"))
    header, *lines = migrated("event", "list").stdout.splitlines()
    assert header.split() == ["id", "name", "starts_at", "state", "price", "left", "of"]
    for line, (name, options) in zip(lines, reversed(states.items()), strict=True):
        starts = "2099-01-01T00:00:00+00:00" if "--starts-at" in options else "-"
        assert line.split()[:-3] == [*line.split()[:1], *f"<{name}> {starts} {name}".split()]
        assert line == line.rstrip()


def test_an_event_that_moves_does_not_take_the_end_of_its_sale_along(migrated: Run) -> None:
    """A hint says so, unless the end is changed, too, or there is none."""
    printed(migrated(*ADD, "--json"))
    start = ["event", "set", "1", "--starts-at"]
    assert migrated(*start, "2027-06-01T20:00+02:00").stderr == ""
    closing = ["--closes-at", "2027-07-01T20:00+02:00"]
    assert migrated(*start, "2027-07-01T20:00+02:00", *closing).stderr == ""
    moved = migrated(*start, "2027-08-01T20:00+02:00")
    assert "The sale still closes at 2027-07-01T18:00:00+00:00" in moved.stderr


def test_help_shows_what_an_instant_looks_like(migrated: Run) -> None:
    """Its form is not what people would guess."""
    assert "--closes-at 2027-06-01T20:00+02:00" in migrated("event", "add", "--help").stdout


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


@pytest.mark.parametrize("closes_at", ["none", "2099-06-01T20:00:00+00:00"])
@pytest.mark.parametrize("answer", ["n\n", ""])
def test_a_no_leaves_the_sale_as_it_was(sold: Run, closes_at: str, answer: str) -> None:
    """So does the end of the input. While a person decides, nothing is sold."""
    before = printed(sold("event", "set", "1", "--closes-at", closes_at, "--json"))
    asked = CliRunner().invoke(main, ["event", "cancel", "1"], input=answer)
    assert asked.exit_code == 1
    assert "The sale of Concert is closed while you decide." in asked.stderr
    assert "Not cancelled. The sale is as it was before." in asked.stderr
    after = printed(sold("event", "show", "1", "--json"))
    # It was closed meanwhile.
    assert after == before | {"version": before["version"] + 2}


@pytest.mark.parametrize("command", [["set", "--name", "New"], ["close"], ["cancel", "--yes"]])
def test_an_unknown_event_is_an_error(migrated: Run, command: list[str]) -> None:
    """That names it."""
    result = migrated("event", command[0], "9", *command[1:])
    assert (result.exit_code, result.stderr) == (1, "Error: There is no event 9.\n")
