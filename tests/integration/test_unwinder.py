"""The job that unwinds: one of many processes does it, page by page, and a kill costs nothing."""

from datetime import timedelta

import pytest

from tests.integration.test_settler import LostLeases
from tests.unit.box_offices import World
from tests.unit.test_unwind import Cancelling
from ticketing_adapters.jobs import unwinder
from ticketing_adapters.jobs.settler import Settler
from ticketing_adapters.jobs.unwinder import LEASE, PAGE, Unwinder
from ticketing_core import Ticket, TicketStatus
from ticketing_core.testing import InMemoryLeases

TICKETS = 5


@pytest.fixture
def cancelling() -> Cancelling:
    """Return an event with paid tickets, cancelled, of which nothing is unwound yet."""
    cancelling = Cancelling()
    for _ in range(TICKETS):
        cancelling.world.issued(cancelling.event)
    cancelling.cancel()
    return cancelling


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unwinder, "PAGE", 2)


def job(cancelling: Cancelling, leases: InMemoryLeases) -> Unwinder:
    """Return the job of one process."""
    return Unwinder(office=cancelling.world.office, organizer=cancelling.organizer, leases=leases)


def good(world: World) -> list[Ticket]:
    """Return the tickets that still let people in."""
    tickets = world.tickets.made_since(world.clock.now() - timedelta(days=1), after=0, limit=100)
    return [each for each in tickets if each.status is TicketStatus.ISSUED]


def test_one_pass_does_all_pages_and_settling_the_rest(cancelling: Cancelling) -> None:
    """The next pass finds nothing and says that the event is unwound."""
    leases, world = InMemoryLeases(), cancelling.world
    void = good(world)
    working = job(cancelling, leases)
    working.run_once()
    assert good(world) == []
    Settler(office=world.office, leases=leases).run_once()
    working.run_once()
    assert cancelling.now().unwound_at == world.clock.now()
    assert [world.now(each).refunded_minor for each in void] == [5000] * TICKETS


def test_one_process_of_many_unwinds(cancelling: Cancelling) -> None:
    """Another one does it only after the lease of the first has ended."""
    leases, world = InMemoryLeases(), cancelling.world
    leases.acquire(Unwinder.name, holder="another", now=world.clock.now(), lasting=LEASE)
    job(cancelling, leases).run_once()
    assert len(good(world)) == TICKETS
    world.clock.advance(LEASE)
    job(cancelling, leases).run_once()
    assert good(world) == []


def test_a_kill_in_the_midst_of_a_page_costs_nothing(cancelling: Cancelling) -> None:
    """Another process goes on where it was, as soon as the lease has ended."""
    leases, world = InMemoryLeases(), cancelling.world
    leases.acquire(Unwinder.name, holder="killed", now=world.clock.now(), lasting=LEASE)
    cancelling.unwind(limit=3)
    world.clock.advance(LEASE)
    job(cancelling, leases).run_once()
    assert good(world) == []
    refunding = [
        entry.why
        for number in range(TICKETS)
        for entry in world.tickets.history(number + 1)
        if entry.status is TicketStatus.REFUNDING
    ]
    assert refunding == ["event cancelled"] * TICKETS, "each is changed once"


def left_after_losing_the_lease(cancelling: Cancelling) -> int:
    """Lose the lease in the first of three pages; return how many tickets are still good."""
    job(cancelling, LostLeases()).run_once()
    return len(good(cancelling.world))


def test_each_page_needs_the_lease(cancelling: Cancelling) -> None:
    """A process that loses it leaves the other pages to its successor."""
    assert left_after_losing_the_lease(cancelling) == TICKETS - 2


def test_control_a_lease_for_the_whole_pass(
    cancelling: Cancelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: with a page as large as the event both processes would do all of it."""
    monkeypatch.setattr(unwinder, "PAGE", PAGE)
    assert left_after_losing_the_lease(cancelling) == 0


def test_nothing_is_unwound_until_a_restore_is_finished(cancelling: Cancelling) -> None:
    """The backup may not know that a ticket was refunded since: that is compared first."""
    world = cancelling.world
    world.installation.begin_restore(at=world.clock.now())
    working = job(cancelling, InMemoryLeases())
    working.run_once()
    assert len(good(world)) == TICKETS
    world.installation.end_restore()
    working.run_once()
    assert good(world) == []


def test_control_a_job_that_does_not_wait_for_a_restore(
    cancelling: Cancelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: without the rule it would unwind, and the test above would fail."""
    monkeypatch.setattr("ticketing_adapters.jobs.job.restore_problem", lambda _: None)
    cancelling.world.installation.begin_restore(at=cancelling.world.clock.now())
    job(cancelling, InMemoryLeases()).run_once()
    assert good(cancelling.world) == []


def test_banks_that_never_decide_hold_nothing_up() -> None:
    """More slow payments than a page has: each pass ends, and tickets that are paid are void."""
    slow = Cancelling()
    world = slow.world
    for _ in range(3):
        world.gateway.pay_slowly(world.to_pay(slow.event).checkout_url)
    world.issued(slow.event)
    slow.cancel()
    leases = InMemoryLeases()
    working = job(slow, leases)
    for _ in range(2):
        working.run_once()
        Settler(office=world.office, leases=leases).run_once()
    assert good(world) == []
    assert slow.now().unwound_at is None
