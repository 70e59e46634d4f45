"""POST /api/payments/verify/ and /cancel/: every row of the contract and the error table."""

import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.http.services import CANCEL, HOLD, VERIFY, Service, problem
from tests.integration.http.stores import AwayStore
from ticketing_core import TicketStatus
from ticketing_core.testing import Fault, PlainSigner

Bought = Mapping[str, Any]


@pytest.fixture
def bought(service: Service) -> Bought:
    """Give a purchase of two places that is not paid yet."""
    return service.bought(service.event())


def settle(service: Service) -> None:
    """Settle everything that is due."""
    for ticket in service.tickets.claim_due(now=service.clock.now(), limit=10):
        service.office.settle(ticket, by="settler")


def refund(service: Service, bought: Bought) -> None:
    """Pay, verify and refund."""
    service.pay(bought)
    assert service.verify(bought).status_code == 200
    service.office.refund(ticket_id=bought["ticket_id"], by="organizer")


def expire(service: Service, bought: Bought) -> None:
    """Let the hold run out."""
    del bought
    service.clock.advance(HOLD)
    settle(service)


def cancel(service: Service, bought: Bought) -> None:
    """Cancel the purchase."""
    assert service.cancel(bought).status_code == 200


def pay_slowly(service: Service, bought: Bought) -> None:
    """Pay with a method that decides later."""
    service.gateway.pay_slowly(bought["checkout_url"])


def decline(service: Service, bought: Bought) -> None:
    """Try a card that is declined."""
    service.gateway.decline(bought["checkout_url"])


def test_verify_after_paying(service: Service, bought: Bought) -> None:
    """A paid ticket returns exactly the four fields of the contract."""
    service.pay(bought)
    answer = service.verify(bought)
    assert answer.status_code == 200
    body = answer.get_json()
    assert body == {
        "detail": "Payment successful",
        "qr_code_data": body["qr_code_data"],
        "ticket_id": bought["ticket_id"],
        "ticket_code": bought["ticket_code"],
    }
    token = base64.b64decode(body["qr_code_data"], validate=True).decode()
    assert getattr(PlainSigner().read(token), "ticket_id", None) == bought["ticket_id"]


def test_verify_takes_what_the_redirect_gives(service: Service, bought: Bought) -> None:
    """The ticket_id from the address that the buyer came back to is text, and it works."""
    service.pay(bought)
    assert service.verify(bought, ticket_id=str(bought["ticket_id"])).status_code == 200


def test_verify_twice_calls_the_gateway_once(service: Service, bought: Bought) -> None:
    """For an issued ticket the response is the same again, from the store alone."""
    service.pay(bought)
    first = service.verify(bought).get_json()
    service.gateway.forget(bought["session_id"])
    assert service.verify(bought).get_json() == first


@pytest.mark.parametrize(
    ("happened", "code", "retryable"),
    [
        (None, "payment_open", True),
        (decline, "payment_open", True),
        (pay_slowly, "payment_processing", True),
        (cancel, "order_cancelled", False),
        (expire, "order_expired", False),
        (refund, "refunded", False),
    ],
    ids=["open", "declined", "processing", "cancelled", "expired", "refunded"],
)
def test_verify_without_a_complete_payment(
    service: Service,
    bought: Bought,
    *,
    happened: Callable[[Service, Bought], None] | None,
    code: str,
    retryable: bool,
) -> None:
    """A ticket that is not paid, or no longer, is a 400 that says why."""
    if happened is not None:
        happened(service, bought)
    body = problem(service.verify(bought), 400)
    assert (body["code"], body["retryable"]) == (code, retryable)
    assert service.stored(bought).status is not TicketStatus.ISSUED


def test_verify_another_session(service: Service, bought: Bought) -> None:
    """A paid session of another ticket issues nothing: 404."""
    other = service.bought(service.event())
    service.pay(other)
    body = problem(service.verify(bought, session_id=other["session_id"]), 404)
    assert body["code"] == "payment_not_found"
    assert service.stored(bought).status is TicketStatus.PAYING


def test_verify_unknown_session(service: Service, bought: Bought) -> None:
    """An unknown session is a 404."""
    body = problem(service.verify(bought, session_id="cs_test_unknown"), 404)
    assert body["code"] == "payment_not_found"


