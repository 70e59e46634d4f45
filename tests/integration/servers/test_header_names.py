"""Headers with an underscore in their name, whose WSGI variable is that of another header."""

from pathlib import Path

import pytest
import requests

from tests.integration.servers.test_stalled_clients import answered, open_shop
from tests.integration.servers.test_workers import serve_with
from tests.support.server import SERVE, running_server

CONFUSED = "bodies_first._variable = lambda header: 'HTTP_' + header.replace('-', '_').upper()"
"""The control: both are the same."""


@pytest.mark.parametrize(("change", "base"), [("", "/good"), (CONFUSED, "/evil")])
def test_a_client_cannot_speak_for_the_proxy(
    change: str, base: str, sqlite_url: str, tmp_path: Path
) -> None:
    """A header with an underscore is ignored, and the proxy's counts."""
    program = serve_with(change) if change else SERVE
    with running_server(
        folder=tmp_path, database_url=sqlite_url, program=program, TRUSTED_PROXIES="1"
    ) as server:
        said = {"X-Forwarded-Prefix": "/good", "X_Forwarded_Prefix": "/evil"}
        answer = requests.get(f"{server.url}/openapi.json", headers=said, timeout=10)
        assert answer.json()["servers"] == [{"url": base}]


def test_a_body_has_one_length(sqlite_url: str, tmp_path: Path) -> None:
    """Nothing cuts it off but its own header."""
    with open_shop(sqlite_url, tmp_path) as shop:
        length = f"Content-Length: {len(shop.order)}"
        connection = shop.begin(length, "Content_Length: 5", "Connection: close", body=shop.order)
        answer = answered(connection)
        assert answer is not None
        assert answer.status == 200
