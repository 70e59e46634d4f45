"""Lists of objects, in pages (docs.stripe.com/api/pagination)."""

import operator
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, TypeVar

from ticketing_service.sandbox.parameters import PAGING
from ticketing_service.sandbox.refusals import Json, invalid
from ticketing_service.sandbox.stripe_objects import list_object

_Record = TypeVar("_Record")

_USUAL_LIMIT = 10
_COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def page(
    by_id: Mapping[str, _Record],
    params: dict[str, Any],
    *,
    url: str,
    write: Callable[[_Record], Json],
) -> Json:
    """Return one page, newest first.

    The cursor may be any object, also one that the filters leave out: it may have stopped matching
    since the page that ended with it.
    """
    backwards = "ending_before" in params
    ids = list(by_id) if backwards else list(by_id)[::-1]
    name = "ending_before" if backwards else "starting_after"
    if name in params:
        if params[name] not in by_id:
            message = f"No such object: '{params[name]}'"
            raise invalid(message, param=name, code="resource_missing")
        ids = ids[ids.index(params[name]) + 1 :]
    limit = params.get("limit", _USUAL_LIMIT)
    written = (write(by_id[object_id]) for object_id in ids)
    found = list(islice((one for one in written if _matches(one, params)), limit + 1))
    data = found[:limit]
    return list_object(data[::-1] if backwards else data, url=url, has_more=len(found) > limit)


def _matches(written: Json, params: dict[str, Any]) -> bool:
    created = params.get("created", {})
    return (
        all(_COMPARISONS[name](written["created"], at) for name, at in created.items())
        and written.get("type") in params.get("types", [written.get("type")])
        # "A specific event name, or group of events using * as a wildcard"
        and fnmatchcase(written.get("type", ""), params.get("type", "*"))
        and all(
            written[name] == value
            for name, value in params.items()
            if name not in PAGING and name not in {"type", "types"}
        )
    )