def test_verify_free_ticket(service: Service) -> None:
    """A free ticket has no payment: 404."""
    free = service.bought(service.event(price=0))
    body = problem(service.post(VERIFY, {"session_id": "x", "ticket_id": free["ticket_id"]}), 404)
    assert body["code"] == "payment_not_found"


@pytest.mark.parametrize("call", ["verify", "cancel"])
@pytest.mark.parametrize(
    ("who", "ticket_id", "status", "code"),
    [
        ("43", 1, 403, "not_your_ticket"),
        ("42", 999, 404, "ticket_not_found"),
        (None, 1, 401, "token_missing"),
    ],
)
def test_whose_ticket(
    service: Service,
    bought: Bought,
    *,
    call: str,
    who: str | None,
    ticket_id: int,
    status: int,
    code: str,
) -> None:
    """Another buyer's ticket is a 403, an unknown one a 404, a missing token a 401."""
    service.pay(bought)
    body = {"session_id": "wrong for all of them", "ticket_id": ticket_id}
    path = VERIFY if call == "verify" else CANCEL
    assert problem(service.post(path, body, buyer=who), status)["code"] == code
    assert service.stored(bought).status is TicketStatus.PAYING


def test_cancel_frees_the_places(service: Service) -> None:
    """An unpaid ticket is cancelled, and its checkout can no longer be paid."""
    event = service.event()
    bought = service.bought(event)
    answer = service.cancel(bought)
    assert (answer.status_code, answer.get_json()) == (200, {"detail": "Payment cancelled"})
    assert service.kept(event) == 0
    assert service.gateway.payable_for(service.stored(bought).ticket_code) == []


@pytest.mark.parametrize("happened", [cancel, expire, refund], ids=["twice", "expired", "refunded"])
def test_cancel_what_is_over(
    service: Service, bought: Bought, happened: Callable[[Service, Bought], None]
) -> None:
    """A ticket that is over is not cancelled again: 400."""
    happened(service, bought)
    before = service.everything()
    assert problem(service.cancel(bought), 400)["code"] == "already_processed"
    assert service.everything() == before


def test_cancel_after_paying(service: Service, bought: Bought) -> None:
    """A ticket that turns out to be paid is issued, and the response says so."""
    service.pay(bought)
    assert problem(service.cancel(bought), 400)["code"] == "already_paid"
    assert service.verify(bought).status_code == 200
    assert problem(service.cancel(bought), 400)["code"] == "already_processed"


def test_cancel_while_processing(service: Service, bought: Bought) -> None:
    """A slow payment that is undecided keeps its places: 400."""
    pay_slowly(service, bought)
    body = problem(service.cancel(bought), 400)
    assert (body["code"], body["retryable"]) == ("payment_processing", True)
    assert service.stored(bought).status is TicketStatus.PAYING


def test_cancel_free_ticket(service: Service) -> None:
    """A free ticket was issued at once; there is nothing to cancel."""
    free = service.bought(service.event(price=0))
    assert problem(service.cancel(free), 400)["code"] == "already_processed"


@pytest.mark.parametrize(("call", "step"), [("verify", "look_up"), ("cancel", "close")])
def test_gateway_does_not_answer(service: Service, bought: Bought, call: str, step: str) -> None:
    """A silent gateway is a 503 with Retry-After, and changes nothing."""
    service.gateway.fail_next(step, Fault.BEFORE_EFFECT)
    before = service.everything()
    answer = service.verify(bought) if call == "verify" else service.cancel(bought)
    body = problem(answer, 503)
    assert (body["code"], body["retryable"]) == ("gateway_unavailable", True)
    assert answer.headers["Retry-After"] == "5"
    assert service.everything() == before


@pytest.mark.parametrize("call", ["verify", "cancel"])
def test_store_away(service: Service, bought: Bought, call: str) -> None:
    """A silent database is a 503 with Retry-After."""
    service.rebuild(tickets=AwayStore())
    answer = service.verify(bought) if call == "verify" else service.cancel(bought)
    assert problem(answer, 503)["code"] == "store_unavailable"
    assert answer.headers["Retry-After"] == "2"


def test_late_payment_is_still_good(service: Service, bought: Bought) -> None:
    """A payment made in time counts, however late the buyer comes back."""
    service.pay(bought)
    service.clock.advance(timedelta(days=1))
    assert service.verify(bought).status_code == 200
