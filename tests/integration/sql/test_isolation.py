"""Steps are isolated alike, whatever the database or the URL makes the default."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.integration.sql.interleaving import await_blocked_sessions, before
from tests.integration.sql.racing import count_places
from tests.integration.sql.shops import open_shop
from ticketing_adapters.sql import SqlInstallation, engine_for, sessions
from ticketing_adapters.sql.lanes import Blocked
from ticketing_core.reservation import RESTORING, Held, HoldOutcome
from ticketing_core.testing.contracts.examples import NOON, draft

LEVEL = "repeatable read"

Choice = Callable[[str], str]


def by_the_database(url: str) -> str:
    """Make it the default of the database."""
    plain = create_engine(url, isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        name = plain.url.database
        setting = f"SET default_transaction_isolation = '{LEVEL}'"
        connection.execute(text(f'ALTER DATABASE "{name}" {setting}'))
    plain.dispose()
    return url


def by_the_url(url: str) -> str:
    """Make it the default of the program's connections."""
    escaped = LEVEL.replace(" ", "%5C%20")
    return f"{url}&options=-c%20default_transaction_isolation%3D{escaped}"


@pytest.fixture(params=[by_the_database, by_the_url])
def url(request: pytest.FixtureRequest, migrated_postgres_url: str) -> str:
    """The URL of a database with another default, and of the connections to it."""
    choose: Choice = request.param
    return choose(migrated_postgres_url)


@pytest.fixture
def engines(url: str) -> Iterator[tuple[Engine, Engine]]:
    """Those of two processes."""
    pair = engine_for(url), engine_for(url)
    yield pair
    for each in pair:
        each.dispose()


def held_while_a_restore_begins(engine: Engine, other: Engine) -> Sequence[HoldOutcome | Blocked]:
    """Sell a free place, then another one while a restore begins; return the second outcome."""
    shop = open_shop(engine)
    assert isinstance(shop.step(draft(shop.event))[0], Held)
    waiting: list[Future[Sequence[HoldOutcome | Blocked]]] = []
    with ThreadPoolExecutor(1) as pool:

        def come() -> None:
            waiting.append(pool.submit(shop.step, draft(shop.event)))
            await_blocked_sessions(other)

        with before(other, "UPDATE installation", lambda _: come()):
            SqlInstallation(other).begin_restore(at=NOON)
        outcomes = waiting[0].result()
    sold = sum(isinstance(each, Held) for each in outcomes)
    assert count_places(other, shop.event) == 1 + sold
    return outcomes


def test_a_free_ticket_is_not_sold_while_a_restore_begins(engines: tuple[Engine, Engine]) -> None:
    """Its statement waits, and then sees the mark that was not there when it came."""
    assert held_while_a_restore_begins(*engines) == [RESTORING]


def test_control_a_default_that_is_left_alone_sells_during_a_restore(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: it goes on with what it saw when it came."""
    monkeypatch.setattr(sessions, "_ISOLATION", "")
    (outcome,) = held_while_a_restore_begins(*engines)
    assert isinstance(outcome, Held)


def test_a_single_statement_is_isolated_as_any(engines: tuple[Engine, Engine]) -> None:
    """Look-ups, too, which begin no transaction."""
    for each in engines:
        with each.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            shown = connection.execute(text("SELECT current_setting('transaction_isolation')"))
            assert shown.scalar_one() == "read committed"
