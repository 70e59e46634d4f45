"""`ticketing gate`: tickets checked offline, and journals of gates recorded."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from attrs import define

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.databases import database
from ticketing_adapters.gate_list import LIFETIME, sign_gate_list
from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlPublicKeys, SqlTickets
from ticketing_core import AdmissionClaims, Event, Ticket
from ticketing_core.gate_list import GateList
from ticketing_core.testing.contracts.admission import CLAIMS
from ticketing_core.testing.contracts.examples import FREE, NOON, draft, held, stored_event
from ticketing_service.settings import PREFIX

KEY = SigningKey.generate()
GUEST = AdmissionClaims(ticket_code=CLAIMS.ticket_code, ticket_id=11, event_id=7, quantity=3)
NOW = datetime.now(UTC)


def token(key: SigningKey = KEY, claims: AdmissionClaims = GUEST) -> str:
    """Return what a QR code says."""
    return JwsAdmission(key=key, public_key=lambda _: None).sign(claims)


@define
class Offline:
    """A gate offline and without a database."""

    run: Run
    folder: Path

    def give(
        self,
        *,
        void: tuple[int, ...] = (),
        inside: tuple[tuple[int, int], ...] = (),
        event_id: int = 7,
        at: datetime = NOW,
        key: SigningKey = KEY,
    ) -> None:
        """Bring the files."""
        listed = GateList(event_id=event_id, void=void, inside=inside)
        (self.folder / "list").write_text(sign_gate_list(listed, at, key=key).text + "\n")
        keys = [{"kid": KEY.kid, "use": "sig", **KEY.public_jwk}]
        (self.folder / "keys").write_text(json.dumps({"keys": keys}))

    def check(self, shown: str, *more: str) -> Any:
        """Run the command."""
        return self.run("gate", "check", shown, "--jwks", "keys", "--gate-list", "list", *more)

    def found(self, shown: str) -> tuple[int, str, int]:
        """Return its exit code, the outcome, and how many may go in."""
        result = self.check(shown, "--json")
        body = json.loads(result.stdout)
        return result.exit_code, body["outcome"], body["left"]


@pytest.fixture
def offline(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offline:
    """Give a gate with a list, whose settings are unusable."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", "nonsense")
    gate = Offline(run, tmp_path)
    gate.give()
    return gate


def test_a_good_ticket_goes_in(offline: Offline) -> None:
    """With the words for staff, and how old the list is. Blanks of a scanner do not matter."""
    result = offline.check(f" {token()}\n")
    assert result.exit_code == 0, result.output
    assert "Good: 3 of 3 people of ticket 11 may go in." in result.stdout
    assert f"{NOW:%Y-%m-%d %H:%M} UTC" in result.stdout
    assert offline.found(token()) == (0, "good", 3)
    offline.give(inside=((11, 2),))
    assert offline.found(token()) == (0, "good", 1)


def test_who_may_not_go_in(offline: Offline) -> None:
    """Each says why, and exits with 1."""
    assert offline.found("4" * 4000) == (1, "forged", 0)
    stranger = SigningKey.generate()
    assert offline.found(token(stranger)) == (1, "unknown_key", 0)
    assert stranger.kid in offline.check(token(stranger)).stdout
    offline.give(void=(11,))
    assert offline.found(token()) == (1, "void", 0)
    assert "ticket 11 was given up or refunded" in offline.check(token()).stdout
    offline.give(inside=((11, 3),))
    assert offline.found(token()) == (1, "already_admitted", 0)
    offline.give(inside=((11, 4),))
    assert offline.found(token()) == (1, "already_admitted", 0)
    offline.give(event_id=8)
    assert offline.found(token()) == (1, "wrong_event", 0)
    assert "for event 7, this gate is of 8" in offline.check(token()).stdout


def test_a_list_that_is_too_old_is_told_by_the_exit_code(offline: Offline) -> None:
    """Guests are not turned away for it; what it calls void is void all the same."""
    offline.give(at=NOW - LIFETIME - timedelta(seconds=1))
    assert offline.found(token()) == (3, "good", 3)
    assert "too old" in offline.check(token()).stdout
    offline.give(at=NOW - LIFETIME - timedelta(seconds=1), void=(11,))
    assert offline.found(token()) == (1, "void", 0)
    offline.give(at=NOW - LIFETIME + timedelta(hours=1))
    assert offline.found(token()) == (0, "good", 3)


def test_files_that_cannot_be_used_say_nothing_of_a_ticket(
    offline: Offline, tmp_path: Path
) -> None:
    """The exit code is another one."""
    offline.give(key=SigningKey.generate())
    assert "not in the key set" in offline.check(token()).stderr
    for name, text in (("list", token()), ("list", ""), ("keys", "{}"), ("keys", "[" * 10**5)):
        offline.give()
        (tmp_path / name).write_text(text)
        result = offline.check(token())
        assert result.exit_code == 2, name
        assert "Traceback" not in result.output
    (tmp_path / "list").write_bytes(b"\xff")
    assert offline.check(token()).exit_code == 2
    (tmp_path / "list").unlink()
    assert offline.check(token()).exit_code == 2


# --- a journal ------------------------------------------------------------------------------------


