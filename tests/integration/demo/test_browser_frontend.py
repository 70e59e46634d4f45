"""The example of a frontend in a real browser, against a demo without a storefront."""

import io
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.integration.cli.processes import answers, call, wait_until
from tests.integration.demo.buying import CONCERT, REHEARSAL, ROOFTOP, places_left
from tests.integration.demo.running import RunningDemo, running_demo
from tests.support.browsers import running_browser
from tests.support.node import installed, problems_of
from tests.support.ports import free_ports
from tests.support.qr_scanner import scan

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/frontend"
PAGE = (ROOT / "docs/your-frontend.md").read_text(encoding="utf-8")
NAMES = {CONCERT: "Summer Night Concert", REHEARSAL: "Open Rehearsal", ROOFTOP: "Rooftop Session"}


def blocks(language: str) -> list[str]:
    """Return the code blocks of the recipe in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@contextmanager
def running_frontend(folder: Path, demo: RunningDemo) -> Iterator[None]:
    """Follow the recipe in a copy of the example, with the packages of `make types`."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules", "openapi.d.ts"))
    (folder / "node_modules").symlink_to(installed("frontend") / "node_modules")
    package = folder / "package.json"
    port = str(urlsplit(demo.frontend_url).port)
    package.write_text(package.read_text().replace("3000", port))
    script = blocks("sh")[1].replace("cd examples/frontend\nnpm ci\n", "")
    env = os.environ | {"TOKEN": demo.access_token, "VITE_API_URL": demo.api_url}
    with subprocess.Popen(
        ["bash", "-euc", script], cwd=folder, env=env, start_new_session=True
    ) as process:
        try:
            wait_until(lambda: answers(demo.frontend_url), what="the frontend starts")
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture(scope="module")
def browser(whole_chromium_path: str) -> Iterator[Browser]:
    """Give a browser whose "Back" shows pages as they were left."""
    with running_browser(whole_chromium_path, keeps_pages=True) as running:
        yield running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """Give a demo with the example as its frontend."""
    folder = tmp_path_factory.mktemp("frontend")
    options = ["--frontend-url", f"http://localhost:{free_ports(1)[0]}", "--no-storefront"]
    with (
        running_demo(folder, options=options) as running,
        running_frontend(folder / "app", running),
    ):
        assert problems_of(installed("frontend"), folder / "app") == []
        yield running


def buy(page: Page, demo: RunningDemo, *, event_id: int, quantity: int) -> None:
    """Choose a quantity and click the button."""
    page.goto(demo.frontend_url)
    form = page.get_by_role("form", name=NAMES[event_id])
    form.get_by_label("How many").fill(str(quantity))
    form.get_by_role("button", name="Buy").click()


def pay(page: Page) -> None:
    """Pay with a good card."""
    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name=re.compile("Book|Pay")).click()


def shown(page: Page) -> dict[str, Any]:
    """Scan the QR code on the screen, and return what it says."""
    code = page.get_by_role("img", name="QR code")
    expect(code).to_be_visible()
    token = scan(Image.open(io.BytesIO(code.screenshot())))
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_paid_ticket(page: Page, demo: RunningDemo) -> None:
    """From the list over the payment page to the QR code."""
    before = places_left(demo, CONCERT)
    buy(page, demo, event_id=CONCERT, quantity=2)
    pay(page)
    page.wait_for_url(f"{demo.frontend_url}/payment/success?**")
    expect(page.get_by_text("Payment successful")).to_be_visible()
    claims = shown(page)
    assert (claims["e"], claims["q"]) == (CONCERT, 2)
    assert places_left(demo, CONCERT) == before - 2


def test_a_free_ticket(page: Page, demo: RunningDemo) -> None:
    """The QR code appears at once, and the number of places falls."""
    left = places_left(demo, REHEARSAL) - 1
    buy(page, demo, event_id=REHEARSAL, quantity=1)
    assert shown(page)["e"] == REHEARSAL
    form = page.get_by_role("form", name=NAMES[REHEARSAL])
    expect(form.get_by_text(f"{left} places left")).to_be_visible()


def test_going_back_cancels(page: Page, demo: RunningDemo) -> None:
    """The places are on sale again, and a reload says what has become of the order."""
    before = places_left(demo, ROOFTOP)
    buy(page, demo, event_id=ROOFTOP, quantity=2)
    page.wait_for_url("**/c/pay/**")
    assert places_left(demo, ROOFTOP) == before - 2
    page.get_by_role("link", name="Back").click()
    page.wait_for_url(f"{demo.frontend_url}/payment/cancel?**")
    expect(page.get_by_text("Payment cancelled")).to_be_visible()
    assert places_left(demo, ROOFTOP) == before
    page.reload()
    expect(page.get_by_text("The ticket is cancelled.")).to_be_visible()


def test_a_slow_payment_is_waited_for(page: Page, demo: RunningDemo) -> None:
    """The page says so, asks again, and shows the ticket once the money is there."""
    buy(page, demo, event_id=CONCERT, quantity=1)
    page.wait_for_url("**/c/pay/**")
    session_id = page.url.rpartition("/")[2]
    page.get_by_label("Bank debit").check()
    page.get_by_role("button", name=re.compile("Book|Pay")).click()
    expect(page.get_by_text("The payment is still being processed.")).to_be_visible()
    requests.post(
        f"{demo.sandbox_url}/_sandbox/sessions/{session_id}/end_slow_payment",
        json={"outcome": "succeeds"},
        timeout=10,
    ).raise_for_status()
    assert shown(page)["q"] == 1


