"""Runs use cases against one another, with every switch, crash and lost answer decided.

Use cases are actors over a desk; at each call they make at a port, the stage decides who makes
the next call and what goes wrong with it: no answer before or after the effect, an effect that
comes late, a refusal, a crash before the call or while it is on its way. When all actors have
ended, late effects happen, hours go by, and the settler and the notifications run until quiet.
The promises are checked after each effect and at the end: places add up, money has a valid
ticket or went back, nobody pays twice, nothing is left undone.

There are two modes. `explore` runs a scenario in every interleaving without a mishap, and with
each mishap of each call under at most two forced switches; a search is a fixed number of
schedules. `run_random` makes everything, the scenario too, from one seed. A failure prints all
calls in order and how to replay it.

To examine your own adapters, say how to make a world over them with an empty store; the rest
of it is shipped. The same adapters should pass the contract suites first::

    from ticketing_core.testing.simulation import STANDARD_SCENARIOS, World, explore, run_random
    from ticketing_core.testing import InMemoryEvents, InMemoryTickets


    def make_world():
        events = InMemoryEvents()  # your EventRepository, empty
        return World(events=events, tickets=InMemoryTickets(events))  # your TicketRepository


    for scenario in STANDARD_SCENARIOS[:3]:
        print(report := explore(scenario, make_world))
        assert report.failure is None, report.failure
    for seed in range(20):
        failure = run_random(make_world, seed=seed)
        assert failure is None, failure

Your own scenario is a `Scenario` whose actors are functions of a `Desk`; a variant of a use case
is a `BoxOffice` with one method replaced, given to the world as ``office``.

What it does not show: two steps of one adapter that meet inside a transaction (a call at a port
is one step here), and stores that lose what they have committed.
"""

from ticketing_core.testing.simulation.calls import Call, Mishap
from ticketing_core.testing.simulation.choices import NOTHING_GOES_WRONG, Bounds
from ticketing_core.testing.simulation.desk import Act, Desk, in_turn, insistently
from ticketing_core.testing.simulation.exploring import NotRepeatable, Report, explore, replay
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.random_runs import run_random, search
from ticketing_core.testing.simulation.scenario import FREE, PRICE, Scenario
from ticketing_core.testing.simulation.standard import STANDARD_SCENARIOS
from ticketing_core.testing.simulation.trace import Failure, Line
from ticketing_core.testing.simulation.world import HOLD, World, world_in_memory

__all__ = [
    "FREE",
    "HOLD",
    "NOTHING_GOES_WRONG",
    "PRICE",
    "STANDARD_SCENARIOS",
    "Act",
    "Bounds",
    "Call",
    "Desk",
    "Facts",
    "Failure",
    "Line",
    "Mishap",
    "NotRepeatable",
    "Report",
    "Scenario",
    "World",
    "explore",
    "in_turn",
    "insistently",
    "replay",
    "run_random",
    "search",
    "world_in_memory",
]
