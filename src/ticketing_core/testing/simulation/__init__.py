"""Runs use cases against one another, with every switch, crash and lost answer under control.

Actors call use cases, each in its own thread, one thread at a time. At each call to a port the
scheduler decides which actor makes the next call, and what goes wrong with it: no answer before or
after the effect, an effect that comes late, a refusal, a crash before the call or while it is on
its way. When all actors have ended, late effects happen, hours go by, and the settler and the
notifications, or the jobs alone, run until nothing changes. The promises are checked after each
effect and at the end: places add up, money has a valid ticket, went back or is in view as a stray,
nobody pays twice, no id is given twice, each person is let in once, everybody inside is counted,
nothing of a cancelled event is held, all of it goes back, subscribers are told of everything in
order, no work is left.

There are two modes. `explore` runs a scenario in every interleaving without a mishap, and with
each mishap of each call under at most two forced switches, so a search is a fixed number of
schedules. `run_random` makes everything from one seed, the scenario too. A failure shows all
calls in order and how to replay it.

`LATE_SCENARIOS` do without notifications: the jobs have to find refunds by hand, refunds that the
bank returns, and disputes. `CLOCK_SCENARIOS` have processes whose clocks are wrong. In
`RESTORE_SCENARIOS` the store goes back to a backup at any moment; they need `World.back_up`. In
`GATE_SCENARIOS` devices let people in, online and offline. In `EVENT_SCENARIOS` the event changes,
closes or is cancelled meanwhile, and in `EVENT_RESTORE_SCENARIOS` the store goes back while a
cancelled event is unwound. In `OUTBOX_SCENARIOS` a subscriber is told of what happens; they need
`World.outbox`. `live` lets sixty days pass after a sale.

To test your own adapters, write a function that makes a world over them with an empty store; the
rest is here. The adapters should pass the contract suites first::

    from ticketing_core.testing.simulation import STANDARD_SCENARIOS, World, explore, run_random
    from ticketing_core.testing import (
        InMemoryAdmissions,
        InMemoryEvents,
        InMemoryInstallation,
        InMemoryOutbox,
        InMemoryTickets,
    )


    def make_world():
        events = InMemoryEvents()  # your EventRepository, empty
        tickets = InMemoryTickets(events)  # your TicketRepository
        return World(
            events=events,
            tickets=tickets,
            admissions=InMemoryAdmissions(events, tickets),  # your Admissions
            installation=InMemoryInstallation(events),  # your Installation
            outbox=InMemoryOutbox(events, tickets),  # your Outbox
        )


    for scenario in STANDARD_SCENARIOS[:3]:
        print(report := explore(scenario, make_world))
        assert report.failure is None, report.failure
    for seed in range(20):
        failure = run_random(make_world, seed=seed)
        assert failure is None, failure

Your own scenario is a `Scenario` whose actors are functions of a `Simulation`. A variant of a use
case is a `BoxOffice` with one method replaced, given to the world as ``office``, or a `Gate`, as
``gate``, or an `Organizer`, as ``organizer``.

Not covered: two steps of one adapter that meet inside a transaction (a call to a port is one step
here), a service that goes on after its store has gone back, before the restore has begun, and gates
of a store that goes back.
"""

from ticketing_core.testing.contracts.examples import FREE, PRICE
from ticketing_core.testing.simulation.actions import (
    Action,
    Simulation,
    by_clock,
    in_turn,
    retried,
)
from ticketing_core.testing.simulation.calls import Call, Mishap
from ticketing_core.testing.simulation.choices import NO_MISHAPS, Bounds
from ticketing_core.testing.simulation.event_scenarios import (
    EVENT_RESTORE_SCENARIOS,
    EVENT_SCENARIOS,
)
from ticketing_core.testing.simulation.exploring import NotRepeatable, Report, explore, replay
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.gate_scenarios import GATE_SCENARIOS
from ticketing_core.testing.simulation.late import CLOCK_SCENARIOS, LATE_SCENARIOS
from ticketing_core.testing.simulation.months import live
from ticketing_core.testing.simulation.outbox_scenarios import OUTBOX_SCENARIOS
from ticketing_core.testing.simulation.random_runs import run_random, search
from ticketing_core.testing.simulation.restores import RESTORE_SCENARIOS
from ticketing_core.testing.simulation.scenario import Scenario
from ticketing_core.testing.simulation.standard import STANDARD_SCENARIOS
from ticketing_core.testing.simulation.trace import Failure, Line
from ticketing_core.testing.simulation.world import HOLD, BackUp, World, world_in_memory

__all__ = [
    "CLOCK_SCENARIOS",
    "EVENT_RESTORE_SCENARIOS",
    "EVENT_SCENARIOS",
    "FREE",
    "GATE_SCENARIOS",
    "HOLD",
    "LATE_SCENARIOS",
    "NO_MISHAPS",
    "OUTBOX_SCENARIOS",
    "PRICE",
    "RESTORE_SCENARIOS",
    "STANDARD_SCENARIOS",
    "Action",
    "BackUp",
    "Bounds",
    "Call",
    "Facts",
    "Failure",
    "Line",
    "Mishap",
    "NotRepeatable",
    "Report",
    "Scenario",
    "Simulation",
    "World",
    "by_clock",
    "explore",
    "in_turn",
    "live",
    "replay",
    "retried",
    "run_random",
    "search",
    "world_in_memory",
]
