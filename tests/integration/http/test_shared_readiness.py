"""`/readyz` under load, and while its check hangs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from attrs import define, field

from tests.integration.http.services import CREATE, Service
from ticketing_service.capacity.limits import Limits
from ticketing_service.condition import Condition
from ticketing_service.http.readiness import (
    HANGS_AFTER_SECONDS,
    MAX_AGE_SECONDS,
    SharedReadiness,
)

SOON = 10.0


@define
class Database:
    """Answers the check with what is wrong, or hangs while it is closed."""

    now: float = 0.0
    wrong: Sequence[str] = ()
    is_open: Event = field(factory=Event)
    is_asked: Event = field(factory=Event)

    def check(self) -> Condition:
        """Return the condition."""
        self.is_asked.set()
        assert self.is_open.wait(SOON)
        return Condition(reasons=list(self.wrong))

    def seconds(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def database() -> Iterator[Database]:
    """Give a database that answers; nothing hangs after the test."""
    made = Database()
    made.is_open.set()
    yield made
    made.is_open.set()


def test_readiness_is_answered_when_everything_else_is_refused(service: Service) -> None:
    """A balancer must not take a busy process out. The control: a purchase is refused."""
    service.rebuild(limits=Limits(0))
    assert service.get("/readyz", buyer=None).status_code == 200
    assert service.post(CREATE, {}).status_code == 503


def test_what_was_found_holds_for_a_moment(database: Database) -> None:
    """Then it is looked for again."""
    shared = SharedReadiness(database.check, seconds=database.seconds)
    assert shared().reasons == []
    database.wrong = ["The disk is full."]
    assert shared().reasons == []
    database.now += MAX_AGE_SECONDS
    assert shared().reasons == ["The disk is full."]
    database.wrong = []
    database.now += MAX_AGE_SECONDS
    assert shared().reasons == []


def while_it_hangs(
    database: Database, readiness: Callable[[], Condition], *, after: float
) -> Sequence[str] | None:
    """Return what a caller gets beside one whose check hangs; None if this one hangs as well."""
    with ThreadPoolExecutor(2) as pool:
        try:
            database.is_open.clear()
            database.is_asked.clear()
            first = pool.submit(readiness)
            assert database.is_asked.wait(SOON)
            database.now += after
            second = pool.submit(readiness)
            try:
                return second.result(timeout=1).reasons
            except TimeoutError:
                return None
        finally:
            database.is_open.set()
            assert first.result(SOON).reasons == []


def test_only_one_caller_waits_for_a_database_that_hangs(database: Database) -> None:
    """The others get what was found last, and after a while that it hangs."""
    shared = SharedReadiness(database.check, seconds=database.seconds)
    assert while_it_hangs(database, shared, after=0.0) == ["The first check is under way."]
    database.now += MAX_AGE_SECONDS
    assert while_it_hangs(database, shared, after=HANGS_AFTER_SECONDS - 1) == []
    database.now += MAX_AGE_SECONDS
    [reason] = while_it_hangs(database, shared, after=HANGS_AFTER_SECONDS) or ()
    assert "has not answered" in reason


def test_a_check_of_each_caller_is_the_control(database: Database) -> None:
    """All of them would wait."""
    assert while_it_hangs(database, database.check, after=HANGS_AFTER_SECONDS) is None


def test_a_check_that_fails_is_made_again(database: Database) -> None:
    """A bug in it is raised in the caller that made it, and no other waits for ever."""
    fails = [True]

    def check() -> Condition:
        if fails.pop():
            raise ZeroDivisionError
        return database.check()

    shared = SharedReadiness(check, seconds=database.seconds)
    with pytest.raises(ZeroDivisionError):
        shared()
    fails.append(False)
    assert shared().reasons == []


def test_each_change_is_logged_once(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Of what keeps the service from selling, and of what does not work as it should."""
    conditions = [
        Condition(),
        Condition(degraded=["Stripe does not answer."]),
        Condition(reasons=["The disk is full."], degraded=["Stripe does not answer."]),
        Condition(),
    ]
    found = iter([each for each in conditions for _ in range(2)])
    shared = SharedReadiness(lambda: next(found), seconds=database.seconds)
    for _ in range(2 * len(conditions)):
        shared()
        database.now += MAX_AGE_SECONDS
    assert caplog.messages == [
        "degraded: Stripe does not answer.",
        "not ready: The disk is full.",
        "ready again",
        "no longer degraded",
    ]
