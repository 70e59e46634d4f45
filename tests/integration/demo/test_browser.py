"""Buying in a real browser: from the list of events to the QR code."""

import io
import json
import re
from typing import Any

import pytest
import requests
from joserfc import jws
from joserfc.jwk import KeySet
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.integration.cli.processes import call
from tests.integration.demo.buying import CONCERT, REHEARSAL, ROOFTOP, card, order, places_left
from tests.integration.demo.running import RunningDemo
from tests.support.qr_scanner import scan

# RFC 9864 prefers the name Ed25519, which few libraries know yet; all of them know EdDSA.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def pay(page: Page, number: str) -> None:
    """Fill in the payment page, and click its button."""
    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name=re.compile("Book|Pay")).click()


def claims_of_the_qr(page: Page, demo: RunningDemo) -> dict[str, Any]:
    """Scan the QR code on the screen, and check its token with a different JWT library."""
    qr = page.locator("#qr")
    expect(qr).to_be_visible()
    token = scan(Image.open(io.BytesIO(qr.screenshot())))
    published = requests.get(f"{demo.api_url}/.well-known/jwks.json", timeout=10).json()
    keys = KeySet.import_key_set(published)
    claims: dict[str, Any] = json.loads(
        jws.deserialize_compact(token, keys, algorithms=["EdDSA"]).payload
    )
    return claims


def test_a_paid_ticket(page: Page, demo: RunningDemo) -> None:
    """The way through the payment page ends at a genuine QR code for what was paid."""
    before = places_left(demo, CONCERT)
    order(page, demo, event_id=CONCERT, quantity=2)
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url("**/payment/success?**")
    expect(page.get_by_role("heading", name="Payment successful")).to_be_visible()
    claims = claims_of_the_qr(page, demo)
    assert claims["e"] == CONCERT
    assert claims["q"] == 2
    code = page.locator("#ticket-code").inner_text()
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", code)
    assert f"ticket_id={claims['t']}" in page.url
    assert places_left(demo, CONCERT) == before - 2
    # Nothing of it is kept in the browser, and reloading the page works.
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    assert claims_of_the_qr(page, demo) == claims


def test_a_free_ticket(page: Page, demo: RunningDemo) -> None:
    """The QR code appears at once, without a payment page."""
    order(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.get_by_role("heading", name="You have your tickets")).to_be_visible()
    claims = claims_of_the_qr(page, demo)
    assert claims["e"] == REHEARSAL
    assert claims["q"] == 1
    # Reloading the page must not lose it.
    page.reload()
    assert claims_of_the_qr(page, demo) == claims


