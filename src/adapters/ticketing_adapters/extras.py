"""Extras that are not installed, and what to do then."""

from collections.abc import Iterator
from contextlib import contextmanager

_OURS = "ticketing_"


class MissingExtra(ImportError):
    """A package is missing that an extra of `ticketing-core` installs; the text says which."""


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Import what an extra brings.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package.startswith(_OURS):
            raise
        raise MissingExtra(
            f"{package} is not installed: pip install 'ticketing-core[{extra}]'"
        ) from error
