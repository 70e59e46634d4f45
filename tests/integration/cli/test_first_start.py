"""A first start on an odd disk, role or database: it works, or the error names what is wrong."""

import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from tests.integration.cli.commands import ADD, Run
from tests.integration.cli.databases import database
from tests.integration.cli.processes import SECRET, environment, free_port
from tests.integration.cli.processes import run as run_process
from ticketing_adapters.jws_admission import SigningKey
from ticketing_adapters.sql import engine_for, migrate
from ticketing_service.settings import PREFIX

UNUSABLE = "Error: The database that TICKETING_DATABASE_URL names cannot be used now"


def test_the_database_is_for_its_owner_alone(migrated: Run, tmp_path: Path) -> None:
    """Buyers are in it. The files that SQLite makes beside it are as private."""
    assert migrated(*ADD).exit_code == 0
    with database(tmp_path) as engine, engine.connect():
        files = [file for file in tmp_path.iterdir() if file.name.startswith("ticketing.db")]
        assert len(files) == 3
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_control_a_file_that_exists_keeps_its_rights(run: Run, tmp_path: Path) -> None:
    """It is only made once: an operator may have given it to a group."""
    path = tmp_path / "ticketing.db"
    path.touch(0o640)
    path.chmod(0o640)
    assert run("migrate").exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_folder_that_takes_no_file_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Linux's own folder not even root can make a file."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", "sqlite:////proc/self/ticketing.db")
    result = run("migrate")
    assert result.exit_code == 1
    assert result.stderr.startswith(UNUSABLE)
    assert "/proc/self/ticketing.db cannot be made: No such file" in result.stderr


def _small_files() -> None:
    """Let no file grow beyond 16 KiB: the effect of a full disk, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384))


def test_a_disk_that_is_full_is_told_and_can_be_mended(tmp_path: Path) -> None:
    """The start fails in one line; the next one, with room, works."""
    env = environment(jwt_secret=SECRET)
    full = run_process("migrate", env=env, cwd=tmp_path, preexec_fn=_small_files)
    assert full.returncode == 1
    assert full.stderr.startswith(UNUSABLE)
    assert "Traceback" not in full.stderr
    assert run_process("migrate", env=env, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    "command", [["migrate"], ["event", "list"], ["keys"], ["serve", *free_port()]]
)
def test_a_database_of_a_newer_version_is_told(
    migrated: Run, tmp_path: Path, command: list[str]
) -> None:
    """Not "run migrate", which could not help, and no traceback."""
    with database(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    result = migrated(*command)
    assert result.exit_code == 1
    assert "Either a newer version of it has migrated the database" in result.stderr
    assert "ticketing migrate" not in result.stderr


def test_control_a_database_of_an_older_version_is_to_be_migrated(
    migrated: Run, tmp_path: Path
) -> None:
    """Only an unknown version is a newer one."""
    with database(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "ticketing migrate" in migrated("event", "list").stderr


@pytest.fixture
def role(run: Run, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the name of a role without any right, with which the commands use a database."""
    del run
    url = make_url(postgres_url)
    name = f"clerk_{uuid4().hex}"
    SigningKey.generate().save_new(Path("signing.pem"))
    monkeypatch.setenv(f"{PREFIX}SIGNING_KEY_FILE", "signing.pem")
    as_role = url.set(username=name, password="x").render_as_string(hide_password=False)
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", as_role)
    execute(postgres_url, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    execute(postgres_url, f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
    yield name
    execute(postgres_url, f"DROP OWNED BY {name}")
    execute(postgres_url, f"DROP ROLE {name}")


def execute(url: str, statement: str) -> None:
    """Execute a statement as the owner of the database."""
    engine = engine_for(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_role_without_rights_on_the_schema_is_told(
    run: Run, role: str, postgres_url: str
) -> None:
    """It sees no schema; with a look at it, it may not make tables there."""
    for said in ("no schema has been selected", "permission denied for schema public"):
        result = run("migrate")
        assert result.exit_code == 1
        assert f"may not change the schema (a right is missing: {said}" in result.stderr
        assert "Run `ticketing migrate` as the owner of the tables" in result.stderr
        execute(postgres_url, f"GRANT USAGE ON SCHEMA public TO {role}")


def test_a_role_without_rights_on_tables_is_told(run: Run, role: str, postgres_url: str) -> None:
    """The error names the table; no command ends in a traceback."""
    engine = engine_for(postgres_url)
    migrate(engine)
    engine.dispose()
    execute(postgres_url, f"GRANT USAGE ON SCHEMA public TO {role}")
    unreadable = run("event", "list")
    assert unreadable.exit_code == 1
    assert "a right is missing: permission denied for table alembic_version" in unreadable.stderr
    assert "as the owner" not in unreadable.stderr
    execute(postgres_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    assert run("event", "list").exit_code == 0
    for command in (ADD, ["doctor"]):
        result = run(*command)
        assert result.exit_code == 1
        assert "a right is missing: permission denied for table" in " ".join(result.output.split())
