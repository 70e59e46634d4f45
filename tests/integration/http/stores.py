"""Stores and gateways that fail in ways the shipped fakes do not."""

from typing import Any, NoReturn

from ticketing_core.errors import StoreUnavailable


class AwayStore:
    """Events and tickets of a database that does not respond."""

    def __getattr__(self, name: str) -> Any:
        def step(*_: object, **__: object) -> NoReturn:
            raise StoreUnavailable(f"{name}: connection refused by db.internal")

        return step


class BrokenStore:
    """Events and tickets of an adapter that has a bug."""

    def __getattr__(self, name: str) -> Any:
        def step(*_: object, **__: object) -> NoReturn:
            raise RuntimeError(f"{name}: password=hunter2")

        return step
