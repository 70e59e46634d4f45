"""POST /api/payments/create-payment-intent/: every row of the contract and the error table."""

import base64
from datetime import timedelta

import pytest

from tests.integration.http.services import CREATE, HOLD, Service, problem
from tests.integration.http.stores import AwayStore
from ticketing_adapters.no_payments import NoPayments
from ticketing_core import Event, TicketStatus
from ticketing_core.testing import Fault, PlainSigner

FOREVER = 2**31 - 1
LARGEST_ID = 2**53 - 1


def order(event: Event, quantity: int = 2) -> dict[str, int]:
    """Return the body that orders places of an event."""
    return {"event_id": event.event_id, "quantity": quantity}


def test_paid_event_returns_a_checkout(service: Service) -> None:
    """A paid event returns exactly the four fields of the contract, and holds the places."""
    event = service.event()
    answer = service.post(CREATE, order(event, 3))
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    ticket = service.stored(answer.get_json())
    assert ticket.status is TicketStatus.PAYING
    assert answer.get_json() == {
        "checkout_url": "https://pay.example/1",
        "session_id": "co_1",
        "ticket_id": ticket.ticket_id,
        "ticket_code": str(ticket.ticket_code),
    }
    assert service.kept(event) == 3


def test_free_event_returns_the_qr_code(service: Service) -> None:
    """A free event issues at once and returns exactly the four fields of the contract."""
    event = service.event(price=0)
    body = service.bought(event)
    ticket = service.stored(body)
    assert ticket.status is TicketStatus.ISSUED
    assert body == {
        "detail": "Successfully purchased tickets",
        "qr_code_data": body["qr_code_data"],
        "ticket_id": ticket.ticket_id,
        "ticket_code": str(ticket.ticket_code),
    }
    token = base64.b64decode(body["qr_code_data"], validate=True).decode()
    claims = PlainSigner().read(token)
    assert getattr(claims, "ticket_code", None) == ticket.ticket_code


def test_digits_as_text_are_numbers(service: Service) -> None:
    """``"2"`` is 2, since the form fields of a frontend are text."""
    event = service.event()
    answer = service.post(CREATE, {"event_id": str(event.event_id), "quantity": "2"})
    assert answer.status_code == 200
    assert service.kept(event) == 2


def test_unknown_fields_are_ignored(service: Service) -> None:
    """A total_amount from the frontend changes nothing: the backend computes its own."""
    event = service.event()
    answer = service.post(CREATE, order(event) | {"total_amount": 1, "extra": {"a": [None]}})
    assert service.stored(answer.get_json()).total.amount_minor == 5000


def test_not_enough_tickets(service: Service) -> None:
    """Too few places are a 400 in the words of the contract, and none is taken."""
    event = service.event(capacity=3)
    body = problem(service.post(CREATE, order(event, 4)), 400)
    assert body["code"] == "sold_out"
    assert "Not enough tickets available" in body["detail"]
    assert body["places_left"] == 3
    assert service.kept(event) == 0
    assert service.get("/api/tickets/").get_json()["tickets"] == []


def test_unknown_event(service: Service) -> None:
    """An event that does not exist is a 404."""
    body = problem(service.post(CREATE, {"event_id": 999, "quantity": 1}), 404)
    assert body["code"] == "event_not_found"


def test_largest_numbers_are_not_out_of_range(service: Service) -> None:
    """2**53 - 1 is a valid id, but no event has it; 2**31 - 1 is a valid quantity."""
    body = problem(service.post(CREATE, {"event_id": LARGEST_ID, "quantity": FOREVER}), 404)
    assert body["code"] == "event_not_found"


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (Fault.REFUSED, "payment_refused", False),
        (Fault.BEFORE_EFFECT, "payment_not_started", True),
        (Fault.AFTER_EFFECT, "payment_not_started", True),
    ],
)
def test_gateway_fails(service: Service, *, fault: Fault, code: str, retryable: bool) -> None:
    """A gateway that refuses or times out is a 400 that says which, and the places are free."""
    event = service.event()
    service.gateway.fail_next("open", fault)
    body = problem(service.post(CREATE, order(event)), 400)
    assert (body["code"], body["retryable"]) == (code, retryable)
    assert body.get("gateway_code") == ("refused" if code == "payment_refused" else None)
    assert service.kept(event) == 0
    (ticket,) = service.get("/api/tickets/").get_json()["tickets"]
    assert (ticket["status"], ticket["checkout_url"]) == ("cancelled", None)


def test_over_order_limit(service: Service) -> None:
    """An order over the limit is a 400 with the limit."""
    event = service.event(capacity=100)
    body = problem(service.post(CREATE, order(event, 11)), 400)
    assert (body["code"], body["limit"]) == ("over_order_limit", 10)
    assert service.kept(event) == 0


