"""Lets something happen at one exact point of a step, such as just before a statement."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text


@contextmanager
def before(engine: Engine, words: str, action: Callable[[Connection], object]) -> Iterator[None]:
    """Call `action` once, just before the engine's first statement that contains `words`.

    Raises:
        AssertionError: There was no such statement.
    """
    is_done = False

    def check(connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        nonlocal is_done
        del cursor
        if words in statement and not is_done:
            is_done = True
            action(connection)

    event.listen(engine, "before_cursor_execute", check)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", check)
    assert is_done, f"no statement with {words!r}"


def await_blocked_sessions(
    engine: Engine, number: int = 1, *, unless: Callable[[], bool] = lambda: False
) -> None:
    """Wait until so many sessions of PostgreSQL wait for a lock, or until `unless` is true."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with engine.connect() as connection:
        while connection.execute(waiting).scalar_one() < number and not unless():
            connection.rollback()
