"""A new process that hangs, is late, is killed or is one too many: the old one goes on."""

import resource
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from tests.integration.cli.processes import run
from tests.integration.servers.test_hand_over import QUICK, hand_over
from tests.integration.servers.test_workers import serve_with, wait_until
from tests.support.ports import free_ports
from tests.support.server import Server, running_server

TAKE_OVER = [*serve_with(QUICK), "--take-over"]

IMPATIENT = "from ticketing_service.serving import handover; handover.START_SECONDS = 0.1"

KILLS_THE_OLD_ONE = """
import os
from ticketing_service.serving import handover
end = handover.Predecessor.end
def kill_and_end(self):
    os.system("kill -9 $(cat old)")
    assert not self._control.recv(1)
    return end(self)
handover.Predecessor.end = kill_and_end
"""

CALLS = 40
"""Were they shared with a worker that does not serve, one would certainly reach it."""


def silent_successor(server: Server) -> socket.socket:
    """Ask a server for its sockets, as a new process does, and say nothing more."""
    successor = socket.socket(socket.AF_UNIX)
    successor.settimeout(10)
    try:
        successor.connect(f"\0ticketing-serve/127.0.0.1/{server.url.rpartition(':')[2]}")
    except OSError:
        successor.close()
        raise
    return successor


def can_be_asked(server: Server) -> bool:
    """Return whether a new process would find this one."""
    try:
        silent_successor(server).close()
    except OSError:
        return False
    return True


def refusal(server: Server) -> str:
    """Try to take over; return why that failed."""
    port = server.url.rpartition(":")[2]
    refused = run("serve", "--port", port, "--take-over", env=server.environment, cwd=server.folder)
    assert refused.returncode == 1
    return refused.stderr


def test_one_takes_over_at_a_time(sqlite_url: str, tmp_path: Path) -> None:
    """While one hangs others are refused; afterwards one takes over."""
    with running_server(folder=tmp_path, database_url=sqlite_url, program=TAKE_OVER) as server:
        with closing(silent_successor(server)):
            assert "Another process is taking over now" in refusal(server)
        with ExitStack() as ends:
            ends.callback(hand_over(server).kill_all)


def test_the_old_process_does_not_wait_for_ever(sqlite_url: str, tmp_path: Path) -> None:
    """Not for one that hangs, and one that is late ends; the old one serves."""
    program = serve_with(IMPATIENT)
    with running_server(folder=tmp_path, database_url=sqlite_url, program=program) as server:
        with closing(silent_successor(server)) as hanging:
            while hanging.recv(1):
                pass
        port = server.url.rpartition(":")[2]
        late = run("serve", "--port", port, "--take-over", env=server.environment, cwd=tmp_path)
        assert "starting took too long" in late.stderr
        assert server.get("/readyz").status == 200
        assert not server.has_ended()


