"""The line of purchases: whether buyers are served in the order in which they came."""

from benchmarks.bench import Bench
from benchmarks.database import PRICE, SERVICE, open_database
from benchmarks.load.result import OK, Result
from benchmarks.load.returning import Rush, run_rush
from benchmarks.orders import CREATE, buyers, note, purchases
from benchmarks.report import Audit, Report, Row
from ticketing_service.sandbox import TEST, running_sandbox

BUYERS, SECONDS = 1000, 2.0
IN_TIME_SECONDS, IN_TIME = 5.0, 0.95
PATIENCE_SECONDS = 120.0
"""Three times as long as the limit needs for all of them."""


def line(bench: Bench) -> Report:
    """Let a crowd come at once and return as told, with the tokens of the line and without."""
    count = min(BUYERS, bench.pace.buyers)
    seconds = SECONDS * count / BUYERS
    rows, audits = [], []
    for keeps_places in (True, False):
        bench.progress(f"a line of {count}{'' if keeps_places else ', without tokens'}")
        seen, audit = _rush(bench, count=count, seconds=seconds, keeps_places=keeps_places)
        rows += _rows(seen, count=count, seconds=seconds, keeps_places=keeps_places)
        audits.append(audit)
    return Report(rows=rows, audits=audits)


def _rush(bench: Bench, *, count: int, seconds: float, keeps_places: bool) -> tuple[Result, Audit]:
    with open_database(bench) as database, running_sandbox(limits=TEST) as running:
        database.stripe_api_base = running.url
        database.calls_per_second = int(TEST.in_all)
        orders = purchases(CREATE, event_ids=database.events(price=PRICE), names=buyers(count))
        with database.serve(SERVICE) as server:
            seen = bench.elsewhere(
                run_rush,
                Rush(
                    port=int(server.url.rpartition(":")[2]),
                    requests=[order.request for order in orders],
                    seconds=seconds,
                    patience=PATIENCE_SECONDS,
                    keeps_places=keeps_places,
                ),
            )
        note(database.receipts, seen, orders, first=0)
        return seen, database.audit()


def _rows(seen: Result, *, count: int, seconds: float, keeps_places: bool) -> list[Row]:
    served = [answer for answer in seen.answers if answer.status == OK]
    late = sorted(answer.ended - answer.number / TEST.in_all for answer in served)
    in_time = sum(each <= IN_TIME_SECONDS for each in late)
    longest = f"the last after {max(answer.ended for answer in served):.1f} s" if served else "none"
    which = "" if keeps_places else ", without tokens"
    return [
        Row(
            figure=f"{count} buyers in {seconds:g} s{which}: at the payment page in the end",
            measured=len(served),
            unit="",
            yardstick="all",
            yardstick_value=count,
            detail=f"{seen.sent - count} refusals with a wait, {longest}",
        ),
        Row(
            figure=f"within {IN_TIME_SECONDS:g} s of their turn{which}",
            measured=in_time,
            unit="",
            yardstick="all",
            yardstick_value=count,
            goal=IN_TIME,
            # Without tokens luck decides: if that were enough, this would measure nothing.
            at_least=keeps_places,
            detail=f"the latest {late[-1]:.1f} s after it" if late else "",
        ),
    ]
