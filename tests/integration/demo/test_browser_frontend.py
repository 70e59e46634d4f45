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
from playwright.sync_api import Page, Route, expect

from tests.integration.cli.processes import answers, wait_until
from tests.integration.demo.buying import CONCERT, REHEARSAL, ROOFTOP, places_left
from tests.integration.demo.running import RunningDemo, running_demo
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
    commands = package.read_text().replace("http://127.0.0.1:8000", demo.api_url)
    package.write_text(commands.replace("3000", port))
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
    page.wait_for_url("**/c/pay/**")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name=re.compile("Book|Pay")).click()
    page.wait_for_url(f"{demo.frontend_url}/payment/success?**")
    expect(page.get_by_text("Payment successful")).to_be_visible()
    claims = shown(page)
    assert (claims["e"], claims["q"]) == (CONCERT, 2)
    assert places_left(demo, CONCERT) == before - 2


def test_a_free_ticket(page: Page, demo: RunningDemo) -> None:
    """The QR code appears at once."""
    buy(page, demo, event_id=REHEARSAL, quantity=1)
    assert shown(page)["e"] == REHEARSAL


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
    expect(page.get_by_text("The ticket is already processed.")).to_be_visible()


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


def test_a_lost_answer_buys_once(page: Page, demo: RunningDemo) -> None:
    """The next click repeats the same purchase."""
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
    buy(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.get_by_text("The shop cannot be reached.")).to_be_visible()
    page.get_by_role("form", name=NAMES[REHEARSAL]).get_by_role("button").click()
    assert shown(page)["t"] == lost[0]
    assert places_left(demo, REHEARSAL) == before - 1


def test_a_refusal_is_a_sentence(page: Page, demo: RunningDemo) -> None:
    """The API's own: more places than are left."""
    buy(page, demo, event_id=ROOFTOP, quantity=4)
    expect(
        page.get_by_text("Not enough tickets available. Only 3 places are left.")
    ).to_be_visible()


def test_a_wrong_token_is_a_sentence(page: Page, demo: RunningDemo) -> None:
    """Without a good one there are events to see, and none to buy."""
    page.route(
        "**/create-payment-intent/",
        lambda route: route.continue_(
            headers=route.request.headers | {"authorization": "Bearer x"}
        ),
    )
    buy(page, demo, event_id=REHEARSAL, quantity=1)
    expect(page.get_by_text("The access token is not valid")).to_be_visible()


@pytest.mark.parametrize("language", ["ts", "tsx"])
def test_the_code_of_the_recipe_is_that_of_the_example(language: str) -> None:
    """Each block is in its files as it is."""
    source = "\n".join(file.read_text() for file in (EXAMPLE / "src").glob(f"*.{language}"))
    assert blocks(language)
    assert [block for block in blocks(language) if block not in source] == []
