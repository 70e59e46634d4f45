"""Old programs on a schema that a newer version has migrated: they go on if the migration adds."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from tests.support.newer_program import NUMBER, newer_program
from ticketing_adapters.sql import (
    SqlEvents,
    SqlTickets,
    is_usable,
    migrate,
    schema,
    unknown_version,
)
from ticketing_core.testing.contracts.examples import draft, held, stored_event
from ticketing_service.composition import migrate_database
from ticketing_service.composition.database import open_store
from ticketing_service.settings import PREFIX, CannotStart, load_settings

Upgrade = Callable[..., None]


@pytest.fixture
def upgrade(empty_engine: Engine, tmp_path: Path) -> Upgrade:
    """Migrate by a program that is newer than this one."""

    def run(*revisions: str) -> None:
        migrate(empty_engine)
        with newer_program(*revisions, folder=tmp_path):
            migrate(empty_engine)
            assert is_usable(empty_engine)
        assert inspect(empty_engine).has_table(f"t{len(revisions) - 1}")

    return run


ADDITIVE = [
    (f"9001_for_{NUMBER}",),
    (f"9001_for_{NUMBER}", f"9002_for_{NUMBER}"),
    ("9001_for_0001", f"9002_for_{NUMBER}"),
]
BREAKING = [
    ("9001",),
    ("9001", "9002_for_9001"),
    (f"9001_for_{NUMBER}", "9002_for_9001"),
    (f"9001_for_{NUMBER}", "9002"),
]
each_additive = pytest.mark.parametrize("revisions", ADDITIVE, ids="+".join)
each_breaking = pytest.mark.parametrize("revisions", BREAKING, ids="+".join)


@each_additive
def test_an_old_program_goes_on_after_an_additive_migration(
    empty_engine: Engine, upgrade: Upgrade, revisions: tuple[str, ...]
) -> None:
    """It can use the schema, and sells."""
    upgrade(*revisions)
    assert is_usable(empty_engine)
    ticket = held(SqlTickets(empty_engine), draft(stored_event(SqlEvents(empty_engine))))
    assert SqlTickets(empty_engine).by_id(ticket.ticket_id) == ticket


@each_breaking
def test_an_old_program_stops_after_any_other_migration(
    empty_engine: Engine, upgrade: Upgrade, revisions: tuple[str, ...]
) -> None:
    """As long as the newest migration does not name its version, or an older one."""
    upgrade(*revisions)
    assert not is_usable(empty_engine)
    assert unknown_version(empty_engine) is not None


def test_a_new_program_never_uses_an_older_schema(empty_engine: Engine, tmp_path: Path) -> None:
    """Not even if its migration is additive: it may need what that adds."""
    migrate(empty_engine)
    with newer_program(*ADDITIVE[0], folder=tmp_path):
        assert not is_usable(empty_engine)
        assert unknown_version(empty_engine) is None


def test_the_commands_of_an_old_program_say_the_same(
    upgrade: Upgrade, empty_url: str, monkeypatch: pytest.MonkeyPatch, empty_engine: Engine
) -> None:
    """It opens the database, and has nothing to migrate; or both tell what to do."""
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", empty_url)
    settings = load_settings()
    upgrade(*ADDITIVE[0])
    open_store(settings).close()
    assert not migrate_database(settings)
    with empty_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9001'"))
    for refused in (open_store, migrate_database):
        with pytest.raises(CannotStart, match="newer version of it has migrated the database"):
            refused(settings)


def test_demanding_the_own_version_is_the_control(
    empty_engine: Engine, upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the rule every process would stop: the tests above would fail."""
    monkeypatch.setattr(schema, "FOR_PROGRAMS_SINCE", "nothing")
    upgrade(*ADDITIVE[0])
    assert not is_usable(empty_engine)


def test_each_migration_names_an_older_one() -> None:
    """A wrong number would shut out every program."""
    numbers = []
    for version in reversed(schema.VERSIONS):
        number, mark, oldest = version.partition(schema.FOR_PROGRAMS_SINCE)
        assert not mark or oldest in numbers
        numbers.append(number)
