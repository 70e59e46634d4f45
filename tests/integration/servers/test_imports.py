"""A purchase imports nothing: in a process without free file handles it would fail half way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli.processes import environment, run
from tests.support.sandbox import checked_sandbox
from tests.support.server import SECRET

# Buys, pays and verifies in a process of its own, and prints the modules that this imported.
_SCRIPT = """
import json, sys
import requests
from tests.support.server import access_token
from ticketing_service.wsgi import application

client = application().test_client()
bearer = {"Authorization": f"Bearer {access_token()}"}
for name in sys.argv[1:]:
    del sys.modules[name]
before = set(sys.modules)

def post(path, body):
    answer = client.post(f"/api/payments/{path}/", json=body, headers=bearer)
    assert answer.status_code == 200, answer.text
    return answer.json

post("create-payment-intent", {"event_id": 2, "quantity": 1})
order = post("create-payment-intent", {"event_id": 1, "quantity": 1})
card = {"card_number": "4242424242424242"}
requests.post(order["checkout_url"], data=card, allow_redirects=False, timeout=30)
post("verify", {"session_id": order["session_id"], "ticket_id": order["ticket_id"]})
print(json.dumps(sorted(set(sys.modules) - before)))
"""

_LATE = "stripe._object_classes"


def imported_by_a_purchase(folder: Path, *, forgotten: str | None = None) -> list[str]:
    """Return what is imported while tickets are bought, as if a module had not been before."""
    root = str(Path(__file__).parents[3])
    with checked_sandbox() as sandbox:
        env = environment(
            jwt_secret=SECRET, stripe_secret_key="sk_test_1", stripe_api_base=sandbox.url
        )
        assert run("migrate", env=env, cwd=folder).returncode == 0
        for price in ("25", "0"):
            add = ["event", "add", "--name", "Concert", "--price", price, "--capacity", "10"]
            assert run(*add, env=env, cwd=folder).returncode == 0
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, *([forgotten] if forgotten else [])],
            env=env | {"PYTHONPATH": os.pathsep.join([root, env.get("PYTHONPATH", "")])},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_a_purchase_imports_nothing(tmp_path: Path) -> None:
    """Neither a free nor a paid one, nor verifying it."""
    assert imported_by_a_purchase(tmp_path) == []


@pytest.mark.parametrize("forgotten", [_LATE, "netrc"])
def test_what_libraries_import_late_is_the_control(tmp_path: Path, forgotten: str) -> None:
    """Had it not been imported at the start, the purchase would do it."""
    assert forgotten in imported_by_a_purchase(tmp_path, forgotten=forgotten)