def lose_the_first_answer(page: Page) -> list[dict[str, Any]]:
    """Let the first purchase be made, but its answer be lost. Return a list that has it then."""
    lost: list[dict[str, Any]] = []

    def lose(route: Route) -> None:
        answered = route.fetch()
        if route.request.method == "POST" and not lost:
            lost.append(answered.json())
            route.abort()
        else:
            route.fulfill(response=answered)

    page.route("**/create-payment-intent/", lose)
    return lost


def test_a_lost_answer_buys_once(page: Page, demo: RunningDemo) -> None:
    """The next click repeats the same purchase."""
    before = places_left(demo, REHEARSAL)
    lost = lose_the_first_answer(page)
    buy(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.get_by_text("The shop cannot be reached.")).to_be_visible()
    page.get_by_role("form", name=NAMES[REHEARSAL]).get_by_role("button").click()
    assert shown(page)["t"] == lost[0]["ticket_id"]
    assert places_left(demo, REHEARSAL) == before - 1


def test_a_closed_order_is_followed_by_another(page: Page, demo: RunningDemo) -> None:
    """An order whose answer was lost, and that was cancelled elsewhere: the click buys anew."""
    lost = lose_the_first_answer(page)
    buy(page, demo, event_id=CONCERT, quantity=1)
    expect(page.get_by_text("The shop cannot be reached.")).to_be_visible()
    body = {"ticket_id": lost[0]["ticket_id"]}
    assert (
        call(f"{demo.api_url}/api/payments/cancel/", token=demo.access_token, body=body)[0] == 200
    )
    page.get_by_role("form", name=NAMES[CONCERT]).get_by_role("button").click()
    pay(page)
    assert shown(page)["t"] != lost[0]["ticket_id"]


def back_to_the_shop(page: Page, demo: RunningDemo) -> None:
    """Press the browser's "Back" until the list of events is shown, as it was left."""
    while page.url != f"{demo.frontend_url}/":
        page.go_back(wait_until="commit")
    page.wait_for_function("window.name.includes('kept')")


@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_the_next_purchase_from_a_page_that_the_browser_kept(
    page: Page, demo: RunningDemo, end: str
) -> None:
    """After "Back" to it, the same click is another purchase: neither paid nor given up yet."""
    # In the window's name, which outlives a reload.
    page.add_init_script(
        "addEventListener('pageshow', (event) => event.persisted && (window.name += 'kept '));"
    )
    buy(page, demo, event_id=CONCERT, quantity=2)
    page.wait_for_url("**/c/pay/**")
    first = page.url
    if end == "paid":
        pay(page)
        expect(page.get_by_text("Payment successful")).to_be_visible()
    else:
        page.get_by_role("link", name="Back").click()
        expect(page.get_by_text("Payment cancelled")).to_be_visible()
    back_to_the_shop(page, demo)
    form = page.get_by_role("form", name=NAMES[CONCERT])
    form.get_by_label("How many").fill("2")
    form.get_by_role("button", name="Buy").click()
    page.wait_for_url("**/c/pay/**")
    assert page.url != first
    pay(page)
    assert shown(page)["q"] == 2


def test_a_refusal_is_a_sentence(page: Page, demo: RunningDemo) -> None:
    """The API's own: more places than are left."""
    buy(page, demo, event_id=ROOFTOP, quantity=4)
    expect(
        page.get_by_text("Not enough tickets available. Only 3 places are left.")
    ).to_be_visible()


def test_only_what_is_on_sale_is_offered(page: Page, demo: RunningDemo) -> None:
    """Not what is sold out, begins later, is over or is cancelled, by the clock of the server."""
    event = call(f"{demo.api_url}/api/events/{CONCERT}/")[1]
    now = "2020-05-01T12:00:00.5Z"
    states: list[tuple[bool, dict[str, Any]]] = [
        (True, {}),
        (True, {"opens_at": now, "closes_at": "2020-05-01T12:00:01Z"}),
        (False, {"opens_at": "2020-05-01T12:00:01Z"}),
        (False, {"closes_at": now}),
        (False, {"places_left": 0}),
        (False, {"cancelled_at": "2020-05-01T12:00:00Z"}),
    ]
    events = [
        event | {"event_id": number, "server_now": now} | state
        for number, (_, state) in enumerate(states)
    ]
    page.route("**/api/events/", lambda route: route.fulfill(json={"events": events, "next": None}))
    page.goto(demo.frontend_url)
    buttons = page.get_by_role("button", name="Buy")
    expect(buttons).to_have_count(len(states))
    assert [each.is_enabled() for each in buttons.all()] == [offered for offered, _ in states]


@pytest.mark.parametrize("path", ["success", "cancel"])
def test_a_mistake_is_told_to_programmers(page: Page, demo: RunningDemo, path: str) -> None:
    """An address without its query: buyers get a sentence, the console has what is wrong."""
    with page.expect_console_message(lambda message: "invalid_input:" in message.text) as told:
        page.goto(f"{demo.frontend_url}/payment/{path}")
    assert "ticket_id" in told.value.text
    expect(page.get_by_role("status")).to_have_text("Something is wrong with this page.")


def test_a_wrong_token_is_a_sentence(page: Page, demo: RunningDemo) -> None:
    """Without a good one there are events to see, and none to buy. The console says why."""
    page.route(
        "**/create-payment-intent/",
        lambda route: route.continue_(
            headers=route.request.headers | {"authorization": "Bearer x"}
        ),
    )
    with page.expect_console_message(lambda message: "token_invalid:" in message.text):
        buy(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.get_by_text("Something is wrong with this page.")).to_be_visible()


@pytest.mark.parametrize("language", ["ts", "tsx"])
def test_the_code_of_the_recipe_is_that_of_the_example(language: str) -> None:
    """Each block is in its files as it is."""
    source = "\n".join(file.read_text() for file in (EXAMPLE / "src").glob(f"*.{language}"))
    assert blocks(language)
    assert [block for block in blocks(language) if block not in source] == []
