"""Stripe's API over HTTP: credentials, faults, idempotency keys, headers."""

from collections.abc import Callable
from typing import Any, NoReturn

from attrs import frozen
from flask import Blueprint, Response, jsonify, request
from werkzeug.http import http_date

from ticketing_service.sandbox.access import needed_rights
from ticketing_service.sandbox.endpoints import ENDPOINTS, Endpoint
from ticketing_service.sandbox.expansion import expand, expanded_types
from ticketing_service.sandbox.faults import Fault
from ticketing_service.sandbox.form import Form, read_form, with_lists
from ticketing_service.sandbox.idempotency import ApiResponse
from ticketing_service.sandbox.records import new_id
from ticketing_service.sandbox.refusals import Json, Refusal, Refused, invalid
from ticketing_service.sandbox.sandbox import Exchange, Sandbox
from ticketing_service.sandbox.stripe_objects import API_VERSION

# After a planned error with one of these statuses no endpoint began to work: no key saves it.
_NEVER_SAVED = frozenset({400, 401, 403, 404, 409, 429})


@frozen
class _Call:
    endpoint: Endpoint
    object_id: str
    path: str
    form: Form
    key: str | None
    request_id: str


def api_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes under `/v1`."""
    blueprint = Blueprint("api", __name__)
    for endpoint in ENDPOINTS:
        blueprint.add_url_rule(
            endpoint.rule,
            endpoint=f"{endpoint.method} {endpoint.rule}",
            view_func=_view(sandbox, endpoint),
            methods=[endpoint.method],
        )

    @blueprint.after_request
    def date(response: Response) -> Response:
        # A client takes its position in the list of events from this header.
        response.headers["Date"] = http_date(sandbox.now())
        return response

    @blueprint.route("/v1/<path:_path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(_path: str) -> Response:
        refusal = Refusal(
            status=404,
            message=f"Unrecognized request URL ({request.method}: {request.path}). The local "
            "sandbox has only a part of Stripe's API.",
        )
        return _http_response(ApiResponse(404, refusal.body(), new_id("req_")), key=None)

    return blueprint


def _view(sandbox: Sandbox, endpoint: Endpoint) -> Callable[..., Response]:
    def view(object_id: str = "") -> Response:
        request_id = new_id("req_")
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        form: Form = {}
        response: ApiResponse | None
        try:
            api_key = sandbox.admit(_credentials(), operation=endpoint.operation)
            form = _sent_form()
            call = _Call(endpoint, object_id, request.path, form, key, request_id)
            sandbox.check_rights(api_key, _rights(call))
            response = _respond(sandbox, call)
        except Refused as refused:
            response = _refused(refused, request_id)
        sandbox.record(
            Exchange(
                operation=endpoint.operation,
                method=request.method,
                path=request.path,
                params=with_lists(form),
                status=response.status if response else None,
                body=response.body if response else None,
                request_id=request_id,
                idempotency_key=key,
                replayed=bool(response and response.replayed),
            )
        )
        return _http_response(response, key=key)

    return view


def _credentials() -> str | None:
    """Return the key of the call, which is a bearer token or a user name."""
    credentials = request.authorization
    return (credentials.token or credentials.username) if credentials else None


def _rights(call: _Call) -> list[str]:
    """Return the rights that the call needs. Wrong parameters are refused later."""
    endpoint, sent = call.endpoint, call.form.get("expand")
    members = sent.values() if isinstance(sent, dict) else ()
    paths = [member for member in members if isinstance(member, str)]
    try:
        expanded = expanded_types(paths, object_type=endpoint.returns)
    except Refused:
        expanded = set()
    return needed_rights(method=endpoint.method, rule=endpoint.rule, expanded=expanded)


def _sent_form() -> Form:
    if request.method == "GET":
        return read_form(request.args.items(multi=True))
    if request.content_length and request.mimetype != "application/x-www-form-urlencoded":
        raise invalid(
            "Invalid request (check that your POST content type is "
            "application/x-www-form-urlencoded)."
        )
    return read_form(request.form.items(multi=True))


def _respond(sandbox: Sandbox, call: _Call) -> ApiResponse | None:
    """Return the response, or None if the connection is to be closed without one."""
    fault = sandbox.take_fault(method=call.endpoint.method, path=call.path) or Fault()
    if fault.drop and not fault.after_effect:
        # The request never reached Stripe, so it claims no key.
        sandbox.closing.wait(fault.delay)
        return None
    if call.key is None:
        response: ApiResponse | None = _execute(sandbox, call, fault)
    else:
        fingerprint = (call.endpoint.method, call.path, call.form)
        response = sandbox.keys.claim(call.key, fingerprint=fingerprint)
        if response is None:
            try:
                response = _execute(sandbox, call, fault)
            finally:
                sandbox.keys.finish(call.key, response)
    return None if fault.drop else response


def _execute(sandbox: Sandbox, call: _Call, fault: Fault) -> ApiResponse:
    planned = fault.error and ApiResponse(
        fault.error.status,
        fault.error.body(),
        call.request_id,
        limited_by=fault.error.limited_by,
        # After an effect, the endpoint did work: the key saves what the caller saw.
        saved=fault.after_effect or fault.error.status not in _NEVER_SAVED,
    )
    if not fault.after_effect:
        sandbox.closing.wait(fault.delay)
        if planned:
            return planned
    try:
        response = ApiResponse(200, _run(sandbox, call), call.request_id)
    except Refused as refused:
        response = _refused(refused, call.request_id)
    if fault.after_effect:
        sandbox.closing.wait(fault.delay)
    return planned or response


def _run(sandbox: Sandbox, call: _Call) -> Json:
    params: dict[str, Any] = call.endpoint.params(call.form, "")
    paths = params.get("expand", [])
    expanded_types(paths, object_type=call.endpoint.returns)
    with sandbox.ledger() as ledger:
        body = call.endpoint.run(ledger, params, call.object_id)
        for path in paths:
            expand(body, path, ledger=ledger)
    return body


def _refused(refused: Refused, request_id: str) -> ApiResponse:
    refusal = refused.refusal
    return ApiResponse(
        refusal.status,
        refusal.body(),
        request_id,
        saved=refused.saved,
        limited_by=refusal.limited_by,
    )


def _http_response(response: ApiResponse | None, *, key: str | None) -> Response:
    if response is None:
        # A body that breaks off before its first byte makes the server close the connection.
        return Response(map(_abort, [b""]))
    written = jsonify(response.body)
    written.status_code = response.status
    written.headers["Request-Id"] = response.request_id
    written.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
    if key is not None:
        written.headers["Idempotency-Key"] = key
    if response.limited_by is not None:
        written.headers["Stripe-Rate-Limited-Reason"] = response.limited_by
    if response.replayed:
        written.headers["Idempotent-Replayed"] = "true"
        written.headers["Original-Request"] = response.request_id
    return written


def _abort(_: bytes) -> NoReturn:
    raise ConnectionAbortedError
