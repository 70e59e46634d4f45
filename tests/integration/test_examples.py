"""The examples run: against the sandbox, as their reader would run them."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.ports import free_ports
from tests.support.sandbox import checked_sandbox
from ticketing_adapters.shop import open_shop
from ticketing_core import EventDraft, Money
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint

EXAMPLES = Path(__file__).parents[2] / "examples"
CARD = {"card_number": "4242424242424242"}
SECRET = "whsec_of_the_tests"
START_SECONDS = 30


def environment(sandbox: RunningSandbox) -> dict[str, str]:
    """Return the variables that the examples read."""
    return {
        **os.environ,
        "STRIPE_SECRET_KEY": "sk_test_1",
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": sandbox.url,
    }


def test_the_index_names_every_example() -> None:
    """And nothing else; all of their files are there."""
    listed = re.findall(r"^\| \[(\w+\.py)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(each.name for each in EXAMPLES.glob("*.py"))


def test_a_script_sells_and_settles(tmp_path: Path) -> None:
    """It shows where to pay, and ends with the token of the ticket once that is done."""
    with (
        checked_sandbox() as sandbox,
        subprocess.Popen(
            [sys.executable, EXAMPLES / "sell_and_settle.py"],
            env=environment(sandbox),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        ) as script,
    ):
        try:
            assert script.stdout is not None
            url = script.stdout.readline().removeprefix("Pay at ").strip()
            requests.post(url, CARD, allow_redirects=False, timeout=30)
            sold, _ = script.communicate(timeout=30)
        finally:
            script.kill()
    assert script.returncode == 0
    assert re.fullmatch(r"Ticket 1: [\w-]+\.[\w-]+\.[\w-]+\n", sold)


def test_own_adapters_are_proved(tmp_path: Path) -> None:
    """The contract suites pass."""
    assert "passed" in proof(tmp_path)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "found_by"),
    [
        (
            "own_gateway",
            'return self._page("POST", f"/pages/{checkout_id}/close")',
            'self._call("POST", f"/pages/{checkout_id}/close", {})\n        return Closed()',
            "test_closing_a_paid_checkout_reports_the_payment",
        ),
        (
            "own_store",
            "self.journal.write((type(self).__name__, step.__name__, arguments, named))",
            "pass",
            "test_an_opened_file_has_everything",
        ),
    ],
)
def test_broken_adapters_are_the_control(
    tmp_path: Path, name: str, right: str, wrong: str, found_by: str
) -> None:
    """A gateway that takes every page for closed, and a store that keeps nothing, are found."""
    source = (EXAMPLES / f"{name}.py").read_text()
    assert right in source
    assert found_by in proof(tmp_path, **{name: source.replace(right, wrong)})


def proof(folder: Path, **changed: str) -> str:
    """Copy the examples, run the suites over them, and return what pytest says."""
    for each in ("acme", "own_gateway", "own_store", "test_own_adapters"):
        text = changed.get(each) or (EXAMPLES / f"{each}.py").read_text()
        (folder / f"{each}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rf", "."]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (run.returncode == 0) is (not changed), run.stdout
    return run.stdout


@contextmanager
def fastapi_app(folder: Path, sandbox: RunningSandbox, port: int) -> Iterator[str]:
    """Serve the application as its docstring says, and yield its address."""
    command = ["-m", "granian", "--interface", "asgi", "--port", str(port), "fastapi_app:app"]
    with subprocess.Popen(
        [sys.executable, *command],
        env=environment(sandbox) | {"PYTHONPATH": os.pathsep.join([str(EXAMPLES), *sys.path])},
        cwd=folder,
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            until = time.monotonic() + START_SECONDS
            while True:
                try:
                    requests.get(f"{url}/openapi.json", timeout=5)
                    break
                except requests.ConnectionError:
                    assert time.monotonic() < until, "it does not start"
                    time.sleep(0.1)
            yield url
        finally:
            server.terminate()
    assert server.returncode == 0


def test_a_fastapi_application_sells_and_takes_webhooks(tmp_path: Path) -> None:
    """Errors are answers, the QR code comes to its buyer alone, and it stops in order."""
    [port] = free_ports(1)
    with open_shop(
        database_url=f"sqlite:///{tmp_path / 'shop.db'}", signing_key_file=tmp_path / "signing.pem"
    ) as shop:
        # Without an account only free events can be made, so this one goes to the store.
        draft = EventDraft(name="Concert", price=Money(2500, "usd"), capacity=3)
        shop.store.events.add(draft, at=shop.store.clock.now(), by="alice")
    endpoint = WebhookEndpoint(url=f"http://127.0.0.1:{port}/stripe", secret=SECRET)
    buyer = {"Authorization": "Bearer 42"}
    with (
        checked_sandbox(webhook=endpoint) as sandbox,
        fastapi_app(tmp_path, sandbox, port) as url,
    ):
        bought = requests.post(f"{url}/orders?event_id=1&quantity=2", headers=buyer, timeout=30)
        assert bought.status_code == 200, bought.text
        order = bought.json()
        verify = f"{url}/orders/{order['ticket_id']}/verify?checkout_id={order['checkout_id']}"
        early = requests.post(verify, headers=buyer, timeout=30)
        assert (early.status_code, early.json()["code"]) == (409, "payment_open")
        requests.post(order["checkout_url"], CARD, allow_redirects=False, timeout=30)
        assert requests.post(verify, headers=buyer, timeout=30).content.startswith(b"\x89PNG")
        stranger = {"Authorization": "Bearer 43"}
        assert requests.post(verify, headers=stranger, timeout=30).status_code == 404
        more = requests.post(f"{url}/orders?event_id=1&quantity=2", headers=stranger, timeout=30)
        assert (more.status_code, more.json()["code"]) == (409, "sold_out")
        forged = requests.post(f"{url}/stripe", data=b"{}", timeout=30)
        assert forged.status_code == 400
        told = [attempt for sent in sandbox.sandbox.events() for attempt in sent.attempts]
        assert {attempt.status for attempt in told} <= {200}
