"""Checks every response in these tests against the OpenAPI document."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from ticketing_service.http import ERRORS
from ticketing_service.http.problems import meaning_of


def as_documented(app: Flask, answer: TestResponse) -> TestResponse:
    """Return the response if the document of ``app`` describes it for this call.

    Raises:
        AssertionError: The document does not.
    """
    request = answer.request
    try:
        rule, _ = app.url_map.bind_to_environ(request.environ).match(return_rule=True)
    except HTTPException:
        # No route matches, so no operation describes it.
        return answer
    document = _document(app)
    path = str(rule).replace("<int:", "{").replace(">", "}")
    operation = document["paths"].get(path, {}).get(request.method.lower())
    if operation is None:
        return answer
    responses = operation["responses"]
    assert str(answer.status_code) in responses, f"{path} does not document {answer.status}"
    if answer.status_code == HTTPStatus.NOT_MODIFIED:
        # It has no content.
        return answer
    response = responses[str(answer.status_code)]
    content = response["content"]
    mimetype = answer.mimetype or ""
    assert mimetype in content, f"{path} does not document {mimetype}"
    if mimetype.endswith("json"):
        body = answer.get_json(force=True)
        schema = content[mimetype]["schema"]
        jsonschema_rs.validate(
            {**schema, "components": document["components"]}, body, validate_formats=True
        )
        if "code" in body:
            described = f"`{body['code']}`: {meaning_of(ERRORS[body['code']])}"
            assert described in response["description"], f"{path} does not document {body['code']}"
    return answer


def _document(app: Flask) -> dict[str, Any]:
    with app.test_request_context("/openapi.json"):
        # Not through a client: responses of a service that refuses everything are checked too.
        return _parsed(app.make_response(app.dispatch_request()).data)


@cache
def _parsed(text: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document
