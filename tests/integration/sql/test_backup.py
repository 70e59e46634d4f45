"""Backups of SQLite while others write: whole, checked, and never half of one."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from tests.support.audit import place_problems, read_books
from tests.support.audit.books import Books
from ticketing_adapters.sql import (
    BackupFailed,
    SqlAdmissions,
    SqlEvents,
    SqlTickets,
    back_up_sqlite,
    engine_for,
    is_usable,
)
from ticketing_core.reservation import Held
from ticketing_core.scan import Known, Recorded, StrayEntry
from ticketing_core.testing.contracts.door import Door, entry_of, scan_of
from ticketing_core.testing.contracts.examples import draft, stored_event

TIMEOUT_SECONDS = 30.0


@pytest.fixture
def source(migrated_sqlite_url: str) -> Path:
    """The file of a migrated database."""
    return Path(str(make_url(migrated_sqlite_url).database))


@contextmanager
def opened(file: Path) -> Iterator[Engine]:
    """Open a database as the service does."""
    engine = engine_for(f"sqlite:///{file}")
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def sales(file: Path) -> Iterator[Flag]:
    """Sell two places at a time, in a thread, until the end; give a flag of the first sale."""
    sold, over = Flag(), Flag()

    def sell(engine: Engine) -> None:
        tickets = SqlTickets(engine)
        event = stored_event(SqlEvents(engine), capacity=1_000_000)
        for number in count():
            if over.is_set():
                return
            order = draft(event, quantity=2, buyer=f"buyer-{number}")
            assert isinstance(tickets.hold(order), Held)
            sold.set()

    with opened(file) as engine, ThreadPoolExecutor(1) as pool:
        selling = pool.submit(sell, engine)
        try:
            yield sold
        finally:
            over.set()
            selling.result(TIMEOUT_SECONDS)


def books_of(file: Path) -> Books:
    """Read a database that has been checked; the service would start on it."""
    with opened(file) as engine:
        assert is_usable(engine)
        return read_books(engine)


def test_a_backup_during_sales_holds_whole_purchases(source: Path, tmp_path: Path) -> None:
    """Each has what was sold until then: places, tickets and history agree."""
    sold = []
    with sales(source) as first_sale:
        assert first_sale.wait(TIMEOUT_SECONDS)
        for number in range(5):
            made = back_up_sqlite(source, target := tmp_path / f"backup-{number}.db")
            assert made.size == target.stat().st_size
            books = books_of(target)
            assert list(place_problems(books.events)) == []
            assert all(len(ticket.history) == ticket.version for ticket in books.tickets)
            sold.append(len(books.tickets))
    assert sold[0] > 0
    assert sold == sorted(sold)
    assert len(books_of(source).tickets) >= sold[-1]


def test_control_a_copy_of_the_file_has_no_purchases(source: Path, tmp_path: Path) -> None:
    """They are in the write-ahead log, so the test above fails for `cp`."""
    with opened(source) as engine:
        event = stored_event(SqlEvents(engine))
        assert isinstance(SqlTickets(engine).hold(draft(event)), Held)
        shutil.copyfile(source, copied := tmp_path / "copied.db")
        assert len(books_of(copied).tickets) == 0
        back_up_sqlite(source, backup := tmp_path / "backup.db")
        assert len(books_of(backup).tickets) == 1


def test_a_backup_is_one_file_for_its_owner_alone(source: Path, tmp_path: Path) -> None:
    """It names buyers. Nothing else is left beside it or beside the database."""
    folder = tmp_path / "backups"
    folder.mkdir()
    before = set(source.parent.iterdir())
    back_up_sqlite(source, target := folder / "a.db")
    assert list(folder.iterdir()) == [target]
    assert set(source.parent.iterdir()) == before
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["a.db", "a.db-wal", "a.db-journal"])
def test_nothing_is_overwritten(source: Path, tmp_path: Path, name: str) -> None:
    """Not a link that leads nowhere either, nor does an old log spoil the backup."""
    taken, other = tmp_path / name, tmp_path / "other"
    taken.write_text("mine")
    with pytest.raises(BackupFailed, match=f"{name} exists already"):
        back_up_sqlite(source, tmp_path / "a.db")
    assert taken.read_text() == "mine"
    taken.unlink()
    taken.symlink_to(other)
    with pytest.raises(BackupFailed, match=f"{name} exists already"):
        back_up_sqlite(source, tmp_path / "a.db")
    assert not other.exists()


def test_a_full_disk_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says that it is full."""
    connect, folder = sqlite3.connect, tmp_path / "full"
    folder.mkdir()

    def with_little_room(database: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(database, **options)
        if str(folder) in str(database):
            connection.execute("PRAGMA max_page_count = 3")
        return connection

    monkeypatch.setattr(sqlite3, "connect", with_little_room)
    with pytest.raises(BackupFailed, match="full"):
        back_up_sqlite(source, folder / "a.db")
    assert list(folder.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    """A folder that does not exist, and a file in place of a folder."""
    for target in (tmp_path / "none" / "a.db", source / "a.db"):
        with pytest.raises(BackupFailed, match="cannot be written") as raised:
            back_up_sqlite(source, target)
        assert str(target) in str(raised.value)


def _damage(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'tickets'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as written:
        written.seek((page - 1) * size)
        written.write(b"\xff" * size)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_damage, "damaged|malformed"),
        (_empty, "holds no tickets"),
        (lambda file: file.write_text("no database " * 100), "not a database"),
        (Path.unlink, "no database at"),
    ],
    ids=["damaged", "empty", "text", "missing"],
)
def test_what_is_no_sound_database_is_not_backed_up(
    source: Path, tmp_path: Path, spoil: Any, reason: str
) -> None:
    """A backup that cannot be restored is found today, not on the day that it is needed."""
    spoil(source)
    before = set(tmp_path.iterdir())
    with pytest.raises(BackupFailed, match=reason):
        back_up_sqlite(source, tmp_path / "a.db")
    assert set(tmp_path.iterdir()) == before


def test_journals_of_gates_bring_back_who_is_inside(source: Path, tmp_path: Path) -> None:
    """A gate that syncs again after a restore counts what the backup lacks, and nothing twice."""
    with opened(source) as engine:
        events = SqlEvents(engine)
        event = stored_event(events)
        door = Door(events, SqlTickets(engine), SqlAdmissions(engine), event)
        ticket = door.issued(3)
        early, late = (entry_of(scan_of(ticket)) for _ in range(2))
        door.admissions.record(early)
        backup = tmp_path / "backup.db"
        back_up_sqlite(source, backup)
        lost = entry_of(scan_of(door.issued()))
        journal = [early, late, lost]
        assert [type(each) for each in map(door.admissions.record, journal)] == [
            Known,
            Recorded,
            Recorded,
        ]
    with opened(backup) as engine:
        store = SqlAdmissions(engine)
        assert [store.record(each) for each in journal] == [
            Known(),
            Recorded(1, 0, None),
            StrayEntry(),
        ]
        assert store.inside(event.event_id).admitted == 2
        assert [each.ticket_id for each in store.strays(event.event_id)] == [lost.ticket_id]
