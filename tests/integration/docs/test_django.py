"""docs/django.md is true: what Django signs by its settings, the service takes as it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.http.services import REFUND, Service
from tests.integration.http.tokens import ask, buyer_of, refused
from tests.support.code_blocks import texts
from ticketing_service.http import AccessTokens

SECRET = "5a" * 32
PYTHON = texts("python", page="docs/django.md")

LOGIN = """
import json
import django
from django.conf import settings
from shop_settings import SIMPLE_JWT

apps = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework_simplejwt"]
database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(
    SECRET_KEY="x" * 50, INSTALLED_APPS=apps, DATABASES={"default": database},
    SIMPLE_JWT=SIMPLE_JWT, USE_TZ=True,
)
django.setup()
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import RequestFactory
from rest_framework_simplejwt.views import token_obtain_pair

call_command("migrate", verbosity=0)
tokens = []
for name in ("ann", "olga"):
    user = User.objects.create_user(name, password="secret")
    if name == "olga":
        user.groups.add(*(Group.objects.create(name=each) for each in ("organizer", "vip")))
    login = {"username": name, "password": "secret"}
    answer = token_obtain_pair(RequestFactory().post("/token/", login)).render()
    tokens.append(json.loads(answer.content))
print(json.dumps(tokens))
"""
"""Logs two users in, as a Django site with the settings of the page does."""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Return the tokens of ann, and of olga, who is in the group `organizer`."""
    folder = tmp_path_factory.mktemp("django")
    (folder / "shop").mkdir()
    (folder / "shop_settings.py").write_text(PYTHON[0])
    (folder / "shop/tokens.py").write_text(PYTHON[1])
    (folder / "login.py").write_text(LOGIN)
    login = subprocess.run(
        [sys.executable, "login.py"],
        cwd=folder,
        env={"TICKETING_JWT_SECRET": SECRET, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert login.returncode == 0, login.stderr
    made: list[dict[str, str]] = json.loads(login.stdout)
    return made


@pytest.fixture
def strict() -> Service:
    """Return a service with the two settings of the page."""
    return Service(access=AccessTokens(secret=SECRET, identity_claim="user_id"))


def test_the_user_of_django_is_the_buyer(tokens: list[dict[str, str]], strict: Service) -> None:
    """By the primary key. Refresh tokens are refused, and so is another secret."""
    for number, token in enumerate(tokens, start=1):
        assert buyer_of(strict, f"Bearer {token['access']}") == str(number)
        refused(ask(strict, f"Bearer {token['refresh']}"))
    other = Service(access=AccessTokens(secret="other" * 10, identity_claim="user_id"))
    refused(ask(other, f"Bearer {tokens[0]['access']}"))


def test_groups_are_roles(tokens: list[dict[str, str]], strict: Service) -> None:
    """Only olga may refund; the ticket does not exist."""
    answers = [
        strict.client.post(
            REFUND,
            json={"ticket_id": 999},
            headers={"Authorization": f"Bearer {token['access']}"},
        ).status_code
        for token in tokens
    ]
    assert answers == [403, 404]


def test_a_view_buys_with_the_token_of_the_buyer(
    monkeypatch: pytest.MonkeyPatch, tokens: list[dict[str, str]], strict: Service
) -> None:
    """It calls the route and sends what it takes; a repeat returns the same order."""
    event = strict.event(price=0)
    address = "http://127.0.0.1:8001"

    class Answer:
        def __init__(self, status: int, body: object) -> None:
            self.status_code, self.body = status, body

        def json(self) -> object:
            return self.body

    def post(url: str, *, json: dict[str, object], headers: dict[str, str], timeout: int) -> Answer:
        assert timeout > 0
        answer = strict.client.post(url.removeprefix(address), json=json, headers=headers)
        return Answer(answer.status_code, answer.get_json())

    monkeypatch.setattr("requests.post", post)
    names: dict[str, object] = {}
    exec(compile(PYTHON[2], "docs/django.md", "exec"), names)  # noqa: S102 - our own text
    buy = names["buy"]
    assert callable(buy)
    orders = [buy(tokens[0]["access"], event.event_id, 2, "key") for _ in range(2)]
    assert [status for status, _ in orders] == [200, 200]
    assert orders[0][1]["ticket_id"] == orders[1][1]["ticket_id"]
    status, refused_order = buy(tokens[0]["access"], event.event_id, 1000, "another")
    assert (status, refused_order["code"]) == (400, "over_order_limit")


SETTLING = """
import signal, sys, threading
from django.conf import settings
settings.configure(
    TICKETING_DATABASE_URL="sqlite:///shop.db", TICKETING_SIGNING_KEY_FILE="signing.pem",
)
signal.pause = lambda: print(sorted(each.name for each in threading.enumerate()))
from settle import Command, shop
Command().handle()
shop().close()
"""
"""Calls the command as Django does, and shows which threads run while it waits."""


def test_the_command_of_the_page_settles(tmp_path: Path) -> None:
    """In a process of its own, which opens the same shop as the views do."""
    (tmp_path / "settle.py").write_text(PYTHON[3])
    (tmp_path / "main.py").write_text(SETTLING)
    run = subprocess.run(
        [sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "'settle'" in run.stdout
