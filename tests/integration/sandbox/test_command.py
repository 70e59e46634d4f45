"""`ticketing sandbox` in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import stripe

from tests.integration.sandbox.conftest import stripe_client
from tests.support.ports import free_ports

COMMAND = [sys.executable, "-m", "ticketing_service.cli", "sandbox"]


@contextmanager
def command(*options: str) -> Iterator[str]:
    """Run the command, and yield the address of its API."""
    (port,) = free_ports(1)
    line = [*COMMAND, "--port", str(port), "--json", *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = [*iter(process.stdout.readline, "}\n"), "}"]
            yield json.loads("".join(shown))["api_base"]
        finally:
            process.terminate()


def calls_until_refused(url: str) -> list[str]:
    """Call two operations in turn, and return the reasons of the refusals."""
    reasons = []
    with stripe_client(url) as client:
        for listing in [client.v1.refunds.list, client.v1.disputes.list] * 2:
            try:
                listing()
            except stripe.RateLimitError as refused:
                reasons.append((refused.headers or {})["Stripe-Rate-Limited-Reason"])
    return reasons


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ([], []),
        (["--calls-per-second", "0.001"], ["global-rate", "endpoint-rate", "global-rate"]),
        (
            ["--calls-per-second", "0.001", "--calls-in-all", "100"],
            ["endpoint-rate", "endpoint-rate"],
        ),
    ],
)
def test_the_limits_of_the_command(options: list[str], reasons: list[str]) -> None:
    """Without the options, calls are not limited."""
    with command(*options) as url:
        assert calls_until_refused(url) == reasons


def test_a_limit_in_all_needs_one_of_the_operations() -> None:
    """The command says so, and starts nothing."""
    line = [*COMMAND, "--calls-in-all", "5"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert "--calls-in-all needs --calls-per-second" in ended.stderr
