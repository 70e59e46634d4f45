"""What did not come from Stripe proves nothing; what Stripe finds wrong reaches the seller."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import requests
import stripe

from tests.integration.adapters.stripe_at_sandbox import gateway_at
from tests.support.odd_server import answering, http
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.stripe_checkout.calls import Failure, call
from ticketing_core import Money, Ticket
from ticketing_core.errors import PaymentRefused, PaymentsNotConfigured
from ticketing_core.payment import OpenOutcome, Unknown
from ticketing_core.reservation import TicketDraft
from ticketing_service.sandbox import Fault, Refusal, RunningSandbox

NOW = datetime.now(UTC)
TIME_OUT_SECONDS = 0.3
"""That of `gateway_at`."""

STARTS = {
    "in the headers": (b"HTTP/1.1 200 OK\r\n", b"X"),
    "in the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
    "in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox; every exchange with it is checked against Stripe's OpenAPI document."""
    with checked_sandbox() as started:
        yield started


def ticket() -> Ticket:
    """Return a reserved ticket."""
    return TicketDraft(
        ticket_code=UUID(int=1, version=4),
        event_id=1,
        buyer="42",
        quantity=1,
        price=Money(2500, "usd"),
        at=NOW,
        held_until=NOW,
    ).ticket(1)


def opened(url: str) -> OpenOutcome:
    """Try to open a checkout."""
    ends_at = datetime.now(UTC) + timedelta(minutes=35)
    return gateway_at(url).open(ticket(), event_name="Concert", ends_at=ends_at)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"null", b"5", b'"text"', b"<html>Log in</html>", b"", b'{"object": "list"}'],
)
def test_a_200_that_is_no_session_is_no_answer(body: bytes) -> None:
    """A proxy or a login page may have sent it; nothing is known of the checkout."""
    with answering(http(body)) as url:
        assert isinstance(opened(url), Unknown)
        gateway = gateway_at(url)
        assert isinstance(gateway.look_up("cs_test_1"), Unknown)
        assert isinstance(gateway.close("cs_test_1"), Unknown)
        assert isinstance(gateway.list_checkouts(since=NOW, after=None), Unknown)


@pytest.mark.parametrize("where", STARTS)
def test_an_answer_that_trickles_ends_with_the_time_out(where: str) -> None:
    """The time-out is that of the whole answer: two tries, and the pause between them."""
    start, then = STARTS[where]
    with answering(start, then=then) as url:
        began = time.monotonic()
        assert isinstance(gateway_at(url).look_up("cs_test_1"), Unknown)
        assert time.monotonic() - began < 2 * TIME_OUT_SECONDS + 3


def test_control_a_plain_session_reads_on_while_bytes_come() -> None:
    """The time-out of `requests` alone begins anew with each byte."""
    start, then = STARTS["in the body"]
    began = time.monotonic()
    with answering(start.replace(b"99999", b"60"), then=then) as url:
        requests.get(url, timeout=TIME_OUT_SECONDS)
    assert time.monotonic() - began > 2 * TIME_OUT_SECONDS


def test_an_error_of_the_machine_is_no_answer() -> None:
    """The SDK passes on what its own handling does not know, such as a missing certificate."""

    def broken() -> object:
        raise OSError("Could not find a suitable TLS CA certificate bundle")

    failed = call(broken)
    assert isinstance(failed, Failure)
    assert failed.outcome == Unknown("OSError")


def test_the_key_that_stripe_repeats_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It has the ticket's code, which lets people in."""
    code = str(UUID(int=7, version=4))

    def reused() -> object:
        raise stripe.IdempotencyError(f"Try using a key other than '{code}:open'.")

    with caplog.at_level(logging.WARNING):
        call(reused)
    assert "other than 'CODE:open'" in caplog.text
    assert code not in caplog.text


MATTERS_OF_THE_SELLER = {
    "account": Refusal(
        status=400, message="In order to use Checkout, you must set an account or business name."
    ),
    "parameter": Refusal(
        status=400, message="Invalid locale.", param="locale", code="parameter_invalid_enum"
    ),
    "right": Refusal(status=403, message="The provided key does not have the required rights."),
    "key": Refusal(status=401, message="Expired API Key provided: sk_test_***.", code="api_key"),
}


@pytest.mark.parametrize("matter", MATTERS_OF_THE_SELLER)
def test_stripes_words_reach_the_log_and_not_the_buyer(
    running: RunningSandbox, matter: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With what Stripe's support asks for: code, parameter and request."""
    refusal = MATTERS_OF_THE_SELLER[matter]
    running.sandbox.plan_fault(Fault(error=refusal, times=None))
    assert opened(running.url) == PaymentsNotConfigured()
    assert refusal.message not in PaymentsNotConfigured().detail
    logged = "\n".join(r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR)
    expected = [refusal.message, refusal.code, refusal.param]
    expected.append(running.sandbox.exchanges()[-1].request_id)
    assert [word for word in expected if word and word not in logged] == []


def test_control_an_amount_is_a_matter_of_the_purchase(running: RunningSandbox) -> None:
    """The seller has set up everything; another order can be paid."""
    too_small = Refusal(status=400, code="amount_too_small", message="At least $0.50 usd.")
    running.sandbox.plan_fault(Fault(error=too_small))
    assert opened(running.url) == PaymentRefused("amount_too_small", retryable=False)


def test_a_declined_card_is_a_matter_of_the_purchase() -> None:
    """Stripe's answer to it is a 402."""
    body = b'{"error": {"type": "card_error", "code": "card_declined", "message": "No."}}'
    with answering(http(body, status="402 Payment Required")) as url:
        assert opened(url) == PaymentRefused("card_declined", retryable=False)
