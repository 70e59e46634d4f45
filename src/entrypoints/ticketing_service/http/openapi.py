"""The OpenAPI 3.1 document, made from the views and the types they use.

spectree collects routes and types; requests never pass through it, since its checks would tell
only the first mistake and answer 400 before 401.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ParamSpec

import msgspec
from flask import Flask, Response
from msgspec import Struct
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.model_adapter import get_msgspec_model_adapter
from spectree.models import SecureType, SecuritySchemeData
from spectree.plugins.flask_plugin import FlaskPlugin

from ticketing_core.errors import Overloaded, StoreUnavailable, errors_of
from ticketing_core.ticket import LONGEST_KEY
from ticketing_service.http.bodies import IDEMPOTENCY_KEY
from ticketing_service.http.problems import Problem
from ticketing_service.http.refusals import (
    AnyError,
    BodyTooLarge,
    InternalError,
    InvalidInput,
    MalformedJson,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    UnsupportedMediaType,
    meaning_of,
    status_of,
)

TITLE = "Ticketing"
VERSION = "1"
"""Of the API, not of the package: it rises when a frontend would have to be changed."""

SECURITY = "access_token"

Parameters = ParamSpec("Parameters")
View = Callable[Parameters, Response]


class _Collector(FlaskPlugin):
    """spectree's view of Flask, without the checks."""

    def validate(self, func: Callable[..., Response], *_: Any, **arguments: Any) -> Response:
        """Call the view and nothing else."""
        return func(**arguments)


class ApiDocument:
    """Collects what the views say of themselves."""

    def __init__(self) -> None:
        self._spec = SpecTree(
            backend=_Collector,
            model_adapter=get_msgspec_model_adapter(),
            naming_strategy=lambda model: str(model.__name__),
            nested_naming_strategy=lambda _parent, child: child,
            annotations=False,
            # spectree adds one status to every view; this one every view can answer.
            validation_error_status=HTTPStatus.INTERNAL_SERVER_ERROR,
            validation_error_model=Problem,
            mode="strict",
            title=TITLE,
            version=VERSION,
            description=_DESCRIPTION,
            security_schemes=[
                SecurityScheme(
                    name=SECURITY,
                    data=SecuritySchemeData(
                        type=SecureType.HTTP, scheme="bearer", bearer_format="JWT"
                    ),
                )
            ],
        )
        self._contents: dict[str, Mapping[str, Any]] = {}
        self._refusals: dict[str, Mapping[str, str]] = {}
        self._idempotent: set[str] = set()

    def describes(
        self,
        *,
        tag: str,
        body: type[Struct] | None = None,
        query: type[Struct] | None = None,
        answers: Sequence[type[Struct]] = (),
        media_type: str = "application/json",
        use_case: Callable[..., Any] | None = None,
        problems: Sequence[AnyError] = (),
        secured: bool = True,
        stored: bool = True,
        idempotent: bool = False,
    ) -> Callable[[View[Parameters]], View[Parameters]]:
        """Describe a view; its docstring says what it does.

        Args:
            tag: The group it is shown in.
            body: What it reads.
            query: What it reads from the query.
            answers: What it may answer with status 200; none where ``media_type`` says it all.
            media_type: The type of those answers.
            use_case: What it calls; the errors that this declares are the view's problems.
            problems: Problems of the view itself; those of every such view are added.
            secured: Whether it wants an access token.
            stored: Whether it asks the database; only what does not is answered under any load.
            idempotent: Whether it takes an idempotency key.
        """
        refused: list[AnyError] = [*(errors_of(use_case) if use_case else ()), *problems]
        if secured:
            refused += [TokenMissing, TokenExpired, TokenInvalid]
        if body is not None:
            refused += [MalformedJson, InvalidInput, BodyTooLarge, UnsupportedMediaType]
        if query is not None:
            refused += [InvalidInput]
        if stored:
            refused += [StoreUnavailable, Overloaded]
        refused += [InternalError]

        def describe(view: View[Parameters]) -> View[Parameters]:
            name = view.__name__
            self._contents[name] = {media_type: {"schema": _schema(answers)}}
            self._refusals[name] = _refusals(refused)
            if idempotent:
                self._idempotent.add(name)
            told = " Or: ".join(each.__doc__ or "" for each in answers)
            success = {"HTTP_200": (answers[0], told)} if answers else {}
            described: View[Parameters] = self._spec.validate(
                json=body,
                query=query,
                resp=Answers(*([] if answers else ["HTTP_200"]), **success),
                tags=[tag],
                security=[{SECURITY: []}] if secured else None,
                operation_id=name,
                skip_validation=True,
            )(view)
            return described

        return describe

    def render(self, app: Flask) -> bytes:
        """The document as JSON, with everything that ``app`` has registered."""
        with app.app_context():
            document: dict[str, Any] = self._spec.spec
        for item in document["paths"].values():
            for operation in item.values():
                self._complete(operation)
        for schema in document["components"]["schemas"].values():
            for field in schema.get("properties", {}).values():
                _take_digits(field)
        return msgspec.json.format(msgspec.json.encode(document), indent=2)

    def _complete(self, operation: dict[str, Any]) -> None:
        """Say what spectree cannot: other media types than JSON, one of several, problems."""
        name = operation["operationId"]
        responses = operation["responses"]
        if name in self._idempotent:
            operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
        responses["200"]["content"] = self._contents[name]
        for status, description in self._refusals[name].items():
            responses[status] = {
                "description": description,
                "content": _PROBLEM,
                **_HEADERS.get(status, {}),
            }


_DESCRIPTION = (
    "Sell tickets in three calls. Every error is a problem (RFC 9457) whose `code` is stable. "
    "Whole numbers may be sent as text of the same digits. Fields nobody knows are ignored."
)
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_IDEMPOTENCY_KEY = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "Your own name for this purchase. A repeat with the same key and body buys "
    "nothing more and answers the first purchase, also after a time-out or a crash.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "401": {
        "headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    },
    "503": {
        "headers": {
            "Retry-After": {
                "description": "Seconds after which to ask again.",
                "schema": {"type": "integer"},
            }
        }
    },
}


def _schema(answers: Sequence[type[Struct]]) -> Mapping[str, Any]:
    references = [{"$ref": f"#/components/schemas/{each.__name__}"} for each in answers]
    match references:
        case []:
            return {}
        case [only]:
            return only
        case _:
            return {"oneOf": references}


def _refusals(refused: Iterable[AnyError]) -> Mapping[str, str]:
    """Return each status with the problems that it can come with."""
    by_status: defaultdict[HTTPStatus, list[str]] = defaultdict(list)
    for error in dict.fromkeys(refused):
        by_status[status_of(error)].append(f"`{error.code}`: {meaning_of(error)}")
    return {str(status.value): "\n\n".join(told) for status, told in sorted(by_status.items())}


def _take_digits(schema: dict[str, Any]) -> None:
    # msgspec writes one type for an int; a pattern on it stands for text of digits.
    if schema.get("type") == "integer" and "pattern" in schema:
        schema["type"] = ["integer", "string"]
