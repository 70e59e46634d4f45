"""What the store holds is printed as text: never as markup, never as codes of a terminal."""

import json
import logging
import subprocess
from pathlib import Path

import click
import pytest
from rich.console import Console
from rich.errors import MarkupError
from sqlalchemy import text

from tests.integration.cli.commands import ADD, Run, printed
from tests.integration.cli.databases import database
from tests.integration.cli.processes import SECRET, TICKETING, environment
from tests.integration.cli.processes import run as run_process
from ticketing_service.cli.output import print_json, print_line, print_table
from ticketing_service.observing.logs import flush_log, log_to_stderr, visible

MARKUP = [
    r"\[/foo]",
    "[/foo]",
    "[bold]loud[/bold]",
    "[link=http://x]y[/link]",
    ":smile:",
    "\\",
    "]",
]

CODES = "\x1b[2J\x1b]0;owned\x07 \x9b31m \x08 \x7f"


@pytest.mark.parametrize("name", MARKUP)
def test_brackets_in_a_name_are_text(migrated: Run, name: str) -> None:
    """Whatever an event is called, it can be listed and shown under that name."""
    assert migrated("event", "add", "--name", name, *ADD[4:]).exit_code == 0
    for command in (["list"], ["show", "1"]):
        result = migrated("event", *command)
        assert result.exit_code == 0
        assert name in result.stdout
    assert printed(migrated("event", "show", "1", "--json"))["name"] == name


def test_control_rich_reads_markup_in_such_names() -> None:
    """Printed as they are, one of them is an error and others are gone."""
    console = Console(file=None, quiet=True)
    with pytest.raises(MarkupError):
        console.render_str(MARKUP[0].replace("[", r"\["))
    assert str(console.render_str(MARKUP[2])) == "loud"


def test_a_stored_escape_code_does_not_reach_the_terminal(migrated: Run, tmp_path: Path) -> None:
    """Even if something else wrote it into the database: it is shown, and JSON keeps it exactly."""
    assert migrated(*ADD).exit_code == 0
    with database(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE events SET name = :name"), {"name": f"a{CODES}\nb"})
    for command in (["list"], ["show", "1"], ["list", "--json"], ["show", "1", "--json"]):
        result = migrated("event", *command)
        assert result.exit_code == 0
        assert visible(result.stdout) == result.stdout
    assert r"\x1b[2J" in migrated("event", "list").stdout
    assert printed(migrated("event", "show", "1", "--json"))["name"] == f"a{CODES}\nb"


def test_every_way_to_print_shows_codes(capfd: pytest.CaptureFixture[str]) -> None:
    """Tables, lines, JSON and the log."""
    print_table(["x"], [[CODES]])
    print_line(f"{CODES}\nforged line")
    print_json({"x": f"{CODES}\ud800"})
    log_to_stderr()
    logging.getLogger("x").warning("refused: %s", CODES)
    flush_log()
    shown = capfd.readouterr()
    for stream in (shown.out, shown.err):
        assert stream == visible(stream)
        assert "owned" in stream
    assert "\nforged" not in shown.out


def test_an_error_shows_codes(run: Run) -> None:
    """What Stripe, the database or a shell said in an error is text too."""
    result = run("event", "add", "--name", "x", "--price", f"1{CODES}", "--capacity", "1")
    assert result.exit_code == 2
    assert result.stderr == visible(result.stderr)


def test_control_click_prints_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """It is ours to make them visible: click leaves some even where no terminal reads."""
    click.echo(CODES)
    json_text = json.dumps(CODES, ensure_ascii=False)
    assert visible(capsys.readouterr().out) != CODES
    assert visible(json_text) != json_text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_disk_is_told_in_a_line(migrated: Run, tmp_path: Path, form: list[str]) -> None:
    """Where the output goes, such as the file of a report; and the command has failed."""
    assert migrated(*ADD).exit_code == 0
    env = environment(database_url=f"sqlite:///{tmp_path / 'ticketing.db'}")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*TICKETING, "event", "list", *form],
            env=env,
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "Error: The output cannot be written: No space left on device.\n"
    assert (ended.returncode, ended.stderr) == (1, said)


def test_what_the_doctor_finds_is_told_once(migrated: Run, tmp_path: Path) -> None:
    """In its table: the log of what it calls would say it again."""
    del migrated
    unreached = {"stripe_secret_key": "sk_test_any", "stripe_api_base": "http://127.0.0.1:9"}
    found = run_process("doctor", env=environment(jwt_secret=SECRET, **unreached), cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.count("No answer from http://127.0.0.1:9") == 1
