"""`ticketing backup`: its output, its exit codes, and what it says where it cannot help."""

from pathlib import Path

import pytest

from tests.integration.cli.commands import ADD, Run, printed
from ticketing_service.settings import PREFIX


def test_a_backup_can_take_the_place_of_the_database(migrated: Run, tmp_path: Path) -> None:
    """The events are in it. The key of admission tokens is not, and the command says so."""
    added = printed(migrated(*ADD, "--json"))
    made = printed(migrated("backup", "backup.db", "--json"))
    assert made == {
        "file": "backup.db",
        "bytes": (tmp_path / "backup.db").stat().st_size,
        "schema": "0003",
        "signing_key_file": "ticketing.signing.pem",
    }
    assert "ticketing.signing.pem" in migrated("backup", "another.db").stdout
    for name in ("ticketing.db", "ticketing.db-wal", "ticketing.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "backup.db").rename(tmp_path / "ticketing.db")
    assert printed(migrated("event", "list", "--json")) == {"events": [added]}


def test_a_second_backup_under_the_same_name_is_refused(migrated: Run, tmp_path: Path) -> None:
    """It exits with 1 and leaves the first as it was."""
    printed(migrated("backup", "backup.db", "--json"))
    first = (tmp_path / "backup.db").read_bytes()
    result = migrated("backup", "backup.db")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: No backup was made: backup.db exists already.\n"
    assert (tmp_path / "backup.db").read_bytes() == first


def test_without_a_database_there_is_no_backup(run: Run, tmp_path: Path) -> None:
    """Nothing is left behind, not even an empty database."""
    result = run("backup", "backup.db")
    assert result.exit_code == 1
    assert "no database at ticketing.db" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_tools_of_its_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command names them, without a call of the server."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = run("backup", "backup.db")
    assert result.exit_code == 1
    assert "pg_dump" in result.stderr
    assert list(tmp_path.iterdir()) == []
