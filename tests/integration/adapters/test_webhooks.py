"""Webhooks go out as Standard Webhooks 1.0 says, and answers mean what their status says."""

import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from standardwebhooks import Webhook, WebhookVerificationError

from tests.integration.adapters.webhooks import AT, message, subscriber
from tests.support.webhook_receiver import Got, receiving
from ticketing_adapters.webhooks import WebhookSubscriber, new_secret
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Gone, Refused, Unanswered

NOWHERE = "https://mailer.example/"


def sent(to: WebhookSubscriber, path: str = "/hook?key=1") -> Got:
    """Deliver a message to a receiver that takes it, and return what it got."""
    with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}{path}"
        to = evolve(to, subscription=evolve(to.subscription, url=url))
        assert to.deliver(message()) == Delivered()
    [got] = receiver.got
    return got


def test_the_reference_library_verifies_what_is_sent() -> None:
    """The signature, and the body that the specification describes."""
    to = subscriber(NOWHERE)
    got = sent(to)
    assert Webhook(to.subscription.secret or "").verify(got.body, dict(got.headers)) == {
        "type": "ticket.issued",
        "timestamp": "2027-06-01T20:00:00+00:00",
        "data": {"epoch": 1, "ticket_id": 1, "status": "issued", "note": "Grüße"},
    }
    assert got.headers["webhook-id"] == message().message_id == "ticket_7b0c_1_3"
    assert got.headers["webhook-timestamp"] == str(int(to.clock.now().timestamp()))
    assert got.headers["Content-Type"] == "application/json"
    assert got.path == "/hook?key=1"
    assert got.body == json.dumps(json.loads(got.body), separators=(",", ":")).encode()


@pytest.mark.parametrize("change", ["body", "id", "timestamp", "secret"])
def test_control_the_reference_library_refuses_anything_else(change: str) -> None:
    """What is verified above is not verified by chance."""
    to = subscriber(NOWHERE)
    got = sent(to)
    headers = dict(got.headers)
    if change not in {"body", "secret"}:
        headers[f"webhook-{change}"] = str(int(headers["webhook-timestamp"]) + 1)
    secret = new_secret() if change == "secret" else to.subscription.secret or ""
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body + b" " * (change == "body"), headers)


def test_both_secrets_sign_for_a_day_after_a_rotation() -> None:
    """A receiver may change to the new one at any time of it; after it the old one is worthless."""
    to = subscriber(NOWHERE)
    old, new = to.subscription.secret or "", new_secret()
    to = evolve(to, subscription=to.subscription.rotated(new, at=to.clock.now()))
    for secret in (old, new):
        got = sent(to)
        Webhook(secret).verify(got.body, dict(got.headers))
    later = evolve(to.subscription, previous_until=to.clock.now())
    got = sent(evolve(to, subscription=later))
    Webhook(new).verify(got.body, dict(got.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(got.body, dict(got.headers))


def test_secrets_are_long_and_random() -> None:
    """24 to 64 bytes, as the specification says."""
    made = [new_secret() for _ in range(10)]
    assert len(set(made)) == len(made)
    assert all(24 <= len(b64decode(each.removeprefix("whsec_"))) <= 64 for each in made)


def answered(status: int, headers: Mapping[str, str] | None = None) -> DeliveryOutcome:
    """Deliver a message to a receiver that answers so."""
    with receiving(lambda _: (status, headers or {})) as receiver:
        to = subscriber(f"http://localhost:{receiver.port}/", now=AT)
        outcome = to.deliver(message())
    # The receiver listens at one of the two addresses of localhost.
    assert len(receiver.got) == 1
    return outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Delivered()),
        (202, Delivered()),
        (410, Gone()),
        (408, Refused(retryable=True)),
        (425, Refused(retryable=True)),
        (429, Refused(retryable=True)),
        (500, Refused(retryable=True)),
        (503, Refused(retryable=True)),
        (301, Refused(retryable=False)),
        (400, Refused(retryable=False)),
        (401, Refused(retryable=False)),
        (404, Refused(retryable=False)),
        (103, Unanswered()),
    ],
)
def test_the_status_decides(status: int, outcome: DeliveryOutcome) -> None:
    """What the receiver says of itself pauses it; what it says of a message, only that one."""
    assert answered(status) == outcome


def test_redirects_are_not_followed() -> None:
    """The address that it names may be anywhere."""
    with receiving() as other:
        there = {"Location": f"http://127.0.0.1:{other.port}/"}
        for status in (301, 302, 303, 307, 308):
            assert answered(status, there) == Refused(retryable=False)
    assert other.got == []


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 7 ", timedelta(seconds=7)),
        ("0", timedelta(0)),
        ("Tue, 01 Jun 2027 20:05:00 GMT", timedelta(minutes=5)),
        ("Tue, 01 Jun 2027 20:05:00 -0000", timedelta(minutes=5)),
        ("Tue, 01 Jun 2027 19:00:00 GMT", None),
        ("Tue, 01 Jun 99999 19:00:00 GMT", None),
        ("Tue, 01 Jun 999999999999 19:00:00 GMT", None),
        ("Tue, 01 Jun 2027 20:05:00 +99999999999999", None),
        ("soon", None),
        ("-1", None),
        ("9" * 100, None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, wait: timedelta | None) -> None:
    """What is neither asks for nothing."""
    for status in (429, 503):
        assert answered(status, {"Retry-After": header}) == Refused(retryable=True, wait=wait)


def test_the_time_is_that_of_the_try() -> None:
    """A receiver refuses what is old, so a message that is sent again says when."""
    first = subscriber(NOWHERE, now=datetime(2027, 6, 1, tzinfo=UTC))
    second = evolve(first, clock=subscriber(NOWHERE, now=datetime(2027, 6, 2, tzinfo=UTC)).clock)
    one, two = sent(first), sent(second)
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.body == two.body
    assert int(two.headers["webhook-timestamp"]) - int(one.headers["webhook-timestamp"]) == 86400
    assert one.headers["webhook-signature"] != two.headers["webhook-signature"]
