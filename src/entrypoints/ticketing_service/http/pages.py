"""Pages of a list. One more entry is read than the page has, to know whether another follows."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from flask import request
from msgspec import UNSET

from ticketing_service.http.base_path import base_path
from ticketing_service.http.bodies import Reader
from ticketing_service.http.schemas import PageQuery

Entry = TypeVar("Entry")

_page_query = Reader(PageQuery)


def page_of(
    newest: Callable[..., Sequence[Entry]], *, id_of: Callable[[Entry], int]
) -> tuple[Sequence[Entry], str | None]:
    """Return the page that the current request names, and the path of the next one.

    Args:
        newest: Returns at most ``limit`` entries with ids below ``before``, the largest first.
        id_of: Returns the id of an entry.

    Raises:
        InvalidInput: The query is wrong.
    """
    query = _page_query.query()
    before = None if query.before is UNSET else query.before
    entries = newest(before=before, limit=query.limit + 1)
    page = entries[: query.limit]
    if len(entries) <= query.limit:
        return page, None
    return page, address_of_next(limit=query.limit, before=id_of(page[-1]))


def address_of_next(**query: int | str) -> str:
    """Return the path of the page of the current list with this query.

    A path, since behind a proxy the server does not know its public address.
    """
    return f"{base_path()}{request.path}?{urlencode(query)}"
