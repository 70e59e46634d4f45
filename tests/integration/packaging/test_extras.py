"""Each extra brings all that it needs, and the service runs from a wheel, far from this tree."""

from importlib.metadata import metadata
from pathlib import Path
from textwrap import dedent

import pytest
import requests

from tests.integration.demo.running import running_demo
from tests.integration.packaging.distributions import Environment, link, needed, run

USES = {
    "": """
        import zoneinfo
        from ticketing_core import EventDraft, Money
        from ticketing_core.testing import InMemoryEvents, ManualClock
        zoneinfo.reset_tzpath([])
        draft = EventDraft(name="A", price=Money(0, "usd"), capacity=1)
        assert InMemoryEvents().add(draft, at=ManualClock().now(), by="suite")
        """,
    "stripe": """
        from uuid import uuid4
        from ticketing_adapters.stripe_checkout import StripeCheckout
        StripeCheckout(
            secret_key="sk_test_1", frontend_url="https://shop.example", installation_id=uuid4()
        )
        """,
    "sql": """
        from ticketing_adapters.sql import SqlEvents, engine_for, migrate
        from ticketing_adapters.system import SystemClock
        from ticketing_core import EventDraft, Money
        engine = engine_for("sqlite:///shop.db")
        migrate(engine)
        draft = EventDraft(name="A", price=Money(0, "usd"), capacity=1)
        assert SqlEvents(engine).add(draft, at=SystemClock().now(), by="suite")
        """,
    "sql,signing,qrcode,stripe": """
        from ticketing_adapters.shop import open_shop
        with open_shop(
            database_url="sqlite:///shop.db",
            signing_key_file="signing.pem",
            frontend_url="https://shop.example",
            stripe_secret_key="sk_test_1",
            stripe_webhook_secret="whsec_1",
        ) as shop:
            assert shop.box_office.newest_events(limit=1) == []
        """,
    "sql,postgresql": """
        from ticketing_adapters.sql import engine_for, is_empty
        from ticketing_core.errors import StoreUnavailable
        try:
            is_empty(engine_for("postgresql://nobody@127.0.0.1:1/nothing"))
        except StoreUnavailable:
            pass
        """,
    "qrcode": """
        from ticketing_adapters.qrcode_image import QrcodePng
        assert QrcodePng().encode("A").startswith(b"\\x89PNG")
        """,
    "zxing": """
        from ticketing_adapters.zxing_image import ZxingPng
        assert ZxingPng().encode("A").startswith(b"\\x89PNG")
        """,
    "signing": """
        from ticketing_adapters.jws_admission import SigningKey
        assert SigningKey.generate().public_jwk
        """,
    "flask": """
        import zoneinfo
        import ticketing_service.http
        from ticketing_core import EventDraft, Money
        zoneinfo.reset_tzpath([])
        zone = "Europe/Berlin"
        assert EventDraft(name="A", price=Money(0, "usd"), capacity=1, time_zone=zone)
        """,
    "cli": """
        import click, granian, rich
        import zoneinfo
        zoneinfo.reset_tzpath([])
        assert zoneinfo.ZoneInfo("Europe/Berlin")
        """,
    "server": "import ticketing_service.wsgi, ticketing_service.composition",
}
"""What somebody who has installed an extra does with it. Their system may have no time zones."""


def installed(wheel: Path, extras: str, folder: Path, *, without: str = "") -> Environment:
    """Install the wheel with extras, and nothing else that this environment has."""
    names = needed(*filter(None, extras.split(","))) - {without}
    dependencies = link(names, into=folder / "dependencies")
    return Environment.with_wheels(wheel, folder=folder / "venv", dependencies=dependencies)


def use(environment: Environment, extras: str, folder: Path) -> None:
    """Do what an extra is for."""
    code = dedent(USES[extras])
    run(environment.bin / "python", "-c", code, cwd=folder)


@pytest.mark.parametrize("extras", USES)
def test_an_extra_has_all_that_it_needs(wheel: Path, tmp_path: Path, extras: str) -> None:
    """It works where nothing else is installed."""
    use(installed(wheel, extras, tmp_path), extras, tmp_path)


@pytest.mark.parametrize(
    ("extras", "missing"),
    [("", "attrs"), ("sql", "alembic"), ("signing", "cryptography"), ("flask", "msgspec")],
)
def test_control_an_extra_that_lacks_something_fails(
    wheel: Path, tmp_path: Path, extras: str, missing: str
) -> None:
    """Control: a requirement, or one of a requirement, is forgotten."""
    with pytest.raises(AssertionError, match="ModuleNotFoundError"):
        use(installed(wheel, extras, tmp_path, without=missing), extras, tmp_path)


def test_every_extra_is_tried() -> None:
    """And `server` is all of them."""
    extras = set(metadata("ticketing-core").get_all("Provides-Extra") or ()) - {"test", "dev"}
    assert {each for tried in USES for each in tried.split(",") if each} == extras
    assert needed("server") == needed(*extras - {"server"})


def test_the_service_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """API, pages, storefront and sandbox, with all of their files: the demo sells."""
    environment = installed(wheel, "server", tmp_path)
    with running_demo(tmp_path, program=[str(environment.bin / "ticketing")]) as demo:
        for address in (
            f"{demo.storefront_url}/",
            f"{demo.api_url}/docs",
            f"{demo.api_url}/openapi.json",
            f"{demo.sandbox_url}/",
        ):
            assert requests.get(address, timeout=10).ok, address
        bought = requests.post(
            f"{demo.api_url}/api/payments/create-payment-intent/",
            json={"event_id": 1, "quantity": 1},
            headers={"Authorization": f"Bearer {demo.access_token}"},
            timeout=10,
        ).json()
        assert requests.get(bought["checkout_url"], timeout=10).ok
