"""Makes a backup of a SQLite database while others write to it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from ticketing_adapters.sql.engine import LOCK_TIMEOUT

_BESIDE = ("-wal", "-journal")
"""SQLite would replay such a file of an earlier database into the backup
(sqlite.org/howtocorrupt.html, 1.4)."""

_ONLY_THE_OWNER = 0o600
"""A backup names buyers."""


class BackupFailed(Exception):
    """There is no backup, and nothing half-written; the text says why."""


@frozen
class Backup:
    """A backup that was made and checked.

    Attributes:
        schema: The version of its schema.
        size: Its size in bytes.
    """

    schema: str
    size: int


def back_up_sqlite(source: Path, target: Path) -> Backup:
    """Copy the database as it stands at one instant. Readers and writers go on meanwhile.

    The backup is one file, readable for this user alone. It gets its name only when it is whole,
    checked and on the disk.

    Raises:
        BackupFailed: Something is in the way, or the database is damaged.
    """
    if not source.is_file():
        raise BackupFailed(f"there is no database at {source}")
    for name in (target.name, *(f"{target.name}{suffix}" for suffix in _BESIDE)):
        if os.path.lexists(target.with_name(name)):
            raise BackupFailed(f"{target.with_name(name)} exists already")
    try:
        # Beside the target, since a file cannot be renamed to another disk.
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            draft = Path(folder) / target.name
            schema = _copy(source, draft)
            draft.chmod(_ONLY_THE_OWNER)
            with _opened(draft) as descriptor:
                os.fsync(descriptor)
                size = os.fstat(descriptor).st_size
            # Of two backups to one name at the same time the later one stays, whole as well.
            draft.rename(target)
            with _opened(target.parent) as descriptor:
                os.fsync(descriptor)
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written: {error.strerror}") from error
    except sqlite3.Error as error:
        raise BackupFailed(str(error)) from error
    return Backup(schema=schema, size=size)


def _copy(source: Path, draft: Path) -> str:
    """Copy and check the database; return the version of its schema."""
    timeout = LOCK_TIMEOUT.total_seconds()
    # Not read-only: the last connection could not remove the files of the write-ahead log then.
    address = f"{source.resolve().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=timeout)) as original,
        closing(sqlite3.connect(draft, isolation_level=None)) as copy,
    ):
        # All pages in one step, so that none is from a later commit than the others.
        original.backup(copy, pages=-1)
        # Without a write-ahead log the copy is one file. The service turns it on again.
        copy.execute("PRAGMA journal_mode = DELETE")
        (problem,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if problem != "ok":
            raise BackupFailed(f"{source} is damaged: {problem}")
        try:
            (schema,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        except (sqlite3.OperationalError, TypeError) as error:
            raise BackupFailed(f"{source} holds no tickets: run `ticketing migrate`") from error
    return str(schema)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
