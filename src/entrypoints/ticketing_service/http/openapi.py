"""Builds the OpenAPI 3.1 document from the routes and the `Operation` that describes each view."""

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from attrs import Factory, frozen
from flask import Flask, Response
from msgspec import Struct
from werkzeug.routing import Rule

from ticketing_core.errors import Overloaded, StoreUnavailable, errors_of
from ticketing_core.ticket import LONGEST_KEY
from ticketing_core.validators import LARGEST_ID
from ticketing_service.http import examples, service_errors
from ticketing_service.http.bodies import IDEMPOTENCY_KEY
from ticketing_service.http.line_tokens import LINE_TOKEN
from ticketing_service.http.problem_responses import problem_responses
from ticketing_service.http.problems import AnyError, Problem, on_one_line

TITLE = "Ticketing"
VERSION = "1"
"""Of the API, not of the package: it rises when a frontend would have to change."""

View = TypeVar("View", bound=Callable[..., Response])


@frozen(kw_only=True)
class Operation:
    """Describes a view for the document, as a decorator that leaves the view as it is.

    The view's docstring becomes the summary and the description.

    Attributes:
        tag: The group it is listed under.
        body: The schema of the body.
        query: The schema of the query.
        answers: The schemas of a response with status 200; empty if ``media_type`` says it all.
        media_type: The type of these responses.
        use_case: What the view calls. The errors that it declares are among the problems.
        problems: Further problems of this view. Those that follow from the rest are added.
        secured: Whether it needs an access token.
        stored: Whether each request reads the store. If not, it is served under any load: see
            `is_free`.
        idempotent: Whether it takes an idempotency key.
        links: What may follow a success, by the name of its view: its inputs, and where the answer
            has them (JSON pointers).
        slot_later: Whether it takes its slot itself, once it knows that the request is genuine.
        waits_in_line: Whether it takes the token of a place in the line.
        cached: Whether it has an `ETag`, and answers a caller who has it already with 304.
    """

    tag: str
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    answers: Sequence[type[Struct]] = ()
    media_type: str = "application/json"
    use_case: Callable[..., Any] | None = None
    problems: Sequence[AnyError] = ()
    secured: bool = True
    stored: bool = True
    idempotent: bool = False
    links: Mapping[str, Mapping[str, str]] = Factory(dict)
    slot_later: bool = False
    waits_in_line: bool = False
    cached: bool = False

    def __call__(self, view: View) -> View:
        """Attach the description to the view itself, so that no wrapper runs at a request."""
        vars(view)["operation"] = self
        return view

    def errors(self) -> Sequence[AnyError]:
        """Return every error that the view may respond with."""
        found = [*(errors_of(self.use_case) if self.use_case else ()), *self.problems]
        if self.secured:
            found += [
                service_errors.TokenMissing,
                service_errors.TokenExpired,
                service_errors.TokenInvalid,
            ]
        if self.body is not None:
            found += [
                service_errors.MalformedJson,
                service_errors.InvalidInput,
                service_errors.BodyTooLarge,
                service_errors.BodyStalled,
                service_errors.BodyCutShort,
                service_errors.UnsupportedMediaType,
            ]
        if self.query is not None:
            found += [service_errors.InvalidInput]
        if self.stored:
            found += [StoreUnavailable, Overloaded]
        return list(dict.fromkeys([*found, service_errors.InternalError]))


def is_free(view: Callable[..., Any]) -> bool:
    """Return whether a view is served under any load: it uses nothing scarce, or not at first."""
    operation: Operation | None = vars(view).get("operation")
    return operation is not None and (operation.slot_later or not operation.stored)


def openapi_document(app: Flask) -> bytes:
    """Return the document as JSON, with every view of ``app`` that an `Operation` describes."""
    routes = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    described = [(rule, view) for rule, view in routes if "operation" in vars(view)]
    operations: dict[str, Operation] = {
        view.__name__: vars(view)["operation"] for _, view in described
    }
    schemas = _schemas(operations.values())
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for rule, view in described:
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        path = _PATH_PARAMETER.sub(r"{\1}", rule.rule)
        paths[path][method.lower()] = _operation(rule, view, schemas=schemas, operations=operations)
    document = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": _DESCRIPTION},
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for each in operations.values())],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": examples.of_problems(),
            "securitySchemes": _SECURITY_SCHEMES,
        },
        "security": [],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


