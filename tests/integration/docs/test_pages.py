"""The Python on docs/own-adapter.md, docs/simulator.md and docs/events.md runs as it is."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.code_blocks import texts
from tests.unit.box_offices import World
from ticketing_core import Organizer


def pytest_in(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the tests of a folder as its user does."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_adapter_of_the_page_passes_its_suite(tmp_path: Path) -> None:
    """Both blocks of docs/own-adapter.md, copied into files."""
    adapter, suite = texts("python", page="docs/own-adapter.md")
    (tmp_path / "leases.py").write_text(adapter)
    (tmp_path / "test_leases.py").write_text(suite)
    run = pytest_in(tmp_path)
    assert run.returncode == 0, run.stdout
    assert re.search(r"[6-9] passed", run.stdout)


def test_control_without_its_lock_it_does_not(tmp_path: Path) -> None:
    """As the page says. A pause before the change lets the threads meet."""
    adapter, suite = texts("python", page="docs/own-adapter.md")
    pause = "__import__('time').sleep(0.1)"
    for old, new in (
        ("fcntl.flock(file, fcntl.LOCK_EX)", "fcntl.flock(file, fcntl.LOCK_UN)"),
        ("file.truncate(0)", f"{pause}; file.truncate(0)"),
    ):
        assert adapter.count(old) == 1
        adapter = adapter.replace(old, new)
    (tmp_path / "leases.py").write_text(adapter)
    (tmp_path / "test_leases.py").write_text(suite)
    run = pytest_in(tmp_path)
    assert "test_one_of_many_at_once_gets_it" in run.stdout
    # The suite comes from an installed package, and its assertions show their values all the same.
    assert re.search("AssertionError: assert [2-8] == 1", run.stdout)


def test_the_simulator_runs_as_on_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/simulator.md: nothing is found in the library, and the mistake is."""
    clean, mistaken = texts("python", page="docs/simulator.md")
    exec(compile(clean, "clean", "exec"), {})  # noqa: S102 - our own text
    assert capsys.readouterr().out.count("schedules") == 3
    exec(compile(mistaken, "mistaken", "exec"), {})  # noqa: S102 - as above
    story = capsys.readouterr().out
    assert "replay(scenario, make_world, choices=" in story
    assert "pay" in story


def test_an_event_is_unwound_as_on_its_page() -> None:
    """docs/events.md: after the loop, nothing of the cancelled event is held."""
    world = World()
    event = world.event(price=0)
    world.office.purchase(event_id=event.event_id, quantity=2, buyer="42")
    organizer = Organizer(
        events=world.events, tickets=world.tickets, gateway=world.gateway, clock=world.clock
    )
    organizer.cancel_event(event.event_id, version=event.version, by="alice", refund_total_minor=0)
    names: dict[str, Any] = {}
    [block] = texts("python", page="docs/events.md")
    exec(compile(block, "docs/events.md", "exec"), names)  # noqa: S102 - our own text
    names["unwind_all"](organizer)
    assert world.office.event(event.event_id).kept == 0
