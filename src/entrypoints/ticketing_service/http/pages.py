"""Pages of a list. One entry more than asked for is read: it tells whether another page follows."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from flask import request
from msgspec import UNSET

from ticketing_service.http.bodies import Reader
from ticketing_service.http.shapes import PageQuery

Entry = TypeVar("Entry")
Entry_co = TypeVar("Entry_co", covariant=True)

_page_query = Reader(PageQuery)


class Newest(Protocol[Entry_co]):
    """Reads a part of a list, the largest ids first."""

    def __call__(self, *, before: int | None, limit: int) -> Sequence[Entry_co]:
        """At most ``limit`` entries with ids below ``before``."""


def page_of(
    newest: Newest[Entry], *, id_of: Callable[[Entry], int]
) -> tuple[Sequence[Entry], str | None]:
    """The page that the current request asks for, and the path of the next one.

    Raises:
        RequestRefused: The query is wrong.
    """
    asked = _page_query.query()
    entries = newest(before=None if asked.before is UNSET else asked.before, limit=asked.limit + 1)
    page = entries[: asked.limit]
    if len(entries) <= asked.limit:
        return page, None
    query = urlencode({"limit": asked.limit, "before": id_of(page[-1])})
    # A path: behind a proxy this server does not know the address it is reached at.
    return page, f"{request.script_root}{request.path}?{query}"
