"""Describes the problems of an operation for the OpenAPI document."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from ticketing_service.http.problems import AnyError, Problem, meaning_of, status_of

_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}
_CHALLENGE = {"required": True, "schema": {"type": "string"}}
_WAIT = {"description": "Seconds to wait before a retry.", "schema": {"type": "integer"}}
_HEADERS: Mapping[HTTPStatus, Mapping[str, Any]] = {
    HTTPStatus.UNAUTHORIZED: {"headers": {"WWW-Authenticate": _CHALLENGE}},
    HTTPStatus.TOO_MANY_REQUESTS: {"headers": {"Retry-After": _WAIT}},
    HTTPStatus.SERVICE_UNAVAILABLE: {"headers": {"Retry-After": _WAIT}},
}


def problem_responses(errors: Iterable[AnyError]) -> Mapping[str, Any]:
    """Return a response for each status, with the errors that have it."""
    by_status: defaultdict[HTTPStatus, list[AnyError]] = defaultdict(list)
    for error in errors:
        by_status[status_of(error)].append(error)
    return {
        str(status.value): {
            "description": "\n\n".join(f"`{error.code}`: {meaning_of(error)}" for error in found),
            "content": {
                "application/problem+json": {
                    "schema": _PROBLEM,
                    "examples": {
                        error.code: {"$ref": f"#/components/examples/{error.code}"}
                        for error in found
                    },
                }
            },
            **_HEADERS.get(status, {}),
        }
        for status, found in sorted(by_status.items())
    }
