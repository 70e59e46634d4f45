"""A forked process opens connections of its own, whatever its parent has open."""

import subprocess
import sys

import pytest

# Prints what tells a connection from others, in the child and in the parent. A process of its own,
# since pytest's has threads.
_SCRIPT = """
import os, sys
from sqlalchemy import text
from ticketing_adapters.sql import SqlEvents, engine_for, forks
from ticketing_core.testing.contracts.examples import stored_event

{change}

made = engine_for(sys.argv[1])
stored_event(SqlEvents(made))

def show():
    with made.connect() as connection:
        print(connection.execute(text(sys.argv[2])).scalar_one(), flush=True)

if os.fork() == 0:
    show()
    stored_event(SqlEvents(made))
    os._exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
show()
stored_event(SqlEvents(made))
made.dispose()
"""

_NAMES = {"sqlite": "SELECT total_changes()", "postgres": "SELECT pg_backend_pid()"}

_SHARED = "forks._refuse_inherited = lambda *_: None"


def shown(kind: str, url: str, *, change: str = "") -> list[str]:
    """Return the names of the child's and of the parent's connection."""
    script = _SCRIPT.replace("{change}", change)
    done = subprocess.run(
        [sys.executable, "-c", script, url, _NAMES[kind]],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_a_forked_process_connects_anew(kind: str, migrated_url: str) -> None:
    """Both go on working, each on its own connection."""
    of_child, of_parent = shown(kind, migrated_url)
    assert of_child != of_parent


@pytest.mark.parametrize("kind", ["postgres"])
def test_sharing_the_connection_is_the_control(kind: str, migrated_url: str) -> None:
    """Without the check, the child takes its parent's connection."""
    of_child, of_parent = shown(kind, migrated_url, change=_SHARED)
    assert of_child == of_parent
