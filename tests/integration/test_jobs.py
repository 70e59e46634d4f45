"""The loops of the jobs: a thread each, which neither waits for another nor is waited for."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import define, evolve

from tests.integration.cli.processes import wait_until
from tests.integration.sql.test_clock import FakeDatabase
from tests.unit.box_offices import HOLD, World
from ticketing_adapters.jobs.job import Job
from ticketing_adapters.jobs.settler import Comparer, Settler
from ticketing_adapters.sql.clock import ASK_EVERY, MOST_CORRECTION
from ticketing_core import Event, TicketStatus
from ticketing_core.payment import ListedPage, Unknown
from ticketing_core.testing import FakeGateway, InMemoryLeases


@pytest.fixture
def world() -> World:
    """Give a seller without events."""
    return World()


def frees_its_places(world: World, event: Event, *, within: timedelta) -> bool:
    """Return whether all places of the event are free soon."""
    deadline = time.monotonic() + within.total_seconds()
    while world.kept(event):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for job in (Settler, Comparer):
        monkeypatch.setattr(job, "pause", timedelta(seconds=0.05))


def settles_during_a_comparison(
    world: World, jobs: Callable[[Settler, Comparer], Sequence[Job]], *, within: timedelta
) -> bool:
    """Let a comparison hang, and return whether a hold that is over is settled meanwhile."""
    began, may_end = threading.Event(), threading.Event()

    class HangingGateway(FakeGateway):
        def list_checkouts(self, *, since: datetime, after: str | None) -> ListedPage | Unknown:
            """Hang, as a provider that sends a byte now and then."""
            began.set()
            may_end.wait()
            return super().list_checkouts(since=since, after=after)

    office = evolve(world.office, gateway=HangingGateway(clock=world.clock))
    leases = InMemoryLeases()
    running = jobs(Settler(office=office, leases=leases), Comparer(office=office, leases=leases))
    for job in running:
        job.start()
    try:
        assert began.wait(5)
        event = world.event()
        world.office.reserve(event_id=event.event_id, quantity=1, buyer="42")
        world.clock.advance(HOLD)
        return frees_its_places(world, event, within=within)
    finally:
        may_end.set()


def test_settling_goes_on_while_a_comparison_hangs(world: World) -> None:
    """Each has a thread of its own."""
    assert settles_during_a_comparison(
        world, lambda settler, comparer: (settler, comparer), within=timedelta(seconds=5)
    )


def test_one_thread_for_both_is_the_control(world: World) -> None:
    """Nothing would be settled until the comparison ends: the test above would fail."""

    @define(kw_only=True, eq=False)
    class Both(Settler):
        comparer: Comparer

        def run_once(self) -> None:
            super().run_once()
            self.comparer.run_once()

    def in_one_thread(settler: Settler, comparer: Comparer) -> Sequence[Job]:
        return [Both(office=settler.office, leases=settler.leases, comparer=comparer)]

    assert not settles_during_a_comparison(world, in_one_thread, within=timedelta(seconds=0.3))


EXIT_DURING_A_PASS = """
import datetime, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from tests.unit.box_offices import HOLD, World
from ticketing_core.testing import InMemoryLeases
from ticketing_adapters.jobs import settler

if sys.argv[1] == "control":
    pool = ThreadPoolExecutor(2)
    settler._at_once = pool.map
world = World()
world.to_pay(world.event())
world.clock.advance(HOLD)
asked = threading.Event()
def look_up(_):
    asked.set()
    time.sleep(5)
