"""The buyer's email address: from the access token to the payment page, and nowhere else."""

from typing import Any

import pytest

from tests.integration.http.services import CREATE, SECRET, Service, token
from ticketing_service.http import AccessTokens

EMAIL = "anna@example.com"


@pytest.fixture
def reads_email() -> Service:
    """A service that knows the claim."""
    return Service(access=AccessTokens(secret=SECRET, email_claim="mail"))


def email_on_page(service: Service, **claims: Any) -> str | None:
    """Buy with these claims, which must succeed; return what the page has filled in."""
    event = service.event()
    answer = service.client.post(
        CREATE,
        json={"event_id": event.event_id, "quantity": 1},
        headers={"Authorization": f"Bearer {token(**claims)}"},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert EMAIL not in answer.get_data(as_text=True)
    ticket = service.stored(answer.get_json())
    assert EMAIL not in repr((ticket, service.tickets.history(ticket.ticket_id)))
    return service.gateway.email_on(answer.get_json()["checkout_url"])


def test_the_page_has_the_address_of_the_token(
    reads_email: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """It is neither stored with the ticket, nor returned, nor logged."""
    assert email_on_page(reads_email, mail=EMAIL) == EMAIL
    assert EMAIL not in caplog.text


@pytest.mark.parametrize("odd", [None, 7, True, 1.5, ["anna@example.com"], {"value": EMAIL}])
def test_an_odd_claim_stops_no_purchase(reads_email: Service, odd: object) -> None:
    """It is as if the claim were missing."""
    assert email_on_page(reads_email, mail=odd) is None
    assert email_on_page(reads_email) is None


def test_control_without_the_setting_no_address_is_used(service: Service) -> None:
    """It is personal data, so the seller decides that the payment provider gets it."""
    assert email_on_page(service, mail=EMAIL, email=EMAIL) is None
