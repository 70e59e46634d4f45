"""The Idempotency-Key of a purchase: retries buy nothing more and return the first purchase."""

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from tests.integration.http.services import CREATE, Service, problem
from ticketing_core import Event
from ticketing_core.testing import Fault

KEY = {"Idempotency-Key": "6f1a"}


def buy(service: Service, event: Event, *, quantity: object = 2, buyer: str = "42") -> TestResponse:
    """Buy tickets with the key."""
    body = {"event_id": event.event_id, "quantity": quantity}
    return service.post(CREATE, body, buyer=buyer, headers=KEY)


@pytest.mark.parametrize("price", [2500, 0])
def test_a_retry_returns_the_same(service: Service, price: int) -> None:
    """The same ticket and the same address; the places are held once."""
    event = service.event(price=price)
    first, second = buy(service, event), buy(service, event)
    assert first.status_code == second.status_code == 200
    assert first.get_json() == second.get_json()
    assert service.kept(event) == 2


def test_the_fingerprint_is_over_parsed_values(service: Service) -> None:
    """``"2"`` and 2 are the same request; 3 is another one."""
    event = service.event()
    assert buy(service, event).get_json() == buy(service, event, quantity="2").get_json()
    body = problem(buy(service, event, quantity=3), 422)
    assert body["code"] == "idempotency_key_reused"
    assert service.kept(event) == 2


def test_a_key_belongs_to_its_buyer(service: Service) -> None:
    """Two buyers may use the same key."""
    event = service.event()
    tickets = {buy(service, event, buyer=who).get_json()["ticket_id"] for who in ("42", "43")}
    assert len(tickets) == 2


def test_a_failed_purchase_releases_its_key(service: Service) -> None:
    """After a refusal, a time-out or sold out, the same key may be used again."""
    event = service.event(capacity=2)
    service.gateway.fail_next("open", Fault.REFUSED)
    assert problem(buy(service, event), 400)["code"] == "payment_refused"
    service.gateway.fail_next("open", Fault.AFTER_EFFECT)
    assert problem(buy(service, event), 400)["code"] == "payment_not_started"
    assert problem(buy(service, event, quantity=3), 400)["code"] == "sold_out"
    assert buy(service, event).status_code == 200


def test_an_order_that_is_over_closes_its_key(service: Service) -> None:
    """Once its address was returned and it was cancelled, the key stays used."""
    event = service.event()
    service.cancel(buy(service, event).get_json())
    assert problem(buy(service, event), 400)["code"] == "order_closed"


def test_a_purchase_in_progress_is_waited_for(service: Service) -> None:
    """Only briefly: then the response says when to retry."""
    event = service.event()
    opened = service.gateway.open

    def slow(*args: object, **kwargs: object) -> object:
        answer = buy(service, event)
        body = problem(answer, 503)
        assert (body["code"], body["retryable"]) == ("purchase_in_progress", True)
        assert int(answer.headers["Retry-After"]) > 0
        return opened(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    service.gateway.open = slow  # type: ignore[assignment]  # a second click comes here
    before = service.clock.now()
    assert buy(service, event).status_code == 200
    assert service.clock.now() - before == timedelta(seconds=2)
    assert service.kept(event) == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "caf\xe9", "tab\tinside"])
def test_a_malformed_key_is_refused(service: Service, key: str) -> None:
    """The problem names the header, and nothing is taken."""
    event = service.event()
    body = {"event_id": event.event_id, "quantity": 1}
    refused = problem(service.post(CREATE, body, headers={"Idempotency-Key": key}), 400)
    assert [error["field"] for error in refused["errors"]] == ["Idempotency-Key"]
    assert service.kept(event) == 0
