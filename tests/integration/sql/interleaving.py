"""Lets something happen at one exact point of a step: just before one of its statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event


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
