"""The API keeps what was released of it."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_breaks import breaks

DOCS = Path(__file__).parents[2] / "docs"


def read(name: str) -> Any:
    """Return a document."""
    return json.loads((DOCS / name).read_text(encoding="utf-8"))


def test_nothing_that_was_released_is_taken_away() -> None:
    """Unless the version of the API has risen, which says that a client has to change."""
    released, now = read("released/openapi.json"), read("openapi.json")
    if released["info"]["version"] == now["info"]["version"]:
        assert breaks(released, now) == []


Change = Callable[[Any, Any], object]
"""Of a document, and of the schemas in it."""

BREAKS: dict[str, Change] = {
    "a method": lambda document, _: document["paths"]["/api/events/"].pop("get"),
    "a path": lambda document, _: document["paths"].pop("/api/events/"),
    "a member of an answer": lambda _, all_: all_["TicketAnswer"]["properties"].pop("quantity"),
    "a member that may be absent": lambda _, all_: all_["TicketAnswer"]["required"].remove("total"),
    "a member of a problem": lambda _, all_: all_["Problem"]["properties"].pop("code"),
    "a member of a request": lambda _, all_: all_["PurchaseRequest"]["properties"].pop("quantity"),
    "a new required member": lambda _, all_: all_["CheckInRequest"]["required"].append("gate"),
    "another type": lambda _, all_: of(all_, "IssuedAnswer", "ticket_id").update(type="string"),
    "null": lambda _, all_: of(all_, "IssuedAnswer", "detail").update(type=["string", "null"]),
    "another format": lambda _, all_: of(all_, "CheckInRequest", "scan_id").update(format="date"),
    "a shorter text": lambda _, all_: of(all_, "CheckInRequest", "gate").update(maxLength=1),
    "a token": lambda document, _: events(document).update(security=[{"access_token": []}]),
    "a narrower query": lambda document, _: limit(document)["schema"].update(maximum=5),
    "fewer values": lambda document, _: limit(document)["schema"].update(enum=[1]),
    "a query that is gone": lambda document, _: events(document)["parameters"].pop(),
    "a query that is required": lambda document, _: limit(document).update(required=True),
    "another success": lambda document, _: events(document)["responses"].pop("200"),
}

ADDITIONS: dict[str, Change] = {
    "a path": lambda document, _: document["paths"].update({"/new/": {}}),
    "an optional member": lambda _, all_: all_["PurchaseRequest"]["properties"].update(seat={}),
    "a member of an answer": lambda _, all_: all_["TicketAnswer"]["properties"].update(seat={}),
    "a code of a problem": lambda _, all_: of(all_, "Problem", "code")["enum"].append("new"),
    "a longer text": lambda _, all_: of(all_, "CheckInRequest", "gate").update(maxLength=1000),
    "words": lambda _, all_: all_["TicketAnswer"].update(description="New"),
    "no such problem": lambda document, _: events(document)["responses"].pop("400"),
}


def of(schemas: Any, schema: str, member: str) -> Any:
    """Return the schema of a member."""
    return schemas[schema]["properties"][member]


def events(document: Any) -> Any:
    """Return the operation that lists events."""
    return document["paths"]["/api/events/"]["get"]


def limit(document: Any) -> Any:
    """Return its first parameter."""
    return events(document)["parameters"][0]


def changed(change: Change) -> tuple[Any, Any]:
    """Return the document, and what a change makes of it."""
    old = read("openapi.json")
    new = deepcopy(old)
    change(new, new["components"]["schemas"])
    assert new != old
    return old, new


@pytest.mark.parametrize("name", BREAKS)
def test_control_a_break_is_found(name: str) -> None:
    """Control: each of these would break a client."""
    assert breaks(*changed(BREAKS[name])) != []


@pytest.mark.parametrize("name", ADDITIONS)
def test_control_an_addition_is_none(name: str) -> None:
    """Control: these break nobody."""
    assert breaks(*changed(ADDITIONS[name])) == []


def test_control_an_unknown_rule_is_no_pass() -> None:
    """Control: what the comparison does not understand is an error."""
    document = read("openapi.json")
    document["components"]["schemas"]["TicketAnswer"]["not"] = {}
    with pytest.raises(NotImplementedError):
        breaks(document, document)