@define
class Shop:
    """A database with tickets of an event, as the commands use it."""

    run: Run
    folder: Path
    event: Event
    tickets: SqlTickets
    admissions: SqlAdmissions

    def ticket(self, quantity: int = 1) -> Ticket:
        """Return an issued ticket."""
        return held(self.tickets, draft(self.event, quantity=quantity, buyer=str(uuid4())))

    def noted(self, ticket: Ticket, **changes: Any) -> dict[str, Any]:
        """Return a line of a journal."""
        line = {
            "scan_id": str(uuid4()),
            "token": token(claims=AdmissionClaims.of(ticket)),
            "people": 1,
            "at": NOON.isoformat(),
            "gate": "North",
        }
        return line | changes

    def sync(self, *lines: Any, more: tuple[str, ...] = ()) -> Any:
        """Record a journal."""
        text = "".join(f"{json.dumps(line)}\n\n" for line in lines)
        (self.folder / "journal").write_text(text)
        event_id = str(self.event.event_id)
        return self.run("gate", "sync", "journal", "--event", event_id, *more)


@pytest.fixture
def shop(migrated: Run, tmp_path: Path) -> Iterator[Shop]:
    """Give a shop whose key is known."""
    with database(tmp_path) as engine:
        SqlPublicKeys(engine).remember(KEY.kid, KEY.public_jwk)
        event = stored_event(SqlEvents(engine), price=FREE, capacity=1000)
        yield Shop(migrated, tmp_path, event, SqlTickets(engine), SqlAdmissions(engine))


def test_the_journal_of_a_lost_device_is_recorded_once(shop: Shop) -> None:
    """As often as it is run; the ticket shows its scans, and who has no right is told."""
    ticket = shop.ticket(2)
    lines = [shop.noted(ticket, people=2), shop.noted(ticket)]
    result = shop.sync(*lines)
    assert result.exit_code == 0, result.output
    assert f"ticket {ticket.ticket_id} at North: 1 of 1 have no right" in result.stdout
    again = printed(shop.sync(*lines, more=("--json",)))["results"]
    assert [each["outcome"] for each in again] == ["known", "known"]
    shown = printed(shop.run("ticket", "show", str(ticket.ticket_id), "--json"))
    assert (shown["admitted"], shown["excess"]) == (2, 1)
    assert [(each["kind"], each["people"], each["by"]) for each in shown["scans"]] == [
        ("let_in", 2, "operator"),
        ("let_in", 1, "operator"),
    ]
    told = shop.run("ticket", "show", str(ticket.ticket_id)).stdout
    assert "2 admitted, 1 more are inside" in told
    assert "recorded offline" in told
    assert lines[0]["scan_id"] in told
    assert "1 more went in on ticket" in told
    found = shop.run("ticket", "find").stdout
    assert "1 too many inside" in found
    assert found.split().count("inside") == 2
    (sums,) = printed(shop.run("report", "--json"))["events"]
    assert (sums["admitted"], sums["excess"]) == (2, 1)
    assert "excess" in shop.run("report").stdout


def test_long_journals_are_recorded_in_parts(shop: Shop) -> None:
    """Also more than one call of the API takes."""
    ticket = shop.ticket(3)
    undone = shop.noted(ticket)
    lines = [undone, undone | {"undo": True}, *(shop.noted(ticket) for _ in range(120))]
    results = printed(shop.sync(*lines, more=("--json",)))["results"]
    outcomes = [each["outcome"] for each in results]
    assert outcomes == ["recorded", "taken_back", *["recorded"] * 120]
    assert len(shop.admissions.of_ticket(ticket.ticket_id)) == 122


def test_what_was_not_recorded_is_told(shop: Shop) -> None:
    """By the exit code and by its line; the rest is recorded."""
    ticket = shop.ticket()
    forged = shop.noted(ticket, token="x")
    unknown = shop.noted(ticket, token=token(SigningKey.generate()))
    result = shop.sync(forged, unknown, shop.noted(ticket))
    assert result.exit_code == 1
    assert f"scan {forged['scan_id']} was not recorded: forged" in result.stdout
    assert f"scan {unknown['scan_id']} was not recorded: unknown_key" in result.stdout
    assert len(shop.admissions.of_ticket(ticket.ticket_id)) == 1


WRONG = [7, {}, {"people": 0}, {"at": "today"}, {"gate": ""}, {"scan_id": "1"}, "[" * 10**5]


def made_wrong(line: dict[str, Any], wrong: Any) -> Any:
    """Return lines that are not entries."""
    return line | wrong if isinstance(wrong, dict) and wrong else wrong


@pytest.mark.parametrize("wrong", WRONG)
def test_a_line_of_rubbish_is_told_and_loses_no_other(shop: Shop, wrong: Any) -> None:
    """By its number in the file; people went in, whatever became of that line."""
    ticket = shop.ticket(2)
    odd = made_wrong(shop.noted(ticket), wrong)
    lines = [shop.noted(ticket), odd, shop.noted(ticket)]
    result = shop.sync(*lines)
    assert result.exit_code == 1
    assert "line 3 is no entry" in result.stdout
    assert len(shop.admissions.of_ticket(ticket.ticket_id)) == 2
    told = json.loads(shop.sync(*lines, more=("--json",)).stdout)
    assert [each["outcome"] for each in told["results"]] == ["known", "known"]
    assert [each["line"] for each in told["wrong_lines"]] == [3]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_no_journal_is_refused(shop: Shop, wrong: Any) -> None:
    """With the number of its first line, as a mistake of the command."""
    result = shop.sync(made_wrong(shop.noted(shop.ticket()), wrong))
    assert result.exit_code == 2
    assert "line 1 is no entry" in result.stderr
