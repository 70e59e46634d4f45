"""Makes access tokens by hand, and calls the service with them."""

import base64
import json

from werkzeug.test import TestResponse

from tests.integration.http.services import CREATE, Service, problem

TICKETS = "/api/tickets/"

HEADER = {"alg": "HS256", "typ": "JWT"}
PAYLOAD = {"sub": "42", "exp": 4_000_000_000}


def segment(value: object) -> str:
    """Return one part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def ask(service: Service, authorization: str | None) -> TestResponse:
    """List the tickets of the buyer that this header names."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return service.client.get(TICKETS, headers=headers)


def refused(answer: TestResponse, code: str = "token_invalid") -> None:
    """Check that the response is a 401 problem with a challenge (RFC 6750, 3)."""
    assert problem(answer, 401)["code"] == code
    challenge = "Bearer" if code == "token_missing" else 'Bearer error="invalid_token"'
    assert answer.headers["WWW-Authenticate"] == challenge


def buyer_of(service: Service, authorization: str) -> str:
    """Return the buyer that a purchase with this header is stored for."""
    event = service.event(price=0)
    answer = service.client.post(
        CREATE,
        json={"event_id": event.event_id, "quantity": 1},
        headers={"Authorization": authorization},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return service.stored(answer.get_json()).buyer
