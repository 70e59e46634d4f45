"""`ticketing gate`: check tickets offline, and record what gates have noted."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import click
import msgspec
from attrs import frozen

from ticketing_core.scan import Recorded, TakenBack, name_of
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.use_cases.sync import JournalEntry, SyncResult
from ticketing_core.validators import LARGEST_ID
from ticketing_service.cli.output import json_option, print_json, print_line, print_table
from ticketing_service.composition import open_store
from ticketing_service.composition.gate import OfflineGate, gate_for_commands, offline_gate
from ticketing_service.settings import load_settings

REFUSED, TOO_OLD = 1, 3
"""Exit codes; click's own for wrong arguments is 2."""

AT_ONCE = 100
"""Entries of a sync, as over HTTP."""

_KEPT = frozenset({"forged", "unknown_key", "scan_id_reused"})
"""Outcomes of entries that were not recorded, so that somebody has to check them."""

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def gate() -> None:
    """Check tickets offline, and record what gates have noted."""


@frozen(kw_only=True)
class Verdict:
    """The result of checking a token offline.

    Attributes:
        outcome: `good`, or why nobody may go in.
        words: The same as text for people.
        claims: The claims of the token; empty if it is not genuine.
        left: How many may go in, according to the list.
    """

    outcome: str
    words: str
    claims: dict[str, int]
    left: int = 0


@gate.command()
@click.argument("token")
@click.option("--jwks", type=_file, required=True, help="A copy of /.well-known/jwks.json.")
@click.option("--gate-list", type=_file, required=True, help="A copy of the event's gate list.")
@json_option
def check(*, token: str, jwks: Path, gate_list: Path, as_json: bool) -> None:
    """Check what a QR code says, offline and without a database. Nothing is counted.

    Exits with 0 if people may go in, with 1 if they may not, and with 3 if they may by a list that
    is too old to be relied on. The list does not know who went in after it was made.
    """
    try:
        offline = offline_gate(jwks.read_text(), gate_list.read_text())
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{error}.") from error
    found = verdict(offline, token.strip())
    newest = offline.newest
    too_old = datetime.now(UTC) >= newest.ends_at
    if as_json:
        shape = {"outcome": found.outcome, **found.claims, "left": found.left}
        made, ends = newest.made_at.isoformat(), newest.ends_at.isoformat()
        print_json(shape | {"list_made_at": made, "list_ends_at": ends, "list_too_old": too_old})
    else:
        print_line(found.words)
        age = "It is too old to be relied on." if too_old else "Who went in since is not known."
        print_line(f"By the gate list of {newest.made_at:%Y-%m-%d %H:%M} UTC. {age}")
    if found.outcome != "good":
        raise click.exceptions.Exit(REFUSED)
    if too_old:
        raise click.exceptions.Exit(TOO_OLD)


def verdict(offline: OfflineGate, token: str) -> Verdict:
    """Check a token offline."""
    claims = offline.read(token)
    if isinstance(claims, Forged):
        return Verdict(outcome="forged", words="No: this is not one of our tickets.", claims={})
    if isinstance(claims, UnknownKey):
        words = f"Not known: the key {claims.kid} is not in the key set. Fetch the key set again."
        return Verdict(outcome="unknown_key", words=words, claims={})
    known = offline.newest.gate_list
    shown = {
        "ticket_id": claims.ticket_id,
        "event_id": claims.event_id,
        "quantity": claims.quantity,
    }
    name = f"ticket {claims.ticket_id}"
    if claims.event_id != known.event_id:
        words = f"No: {name} is for event {claims.event_id}, this gate is of {known.event_id}."
        return Verdict(outcome="wrong_event", words=words, claims=shown)
    if claims.ticket_id in known.void:
        words = f"No: {name} was given up or refunded."
        return Verdict(outcome="void", words=words, claims=shown)
    left = max(0, claims.quantity - dict(known.inside).get(claims.ticket_id, 0))
    if left == 0:
        words = f"No: all {claims.quantity} people of {name} are inside."
        return Verdict(outcome="already_admitted", words=words, claims=shown)
    words = f"Good: {left} of {claims.quantity} people of {name} may go in."
    return Verdict(outcome="good", words=words, claims=shown, left=left)


class _Line(msgspec.Struct):
    """A line of a journal, as gates export it."""

    scan_id: UUID
    token: str
    people: int
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    gate: str
    undo: bool = False


@gate.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--event",
    "event_id",
    type=click.IntRange(1, LARGEST_ID),
    required=True,
    help="The event at whose gate it was.",
)
@json_option
def sync(*, file: Any, event_id: int, as_json: bool) -> None:
    """Record the journal of a gate: JSON lines in FILE, as a device exports them (`-`: stdin).

    Nothing that has happened is refused, and each entry is recorded once: run it again as often as
    you like. Its times are taken as they are. A line that is not an entry is named by its number,
    and the others are recorded. Exits with 1 if something was not recorded.
    """
    journal, wrong = _read(file)
    if wrong and not journal:
        raise click.UsageError(f"{wrong[0]}.")
    settings = load_settings()
    synced: list[SyncResult] = []
    with closing(open_store(settings)) as store:
        office = gate_for_commands(settings, store=store)
        for begin in range(0, len(journal), AT_ONCE):
            part = journal[begin : begin + AT_ONCE]
            synced += office.sync(part, event_id=event_id, sent_at=store.clock.now(), by="operator")
    if as_json:
        unread = [{"line": each.line, "detail": each.why} for each in wrong]
        print_json({"results": [_shape(each) for each in synced], "wrong_lines": unread})
    else:
        _print(synced)
        for each in wrong:
            print_line(str(each))
    if wrong or any(name_of(each.outcome) in _KEPT for each in synced):
        raise click.exceptions.Exit(1)


@frozen
class _Wrong:
    """A line of the file that is not an entry."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line} is no entry of a journal: {self.why}"


def _read(file: Any) -> tuple[Sequence[JournalEntry], Sequence[_Wrong]]:
    journal, wrong = [], []
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            journal.append(
                JournalEntry(**msgspec.structs.asdict(msgspec.json.decode(line, type=_Line)))
            )
        except (ValueError, RecursionError) as error:
            wrong.append(_Wrong(number, str(error)))
    return journal, wrong


def _shape(synced: SyncResult) -> dict[str, Any]:
    outcome = synced.outcome
    shape: dict[str, Any] = {
        "scan_id": str(synced.entry.scan_id),
        "ticket_id": synced.ticket_id,
        "outcome": name_of(outcome),
    }
    if isinstance(outcome, Recorded | TakenBack):
        shape["counted"] = outcome.people
    if isinstance(outcome, Recorded) and outcome.why is not None:
        shape |= {"excess": outcome.excess, "why": str(outcome.why)}
    return shape


def _print(synced: Sequence[SyncResult]) -> None:
    counts = Counter(name_of(each.outcome) for each in synced)
    print_table(["outcome", "entries"], sorted(counts.items()), numbers={"entries"})
    for each in synced:
        outcome = each.outcome
        if isinstance(outcome, Recorded) and outcome.why is not None:
            over = f"{outcome.excess} of {outcome.people} have no right to a place"
            print_line(f"ticket {each.ticket_id} at {each.entry.gate}: {over} ({outcome.why})")
        elif name_of(outcome) in _KEPT:
            print_line(f"scan {each.entry.scan_id} was not recorded: {name_of(outcome)}")
