"""Behind a company's proxy: calls to this machine go past it, and calls to Stripe go through it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.cli.processes import SECRET, call, environment, run
from tests.integration.demo.running import running_demo
from tests.support.counting_proxy import CountingProxy, counting_proxy
from ticketing_adapters.stripe_checkout.transport import is_loopback


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[CountingProxy]:
    """Give a proxy that lets nothing through."""
    with counting_proxy(tmp_path) as running:
        yield running


def test_the_demo_sells_past_the_proxy(tmp_path: Path, proxy: CountingProxy) -> None:
    """It comes up, and a purchase over the sandbox works: none of it reaches the proxy."""
    with running_demo(tmp_path, proxy.variables) as demo:
        payments = f"{demo.api_url}/api/payments"
        order = {"event_id": 1, "quantity": 2}
        status, opened = call(
            f"{payments}/create-payment-intent/", token=demo.access_token, body=order
        )
        assert status == 200, opened
        requests.post(opened["checkout_url"], {"card_number": "4242424242424242"}, timeout=10)
        paid = {name: opened[name] for name in ("session_id", "ticket_id")}
        status, verified = call(f"{payments}/verify/", token=demo.access_token, body=paid)
        assert (status, verified["detail"]) == (200, "Payment successful")
    assert proxy.asked() == []


def test_stripe_is_called_through_the_proxy(tmp_path: Path, proxy: CountingProxy) -> None:
    """There may be no other way out. That it does not let us through is no answer of Stripe."""
    env = environment(jwt_secret=SECRET, stripe_secret_key="sk_test_any") | dict(proxy.variables)
    run("migrate", env=env, cwd=tmp_path)
    told = run("doctor", env=env, cwd=tmp_path).stdout
    assert "Stripe gives no answer" in " ".join(told.split())
    assert set(proxy.asked()) == {"CONNECT api.stripe.com:443"}


def test_control_the_usual_library_sends_everything_through_it(
    monkeypatch: pytest.MonkeyPatch, proxy: CountingProxy
) -> None:
    """Calls to this machine as well, and the proxy counts them."""
    for name, text in proxy.variables.items():
        monkeypatch.setenv(name, text)
    assert requests.get("http://127.0.0.1:1/v1/charges", timeout=10).status_code == 502
    assert proxy.asked() == ["GET http://127.0.0.1:1/v1/charges"]


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("sandbox.localhost", True),
        ("api.stripe.com", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_this_machine(host: str, local: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Names and addresses of the loopback interface, and no others."""
    assert is_loopback(host) is local
