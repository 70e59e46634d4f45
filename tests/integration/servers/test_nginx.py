"""The service under a path of a real nginx, set up as the guide to deploying says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.docs_reader import ROUTES, read_docs
from tests.support.nginx import running_nginx
from tests.support.server import access_token, running_server
from ticketing_adapters.sql import SqlEvents, engine_for
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import stored_event


@contextmanager
def under_box(program: str, folder: Path, *, proxies: str) -> Iterator[str]:
    """Give the public address of a service with three free events under ``/box/``."""
    url = f"sqlite:///{folder / 'ticketing.db'}"
    with running_server(folder=folder, database_url=url, TRUSTED_PROXIES=proxies) as server:
        engine = engine_for(url)
        for _ in range(3):
            stored_event(SqlEvents(engine), price=Money(0, "usd"))
        engine.dispose()
        with running_nginx(program, server.url, path="/box/") as public:
            yield public


def following(public: str, **headers: str) -> str:
    """Return where the first page of events says that the next one is."""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    page = requests.get(f"{public}/api/events/?limit=1", headers=sent, timeout=10).json()
    return str(page["next"])


def test_all_of_it_works_under_a_path(
    nginx_program: str, chromium_path: str, tmp_path: Path
) -> None:
    """Pages, the page of the API in a browser, and a purchase."""
    with under_box(nginx_program, tmp_path, proxies="1") as public:
        host = public.removesuffix("/box")
        assert following(public) == "/box/api/events/?limit=1&before=3"
        assert following(public, X_Forwarded_Prefix="/evil") == following(public)
        assert requests.get(host + following(public), timeout=10).json()["events"] != []
        for page in ("docs", "docs/"):
            seen = read_docs(chromium_path, f"{public}/{page}")
            assert seen.errors == []
            assert set(seen.paths) == ROUTES
            assert seen.tried == (f"{public}/api/events/", 200)
        bought = requests.post(
            f"{public}/api/payments/create-payment-intent/",
            json={"event_id": 1, "quantity": 1},
            headers={"Authorization": f"Bearer {access_token()}"},
            timeout=10,
        )
        assert bought.status_code == 200


def test_control_without_the_setting_the_service_does_not_know_the_path(
    nginx_program: str, chromium_path: str, tmp_path: Path
) -> None:
    """Then anybody could say it. The page of the API is shown all the same."""
    with under_box(nginx_program, tmp_path, proxies="0") as public:
        assert following(public) == "/api/events/?limit=1&before=3"
        seen = read_docs(chromium_path, f"{public}/docs")
        assert set(seen.paths) == ROUTES
        assert seen.tried == (f"{public.removesuffix('/box')}/api/events/", 404)
