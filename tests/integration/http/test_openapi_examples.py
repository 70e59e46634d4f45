"""The examples in the OpenAPI document are what the service takes and says."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest

from tests.integration.http.recording import record
from tests.integration.http.services import Service
from tests.integration.http.test_openapi import RENEW, mistaken, served
from ticketing_service.http.examples import RECORDED


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return the document as it is served."""
    return served(Service())


def contents(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what each operation takes and says as JSON, with a name for it."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parts = {
                "body": operation.get("requestBody", {"content": {}}),
                **operation["responses"],
            }
            for name, part in parts.items():
                for media_type, content in part.get("content", {}).items():
                    if media_type.endswith("json"):
                        yield f"{method} {path} {name}", content


def missing(document: Mapping[str, Any]) -> list[str]:
    """Return what has no example, or one for some of its forms or errors only."""
    found = []
    for name, content in contents(document):
        examples = content.get("examples", {})
        forms = content["schema"].get("oneOf", [content["schema"]])
        if len(examples) < len(forms):
            found.append(name)
        found += [
            f"{name} {part}"
            for part in forms
            if len(forms) > 1
            and not any(fits(document, part, each["value"]) for each in examples.values())
        ]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                codes = re.findall(r"^`(\w+)`: ", response["description"], flags=re.MULTILINE)
                content = response.get("content", {}).get("application/problem+json", {})
                if codes != list(content.get("examples", {})):
                    found.append(f"{method} {path} {status}")
            for each in operation["parameters"]:
                if each["required"] and "example" not in each:
                    found.append(f"{method} {path} {each['name']}")
    return found


def fits(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value is as a schema of the document has it."""
    return not mistaken(document, schema, value)


def wrong(document: Mapping[str, Any]) -> list[str]:
    """Return the examples that are not as their schemas have them."""
    found = []
    for name, content in contents(document):
        for example in content.get("examples", {}).values():
            code = example.get("$ref", "").removeprefix("#/components/examples/")
            value = (document["components"]["examples"][code] if code else example)["value"]
            if not fits(document, content["schema"], value):
                found.append(name)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found += [
                f"{method} {path} {each['name']}"
                for each in operation["parameters"]
                if "example" in each and not fits(document, each["schema"], each["example"])
            ]
    return found


def test_every_operation_has_examples(document: dict[str, Any]) -> None:
    """Of what it takes, of each form of its answer, and of each of its problems."""
    assert missing(document) == []


def test_every_example_is_as_its_schema_has_it(document: dict[str, Any]) -> None:
    """Also in its formats and bounds."""
    assert wrong(document) == []


def test_examples_are_what_is_said_today() -> None:
    """The recorded calls, made again, say the same."""
    assert json.loads(RECORDED.read_text(encoding="utf-8")) == record(), f"renew it: {RENEW}"


Change = Callable[[Any], object]
CREATE: Sequence[str] = ("paths", "/api/payments/create-payment-intent/", "post")
BODY = (*CREATE, "requestBody", "content", "application/json", "examples")


def inside(document: Any, *steps: str) -> Any:
    """Return a part of the document."""
    for step in steps:
        document = document[step]
    return document


def test_control_what_is_missing_is_noticed(document: dict[str, Any]) -> None:
    """Control: no example of a body, of one form of an answer, of a problem, or of a parameter."""
    answers = (*CREATE, "responses", "200", "content", "application/json", "examples")
    problems = (*CREATE, "responses", "404", "content", "application/problem+json", "examples")
    changes: list[Change] = [
        lambda new: inside(new, *BODY).clear(),
        lambda new: inside(new, *answers).pop("free"),
        lambda new: inside(new, *answers).update(free=inside(new, *answers, "paid")),
        lambda new: inside(new, *problems).clear(),
        lambda new: inside(new, "paths", "/api/events/{event_id}/", "get", "parameters")[0].pop(
            "example"
        ),
    ]
    for change in changes:
        new = deepcopy(document)
        change(new)
        assert missing(new) != []


def test_control_what_does_not_fit_is_noticed(document: dict[str, Any]) -> None:
    """Control: a body, an answer, a problem and a parameter that are not as their schemas."""
    changes: list[Change] = [
        lambda new: inside(new, *BODY, "paid", "value").update(quantity=0),
        lambda new: inside(
            new, *CREATE, "responses", "200", "content", "application/json", "examples", "paid"
        ).update(value={}),
        lambda new: inside(new, "components", "examples", "sold_out", "value").pop("code"),
        lambda new: inside(new, "paths", "/api/events/{event_id}/", "get", "parameters")[0].update(
            example=0
        ),
    ]
    for change in changes:
        new = deepcopy(document)
        change(new)
        assert wrong(new) != []