def test_over_buyer_limit_leads_back_to_the_open_payment(service: Service) -> None:
    """Over the buyer's limit, the response has the open ticket and where to pay for it."""
    event = service.event(max_per_buyer=3)
    first = service.bought(event)
    body = problem(service.post(CREATE, order(event)), 400)
    assert body["code"] == "over_buyer_limit"
    assert (body["limit"], body["kept"]) == (3, 2)
    assert body["ticket_id"] == first["ticket_id"]
    assert body["checkout_url"] == first["checkout_url"]


def test_over_the_limit_of_unpaid_places(service: Service) -> None:
    """The response says to pay or cancel first, and leads back to the newest open order."""
    event = service.event(capacity=50)
    orders = [service.post(CREATE, order(event, 10)).get_json() for _ in range(2)]
    body = problem(service.post(CREATE, order(event, 1)), 400)
    assert (body["code"], body["retryable"]) == ("over_buyer_limit", False)
    assert (body["limit"], body["kept"], service.kept(event)) == (20, 20, 20)
    assert "Pay for your open orders or cancel them first." in body["detail"]
    assert (body["ticket_id"], body["checkout_url"]) == (
        orders[1]["ticket_id"],
        orders[1]["checkout_url"],
    )
    service.post("/api/payments/cancel/", {"ticket_id": body["ticket_id"]})
    assert service.post(CREATE, order(event, 1)).status_code == 200


def test_over_buyer_limit_with_nothing_open(service: Service) -> None:
    """Over the buyer's limit with only issued tickets, there is no payment to go back to."""
    event = service.event(price=0, max_per_buyer=3)
    service.bought(event)
    body = problem(service.post(CREATE, order(event)), 400)
    assert (body["ticket_id"], body["checkout_url"]) == (None, None)


def test_sale_not_open(service: Service) -> None:
    """Before the sale, the response says when it opens."""
    event = service.event(opens_at=service.clock.now() + timedelta(hours=1))
    body = problem(service.post(CREATE, order(event)), 400)
    assert (body["code"], body["opens_at"]) == ("sale_not_open", "2030-01-01T01:00:00Z")
    assert body["retryable"]


def test_sale_closed(service: Service) -> None:
    """After the sale, nothing is sold."""
    event = service.event(closes_at=service.clock.now() + timedelta(hours=1))
    service.clock.advance(timedelta(hours=1))
    assert problem(service.post(CREATE, order(event)), 400)["code"] == "sale_closed"


def test_total_too_large(service: Service) -> None:
    """An order that is too large for one payment is refused before places are taken."""
    event = service.event(price=20_000_000)
    body = problem(service.post(CREATE, order(event, 5)), 400)
    assert body["code"] == "total_too_large"
    assert service.kept(event) == 0


def test_total_too_small(service: Service) -> None:
    """An order below the provider's minimum is refused before places are taken."""
    event = service.event(price=10)
    assert problem(service.post(CREATE, order(event)), 400)["code"] == "total_too_small"
    assert service.kept(event) == 0


def test_payments_not_configured(service: Service) -> None:
    """Without a payment provider paid tickets are refused, and free ones are sold."""
    paid, free = service.event(), service.event(price=0)
    service.rebuild(gateway=NoPayments())
    body = problem(service.post(CREATE, order(paid)), 400)
    assert body["code"] == "payments_not_configured"
    assert service.post(CREATE, order(free)).status_code == 200


def test_store_away(service: Service) -> None:
    """Without the database the response is a 503 with Retry-After that leaks no internals."""
    event = service.event()
    service.rebuild(tickets=AwayStore())
    answer = service.post(CREATE, order(event))
    body = problem(answer, 503)
    assert (body["code"], body["retryable"]) == ("store_unavailable", True)
    assert answer.headers["Retry-After"] == "2"
    assert "internal" not in answer.get_data(as_text=True)


def test_nothing_is_sold_while_a_restore_is_not_finished(service: Service) -> None:
    """Paid and free purchases get a 503 with Retry-After, and succeed once it is finished."""
    paid, free = service.event(), service.event(price=0)
    bought = service.bought(paid)
    service.pay(bought)
    service.installation.begin_restore(at=service.clock.now())
    for event in (paid, free):
        answer = service.post(CREATE, order(event))
        body = problem(answer, 503)
        assert (body["code"], body["retryable"]) == ("not_ready", True)
        assert answer.headers["Retry-After"] == "60"
    assert service.verify(bought).status_code == 200
    service.installation.end_restore()
    for event in (paid, free):
        assert service.post(CREATE, order(event)).status_code == 200


def test_own_ticket_shows_until_when_it_can_be_paid(service: Service) -> None:
    """The ticket of a purchase shows where and until when it can be paid."""
    bought = service.bought(service.event())
    shown = service.get(f"/api/tickets/{bought['ticket_id']}/").get_json()
    assert shown["expires_at"] == (service.clock.now() + HOLD).isoformat().replace("+00:00", "Z")
    assert shown["checkout_url"] == bought["checkout_url"]
