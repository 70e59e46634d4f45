"""What the API refuses, in Stripe's words and with Stripe's codes."""

import time
from typing import Any

import pytest
import requests
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params
from ticketing_service.sandbox import RunningSandbox, Sandbox


def line(**price: Any) -> list[dict[str, Any]]:
    """Return one line item with these changes of its price data; None leaves a member out."""
    members = {
        "currency": "usd",
        "unit_amount": 2500,
        "product_data": {"name": "Ticket"},
        **price,
    }
    kept = {name: value for name, value in members.items() if value is not None}
    return [{"quantity": 1, "price_data": kept}]


PRICE = "line_items[0][price_data]"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"line_items": line(colour="red")}, "parameter_unknown", f"{PRICE}[colour]"),
        ({"mode": None}, "parameter_missing", "mode"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"line_items": line(currency=None)}, "parameter_missing", f"{PRICE}[currency]"),
        (
            {"line_items": line(unit_amount=25.0)},
            "parameter_invalid_integer",
            f"{PRICE}[unit_amount]",
        ),
        (
            {"line_items": line(unit_amount=-1)},
            "parameter_invalid_integer",
            f"{PRICE}[unit_amount]",
        ),
        ({"line_items": line(unit_amount=49)}, "amount_too_small", None),
        ({"line_items": line(unit_amount=0)}, "amount_too_small", None),
        ({"line_items": line(currency="gbp", unit_amount=29)}, "amount_too_small", None),
        ({"line_items": line(currency="jpy", unit_amount=49)}, "amount_too_small", None),
        ({"line_items": line(unit_amount=100_000_000)}, "amount_too_large", None),
        (
            {"line_items": line(currency="kwd", unit_amount=12_345)},
            "parameter_invalid_integer",
            f"{PRICE}[unit_amount]",
        ),
        (
            {"line_items": line(currency="isk", unit_amount=12_350)},
            "parameter_invalid_integer",
            f"{PRICE}[unit_amount]",
        ),
        ({"line_items": line(currency="xyz")}, None, f"{PRICE}[currency]"),
        (
            {"line_items": line() + line(currency="eur")},
            None,
            "line_items[1][price_data][currency]",
        ),
        ({"mode": "subscription"}, None, "mode"),
        ({"ui_mode": "hosted"}, None, "ui_mode"),
        ({"submit_type": "steal"}, None, "submit_type"),
        ({"allow_promotion_codes": "maybe"}, None, "allow_promotion_codes"),
        ({"automatic_tax": {}, "automatic_tax[x]": 1}, "parameter_unknown", "automatic_tax[x]"),
        ({"success_url": "/success"}, "url_invalid", "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "url_invalid", "cancel_url"),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, None, "metadata"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"allowed_payment_method_types": ["paypal"]}, None, "allowed_payment_method_types"),
        ({"expand": ["customer_card"]}, None, "expand[0]"),
    ],
)
def test_a_wrong_parameter_is_named(
    open_session: OpenSession, sandbox: Sandbox, changes: Any, code: str | None, param: str | None
) -> None:
    """A wrong parameter is refused with 400, its code and its full name; no session is opened."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(**changes)
    assert (refused.value.http_status, refused.value.code) == (400, code)
    assert refused.value.param == param
    assert sandbox.sessions() == []


@pytest.mark.parametrize("away", [30 * 60, 5 * 60, -60, 24 * 3600 + 60])
def test_a_session_lasts_30_minutes_to_24_hours(open_session: OpenSession, away: int) -> None:
    """Any other end is refused; 30 minutes are too few once the call has taken some time."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(expires_at=int(time.time()) + away)
    assert refused.value.param == "expires_at"


@pytest.mark.parametrize("away", [31 * 60, 24 * 3600 - 60])
def test_an_end_within_the_bounds_is_accepted(open_session: OpenSession, away: int) -> None:
    """The session expires at the requested time."""
    end = int(time.time()) + away
    assert open_session(expires_at=end).expires_at == end


@pytest.mark.parametrize(
    ("currency", "unit_amount"),
    [
        ("usd", 25),
        ("USD", 49_999_999),
        ("jpy", 25),
        ("kwd", 12_340),
        ("isk", 12_300),
        ("ugx", 500_000),
    ],
)
def test_amounts_at_the_limits_are_accepted(
    open_session: OpenSession, currency: str, unit_amount: int
) -> None:
    """Two tickets at these prices are just within Stripe's limits."""
    session = open_session(currency=currency, unit_amount=unit_amount)
    assert (session.amount_total, session.currency) == (2 * unit_amount, currency.lower())


def test_metadata_at_the_limits_is_accepted(open_session: OpenSession) -> None:
    """Fifty keys of up to 40 characters with values of up to 500, of any text."""
    metadata = {f"{n:040}": "ü" * 500 for n in range(49)} | {"0": "[x]&=%"}
    session = open_session(metadata=metadata)
    assert session.metadata is not None
    assert session.metadata.to_dict() == metadata


def test_optional_parameters_are_shown(open_session: OpenSession) -> None:
    """The session shows the optional parameters that it was opened with."""
    session = open_session(
        customer_email="anna@example.com",
        locale="de",
        customer_creation="if_required",
        billing_address_collection="auto",
        allowed_payment_method_types=["card"],
        custom_text={"submit": {"message": "See you there"}},
        ui_mode="hosted_page",
    )
    assert session.customer_email == "anna@example.com"
    assert session.locale == "de"
    assert session.payment_method_types == ["card"]
    assert session.custom_text.submit is not None
    assert session.custom_text.submit.message == "See you there"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("line_items=x&line_items[0]=y", "application/x-www-form-urlencoded"),
        ("a" + "[b]" * 20 + "=c", "application/x-www-form-urlencoded"),
        ("]=c", "application/x-www-form-urlencoded"),
        ("{}", "application/json"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    running: RunningSandbox, body: str, kind: str
) -> None:
    """Any other body than nested form encoding is a 400, not a failure of the sandbox."""
    response = requests.post(
        f"{running.url}/v1/checkout/sessions",
        data=body,
        headers={"Content-Type": kind, "Authorization": "Bearer sk_test_any"},
        timeout=5,
    )
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_path_is_refused(running: RunningSandbox) -> None:
    """The response is a 404 with Stripe's error body, and its message mentions the sandbox."""
    response = requests.get(f"{running.url}/v1/customers", timeout=5)
    assert response.status_code == 404
    assert "sandbox" in response.json()["error"]["message"]


def test_a_key_may_be_the_user_name(running: RunningSandbox) -> None:
    """Basic authentication works, as in Stripe's curl examples."""
    response = requests.get(
        f"{running.url}/v1/checkout/sessions", auth=("sk_test_any", ""), timeout=5
    )
    assert response.json()["data"] == []


def test_no_key_is_refused(running: RunningSandbox) -> None:
    """A call without credentials gets 401."""
    assert requests.get(f"{running.url}/v1/refunds", timeout=5).status_code == 401


def test_the_usual_parameters_are_accepted(client: stripe.StripeClient) -> None:
    """Control: the parameters that the refused calls change are accepted unchanged."""
    assert client.v1.checkout.sessions.create(session_params()).status == "open"
