"""Ends a run: everything is settled, then books, receipts and the commands have to agree."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy import Engine, TextClause, text

from tests.failover.audit import settle_everything
from tests.soak.stage import Stage
from tests.support.audit import Books, Receipts, read_books, settled_problems
from tests.support.server import TICKETING, Server

_LOSE_A_REFUND = text("""
    UPDATE tickets SET refunded_minor = 0
    WHERE ticket_id = (SELECT MIN(ticket_id) FROM tickets WHERE refunded_minor > 0)
""")
_LOSE_AN_ADMISSION = text("""
    DELETE FROM admissions
    WHERE number = (SELECT MIN(number) FROM admissions WHERE kind = 'let_in')
""")


@frozen(kw_only=True)
class Ending:
    """What is left in the end.

    Attributes:
        books: Database and provider, with everything settled.
        problems: What is wrong, each in a sentence.
    """

    books: Books
    problems: Sequence[str]


def end(stage: Stage, receipts: Receipts, *, since: datetime, rng: Random, control: bool) -> Ending:
    """Settle everything and compare. Nothing may run any more.

    Args:
        since: When the run began.
        control: Take a refund and a scan out of the database before comparing.
    """
    site = stage.site
    left = settle_everything(site, since=since, rng=rng)
    if control:
        _lose(site.engine, _LOSE_A_REFUND)
        _lose(site.engine, _LOSE_AN_ADMISSION)
    books = read_books(site.engine, site.sandbox)
    problems = [
        *map(str, left),
        *settled_problems(books, receipts),
        *_command_problems(stage.front.serving[0], books, since=since),
    ]
    return Ending(books=books, problems=problems)


def _lose(engine: Engine, what: TextClause) -> None:
    with engine.begin() as connection:
        lost = connection.execute(what)
    assert lost.rowcount == 1, "nothing was there that could be lost"


def _command_problems(server: Server, books: Books, *, since: datetime) -> Iterator[str]:
    """What `reconcile` finds, and where `report` differs from the provider's money."""
    findings = _run(server, "reconcile", "--dry-run", "--json", "--since", since.isoformat())
    yield from (f"reconcile finds {finding}" for finding in findings)
    (totals,) = _run(server, "report", "--json")["totals"]
    captured = sum(payment.captured for payment in books.payments.values())
    given_back = sum(payment.given_back for payment in books.payments.values())
    expected = {"taken": captured + given_back, "earned": captured, "refunded": given_back}
    for name, amount in expected.items():
        if totals[name] != amount:
            yield f"report says that {totals[name]} are {name}, at the provider it is {amount}"


def _run(server: Server, *command: str) -> Any:
    ran = subprocess.run(
        [*TICKETING, *command],
        env=server.environment,
        cwd=Path(server.folder),
        capture_output=True,
        text=True,
        check=False,
    )
    # `reconcile` ends with 1 if it has findings, which it prints.
    assert ran.stdout, f"{command}: {ran.stderr}"
    return json.loads(ran.stdout)
