"""Controls of the check against Stripe's OpenAPI: it must catch each kind of mistake."""

from typing import Any

import stripe

from tests.integration.sandbox.conftest import OpenSession
from tests.support.stripe_openapi import check_exchange, check_object
from ticketing_service.sandbox import RunningSandbox


def exchanged(running: RunningSandbox) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and the body of the last call."""
    exchange = running.sandbox.exchanges()[-1]
    assert exchange.body is not None
    return exchange.params, exchange.body


def test_a_missing_required_field_is_caught(
    running: RunningSandbox, open_session: OpenSession
) -> None:
    """A response without a field that Stripe always sends does not conform."""
    open_session()
    params, body = exchanged(running)
    broken = {name: value for name, value in body.items() if name != "payment_status"}
    assert check_exchange("POST", "/v1/checkout/sessions", params, 200, body) == []
    found = check_exchange("POST", "/v1/checkout/sessions", params, 200, broken)
    assert any("payment_status" in problem for problem in found)


def test_an_unknown_field_in_a_response_is_caught(open_session: OpenSession) -> None:
    """A field that Stripe does not have, such as a misspelt one, does not conform."""
    body = open_session().to_dict()
    assert any("paymnt" in p for p in check_object("checkout.session", {**body, "paymnt": 1}))


def test_an_unknown_parameter_is_caught_on_every_level(
    running: RunningSandbox, open_session: OpenSession
) -> None:
    """A parameter that Stripe would refuse does not conform, even if the sandbox accepted it."""
    open_session()
    params, body = exchanged(running)
    nested = {**params, "line_items": [{**params["line_items"][0], "colour": "red"}]}
    for wrong in ({**params, "colour": "red"}, nested):
        found = check_exchange("POST", "/v1/checkout/sessions", wrong, 200, body)
        assert any("colour" in problem for problem in found)


def test_a_value_of_the_wrong_kind_is_caught() -> None:
    """A form value that is not an integer does not conform where Stripe expects one."""
    found = check_exchange("GET", "/v1/refunds", {"limit": "ten"}, None, None)
    assert any("ten" in problem for problem in found)


def test_an_error_without_a_type_is_caught() -> None:
    """Errors are checked too."""
    body = {"error": {"message": "no type"}}
    assert any("type" in p for p in check_exchange("GET", "/v1/refunds", {}, 400, body))


def test_an_unknown_call_is_caught() -> None:
    """A call of a path that Stripe does not have does not conform."""
    assert check_exchange("POST", "/v1/tickets", {}, 200, {})


def test_the_known_differences_are_those_of_this_sdk() -> None:
    """Review the table of differences when the SDK's API version changes."""
    assert stripe.api_version == "2026-10-28.endive"