world.gateway.look_up = look_up
job = settler.Settler(office=world.office, leases=InMemoryLeases())
settler.Settler.pause = datetime.timedelta(0)
job.start()
assert asked.wait(5)
"""
"""A process that ends while the provider does not answer."""


def seconds_to_exit(variant: str) -> float:
    """Return how long the process above takes in all."""
    began = time.monotonic()
    program = [sys.executable, "-c", EXIT_DURING_A_PASS, variant]
    subprocess.run(program, check=True, cwd=Path(__file__).parents[2])
    return time.monotonic() - began


def test_the_end_of_a_process_waits_for_no_call() -> None:
    """A provider that does not answer does not delay a planned stop."""
    assert seconds_to_exit("as it is") < 5


def test_threads_that_the_interpreter_joins_are_the_control() -> None:
    """Those of `concurrent.futures` would delay it until the call ends."""
    assert seconds_to_exit("control") >= 5


def settles_during_a_restore(world: World, job: type[Settler | Comparer]) -> bool:
    """Let a job do a pass during a restore, and one after it; return what the first one did."""
    bought = world.paid(world.event())
    world.clock.advance(HOLD)
    world.installation.begin_restore(at=world.clock.now())
    working = job(office=world.office, leases=InMemoryLeases())
    working.run_once()
    early = world.now(bought.ticket).status is TicketStatus.ISSUED
    world.installation.end_restore()
    working.run_once()
    assert world.now(bought.ticket).status is TicketStatus.ISSUED
    return early


@pytest.mark.parametrize("job", [Settler, Comparer])
def test_nothing_is_settled_until_a_restore_is_finished(
    world: World, job: type[Settler | Comparer]
) -> None:
    """What was paid since the backup would expire before it was compared."""
    assert not settles_during_a_restore(world, job)


def test_jobs_that_go_on_are_the_control(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule, the comparison would settle: the test above would fail."""
    monkeypatch.setattr("ticketing_adapters.jobs.job.restore_problem", lambda _: None)
    assert settles_during_a_restore(world, Comparer)


class WrongClock:
    """The problem of a clock, while it has one."""

    def __init__(self) -> None:
        self.problem: str | None = "The database's clock has jumped by +2400 seconds."
        self.asked = 0

    def __call__(self) -> str | None:
        """See `DatabaseClock.problem`."""
        self.asked += 1
        return self.problem


@pytest.mark.parametrize("job", [Settler, Comparer])
def test_no_pass_begins_by_a_clock_that_cannot_be_trusted(
    world: World, job: type[Settler | Comparer]
) -> None:
    """Once it can be trusted again, the next pass does its work."""
    clock_problem = WrongClock()
    working = job(office=world.office, leases=InMemoryLeases(), clock_problem=clock_problem)
    bought = world.paid(world.event())
    world.clock.advance(HOLD)
    working.run_once()
    assert world.now(bought.ticket).status is TicketStatus.PAYING
    clock_problem.problem = None
    working.run_once()
    assert world.now(bought.ticket).status is TicketStatus.ISSUED


def test_the_clock_is_watched_while_nothing_is_due(world: World) -> None:
    """Purchases use it, too: a pass with nothing due sets it right."""
    database = FakeDatabase()
    clock = database.clock()
    settler = Settler(office=world.office, leases=InMemoryLeases(), clock_problem=clock.problem)
    database.ahead = MOST_CORRECTION
    database.wait(ASK_EVERY)
    assert clock.now() != database.time()
    settler.run_once()
    assert clock.now() == database.time()


def test_a_wait_is_logged_when_it_begins_and_ends(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Not each second: a restore may take hours."""
    caplog.set_level("INFO")
    clock_problem = WrongClock()
    settler = Settler(office=world.office, leases=InMemoryLeases(), clock_problem=clock_problem)
    world.to_pay(world.event())
    world.clock.advance(HOLD)
    settler.start()
    wait_until(lambda: clock_problem.asked > 6, what="three passes ask twice each")
    clock_problem.problem = None
    wait_until(lambda: "goes on" in caplog.text, what="it goes on")
    settler.stop()
    assert settler.join(within=timedelta(seconds=5))
    lines = [each for each in caplog.messages if "settled" not in each]
    assert lines == [
        "settle: waits. The database's clock has jumped by +2400 seconds.",
        "settle: goes on",
    ]
