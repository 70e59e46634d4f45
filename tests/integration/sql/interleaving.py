"""Something happens at one exact point inside a step: just before one of its statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event


@contextmanager
def before(engine: Engine, words: str, strike: Callable[[Connection], object]) -> Iterator[None]:
    """Strike once, just before the engine's first statement with these words.

    Raises:
        AssertionError: There was no such statement.
    """
    has_struck = False

    def look(connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        nonlocal has_struck
        del cursor
        if words in statement and not has_struck:
            has_struck = True
            strike(connection)

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", look)
    assert has_struck, f"no statement with {words!r}"
