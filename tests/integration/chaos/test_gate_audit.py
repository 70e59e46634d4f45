"""Controls of the audit of gates: it finds each way in which scans and answers can disagree."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve, field, frozen
from sqlalchemy import Engine, create_engine, text

from tests.support.audit import Receipts, Told, read_books
from tests.support.audit.gates import gate_problems
from ticketing_adapters.sql import SqlAdmissions, SqlEvents, SqlTickets, engine_for, migrate
from ticketing_core.scan import Admitted, Recorded, Scan, TakenBack, name_of
from ticketing_core.testing.contracts.door import Door, entry_of, scan_of, undo_of
from ticketing_core.testing.contracts.examples import stored_event


@frozen
class Evening:
    """What a gate was told of two tickets, for three people and for one."""

    engine: Engine
    door: Door
    receipts: Receipts = field(factory=Receipts)

    def note(self, scan: Scan, outcome: object) -> None:
        """Note an answer."""
        seen = isinstance(outcome, Admitted | Recorded | TakenBack)
        people = outcome.people if seen else 0  # type: ignore[attr-defined]  # narrowed above
        self.receipts.scans.add(str(scan.scan_id))
        self.receipts.told.append(
            Told(
                scan_id=str(scan.scan_id),
                ticket_id=scan.ticket_id,
                outcome=name_of(outcome),
                people=people,
            )
        )

    def run(self, statement: str) -> None:
        """Doctor the database, against its constraints too."""
        with self.engine.begin() as connection:
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
            connection.execute(text(statement))

    def problems(self) -> list[str]:
        """Return what the audit finds."""
        return list(gate_problems(read_books(self.engine), self.receipts))


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    """Let two in, refuse two, take over two more, let one in and out, and repeat the first scan."""
    url = f"sqlite:///{tmp_path / 'ticketing.db'}"
    store = engine_for(url)
    migrate(store)
    events = SqlEvents(store)
    door = Door(events, SqlTickets(store), SqlAdmissions(store), stored_event(events))
    plain = create_engine(url)
    evening = Evening(plain, door)
    group, single = door.issued(3), door.issued(1)
    first, refused, offline = (scan_of(group, 2) for _ in range(3))
    alone = scan_of(single)
    evening.note(first, door.outcome(first))
    evening.note(refused, door.outcome(refused))
    evening.note(offline, door.admissions.record(entry_of(offline)))
    evening.note(alone, door.outcome(alone))
    evening.note(alone, door.admissions.take_back(undo_of(alone)))
    evening.note(alone, door.outcome(alone))
    evening.note(first, door.outcome(first))
    yield evening
    store.dispose()
    plain.dispose()


def test_right_books_pass(evening: Evening) -> None:
    """The audit finds nothing wrong with an evening on which every kind of answer was given."""
    assert evening.problems() == []
    assert [told.outcome for told in evening.receipts.told] == [
        "admitted",
        "too_many",
        "recorded",
        "admitted",
        "taken_back",
        "withdrawn",
        "admitted",
    ]


def _lose_an_admission(evening: Evening) -> None:
    evening.run("DELETE FROM admissions WHERE number = 1")
    evening.run("UPDATE tickets SET admitted = 2, excess = 0 WHERE ticket_id = 1")


def _count_nobody(evening: Evening) -> None:
    evening.run("UPDATE tickets SET admitted = 2 WHERE ticket_id = 1")


def _let_too_many_in(evening: Evening) -> None:
    evening.run("UPDATE tickets SET admitted = 4, excess = 0 WHERE ticket_id = 1")


def _let_them_in_online(evening: Evening) -> None:
    evening.run("UPDATE admissions SET offline = false")


def _count_twice(evening: Evening) -> None:
    evening.run("CREATE TABLE twice AS SELECT * FROM admissions")
    evening.run("DROP TABLE admissions")
    evening.run("ALTER TABLE twice RENAME TO admissions")
    evening.run(
        "INSERT INTO admissions SELECT 9, scan_id, 2, kind, ticket_id, event_id, people, asked,"
        " outcome, inside_after, gate, by, at, stored_at, offline FROM admissions WHERE number = 1"
    )
    evening.run("UPDATE tickets SET excess = 3 WHERE ticket_id = 1")


def _let_half_of_them_out(evening: Evening) -> None:
    evening.run("UPDATE admissions SET people = 0 WHERE kind = 'undone'")
    evening.run("UPDATE tickets SET admitted = 1 WHERE ticket_id = 2")


def _forget_a_refusal(evening: Evening) -> None:
    evening.run("DELETE FROM admissions WHERE kind = 'refused'")


def _store_another_refusal(evening: Evening) -> None:
    evening.run("UPDATE admissions SET outcome = 'void' WHERE kind = 'refused'")


def _invent_a_scan(evening: Evening) -> None:
    evening.receipts.scans.clear()


def _answer_differently(evening: Evening) -> None:
    told = evening.receipts.told
    told.append(evolve(told[1], scan_id=told[0].scan_id))


def _know_no_ticket(evening: Evening) -> None:
    told = evening.receipts.told
    told[0] = evolve(told[0], outcome="not_on_record", people=0)


@pytest.mark.parametrize(
    ("doctor", "found"),
    [
        (_lose_an_admission, "outcome='admitted', people=2), which is not stored"),
        (_count_nobody, "ticket 1 counts 2 and 1 people inside, its scans 4"),
        (_let_too_many_in, "ticket 1 is for 3 people, and 4 are admitted"),
        (_let_them_in_online, "ticket 1 has 1 people too many, 0 offline"),
        (_count_twice, "is stored as let_in twice"),
        (_let_half_of_them_out, "let 1 people in, and 0 came out"),
        (_forget_a_refusal, "outcome='too_many', people=0), which is not stored"),
        (_store_another_refusal, "outcome='too_many', people=0), which is not stored"),
        (_invent_a_scan, "is stored, and no gate has sent it"),
        (_answer_differently, "was answered [('admitted', 2), ('too_many', 0)]"),
        (_know_no_ticket, "outcome='not_on_record', people=0), which is not stored"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_control_wrong_scans_are_found(
    evening: Evening, doctor: Callable[[Evening], None], found: str
) -> None:
    """An evening that was doctored in one way does not pass."""
    doctor(evening)
    assert any(found in problem for problem in evening.problems()), evening.problems()
