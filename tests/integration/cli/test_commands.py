"""Each command: its output, as a table and as JSON, and its exit code."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database
from tests.integration.cli.processes import SECRET
from tests.integration.demo.running import demo_command
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import SqlEvents
from ticketing_core.testing.contracts.examples import stored_event
from ticketing_service.settings import PREFIX


def test_help_lists_every_command(run: Run) -> None:
    """Every listed command exists and has help of its own."""
    shown = run("--help").output.split("Commands:")[1]
    for line in shown.strip().splitlines():
        assert run(line.split()[0], "--help").exit_code == 0


def test_unknown_command_is_a_usage_error(run: Run) -> None:
    """It exits with 2: the call was wrong, nothing failed."""
    assert run("sell").exit_code == 2


def test_migrate_makes_the_database_once(run: Run, tmp_path: Path) -> None:
    """The first call migrates, the second changes nothing; both succeed."""
    assert printed(run("migrate", "--json")) == {"migrated": True}
    assert (tmp_path / "ticketing.db").exists()
    assert printed(run("migrate", "--json")) == {"migrated": False}


@pytest.mark.parametrize(
    "command",
    [["event", "list"], ["event", "show", "1"], ADD, ["settle"], ["keys"], ["keys", "revoke", "k"]],
)
def test_without_a_database_commands_say_what_to_do(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    """They fail, name the command to run, and leave no empty file behind."""
    result = run(*command)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "ticketing migrate" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_unusable_database_is_reported(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not a database, or a server that is down, is a one-line error."""
    (tmp_path / "ticketing.db").write_text("This is not a database. " * 100)
    result = run("event", "list")
    assert result.exit_code == 1
    told = "Error: The database that TICKETING_DATABASE_URL names cannot be used now ("
    assert result.stderr.startswith(told)
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = run("event", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith(told)
    SigningKey.generate().save_new(tmp_path / "key.pem")
    monkeypatch.setenv(f"{PREFIX}SIGNING_KEY_FILE", "key.pem")
    doctor = run("doctor", "--json").stdout
    assert "The one that TICKETING_DATABASE_URL names cannot be used now (" in doctor


def test_event_add_prints_the_event(migrated: Run) -> None:
    """Every option is stored, instants in UTC, and `show` and `list` print the same."""
    added = printed(
        migrated(
            *ADD,
            *("--id", "15", "--currency", "EUR", "--max-per-order", "4", "--max-per-buyer", "6"),
            *("--opens-at", "2027-06-01T10:00:00+02:00", "--closes-at", "2027-07-01T00:00:00Z"),
            *("--doors-at", "2027-07-01T18:00Z", "--starts-at", "2027-07-01T19:00Z"),
            *("--venue", "Hall", "--time-zone", "Europe/Berlin"),
            "--json",
        )
    )
    assert added == {
        "event_id": 15,
        "name": "Concert",
        "price": {"amount_minor": 2500, "currency": "eur"},
        "capacity": 100,
        "places_left": 100,
        "opens_at": "2027-06-01T08:00:00+00:00",
        "closes_at": "2027-07-01T00:00:00+00:00",
        "max_per_order": 4,
        "max_per_buyer": 6,
        "starts_at": "2027-07-01T19:00:00+00:00",
        "ends_at": None,
        "doors_at": "2027-07-01T18:00:00+00:00",
        "venue": "Hall",
        "time_zone": "Europe/Berlin",
        "version": 1,
        "cancelled_at": None,
        "unwound_at": None,
    }
    assert printed(migrated("event", "show", "15", "--json")) == added
    assert printed(migrated("event", "list", "--json")) == {"events": [added]}
    shown = migrated("event", "show", "15").stdout
    assert "25.00 EUR" in shown
    assert "Concert" in migrated("event", "list").stdout


def test_event_list_has_every_event(migrated: Run, tmp_path: Path) -> None:
    """It lists the newest first, also beyond one page of the store."""
    with database(tmp_path) as engine:
        for number in range(101):
            stored_event(SqlEvents(engine), name=f"[{number}]")
    listed = printed(migrated("event", "list", "--json"))["events"]
    assert [each["event_id"] for each in listed] == list(range(101, 0, -1))
    assert "[100]" in migrated("event", "list").stdout


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--price", "abc"], "price must be a number"),
        (["--price", "-1"], "price must be zero or more"),
        (["--price", "1.001"], "finer than"),
        (["--currency", "dollar"], "currency must be three letters"),
        (["--currency", "xyz"], "--currency: No cards are charged in 'xyz'"),
        (["--price", "1000000"], "at most 999999.99 USD"),
        (["--price", "10000000000", "--currency", "idr"], "at most 9999999999.99 IDR"),
        (["--capacity", "0"], "--capacity"),
        (["--capacity", "2147483648"], "--capacity"),
        (["--max-per-order", "0"], "--max-per-order"),
        (["--max-per-buyer", "x"], "--max-per-buyer"),
        (["--id", "0"], "--id"),
        (["--name", ""], "name must be"),
        (["--name", "x" * 201], "name"),
        (["--name", "two\nlines"], "name must be printable"),
        (["--opens-at", "2027-06-01T10:00:00"], "time zone"),
        (["--opens-at", "soon"], "time zone"),
        (["--closes-at", "0001-01-01T00:00:00+14:00"], "calendar"),
        (
            ["--opens-at", "2027-06-01T10:00Z", "--closes-at", "2027-06-01T09:59Z"],
            "closes_at must not be earlier",
        ),
        (["--time-zone", "Mars"], "time_zone must be a time zone"),
        (["--venue", ""], "venue must be"),
        (["--starts-at", "2027-06-01T10:00Z", "--ends-at", "2027-06-01T10:00Z"], "ends_at must"),
    ],
)
def test_event_add_refuses(migrated: Run, wrong: list[str], message: str) -> None:
    """A wrong value is a usage error that names it, and nothing is stored."""
    result = migrated(*ADD, *wrong)
    assert result.exit_code == 2
    assert message in result.stderr
    assert printed(migrated("event", "list", "--json")) == {"events": []}


