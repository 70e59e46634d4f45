"""Readiness: `/readyz` names each reason why a service over a real database cannot sell."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from attrs import evolve, frozen
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, event, text

from tests.integration.cli.keys import private_pem
from tests.integration.cli.processes import SECRET
from ticketing_adapters.sql import DatabaseClock, origin_in
from ticketing_core.testing import ManualClock
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.composition.condition import (
    MOST_CLOCK_DIFFERENCE,
)
from ticketing_service.settings import PREFIX, load_settings


@pytest.fixture
def service(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """Give a service that is ready. Only PostgreSQL has a clock of its own."""
    key = tmp_path / "signing.pem"
    key.write_bytes(private_pem(Ed25519PrivateKey.generate()))
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", postgres_url)
    monkeypatch.setenv(f"{PREFIX}SIGNING_KEY_FILE", str(key))
    monkeypatch.setenv(f"{PREFIX}JWT_SECRET", SECRET)
    settings = load_settings(access=True, signing_key=True)
    migrate_database(settings)
    with closing(build(settings)) as made:
        yield made


def readiness(service: Service) -> tuple[int, str]:
    """Return the status and the detail of `/readyz`."""
    response = service.wsgi().test_client().get("/readyz")
    return response.status_code, response.get_json(force=True).get("detail", "")


def clock_ahead(service: Service) -> Service:
    """Move this machine's clock ahead of the database's."""
    late = datetime.now(UTC) + MOST_CLOCK_DIFFERENCE + timedelta(seconds=5)
    return evolve(service, machine_clock=ManualClock(late))


def clock_jumped(service: Service) -> Service:
    """Let the database's time jump, while this machine's stays right."""

    class Jumped(DatabaseClock):
        def problem(self) -> str:
            return "The database's clock has jumped by +3600 seconds."

    clock = Jumped(partial(origin_in, service.store.engine))
    return evolve(service, store=evolve(service.store, database_clock=clock))


def unknown_key(service: Service) -> Service:
    """Sign with a key that the database does not know."""
    return evolve(service, current_kid="unknown")


def revoked_key(service: Service) -> Service:
    """Revoke the key that it signs with."""
    service.store.public_keys.revoke(service.current_kid, at=datetime.now(UTC))
    return service


def other_schema(service: Service) -> Service:
    """Bring the database to the schema of a later version."""
    with service.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    return service


def test_an_additive_migration_of_a_newer_version_keeps_it_ready(service: Service) -> None:
    """A balancer must not take out all old processes before the first new one is there."""
    with service.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_for_0002'"))
    assert readiness(service) == (200, "")


def restored(service: Service) -> Service:
    """Let a restore of the database be unfinished."""
    service.store.installation.begin_restore(at=datetime.now(UTC))
    return service


def read_only(service: Service) -> Service:
    """Let the database take no changes, as a replica does."""

    def forbid(connection: Connection) -> None:
        # A look-up has no transaction.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    event.listen(service.store.engine, "begin", forbid)
    return service


@frozen
class Fault:
    """A fault, the pattern of its report, and the check that finds it with a blind replacement."""

    cause: Callable[[Service], Service]
    report: str
    check: str
    blind: object


FAULTS = [
    Fault(
        clock_ahead,
        r"This machine's clock, .*, and the database's differ by \d+ seconds\.",
        "condition.MOST_CLOCK_DIFFERENCE",
        timedelta.max,
    ),
    Fault(
        clock_jumped,
        r"The database's clock has jumped by \+3600 seconds\. Nothing is settled .*\.",
        "condition.Store.clock_problem",
        lambda _: None,
    ),
    Fault(
        unknown_key,
        r"The database does not know the key that signs admission tokens\.",
        "condition._key_problem",
        lambda *_: [],
    ),
    Fault(
        revoked_key,
        r"The key that signs admission tokens was revoked: put another in its place, and restart\.",
        "condition._key_problem",
        lambda *_: [],
    ),
    Fault(
        restored,
        r"The database was restored from a backup, .*: run `ticketing restored`\.",
        "condition.restore_problem",
        lambda _: None,
    ),
    Fault(
        read_only,
        r"The database takes no changes: .*cannot execute UPDATE in a read-only transaction\.",
        "condition.try_to_write",
        lambda _: None,
    ),
    Fault(
        other_schema,
        r"The database has the schema of another version\.",
        "condition.is_usable",
        lambda _: True,
    ),
]
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=[each.cause.__name__ for each in FAULTS])


def test_a_service_without_faults_is_ready(service: Service) -> None:
    """A small difference of the clocks is not a fault."""
    near = ManualClock(datetime.now(UTC) + MOST_CLOCK_DIFFERENCE - timedelta(seconds=2))
    assert readiness(evolve(service, machine_clock=near)) == (200, "")


@each_fault
def test_each_fault_is_reported(service: Service, fault: Fault) -> None:
    """The status is 503, and the detail is the reason."""
    status, detail = readiness(fault.cause(service))
    assert status == 503
    assert re.fullmatch(fault.report, detail)


@each_fault
def test_a_missing_check_is_the_control(
    service: Service, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its check each fault passes as ready: the test above would fail."""
    monkeypatch.setattr(f"ticketing_service.composition.{fault.check}", fault.blind)
    assert readiness(fault.cause(service)) == (200, "")