_DESCRIPTION = (
    "Sell tickets in three calls. Every error is a problem (RFC 9457) whose `code` is stable. "
    "Beside those of each operation, an address that is not listed here answers 404 `not_found`, "
    "and a method that an address does not take answers 405 `method_not_allowed`. "
    "Whole numbers may be sent as text of the same digits. Unknown fields are ignored."
)
_SECURITY_SCHEMES = {"access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
_PATH_PARAMETER = re.compile(r"<int:(\w+)>")
_IDEMPOTENCY_KEY = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "Your own name for this purchase. A retry with the same key and body buys "
    "nothing more and returns the first purchase, also after a time-out or a crash.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}
_LINE_TOKEN = {
    "name": LINE_TOKEN,
    "in": "header",
    "required": False,
    "description": "The newest `line_token` that the buyer got for this event: they keep their "
    "place. One that is not valid is ignored.",
    "schema": {"type": "string"},
}
_UNCHANGED = {"description": "`If-None-Match` has the `ETag` of what would be shown."}
_CHALLENGE = {"required": True, "schema": {"type": "string"}}


def _schemas(operations: Iterable[Operation]) -> dict[str, dict[str, Any]]:
    used = [schema for each in operations for schema in (each.body, each.query, *each.answers)]
    types = [Problem, *(schema for schema in used if schema is not None)]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        schema["description"] = on_one_line(schema["description"])
        for field in schema.get("properties", {}).values():
            # msgspec writes one type for an int; a pattern on it means that digits may be text.
            if field.get("type") == "integer" and "pattern" in field:
                field["type"] = ["integer", "string"]
            # Its order depends on msgspec's version.
            field.get("anyOf", []).sort(key=lambda choice: choice == {"type": "null"})
    return schemas


def _operation(
    rule: Rule,
    view: Callable[..., Any],
    *,
    schemas: Mapping[str, Mapping[str, Any]],
    operations: Mapping[str, Operation],
) -> Mapping[str, Any]:
    operation, seen = operations[view.__name__], examples.of_operation(view.__name__)
    summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
    described: dict[str, Any] = {
        "summary": on_one_line(summary),
        "description": on_one_line(description),
        "operationId": view.__name__,
        "tags": [operation.tag],
        "parameters": seen.on(
            [
                *({"name": name, "in": "path", **_ID} for name in sorted(rule.arguments)),
                *(_query_parameters(schemas[operation.query.__name__]) if operation.query else ()),
                *([_IDEMPOTENCY_KEY] if operation.idempotent else ()),
                *([_LINE_TOKEN] if operation.waits_in_line else ()),
            ],
        ),
        "responses": {
            "200": _success(operation, operations, seen),
            **({"304": _UNCHANGED} if operation.cached else {}),
            **problem_responses(operation.errors()),
        },
    }
    if operation.secured:
        described["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    if operation.body is not None:
        content = {"schema": _reference(operation.body), "examples": seen.bodies}
        described["requestBody"] = {"content": {"application/json": content}, "required": True}
    return described


_ID = {
    "required": True,
    "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID},
}


def _query_parameters(schema: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for name, field in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema["required"],
            "description": field["description"],
            "schema": field,
        }


def _success(
    operation: Operation, operations: Mapping[str, Operation], seen: examples.Examples
) -> Mapping[str, Any]:
    schemas = [_reference(each) for each in operation.answers]
    schema = {"oneOf": schemas} if len(schemas) > 1 else dict(*schemas)
    return {
        "description": " Or: ".join(on_one_line(each.__doc__ or "") for each in operation.answers)
        or "OK",
        "content": {
            operation.media_type: {
                "schema": schema,
                **({"examples": seen.answers} if operation.answers else {}),
            }
        },
        **({"headers": {"ETag": _CHALLENGE}} if operation.cached else {}),
        **({"links": dict(_links(operation, operations))} if operation.links else {}),
    }


def _links(
    operation: Operation, operations: Mapping[str, Operation]
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for name, inputs in operation.links.items():
        where = "parameters" if operations[name].body is None else "requestBody"
        found = {each: f"$response.body#{pointer}" for each, pointer in inputs.items()}
        yield name, {"operationId": name, where: found}


def _reference(schema: type[Struct]) -> Mapping[str, str]:
    return {"$ref": f"#/components/schemas/{schema.__name__}"}
