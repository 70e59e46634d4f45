"""`python -m tests.restarts`: restart under load, count every answer, audit the books."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import click
from attrs import frozen

from tests.failover.audit import wrong_in_the_end
from tests.restarts.clients import Clients
from tests.restarts.running import Service, open_service
from tests.soak.crowd import crowd_at
from tests.support.audit import SOLD, read_books
from ticketing_service.sandbox import Sandbox

_SHOWN_PROBLEMS = 20
"""Some of thousands show what is wrong with all."""

_WEBHOOKS_SECONDS = 60.0
_CLOCKS_DIFFER = timedelta(minutes=1)


@frozen(kw_only=True)
class Run:
    """What a run saw. Each problem is a sentence."""

    figures: Mapping[str, str]
    refused: Sequence[str]
    wrong: Sequence[str]


@click.command()
@click.option("--times", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--sqlite", is_flag=True, help="Sell from SQLite instead of PostgreSQL.")
@click.option(
    "--control",
    is_flag=True,
    help="Stop and start instead of handing over. Succeeds if refused calls are found.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
    help="Where to keep the log. By default it is lost.",
)
def main(*, times: int, sqlite: bool, control: bool, logs: Path | None) -> None:
    """Restart the service while people buy. Ends with 1 if a call is refused, or books are wrong.

    Each tenth restart of a hundred brings the next version, whose migration is run while the
    present one sells, or goes back from it; in a short run each does.
    """
    # So that whatever was started is ended, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with TemporaryDirectory() as folder:
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
        opening = open_service(logs or Path(folder), sqlite=sqlite)
        run = _run(opening, times=times, hand_over=not control)
    for name, value in run.figures.items():
        click.echo(f"{name:22} {value}")
    problems = [*run.refused, *run.wrong]
    for problem in problems[:_SHOWN_PROBLEMS]:
        click.echo(f"FAILED: {problem}")
    if len(problems) > _SHOWN_PROBLEMS:
        click.echo(f"FAILED: {len(problems)} problems in all")
    if control:
        click.echo(f"The control was {'found' if run.refused else 'NOT FOUND'}.")
        sys.exit(not run.refused)
    sys.exit(bool(problems))


def _run(opening: AbstractContextManager[Service], *, times: int, hand_over: bool) -> Run:
    since = datetime.now(UTC) - _CLOCKS_DIFFER
    # What people choose. A seed would repeat nothing: when each thing happens decides.
    rng = Random()  # noqa: S311 - not secret
    with opening as service:
        site, clients = service.site, service.clients
        began = time.monotonic()
        with crowd_at(service, rng=rng) as learned:
            service.restart(times, hand_over=hand_over)
        lasted = time.monotonic() - began
        site.sandbox.wait_for_webhooks(timeout=_WEBHOOKS_SECONDS)
        webhooks = _webhooks(site.sandbox)
        service.serving.stop()
        receipts = learned.result()
        wrong = [*service.problems, *wrong_in_the_end(site, receipts, since=since, rng=rng)]
        tickets = read_books(site.engine).tickets
        seconds = sorted(service.seconds)
        figures = {
            "restarts": f"{len(seconds)}, half of them within {seconds[len(seconds) // 2]:.1f} s, "
            f"the longest {seconds[-1]:.1f} s",
            "migrations under load": f"{service.migrations}",
            **_answers(clients, seconds=lasted),
            "webhooks": f"{webhooks.total()} (the last ones), {webhooks[False]} not taken",
            "tickets": f"{len(tickets)}, {sum(each.status in SOLD for each in tickets)} issued",
            "books": f"{len(wrong)} problems" if wrong else "agree to the cent",
        }
        refused = [*clients.broken, *clients.refused]
        if webhooks[False]:
            refused.append(f"{webhooks[False]} webhooks were not taken")
        return Run(figures=figures, refused=refused, wrong=wrong)


def _answers(clients: Clients, *, seconds: float) -> Mapping[str, str]:
    kinds: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    for (kind, status), count in clients.answers.items():
        kinds[kind] += count
        statuses[status] += count
    told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
    return {
        "answers": f"{clients.total} in {seconds:.0f} s; {told}",
        "on connections": ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items())),
        "refused": f"{len(clients.refused)}",
        "without an answer": f"{len(clients.broken)}",
    }


def _webhooks(sandbox: Sandbox) -> "Counter[bool]":
    """Count the deliveries by whether they were answered with success."""
    return Counter(
        attempt.status is not None and attempt.status < 300
        for sent in sandbox.events()
        for attempt in sent.attempts
    )


if __name__ == "__main__":
    main()
