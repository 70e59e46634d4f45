"""Bad bodies: each gets a helpful status and message, and none changes anything."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from tests.integration.http.services import CANCEL, CREATE, VERIFY, Service, problem, token

HUGE = 10**30

BAD_INTEGERS = {
    "float": "10.0",
    "exponent": "1e1",
    "fraction": "1.5",
    "true": "true",
    "false": "false",
    "null": "null",
    "empty text": '""',
    "blank": '" 10"',
    "blank after": '"10 "',
    "line end": '"10\\n"',
    "leading zero": '"010"',
    "plus": '"+1"',
    "minus text": '"-1"',
    "float text": '"10.0"',
    "exponent text": '"1e1"',
    "other digits": '"\\u0661"',
    "underscore": '"1_0"',
    "hex": '"0x10"',
    "word": '"ten"',
    "negative": "-1",
    "zero": "0",
    "zero text": '"0"',
    "minus zero": "-0",
    "2**53": str(2**53),
    "2**53 text": f'"{2**53}"',
    "2**63": str(2**63),
    "huge": str(HUGE),
    "huge text": f'"{HUGE}"',
    "five thousand digits": "9" * 5000,
    "beyond floats": "1e999",
    "array": "[1]",
    "object": '{"value": 1}',
    "NUL": '"1\\u0000"',
}

LARGEST = {"event_id": 2**53 - 1, "quantity": 2**31 - 1}

BAD_TEXTS = {
    "number": "1",
    "true": "true",
    "null": "null",
    "array": '["cs_1"]',
    "empty": '""',
    "NUL": '"cs_\\u0000"',
    "too long": json.dumps("c" * 256),
}


def refused(service: Service, path: str, text: str, status: int = 400) -> Mapping[str, Any]:
    """Send a bad body, check that it changed nothing, and return the problem."""
    before = service.everything()
    body = problem(service.send(path, text.encode()), status)
    assert service.everything() == before
    return body


@pytest.mark.parametrize("value", BAD_INTEGERS.values(), ids=BAD_INTEGERS)
@pytest.mark.parametrize("field", ["event_id", "quantity"])
def test_bad_integer(service: Service, field: str, value: str) -> None:
    """Anything but a whole number up to the largest is a 400 that names only its field."""
    event = service.event(price=0, capacity=1000, max_per_order=1000)
    good = {"event_id": str(event.event_id), "quantity": "1"}
    text = ", ".join(f'"{name}": {sent}' for name, sent in (good | {field: value}).items())
    body = refused(service, CREATE, f"{{{text}}}")
    assert body["code"] == "invalid_input"
    (error,) = body["errors"]
    detail = f"must be a whole number from 1 to {LARGEST[field]}"
    assert error == {"field": field, "detail": detail}
    assert field in body["detail"]


@pytest.mark.parametrize("field", LARGEST)
@pytest.mark.parametrize("form", ["{}", '"{}"'])
def test_the_first_integer_that_is_too_large(service: Service, field: str, form: str) -> None:
    """Ids are 53 bits long, so that every JSON parser reads them exactly; quantities are 31."""
    good = {"event_id": str(service.event(price=0).event_id), "quantity": "1"}
    for number, status in ((LARGEST[field], None), (LARGEST[field] + 1, "invalid_input")):
        sent = good | {field: form.format(number)}
        text = ", ".join(f'"{name}": {value}' for name, value in sent.items())
        code = service.send(CREATE, f"{{{text}}}".encode()).get_json()["code"]
        assert (code == "invalid_input") == (status is not None)


@pytest.mark.parametrize("value", ["1", '"1"', "10", '"10"', '"\\u0031"'])
def test_good_integers(service: Service, value: str) -> None:
    """The control: the same body with a number or its digits succeeds."""
    event = service.event(price=0)
    text = f'{{"event_id": {event.event_id}, "quantity": {value}}}'
    assert service.send(CREATE, text.encode()).status_code == 200


@pytest.mark.parametrize("value", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_bad_session(service: Service, value: str) -> None:
    """Anything but a session id is a 400 that names the field."""
    bought = service.bought(service.event())
    service.pay(bought)
    body = refused(service, VERIFY, f'{{"ticket_id": 1, "session_id": {value}}}')
    assert [error["field"] for error in body["errors"]] == ["session_id"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (CREATE, ["event_id", "quantity"]),
        (VERIFY, ["session_id", "ticket_id"]),
        (CANCEL, ["ticket_id"]),
    ],
)
def test_all_missing_fields_are_named(service: Service, path: str, fields: list[str]) -> None:
    """The response to an empty object names every missing field."""
    body = refused(service, path, "{}")
    assert body["code"] == "invalid_input"
    assert body["errors"] == [{"field": field, "detail": "is missing"} for field in fields]


def test_different_mistakes_are_reported_together(service: Service) -> None:
    """A missing and a wrong field are in one response, and in its detail as well."""
    body = refused(service, CREATE, '{"quantity": -1}')
    assert body["detail"] == (
        "event_id is missing; quantity must be a whole number from 1 to 2147483647."
    )


@pytest.mark.parametrize("text", ["[]", "null", "1", '"text"', '[{"event_id": 1}]'])
def test_body_that_is_not_an_object(service: Service, text: str) -> None:
    """JSON other than an object is a 400 that says what is expected."""
    body = refused(service, CREATE, text)
    assert (body["code"], body["detail"]) == ("invalid_input", "The body must be a JSON object.")


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"event_id=1&quantity=2",
        b"{'event_id': 1}",
        b'{"event_id": 01, "quantity": 1}',
        b'{"event_id": 1, "quantity": NaN}',
        b'{"event_id": 1} {}',
        b'\xef\xbb\xbf{"event_id": 1}',
        b'{"event\xff": 1}',
        b'{"\\ud800": 1}',
        b'{"event_id": "\\ud800"}',
        b'{"event_id": ' + b"[" * 60_000,
        b"\x00",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_body_that_is_not_json(service: Service, text: bytes) -> None:
    """Anything but JSON is a 400 ``malformed_json``, never a 500."""
    assert problem(service.send(CREATE, text), 400)["code"] == "malformed_json"


def test_deep_nesting(service: Service) -> None:
    """Valid JSON that is nested too deeply is refused, never a 500."""
    event = service.event()
    deep = "[" * 10_000 + "]" * 10_000
    text = f'{{"event_id": {event.event_id}, "quantity": 1, "extra": {deep}}}'
    assert refused(service, CREATE, text)["code"] == "malformed_json"


@pytest.mark.parametrize("content_type", ["application/json", None, "text/plain"])
def test_no_body(service: Service, content_type: str | None) -> None:
    """An empty body is a 400, whatever its media type."""
    answer = service.send(CREATE, b"", content_type=content_type)
    assert problem(answer, 400)["code"] == "malformed_json"


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "?"],
)
def test_other_media_types(service: Service, content_type: str | None) -> None:
    """A body that is not declared as JSON is a 415."""
    text = b'{"event_id": 1, "quantity": 1}'
    answer = service.send(CREATE, text, content_type=content_type)
    assert problem(answer, 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;charset=UTF-8",
        "application/vnd.shop+json",
    ],
)
def test_media_types_of_json(service: Service, content_type: str) -> None:
    """All usual media types of JSON are accepted."""
    event = service.event(price=0)
    text = f'{{"event_id": {event.event_id}, "quantity": 1}}'.encode()
    assert service.send(CREATE, text, content_type=content_type).status_code == 200


def test_largest_body(service: Service) -> None:
    """64 KiB are accepted; one byte more is a 413."""
    event = service.event(price=0)
    text = f'{{"event_id": {event.event_id}, "quantity": 1}}'.encode()
    assert service.send(CREATE, text.ljust(64 * 1024)).status_code == 200
    body = problem(service.send(CREATE, text.ljust(64 * 1024 + 1)), 413)
    assert body["code"] == "body_too_large"
    assert service.kept(event) == 1


@pytest.mark.parametrize(
    ("length", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413), (10**6, 413)]
)
def test_body_of_unknown_length(service: Service, length: int, status: int) -> None:
    """A chunked body has the same limit; it is never cut off and then used."""
    event = service.event(price=0)
    text = f'{{"event_id": {event.event_id}, "quantity": 1}}'.encode()
    answer = service.client.post(
        CREATE,
        input_stream=BytesIO(text.ljust(length)),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token()}"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == status
    assert service.kept(event) == (1 if status == 200 else 0)


@pytest.mark.parametrize("path", [CREATE, VERIFY, CANCEL])
def test_token_comes_first(service: Service, path: str) -> None:
    """The 401 comes first, so that a 400 reveals nothing to a caller without a token."""
    answer = service.client.post(path, data=b"no JSON", content_type="text/plain")
    assert problem(answer, 401)["code"] == "token_missing"


def test_body_comes_before_ticket(service: Service) -> None:
    """A bad body is reported before an unknown ticket."""
    assert refused(service, VERIFY, '{"ticket_id": 999}')["code"] == "invalid_input"


@pytest.mark.parametrize("path", ["/api/events/", "/api/tickets/"])
def test_a_query_of_other_bytes(service: Service, path: str) -> None:
    """Raw bytes that are no UTF-8, which gunicorn and uWSGI hand on, are a 400. UTF-8 is read."""
    for query, status in (("limit=\x80", 400), ("\xff", 400), ("x=\xc3\xa9", 200), ("%80", 200)):
        answer = service.client.get(
            path,
            headers={"Authorization": f"Bearer {token()}"},
            environ_overrides={"QUERY_STRING": query},
        )
        assert answer.status_code == status
        assert status == 200 or problem(answer, 400)["code"] == "invalid_input"
