"""The database's clock: asked seldom, and not believed when it jumps or falls silent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from attrs import define
from sqlalchemy import Engine, text

from ticketing_adapters.sql import DatabaseClock, engine_for, origin_in
from ticketing_adapters.sql.clock import (
    ASK_EVERY,
    MOST_CORRECTION,
    MOST_ROUND_TRIP,
    MOST_SILENCE,
    STEADY,
    Elapsed,
    seconds_since_boot,
)
from ticketing_adapters.system import RandomCodes
from ticketing_core.errors import StoreUnavailable
from ticketing_core.ports import Clock, Codes
from ticketing_core.testing import EnvironmentContract
from ticketing_core.testing.contracts.examples import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@define
class FakeDatabase:
    """A machine that counts the seconds, and a database whose clock can be set.

    Attributes:
        seconds: What the machine has counted.
        ahead: How far the database's clock was set ahead.
        answers: Whether the database answers.
        asked: How often it was asked.
    """

    seconds: float = 1000.0
    ahead: timedelta = timedelta(0)
    answers: bool = True
    asked: int = 0

    def ask(self, elapsed: Elapsed) -> datetime:
        """See `Ask`."""
        self.asked += 1
        if not self.answers:
            raise StoreUnavailable
        return self.time() - timedelta(seconds=elapsed())

    def time(self) -> datetime:
        """Return the time of the database."""
        return NOON + timedelta(seconds=self.seconds) + self.ahead

    def wait(self, duration: timedelta) -> None:
        """Let time pass."""
        self.seconds += duration.total_seconds()

    def clock(self) -> DatabaseClock:
        """Return the clock of this machine."""
        return DatabaseClock(self.ask, elapsed=lambda: self.seconds)


@pytest.fixture
def database() -> FakeDatabase:
    """Give a database that answers."""
    return FakeDatabase()


def test_the_time_is_the_databases_without_asking_it(database: FakeDatabase) -> None:
    """It is asked once at the start, and counted on from there: no purchase asks."""
    clock = database.clock()
    database.wait(HOUR)
    assert clock.now() == database.time()
    assert database.asked == 1


def test_the_database_is_asked_every_thirty_seconds(database: FakeDatabase) -> None:
    """By those who begin a pass, however many there are."""
    clock = database.clock()
    for _ in range(6):
        database.wait(ASK_EVERY / 2)
        assert [clock.problem(), clock.problem()] == [None, None]
    assert database.asked == 1 + 3


def test_a_small_difference_is_followed(database: FakeDatabase) -> None:
    """Below a second it is what asking costs, and the time goes on evenly."""
    clock = database.clock()
    for ahead, followed in ((0.9, 0.0), (1.1, 1.1), (-2.0, -2.0), (-1.5, -2.0)):
        database.ahead = timedelta(seconds=ahead)
        database.wait(ASK_EVERY)
        assert clock.problem() is None
        assert clock.now() - database.time() == timedelta(seconds=followed - ahead)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, MOST_CORRECTION + SECOND])
def test_a_jump_is_reported_and_not_followed(database: FakeDatabase, ahead: timedelta) -> None:
    """The time goes on as before. Once the database has its old time again, all is well."""
    clock = database.clock()
    database.ahead = ahead
    database.wait(ASK_EVERY)
    seconds = f"{ahead.total_seconds():+.0f}"
    assert clock.problem() == f"The database's clock has jumped by {seconds} seconds."
    assert clock.now() == database.time() - ahead
    database.ahead = timedelta(0)
    database.wait(ASK_EVERY)
    assert clock.problem() is None
    assert clock.now() == database.time()


def test_a_new_time_is_believed_once_it_is_steady(database: FakeDatabase) -> None:
    """Not before two minutes, and a second jump counts anew."""
    clock = database.clock()
    for ahead in (HOUR, 2 * HOUR):
        database.ahead = ahead
        for _ in range(STEADY // ASK_EVERY):
            database.wait(ASK_EVERY)
            assert clock.problem() is not None
    assert clock.now() == database.time() - 2 * HOUR
    database.wait(ASK_EVERY)
    assert clock.problem() is None
    assert clock.now() == database.time()


def test_an_outage_is_reported_after_two_minutes(database: FakeDatabase) -> None:
    """The time goes on meanwhile. The first answer ends it."""
    clock = database.clock()
    database.answers = False
    database.wait(MOST_SILENCE)
    assert clock.problem() is None
    database.wait(SECOND)
    assert clock.problem() == "The database has not given its time for 121 seconds."
    assert clock.now() == database.time()
    database.answers = True
    assert clock.problem() is None


def test_without_a_first_answer_there_is_no_clock(database: FakeDatabase) -> None:
    """Its time would be a guess."""
    database.answers = False
    with pytest.raises(StoreUnavailable):
        database.clock()


class TestDatabaseClock(EnvironmentContract):
    """The clock of a real PostgreSQL."""

    @pytest.fixture(autouse=True)
    def _time_of(self, postgres_engine: Engine) -> None:
        self.engine = postgres_engine

    def make_clock(self) -> Clock:
        """See the suite."""
        return DatabaseClock(partial(origin_in, self.engine))

    def make_codes(self) -> Codes:
        """See the suite: not of the database."""
        return RandomCodes()


FAKED_CLOCK = text("""
CREATE SCHEMA faked;
CREATE TABLE faked.clock AS SELECT interval '0' AS ahead;
CREATE FUNCTION faked.clock_timestamp() RETURNS timestamptz LANGUAGE sql
AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM faked.clock'
""")
SET_CLOCK = text("UPDATE faked.clock SET ahead = :ahead")


@pytest.fixture
def faked_engine(postgres_engine: Engine) -> Iterator[Engine]:
    """Give a real PostgreSQL whose clock can be set."""
    with postgres_engine.begin() as connection:
        connection.execute(FAKED_CLOCK)
    options = {"options": "-c search_path=faked,pg_catalog,public"}
    url = postgres_engine.url.update_query_dict(options)
    engine = engine_for(url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def set_ahead(engine: Engine, ahead: timedelta) -> None:
    """Set the database's clock ahead."""
    with engine.begin() as connection:
        connection.execute(SET_CLOCK, {"ahead": ahead})


def test_the_time_of_a_real_database_is_followed_and_its_jump_is_not(faked_engine: Engine) -> None:
    """Whatever this machine's clock says: the time is an hour ahead of it from the start."""
    set_ahead(faked_engine, HOUR)
    later = 0.0
    clock = DatabaseClock(
        partial(origin_in, faked_engine), elapsed=lambda: seconds_since_boot() + later
    )

    def ahead_of_machine() -> timedelta:
        return clock.now() - datetime.now(UTC) - timedelta(seconds=later)

    assert abs(ahead_of_machine() - HOUR) < MOST_ROUND_TRIP
    set_ahead(faked_engine, 2 * HOUR)
    assert clock.problem() is None
    later = ASK_EVERY.total_seconds()
    problem = clock.problem()
    assert problem is not None
    assert problem.startswith("The database's clock has jumped by +3")
    assert abs(ahead_of_machine() - HOUR) < MOST_ROUND_TRIP


def test_a_slow_answer_is_none(postgres_engine: Engine) -> None:
    """The time in it may be wrong by half of what it took."""
    counted = iter([0.0, MOST_ROUND_TRIP.total_seconds() + 0.1])
    with pytest.raises(StoreUnavailable) as raised:
        origin_in(postgres_engine, lambda: next(counted))
    assert raised.value.reason == "the database took 2.1 s to tell the time"
