"""Refunds, and the payment provider's notifications."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest

from tests.integration.http.services import REFUND, WEBHOOK, Service, problem
from ticketing_core import TicketStatus
from ticketing_core.payment import PaymentHint
from ticketing_core.testing import Fault, plain_notification
from ticketing_service.http.notifications import RefusedNotifications

ORGANIZER = ["organizer"]


def paid(service: Service) -> Mapping[str, Any]:
    """Return a purchase that was paid; its buyer has not come back."""
    bought = service.bought(service.event())
    service.pay(bought)
    return bought


def issued(service: Service) -> Mapping[str, Any]:
    """Return a ticket that was paid and verified."""
    bought = paid(service)
    assert service.verify(bought).status_code == 200
    return bought


def test_an_organizer_refunds_a_ticket(service: Service) -> None:
    """In full; the ticket is void, its places are free, and a retry changes nothing."""
    bought = issued(service)
    for _ in range(2):
        answer = service.post(REFUND, {"ticket_id": bought["ticket_id"]}, roles=ORGANIZER)
        assert answer.status_code == 200
        assert answer.get_json() == {
            "detail": "The ticket is void, and its money is given back",
            "ticket_id": bought["ticket_id"],
            "status": "refunded",
            "refund_problem": None,
        }
    assert service.gateway.captured_for(service.stored(bought).ticket_code) == 0
    assert problem(service.verify(bought), 400)["code"] == "refunded"
    assert service.stored(bought).places == 0


@pytest.mark.parametrize("fault", [Fault.BEFORE_EFFECT, Fault.REFUSED])
def test_a_failed_refund_is_retried(service: Service, fault: Fault) -> None:
    """The ticket is void at once; settling makes the refund."""
    bought = issued(service)
    service.gateway.fail_next("refund", fault)
    answer = service.post(REFUND, {"ticket_id": bought["ticket_id"]}, roles=ORGANIZER)
    assert answer.get_json()["status"] == "refunding"
    service.office.settle_due(limit=9, by="settler")
    assert service.stored(bought).status is TicketStatus.REFUNDED


@pytest.mark.parametrize("roles", [[], ["cashier"], ["Organizer"]])
def test_only_organizers_refund(service: Service, roles: list[str]) -> None:
    """Not even the buyer may."""
    bought = issued(service)
    answer = service.post(REFUND, {"ticket_id": bought["ticket_id"]}, roles=roles)
    assert problem(answer, 403)["code"] == "role_missing"
    assert service.stored(bought).status is TicketStatus.ISSUED


def test_only_an_issued_ticket_is_refunded(service: Service) -> None:
    """An unpaid ticket is a 400, an unknown one a 404, and the role is checked first."""
    bought = service.bought(service.event())
    unpaid = service.post(REFUND, {"ticket_id": bought["ticket_id"]}, roles=ORGANIZER)
    assert problem(unpaid, 400)["code"] == "not_issued"
    unknown = service.post(REFUND, {"ticket_id": 999}, roles=ORGANIZER)
    assert problem(unknown, 404)["code"] == "ticket_not_found"
    empty = service.post(REFUND, {}, roles=ORGANIZER)
    assert problem(empty, 400)["errors"] == [{"field": "ticket_id", "detail": "is missing"}]
    assert problem(service.post(REFUND, {}), 403)["code"] == "role_missing"


def test_a_notification_too_large_is_a_413(service: Service) -> None:
    """It is never cut off and then read, as its signature would seem forged."""
    in_chunks = {"environ_overrides": {"wsgi.input_terminated": True}}
    for length in ({"content_length": 2**20 + 1}, in_chunks):
        answer = service.client.post(WEBHOOK, input_stream=BytesIO(b" " * (2**20 + 1)), **length)
        assert problem(answer, 413)["code"] == "body_too_large"


def test_a_notification_may_have_a_mebibyte(service: Service) -> None:
    """An event about a dispute holds its evidence. Other routes keep their 64 KiB."""
    largest = "x" * 2**20
    assert service.notify(largest).get_json() == {"detail": "Noted"}
    refused = service.post(REFUND, {"ticket_id": largest}, roles=ORGANIZER)
    assert problem(refused, 413)["code"] == "body_too_large"


def test_refused_notifications_are_counted_in_the_log(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """The first at once; a flood is one line every ten seconds, with the last reason."""
    for _ in range(50):
        service.client.post(WEBHOOK, data=b"co_1")
    (line,) = [r.getMessage() for r in caplog.records if "notifications" in r.name]
    assert line == "notifications refused: 1, the last one because: not signed by this gateway"


def test_the_next_line_has_the_number_since_the_last(caplog: pytest.LogCaptureFixture) -> None:
    """Ten seconds later. The control: with a clock that stands still there is no second line."""
    seconds = iter([0.0, 1.0, 9.9, 10.0])
    refused, still = RefusedNotifications(lambda: next(seconds)), RefusedNotifications(lambda: 0.0)
    for reason in ("first", "second", "third", "fourth"):
        refused.add(reason)
    assert [record.args for record in caplog.records] == [(1, "first"), (3, "fourth")]
    caplog.clear()
    for _ in range(4):
        still.add("any")
    assert len(caplog.records) == 1


def test_a_short_flood_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    """50,000 forgeries within one moment do not look like one. The control: 9,999 do."""
    refused = RefusedNotifications(lambda: 0.0)
    for _ in range(10_000):
        refused.add("forged")
    assert [record.args for record in caplog.records] == [(1, "forged")]
    for _ in range(40_000):
        refused.add("forged")
    assert [record.args for record in caplog.records] == [(1, "forged")] + [(10_000, "forged")] * 4


def test_a_notification_of_a_payment_issues_the_ticket(service: Service) -> None:
    """Without the buyer; a repeated notification changes nothing more."""
    bought = paid(service)
    for _ in range(2):
        answer = service.notify(bought["session_id"])
        assert (answer.status_code, answer.get_json()) == (200, {"detail": "Noted"})
    assert service.stored(bought).status is TicketStatus.ISSUED
    assert len(service.tickets.history(bought["ticket_id"])) == 3


def test_a_notification_proves_nothing(service: Service) -> None:
    """With its secret one can make us look, and no more. The control: after paying it issues."""
    bought = service.bought(service.event())
    assert service.notify(bought["session_id"]).status_code == 200
    assert service.notify(PaymentHint(payment_id=f"pay_{bought['session_id']}")).status_code == 200
    assert service.stored(bought).status is TicketStatus.PAYING
    service.pay(bought)
    service.notify(bought["session_id"])
    assert service.stored(bought).status is TicketStatus.ISSUED


def test_a_notification_about_a_payment_settles_its_ticket(service: Service) -> None:
    """No answer of the provider is a 503, so that it comes again."""
    bought = paid(service)
    service.notify(bought["session_id"])
    service.gateway.give_back(bought["session_id"])
    hint = PaymentHint(payment_id=f"pay_{bought['session_id']}")
    service.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    assert problem(service.notify(hint), 503)["code"] == "gateway_unavailable"
    assert service.notify(hint).get_json() == {"detail": "Noted"}
    assert service.stored(bought).status is TicketStatus.REFUNDED


def test_a_fraud_warning_tells_the_operator_what_to_do(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """The ticket stays valid."""
    bought = paid(service)
    payment_id = f"pay_{bought['session_id']}"
    service.notify(bought["session_id"])
    service.notify(PaymentHint(payment_id=payment_id))
    assert caplog.messages == []
    service.notify(PaymentHint(payment_id=payment_id, is_fraud_warning=True))
    (line,) = caplog.messages
    assert f"`ticketing refund {bought['ticket_id']}` now avoids a dispute" in line
    assert service.stored(bought).status is TicketStatus.ISSUED


def test_an_unknown_notification_is_accepted(service: Service) -> None:
    """Otherwise the provider would retry it for three days."""
    assert service.notify("").get_json() == {"detail": "Not ours"}
    assert service.notify("co_unknown").status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_a_notification_that_cannot_be_looked_up_is_a_503(service: Service, known: bool) -> None:  # noqa: FBT001 - pytest gives it
    """Nothing changes and nothing is lost, since the provider retries."""
    bought = paid(service)
    service.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    answer = service.notify(bought["session_id"] if known else "co_unknown")
    assert problem(answer, 503)["code"] == "gateway_unavailable"
    assert service.stored(bought).status is TicketStatus.PAYING
    assert service.notify(bought["session_id"]).status_code == 200
    assert service.stored(bought).status is TicketStatus.ISSUED


@pytest.mark.parametrize("body", [b"", b"co_1", b"\xff", b"{}", b"x" * 60_000])
def test_an_unsigned_notification_is_refused(service: Service, body: bytes) -> None:
    """Whatever its body is."""
    paid(service)
    answer = service.client.post(WEBHOOK, data=body)
    assert problem(answer, 400)["code"] == "bad_notification"
    _, headers = plain_notification("another")
    signed = service.client.post(WEBHOOK, data=body, headers=headers)
    assert problem(signed, 400)["code"] == "bad_notification"


def test_sold_out_is_retryable_if_settling_may_help(service: Service) -> None:
    """If unpaid places are about to be freed, the response says when to retry."""
    event = service.event(capacity=2)
    service.bought(event)
    body = {"event_id": event.event_id, "quantity": 1}
    create = "/api/payments/create-payment-intent/"
    hopeless = service.post(create, body)
    assert problem(hopeless, 400)["retryable"] is False
    assert "Retry-After" not in hopeless.headers
    service.clock.advance(service.office.hold)
    hopeful = service.post(create, body)
    assert problem(hopeful, 400)["retryable"] is True
    assert int(hopeful.headers["Retry-After"]) > 0
    service.office.settle_due(limit=9, by="settler")
    assert service.post(create, body).status_code == 200


def test_without_a_secret_notifications_are_a_503(service: Service) -> None:
    """They are neither trusted nor lost."""
    service.rebuild(notification_reader=None)
    assert problem(service.notify("co_1"), 503)["code"] == "not_ready"
