"""Waiting in the line in a real browser."""

from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.integration.demo.buying import CONCERT, card, order
from tests.integration.demo.running import RunningDemo

SENT_AWAY = {
    "code": "overloaded",
    "retryable": True,
    "detail": "Many buyers want tickets at the moment. You keep your place: it is your turn in "
    "about 3 seconds.",
}


def send_away(page: Page, *answers: tuple[int, dict[str, Any]]) -> list[str | None]:
    """Answer the next purchases so, and return the tokens of the line that all of them sent."""
    tokens: list[str | None] = []

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        tokens.append(route.request.headers.get("line-token"))
        if len(tokens) > len(answers):
            route.continue_()
            return
        status, body = answers[len(tokens) - 1]
        headers = {
            "Access-Control-Allow-Origin": route.request.headers["origin"],
            "Access-Control-Expose-Headers": "Retry-After",
            "Retry-After": "1",
        }
        route.fulfill(status=status, json=body, headers=headers)

    page.route("**/create-payment-intent/", answer)
    return tokens


def test_a_buyer_waits_in_the_line(page: Page, demo: RunningDemo) -> None:
    """The page says that they keep their place, and comes back with the newest token by itself."""
    tokens = send_away(
        page, (503, SENT_AWAY | {"line_token": "first"}), (503, SENT_AWAY | {"line_token": "next"})
    )
    order(page, demo, event_id=CONCERT, quantity=1)
    waiting = card(page, CONCERT).get_by_role("status")
    expect(waiting).to_contain_text("You keep your place")
    expect(waiting).to_contain_text("This page asks again in a second.")
    page.wait_for_url("**/c/pay/**")
    assert tokens == [None, "first", "next"]


def test_a_buyer_waits_until_the_sale_is_over(page: Page, demo: RunningDemo) -> None:
    """Then the page says so, and asks no more."""
    over = {"code": "sale_closed", "retryable": False, "detail": "The sale is over."}
    tokens = send_away(page, (503, SENT_AWAY | {"line_token": "first"}), (400, over))
    order(page, demo, event_id=CONCERT, quantity=1)
    expect(card(page, CONCERT).get_by_role("alert")).to_contain_text("The sale is over.")
    expect(card(page, CONCERT).get_by_role("status")).to_be_hidden()
    expect(card(page, CONCERT).get_by_role("button")).to_be_enabled()
    assert tokens == [None, "first"]