@pytest.mark.parametrize("price", ["0", "0.50", "999999.99"])
def test_event_add_accepts_the_bounds(migrated: Run, price: str) -> None:
    """A price may be zero, the least, and the most that can be paid; nothing warns of it."""
    result = migrated(*ADD, "--price", price)
    assert (result.exit_code, result.stderr) == (0, "")


def test_event_add_warns_of_a_price_that_stripe_may_refuse(migrated: Run) -> None:
    """What is too small depends on the currency of the payouts, so it is no mistake."""
    result = migrated(*ADD, "--price", "0.29", "--currency", "gbp", "--json")
    assert printed(result)["price"] == {"amount_minor": 29, "currency": "gbp"}
    assert "may refuse payments below 0.30 GBP" in result.stderr


def test_event_add_with_a_taken_id(migrated: Run) -> None:
    """The stored event stays, and the message names the id."""
    assert migrated(*ADD, "--id", "7").exit_code == 0
    result = migrated(*ADD, "--id", "7", "--name", "Another")
    assert result.exit_code == 1
    assert "Event 7 already exists." in result.stderr
    assert printed(migrated("event", "show", "7", "--json"))["name"] == "Concert"


def test_event_show_of_an_unknown_id(migrated: Run) -> None:
    """It is an error, not an empty result."""
    result = migrated("event", "show", "9")
    assert result.exit_code == 1
    assert "There is no event 9." in result.stderr


def test_token_is_one_that_the_service_accepts(run: Run) -> None:
    """It names the user and the role, and expires at the printed instant."""
    made = printed(run("token", "--user", "42", "--role", "organizer", "--json"))
    claims = jwt.decode(made["access_token"], SECRET, ["HS256"])
    assert claims["sub"] == "42"
    assert claims["roles"] == ["organizer"]
    ends_at = datetime.fromtimestamp(claims["exp"], UTC)
    assert ends_at == datetime.fromisoformat(made["expires_at"])
    assert timedelta(minutes=59) < ends_at - datetime.now(UTC) <= timedelta(hours=1)


def test_token_follows_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims and algorithm are those in the settings."""
    monkeypatch.setenv(f"{PREFIX}JWT_ALGORITHM", "HS512")
    monkeypatch.setenv(f"{PREFIX}JWT_SECRET", SECRET * 2)
    monkeypatch.setenv(f"{PREFIX}JWT_IDENTITY_CLAIM", "user_id")
    monkeypatch.setenv(f"{PREFIX}JWT_ROLES_CLAIM", "groups")
    made = run("token", "--user", "ann", "--role", "organizer", "--hours", "48").stdout.strip()
    claims = jwt.decode(made, SECRET * 2, ["HS512"])
    assert claims["user_id"] == "ann"
    assert claims["groups"] == ["organizer"]
    assert claims["exp"] - claims["iat"] == pytest.approx(48 * 3600, abs=2)


def test_token_lists_events(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the claim that the service reads; without the option it does not have the claim."""
    for claim in ("events", "shop_events"):
        made = run("token", "--user", "ann", "--event", "15", "--event", "7").stdout.strip()
        assert jwt.decode(made, SECRET, ["HS256"])[claim] == [15, 7]
        made = run("token", "--user", "ann").stdout.strip()
        assert claim not in jwt.decode(made, SECRET, ["HS256"])
        monkeypatch.setenv(f"{PREFIX}JWT_EVENTS_CLAIM", "shop_events")


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--user", ""],
        ["--user", "x" * 201],
        ["--user", "1", "--role", "king"],
        ["--user", "1", "--hours", "0"],
        ["--user", "1", "--event", "0"],
        ["--user", "1", "--event", str(2**53)],
    ],
)
def test_token_refuses(run: Run, wrong: list[str]) -> None:
    """It makes no token that a service would refuse."""
    result = run("token", *wrong)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_token_without_a_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the missing variable."""
    monkeypatch.delenv(f"{PREFIX}JWT_SECRET")
    result = run("token", "--user", "42")
    assert result.exit_code == 1
    assert "TICKETING_JWT_SECRET is not set" in result.stderr


def test_keys_of_a_new_installation(migrated: Run) -> None:
    """There are none before a service has started."""
    assert printed(migrated("keys", "--json")) == {"keys": []}
    assert "none yet" in migrated("keys").stdout


def test_sandbox_needs_a_secret_for_webhooks(run: Run) -> None:
    """It sends no events without a signature."""
    result = run("sandbox", "--webhook-url", "http://127.0.0.1:1/")
    assert result.exit_code == 2
    assert "--webhook-secret" in result.stderr


def test_demo_needs_a_folder_it_can_make(run: Run) -> None:
    """The message names the option, and nothing is started."""
    result = run(*demo_command(), "--dir", "/dev/null/demo")
    assert result.exit_code == 2
    assert "--dir: the folder cannot be made" in result.stderr


def test_the_script_of_the_bare_library_names_the_missing_extra() -> None:
    """`pip install ticketing-core` installs the script, but not what it needs."""
    script = "import sys; sys.modules['click'] = None; import ticketing_service.cli"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("pip install 'ticketing-core[server]'")
    assert "Traceback" not in ended.stderr


def test_host_has_to_be_an_address(run: Run) -> None:
    """Any other name is refused before anything is started, and so is port 0."""
    assert run("sandbox", "--host", "example").exit_code == 2
    assert run("serve", "--port", "0").exit_code == 2
