"""The OpenAPI document: valid, complete, as committed, and true to the service."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask, Response
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.integration.http.recording import renew
from tests.integration.http.services import WEBHOOK, Service, token
from ticketing_service.http import ERRORS

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
RENEW = ".venv/bin/python -m tests.integration.http.test_openapi"

UNDOCUMENTED = {
    "/openapi.json",
    "/docs",
    "/docs/start.js",
    "/gate/",
    "/gate/<path:path>",
    "/board/",
    "/board/<path:path>",
}
"""The document does not describe itself, nor what is for people."""


def served(service: Service) -> dict[str, Any]:
    """Return the document as it is served."""
    document: dict[str, Any] = service.get("/openapi.json", buyer=None).get_json()
    return document


def test_document_is_valid(service: Service) -> None:
    """The document is OpenAPI 3.1 by the published schema, and its references resolve."""
    document = served(service)
    assert document["openapi"].startswith("3.1.")
    assert list(OPENAPI_31_VALIDATOR.iter_errors(document)) == []
    for reference in references(document):
        _, part, name = reference.removeprefix("#/").split("/")
        assert name in document["components"][part]


def mistaken(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value is not as a schema of the document has it."""
    whole = {**schema, "components": document["components"]}
    return not jsonschema_rs.is_valid(whole, value, validate_formats=True)


def references(part: Any) -> Iterator[str]:
    """Yield all references in a part of the document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_route_is_documented(service: Service) -> None:
    """The document has every route with all of its methods, and no other route."""
    routes = {
        (str(rule).replace("<int:", "{").replace(">", "}"), method.lower())
        for rule in service.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if str(rule) not in UNDOCUMENTED and not str(rule).startswith("/docs/<")
    }
    documented = {
        (path, method) for path, item in served(service)["paths"].items() for method in item
    }
    assert documented == routes


FOR_ANYONE = {
    ("get", "/api/events/"),
    ("get", "/api/events/{event_id}/"),
    ("post", WEBHOOK),
}


def test_operations_are_described_in_full(service: Service) -> None:
    """Each operation has a summary, its security, and its problems."""
    for path, item in served(service)["paths"].items():
        for method, operation in item.items():
            assert operation["summary"].endswith(".")
            own = path.startswith("/api/") and (method, path) not in FOR_ANYONE
            assert ("security" in operation) == own
            assert ("401" in operation["responses"]) == own
            for status, response in operation["responses"].items():
                if status not in ("200", "304"):
                    assert list(response["content"]) == ["application/problem+json"]


def test_links_lead_to_operations(service: Service) -> None:
    """Each names an operation and inputs that it has, and what it takes is in the answer."""
    document = served(service)
    operations = {
        each["operationId"]: each for item in document["paths"].values() for each in item.values()
    }
    bought = service.bought(service.event())
    listed = service.get("/api/events/").get_json()
    for name, answer in (("create_payment_intent", bought), ("list_events", listed)):
        for link in operations[name]["responses"]["200"]["links"].values():
            target = operations[link["operationId"]]
            inputs = link.get("parameters") or link["requestBody"]
            known = {each["name"] for each in target["parameters"]}
            if "requestBody" in target:
                (schema,) = references(target["requestBody"])
                known |= document["components"]["schemas"][schema.rpartition("/")[2]][
                    "properties"
                ].keys()
            assert inputs.keys() <= known
            for expression in inputs.values():
                found: Any = answer
                for step in expression.removeprefix("$response.body#/").split("/"):
                    found = found[int(step) if isinstance(found, list) else step]
                assert found


def test_codes_are_listed(service: Service) -> None:
    """The document lists every code."""
    problem = served(service)["components"]["schemas"]["Problem"]
    assert problem["properties"]["code"]["enum"] == list(ERRORS)


def test_numbers_may_be_text(service: Service) -> None:
    """The document says that digits as text are accepted for a number."""
    schema = served(service)["components"]["schemas"]["PurchaseRequest"]
    assert schema["properties"]["quantity"]["type"] == ["integer", "string"]
    assert schema["required"] == ["event_id", "quantity"]


def test_committed_document_is_the_served_one(service: Service) -> None:
    """``docs/openapi.json`` is what is served, so a review shows changes of the contract."""
    assert json.loads(COMMITTED.read_text()) == served(service), f"renew it: {RENEW}"


AS_ORGANIZER = f"Bearer {token(roles=['organizer'])}"
"""Who may call everything."""

CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    not_a_server_error,
]

EXAMPLES = settings(
    max_examples=15,
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""The same few each time: this checks conformance, `test_bad_input` looks for bugs."""


def stocked() -> Service:
    """Return a service with events on sale and tickets of buyer 42 in several statuses."""
    service = Service()
    paid, free = service.event(capacity=1000), service.event(price=0, capacity=1000)
    service.bought(paid)
    service.bought(free)
    service.cancel(service.bought(paid))
    return service


def call_everything(app: Flask) -> None:
    """Call each operation with generated input, good and bad, and check each response.

    Raises:
        FailureGroup: A response is not as documented.
    """
    document = schemathesis.openapi.from_wsgi("/openapi.json", app)
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            call(found.ok(), mode)


def call(operation: Any, mode: GenerationMode) -> None:
    """Call one operation a few times."""

    @EXAMPLES
    @given(case=operation.as_strategy(mode))
    def check(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers={"Authorization": AS_ORGANIZER}, checks=CONFORMANCE)

    # Not `suppress`: since Python 3.12 it splits the group of failures that is to be raised.
    try:  # noqa: SIM105 - as above
        check()
    except Unsatisfiable:
        # An operation without input has no bad input.
        pass


def test_service_conforms_to_the_document() -> None:
    """Whatever is sent, the response is never a 500 and always as documented."""
    call_everything(stocked().app)


def test_undocumented_response_is_caught(service: Service) -> None:
    """The control of all other tests: an undocumented response fails the call itself."""
    service.app.view_functions["events.list_events"] = lambda: Response(
        '{"events": []}', mimetype="application/json"
    )
    with pytest.raises(jsonschema_rs.ValidationError):
        service.get("/api/events/")
    service.app.view_functions["events.list_events"] = lambda: Response("no", status=418)
    with pytest.raises(AssertionError, match="418"):
        service.get("/api/events/")


def test_wrong_document_is_caught() -> None:
    """The control: a service that does not conform to its document is found."""
    service = stocked()
    service.app.view_functions["events.list_events"] = lambda: Response(
        '{"events": [{"event_id": "one"}]}', mimetype="application/json"
    )
    with pytest.raises((Failure, FailureGroup)):
        call_everything(service.app)


if __name__ == "__main__":
    renew()
    COMMITTED.write_bytes(Service().get("/openapi.json", buyer=None).data + b"\n")
