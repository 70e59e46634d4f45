"""Pages of other sites, open in the same browser, can neither read the sandbox nor act in it."""

import pytest
from flask import Flask

from ticketing_service.sandbox import Delivery, Sandbox
from ticketing_service.sandbox.serving import sandbox_app

PUBLIC = "https://pay.example"
ACTION = "/dashboard/delivery"


@pytest.fixture
def sandbox() -> Sandbox:
    """Return a sandbox with a public address."""
    return Sandbox(public_url=PUBLIC)


def lose_events(app: Flask, *, host: str, origin: str | None) -> int:
    """Press a button of the dashboard as a page of ``origin``, and return the status."""
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    return app.test_client().post(ACTION, data={"delivery": "lost"}, headers=headers).status_code


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:12111",
        "localhost:12111",
        "[::1]:12111",
        "192.168.1.7:12111",
        "sandbox:12111",
        "host.docker.internal:12111",
        "shop.localhost",
        "pay.example",
    ],
)
def test_its_own_pages_act(sandbox: Sandbox, host: str) -> None:
    """Under every local name, and under the public one; programs send no origin."""
    app = sandbox_app(sandbox)
    assert app.test_client().get("/", headers={"Host": host}).status_code == 200
    for origin in (None, f"http://{host}", PUBLIC):
        sandbox.delivery = Delivery.ON_TIME
        assert lose_events(app, host=host, origin=origin) == 303
        assert sandbox.delivery is Delivery.LOST


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:5173", "http://127.0.0.1", "null", "", "http://["],
)
@pytest.mark.parametrize("path", [ACTION, "/_sandbox/clock/advance", "/v1/checkout/sessions"])
def test_a_foreign_page_cannot_act(sandbox: Sandbox, origin: str, path: str) -> None:
    """Whatever it sends, nothing happens; another port of this machine is foreign, too."""
    app, before = sandbox_app(sandbox), sandbox.now()
    headers = {"Host": "127.0.0.1:12111", "Origin": origin}
    answer = app.test_client().post(path, json={"seconds": 9**9}, headers=headers)
    assert answer.status_code == 403
    assert lose_events(app, host="127.0.0.1:12111", origin=origin) == 403
    assert sandbox.delivery is Delivery.ON_TIME
    assert sandbox.now() - before < 9**9


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:12111", "127.0.0.1.evil.example", "localhost.example"]
)
def test_a_name_that_points_here_reads_nothing(sandbox: Sandbox, host: str) -> None:
    """Its page would have the same origin as ours (DNS rebinding)."""
    app = sandbox_app(sandbox)
    for path in ("/", "/_sandbox/sessions", "/c/pay/cs_1"):
        assert app.test_client().get(path, headers={"Host": host}).status_code == 403
    assert lose_events(app, host=host, origin=f"http://{host}") == 403
    assert sandbox.delivery is Delivery.ON_TIME


def test_a_sandbox_without_the_check_is_the_control(sandbox: Sandbox) -> None:
    """Any page could lose its events, under any name."""
    app = sandbox_app(sandbox)
    app.before_request_funcs.clear()
    assert lose_events(app, host="evil.example", origin="https://evil.example") == 303
    assert sandbox.delivery is Delivery.LOST
