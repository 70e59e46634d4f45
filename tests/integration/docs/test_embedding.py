"""docs/embedding.md is true: its program sells, issues, lets in and settles, by Stripe's SDK."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from tests.support.code_blocks import texts
from tests.support.sandbox import checked_sandbox

STORY = """
import time
import requests
from shop import shop
from tests.integration.cli.databases import hold_long_ago
from ticketing_core.errors import PaymentOpen

office = shop.box_office
hold_long_ago(office.tickets)  # Of event 1, without a payment.
ids = {"ticket_id": order.ticket.ticket_id, "session_id": order.checkout_id}
assert success(**ids, buyer="42") is None
card = {"card_number": "4242424242424242"}
requests.post(order.checkout_url, card, allow_redirects=False, timeout=30)
assert success(**ids, buyer="42").startswith(b"\\x89PNG")
ticket = office.ticket(order.ticket.ticket_id, buyer="42")
shown = office.admission_of(ticket).token
assert [let_in(1, shown) for _ in range(3)] == [True, True, False]
assert buy(1, 1000, "43", "key") is None
while office.event(1).kept > 2:
    time.sleep(0.1)
shop.close()
"""
"""What a buyer does meanwhile. The reservation that was abandoned frees its places in the end."""


def test_the_program_of_the_page_sells_and_settles(tmp_path: Path) -> None:
    """Its first block is `shop.py`; the others are run behind one another."""
    shop, *others = texts("python", page="docs/embedding.md")
    (tmp_path / "shop.py").write_text(shop)
    (tmp_path / "main.py").write_text("\n".join([*others, dedent(STORY)]))
    with checked_sandbox() as sandbox:
        run = subprocess.run(
            [sys.executable, "main.py"],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
                "STRIPE_SECRET_KEY": "sk_test_1",
                "STRIPE_API_BASE": sandbox.url,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(sandbox.url)
    assert "over_order_limit" in run.stdout