def test_a_metrics_port_that_will_not_become_free_is_named(sqlite_url: str, tmp_path: Path) -> None:
    """The new process would wait for it without a word. `test_scrape` hands the right one over."""
    port = str(free_ports(1)[0])
    with (
        running_server(folder=tmp_path, database_url=sqlite_url, METRICS_PORT=port) as server,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        server.environment = {
            **server.environment,
            "TICKETING_METRICS_PORT": str(other.getsockname()[1]),
        }
        why = refusal(server)
        assert "does not have that address for its metrics" in why
        assert "TICKETING_METRICS_PORT" in why
        assert server.get("/readyz").status == 200
        assert not server.has_ended()


def test_an_old_process_that_is_killed_is_replaced(sqlite_url: str, tmp_path: Path) -> None:
    """Just before it would hand over: the new one serves, and can be replaced itself."""
    with (
        running_server(folder=tmp_path, database_url=sqlite_url, program=TAKE_OVER) as old,
        ExitStack() as ends,
    ):
        (tmp_path / "old").write_text(" ".join(map(str, old.processes())))
        new = successor_of(old, change=f"{QUICK}\n{KILLS_THE_OLD_ONE}")
        ends.callback(new.kill_all)
        new.start()
        wait_until(old.has_ended, what="the old process is killed")
        wait_until(lambda: can_be_asked(new), what="the new one can be replaced")
        new.program = TAKE_OVER
        ends.callback(hand_over(new).kill_all)


def test_too_many_open_files_pass(sqlite_url: str, tmp_path: Path) -> None:
    """A process that has none left for a while can be replaced afterwards."""
    with running_server(folder=tmp_path, database_url=sqlite_url, program=TAKE_OVER) as server:
        main = min(server.processes())
        used = {int(each.name) for each in Path(f"/proc/{main}/fd").iterdir()}
        soft, hard = resource.prlimit(main, resource.RLIMIT_NOFILE)
        free = min(set(range(soft)) - used)
        resource.prlimit(main, resource.RLIMIT_NOFILE, (free, hard))
        # The kernel has kept a file for the call that waits for a successor.
        silent_successor(server).close()
        assert "Another process is taking over now" in refusal(server)
        resource.prlimit(main, resource.RLIMIT_NOFILE, (soft, hard))
        with ExitStack() as ends:
            ends.callback(hand_over(server).kill_all)


def successor_of(old: Server, *, change: str, workers: int = 1) -> Server:
    """Return a new process for the address of an old one, after a change of its code."""
    return Server(
        url=old.url,
        environment=old.environment,
        folder=old.folder,
        workers=workers,
        threads=old.threads,
        program=[*serve_with(change), "--take-over"],
    )


HANGS = """
import time
wsgi._once_the_database_answers = lambda make: time.sleep(1e9)
"""
"""No worker ever serves."""

LISTENS_AT_ONCE = """
from ticketing_service.serving import handover
bound = handover._bound
def listening(host, port):
    listener = bound(host, port)
    listener.listen()
    return listener
handover._bound = listening
"""
"""The control: a socket gets its share of the connections before its worker serves."""


def answers(server: Server) -> list[bool]:
    """Call the address until a call is not answered; return which were."""
    answered = []
    for _ in range(CALLS):
        try:
            answered.append(requests.get(f"{server.url}/healthz", timeout=1).ok)
        except requests.RequestException:
            return [*answered, False]
    return answered


@pytest.mark.parametrize(("change", "lost"), [("", 0), (LISTENS_AT_ONCE, 1)])
def test_more_workers_take_nothing_before_they_serve(
    change: str, lost: int, sqlite_url: str, tmp_path: Path
) -> None:
    """So nothing is lost if the new process never serves."""
    with running_server(folder=tmp_path, database_url=sqlite_url) as old, ExitStack() as ends:
        new = successor_of(old, change=HANGS + change, workers=2)
        ends.callback(new.kill_all)
        new.start()
        wait_until(lambda: len(new.worker_ids()) == 2, what="its workers start")
        assert answers(old).count(False) == lost


STARTS_SLOWLY = """
import pathlib, time
starts = wsgi._once_the_database_answers
def slowly(make):
    while pathlib.Path("slow").exists():
        time.sleep(0.05)
    return starts(make)
wsgi._once_the_database_answers = slowly
"""


@pytest.mark.parametrize(("change", "deaths"), [("", 1), ("signal.SIG_IGN = signal.SIG_DFL", 2)])
def test_a_worker_that_starts_just_now_lives_on(
    change: str, deaths: int, sqlite_url: str, tmp_path: Path
) -> None:
    """It serves until the old process ends; without the rule, the control, it dies."""
    program = serve_with(f"{QUICK}\n{STARTS_SLOWLY}\n{change}")
    with (
        running_server(folder=tmp_path, database_url=sqlite_url, program=program) as old,
        ExitStack() as ends,
    ):
        slow, first = tmp_path / "slow", old.worker_ids()
        slow.touch()
        old.kill_worker()
        wait_until(lambda: old.worker_ids() not in ([], first), what="another worker starts")
        new = successor_of(old, change=QUICK)
        ends.callback(new.kill_all)
        new.start()
        wait_until(lambda: "another process serves here now" in old.log(), what="it serves")
        slow.unlink()
        wait_until(lambda: not old.processes(), what="the old process ends")
        assert old.log().count("Unexpected exit") == deaths