def test_retrying_a_purchase_without_an_answer_buys_once(page: Page, demo: RunningDemo) -> None:
    """The server sold a ticket but its answer was lost: the next click gets the same ticket."""
    before = places_left(demo, REHEARSAL)
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        answered = route.fetch()
        if route.request.method == "POST" and not lost:
            lost.append(answered.json()["ticket_id"])
            route.abort()
        else:
            route.fulfill(response=answered)

    page.route("**/create-payment-intent/", lose_the_first_answer)
    order(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    card(page, REHEARSAL).get_by_role("button").click()
    assert claims_of_the_qr(page, demo)["t"] == lost[0]
    assert places_left(demo, REHEARSAL) == before - 1


def test_going_back_cancels(page: Page, demo: RunningDemo) -> None:
    """Going back from the payment page frees the places."""
    before = places_left(demo, ROOFTOP)
    order(page, demo, event_id=ROOFTOP, quantity=2)
    page.wait_for_url("**/c/pay/**")
    assert places_left(demo, ROOFTOP) == before - 2
    page.get_by_role("link", name="Back").click()
    page.wait_for_url("**/payment/cancel?ticket_id=*")
    expect(page.get_by_role("heading", name="Order cancelled")).to_be_visible()
    assert places_left(demo, ROOFTOP) == before
    # Reloading the page is not an error for the buyer.
    page.reload()
    expect(page.get_by_text("This order was cancelled, and nothing was charged.")).to_be_visible()


def test_a_declined_card_then_a_good_one(page: Page, demo: RunningDemo) -> None:
    """The payment page shows the decline; another card then pays for the same ticket."""
    order(page, demo, event_id=CONCERT, quantity=1)
    pay(page, "4000 0000 0000 0002")
    expect(page.locator("#problem")).to_contain_text("declined")
    pay(page, "4242 4242 4242 4242")
    page.wait_for_url("**/payment/success?**")
    assert claims_of_the_qr(page, demo)["q"] == 1


def test_cancelling_a_paid_order_leads_to_the_ticket(page: Page, demo: RunningDemo) -> None:
    """If it was paid in another window, the cancel page says so and links to the QR code."""
    order(page, demo, event_id=CONCERT, quantity=1)
    page.wait_for_url("**/c/pay/**")
    back = page.get_by_role("link", name="Back").get_attribute("href") or ""
    requests.post(page.url, {"card_number": "4242424242424242"}, allow_redirects=False, timeout=10)
    page.goto(back)
    expect(page.get_by_role("heading", name="Your ticket is already paid")).to_be_visible()
    page.get_by_role("link", name="Show the QR code").click()
    assert claims_of_the_qr(page, demo)["q"] == 1


def test_a_slow_payment_is_waited_for(page: Page, demo: RunningDemo) -> None:
    """The page says that the bank is at work, polls, and shows the ticket once it is paid."""
    order(page, demo, event_id=CONCERT, quantity=1)
    page.wait_for_url("**/c/pay/**")
    session_id = page.url.rpartition("/")[2]
    page.get_by_label("Bank debit").check()
    page.get_by_role("button", name=re.compile("Book|Pay")).click()
    page.wait_for_url("**/payment/success?**")
    expect(page.get_by_text("Your bank is still working on the payment.")).to_be_visible()
    ended = requests.post(
        f"{demo.sandbox_url}/_sandbox/sessions/{session_id}/end_slow_payment",
        json={"outcome": "succeeds"},
        timeout=10,
    )
    assert ended.status_code == 200
    assert claims_of_the_qr(page, demo)["q"] == 1


def test_a_page_that_asks_too_often_waits(page: Page, demo: RunningDemo) -> None:
    """It says so, waits as long as it is told, and shows the ticket then."""
    refused: list[str] = []

    def refuse_the_first(route: Route) -> None:
        if route.request.method == "POST" and not refused:
            refused.append(route.request.url)
            problem = {
                "code": "too_many_requests",
                "retryable": True,
                "detail": "Too many requests.",
            }
            headers = {"Access-Control-Allow-Origin": "*", "Retry-After": "1"}
            route.fulfill(status=429, json=problem, headers=headers)
        else:
            route.continue_()

    page.route("**/api/payments/verify/", refuse_the_first)
    order(page, demo, event_id=CONCERT, quantity=1)
    pay(page, "4242 4242 4242 4242")
    expect(page.get_by_text("Is this page open in other tabs?")).to_be_visible()
    assert claims_of_the_qr(page, demo)["q"] == 1
    assert refused


def test_an_unfinished_payment_is_offered_again(page: Page, demo: RunningDemo) -> None:
    """A buyer who comes back without paying can continue or cancel."""
    order(page, demo, event_id=CONCERT, quantity=1)
    page.wait_for_url("**/c/pay/**")
    payment_page = page.url
    page.goto(demo.storefront_url)
    expect(page.get_by_text("You have not paid yet for 1 place")).to_be_visible()
    page.get_by_role("link", name="Go on with the payment").click()
    page.wait_for_url(payment_page)
    page.goto(demo.storefront_url)
    page.get_by_role("link", name="Cancel the order").click()
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", name="Order cancelled")).to_be_visible()


def test_two_clicks_buy_once(page: Page, demo: RunningDemo) -> None:
    """Every button is disabled while a purchase runs."""
    page.goto(demo.storefront_url)
    before = places_left(demo, REHEARSAL)
    expect(card(page, REHEARSAL).get_by_role("button")).to_be_enabled()
    clicks = "const b = document.querySelector(`[data-event-id='2'] button`); b.click(); b.click();"
    disabled = page.evaluate(
        f"{clicks} [...document.querySelectorAll('.events button')]"
        ".every((button) => button.disabled)"
    )
    assert disabled
    expect(page.locator("#qr")).to_be_visible()
    assert places_left(demo, REHEARSAL) == before - 1


def test_sold_out_is_shown(page: Page, demo: RunningDemo) -> None:
    """If another buyer was faster, the event shows the reason, and the list stays usable."""
    page.goto(demo.storefront_url)
    left = places_left(demo, ROOFTOP)
    card(page, ROOFTOP).get_by_label("Quantity").select_option(str(left))
    taken = call(
        f"{demo.api_url}/api/payments/create-payment-intent/",
        token=demo.access_token,
        body={"event_id": ROOFTOP, "quantity": 1},
    )[1]
    card(page, ROOFTOP).get_by_role("button").click()
    expect(card(page, ROOFTOP).get_by_role("alert")).to_contain_text("Not enough tickets available")
    expect(card(page, ROOFTOP).get_by_role("button")).to_be_enabled()
    call(
        f"{demo.api_url}/api/payments/cancel/",
        token=demo.access_token,
        body={"ticket_id": taken["ticket_id"]},
    )


def test_wrong_addresses_are_explained(page: Page, demo: RunningDemo) -> None:
    """An incomplete address or an unknown ticket ends in a message, not in a spinner."""
    for path, message in (
        ("/payment/success", "incomplete"),
        ("/payment/success?session_id=cs_test_1&ticket_id=999999", "No ticket has this id."),
        ("/payment/cancel", "incomplete"),
        ("/payment/cancel?ticket_id=999999", "No ticket has this id."),
        ("/payment/cancel?ticket_id=x", "has a value that the shop does not take"),
        ("/events/abc", "There is nothing at this address."),
        ("/events/1e400", "There is nothing at this address."),
        ("/tickets/abc", "There is nothing at this address."),
    ):
        page.goto(demo.storefront_url + path)
        expect(page.locator("main")).to_contain_text(message)
