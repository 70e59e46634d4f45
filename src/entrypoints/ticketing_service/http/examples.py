"""The examples in the OpenAPI document.

Those of requests and answers were recorded: the tests make these calls again, and compare. Those of
problems are made here as the service makes its problems.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from attrs import Factory, frozen

from ticketing_core import Money, errors
from ticketing_service.http.problems import ERRORS, body_of
from ticketing_service.http.service_errors import FieldProblem, InternalError, InvalidInput

RECORDED = Path(__file__).with_name("examples.json")

_PROBLEMS = (
    InvalidInput(FieldProblem(field="quantity", detail="must be at least 1")),
    InternalError("9d3b1c2e8f7a4d5b90c1a2e3f4d5b6c7"),
    errors.SoldOut(places_left=1),
    errors.OverOrderLimit(limit=10),
    errors.OverBuyerLimit(limit=4, kept=3),
    errors.SaleNotOpen(opens_at=datetime(2030, 1, 1, 10, tzinfo=UTC)),
    errors.TotalTooLarge(largest=Money(99_999_999, "usd")),
    errors.TotalTooSmall(smallest=Money(50, "usd")),
    errors.PaymentRefused(gateway_code="rate_limit", retryable=True),
    errors.EventNotFound(7),
    errors.TicketNotFound(7),
    errors.IdTaken(7),
    errors.CapacityBelowKept(kept=312),
    errors.StaleVersion(version=5),
    errors.BuyerHasOpenOrders(ticket_ids=(7,)),
    errors.NameTaken("crm"),
    errors.SubscriptionNotFound("crm"),
    errors.Overloaded(retry_after=timedelta(seconds=2)),
    errors.NotReady("A restore of the database is not finished."),
)
"""The problems with attributes. The others are always the same."""


@frozen(kw_only=True)
class Examples:
    """What was recorded of one operation.

    Attributes:
        parameters: Values of parameters, by name.
        bodies: Bodies of requests: OpenAPI's Example Objects, by name.
        answers: Bodies of answers with status 200, in the same form.
    """

    parameters: Mapping[str, Any] = Factory(dict)
    bodies: Mapping[str, Any] = Factory(dict)
    answers: Mapping[str, Any] = Factory(dict)

    def on(self, parameters: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Return the parameters of the operation with their examples."""
        values = {name: {"example": value} for name, value in self.parameters.items()}
        return [{**each, **values.get(each["name"], {})} for each in parameters]


@cache
def of_problems() -> Mapping[str, Any]:
    """Return an Example Object for each error, by its code."""
    known = {each.code: each for each in _PROBLEMS}
    # An error without an entry above has no arguments.
    made = {code: known.get(code) or error() for code, error in ERRORS.items()}
    return {code: {"value": msgspec.to_builtins(body_of(error))} for code, error in made.items()}


def of_operation(name: str) -> Examples:
    """Return what was recorded of an operation. It is empty for a new one."""
    return Examples(**recorded().get(name, {}))


@cache
def recorded() -> Mapping[str, Any]:
    """Return what was recorded, by the name of the operation."""
    operations: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return operations
