"""Stripe's API over HTTP: who may call, which call goes wrong, and what is answered."""

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen
from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import MultiDict

from ticketing_service.sandbox.endpoints import ENDPOINTS, Endpoint
from ticketing_service.sandbox.errors import Json, Refusal, Refused, invalid
from ticketing_service.sandbox.events import API_VERSION
from ticketing_service.sandbox.expansion import check_expand, expand
from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.form import Form, read_form, with_lists
from ticketing_service.sandbox.idempotency import Answer
from ticketing_service.sandbox.identifiers import new_id
from ticketing_service.sandbox.sandbox import Exchange, Sandbox

_TEST_KEYS = ("sk_test_", "rk_test_")
_NO_FAULT = Fault()
# A planned error of these kinds means that no endpoint began to work, so no key keeps it.
_NEVER_SAVED = frozenset({400, 401, 403, 404, 409, 429})


@frozen
class _Call:
    endpoint: Endpoint
    object_id: str
    path: str
    form: Form
    key: str | None
    request_id: str


@frozen
class _Outcome:
    """What is told to the caller; no answer at all when the connection is to be closed."""

    answer: Answer | None
    replayed: bool = False


def api_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes under `/v1`."""
    blueprint = Blueprint("api", __name__)
    for endpoint in ENDPOINTS:
        blueprint.add_url_rule(
            endpoint.rule,
            endpoint=f"{endpoint.method}_{endpoint.rule}".replace(".", "_"),
            view_func=_view(sandbox, endpoint),
            methods=[endpoint.method],
        )
    blueprint.add_url_rule(
        "/v1/<path:_path>",
        endpoint="unknown",
        view_func=_unknown,
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    )
    return blueprint


def _unknown(_path: str) -> Response:
    refusal = Refusal(
        status=404,
        message=f"Unrecognized request URL ({request.method}: {request.path}). The local sandbox "
        "has only a part of Stripe's API.",
    )
    return _response(_Outcome(Answer(refusal.status, refusal.body(), new_id("req_"))), key=None)


def _view(sandbox: Sandbox, endpoint: Endpoint) -> Callable[..., Response]:
    def view(object_id: str = "") -> Response:
        request_id = new_id("req_")
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        form: Form = {}
        try:
            _check_credentials()
            form = _sent_form()
            call = _Call(endpoint, object_id, request.path, form, key, request_id)
            outcome = _answer(sandbox, call)
        except Refused as refused:
            outcome = _Outcome(_refusal(refused.refusal, request_id))
        answer = outcome.answer
        sandbox.record(
            Exchange(
                method=request.method,
                path=request.path,
                params=with_lists(form),
                status=None if answer is None else answer.status,
                body=None if answer is None else answer.body,
                request_id=request_id,
                idempotency_key=key,
                replayed=outcome.replayed,
            )
        )
        return _response(outcome, key=key)

    return view


def _check_credentials() -> None:
    """Raise `Refused` unless the call carries a test key, as a bearer token or a user name."""
    credentials = request.authorization
    if credentials is None:
        raise _unauthorized(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY')."
        )
    key = credentials.token or credentials.username or ""
    if not key.startswith(_TEST_KEYS):
        # The key is not repeated: it may be a live one that somebody sent here by mistake.
        raise _unauthorized("Invalid API Key provided: the sandbox takes any sk_test_... key.")


def _unauthorized(message: str) -> Refused:
    return Refused(Refusal(status=401, message=message), saved=False)


def _sent_form() -> Form:
    if request.method == "GET":
        return read_form(_pairs(request.args))
    if request.content_length and request.mimetype != "application/x-www-form-urlencoded":
        raise invalid(
            "Invalid request (check that your POST content type is "
            "application/x-www-form-urlencoded)."
        )
    return read_form(_pairs(request.form))


def _pairs(sent: MultiDict[str, str]) -> Iterable[tuple[str, str]]:
    return sent.items(multi=True)


def _answer(sandbox: Sandbox, call: _Call) -> _Outcome:
    fault = sandbox.take_fault(method=call.endpoint.method, path=call.path) or _NO_FAULT
    if fault.drop and not fault.after_effect:
        # The request never reached Stripe, so no key is taken either.
        sandbox.closing.wait(fault.delay)
        return _Outcome(None)
    first = _claim(sandbox, call)
    if first is not None:
        return _Outcome(None if fault.drop else first, replayed=True)
    try:
        answer, saved = _execute(sandbox, call, fault)
    except BaseException:
        _settle(sandbox, call, None)
        raise
    _settle(sandbox, call, answer if saved else None)
    return _Outcome(None if fault.drop else answer)


def _claim(sandbox: Sandbox, call: _Call) -> Answer | None:
    if call.key is None:
        return None
    fingerprint = (call.endpoint.method, call.path, call.form)
    with sandbox.lock:
        return sandbox.keys.claim(call.key, fingerprint=fingerprint)


def _settle(sandbox: Sandbox, call: _Call, answer: Answer | None) -> None:
    if call.key is None:
        return
    with sandbox.lock:
        if answer is None:
            sandbox.keys.give_back(call.key)
        else:
            sandbox.keys.keep(call.key, answer)


def _execute(sandbox: Sandbox, call: _Call, fault: Fault) -> tuple[Answer, bool]:
    """Return the answer, and whether the idempotency key keeps it."""
    planned = None if fault.error is None else _refusal(fault.error, call.request_id)
    planned_saved = planned is not None and planned.status not in _NEVER_SAVED
    if not fault.after_effect:
        sandbox.closing.wait(fault.delay)
        if planned is not None:
            return planned, planned_saved
    try:
        answer, saved = Answer(200, _run(sandbox, call), call.request_id), True
    except Refused as refused:
        answer, saved = _refusal(refused.refusal, call.request_id), refused.saved
    if fault.after_effect:
        sandbox.closing.wait(fault.delay)
        if planned is not None:
            # The endpoint did work, so the key keeps what the caller was told of it.
            return planned, True
    return answer, saved


def _run(sandbox: Sandbox, call: _Call) -> Json:
    asked: dict[str, Any] = call.endpoint.shape.read(call.form, param="")
    paths = asked.get("expand", [])
    check_expand(paths, kind=call.endpoint.kind)
    with sandbox.ledger() as ledger:
        body = call.endpoint.run(ledger, asked, call.object_id)
        return expand(body, paths, ledger=ledger)


def _refusal(refusal: Refusal, request_id: str) -> Answer:
    return Answer(refusal.status, refusal.body(), request_id)


def _response(outcome: _Outcome, *, key: str | None) -> Response:
    if outcome.answer is None:
        return Response(_BrokenBody())
    response = jsonify(outcome.answer.body)
    response.status_code = outcome.answer.status
    response.headers["Request-Id"] = outcome.answer.request_id
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    if key is not None:
        response.headers["Idempotency-Key"] = key
    if outcome.replayed:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = outcome.answer.request_id
    return response


class _BrokenBody:
    """Breaks off before its first byte: the server then closes the connection unanswered."""

    def __iter__(self) -> "_BrokenBody":
        return self

    def __next__(self) -> bytes:
        raise ConnectionAbortedError
