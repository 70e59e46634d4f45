"""The account that each test runs with: the sandbox always, Stripe's test mode with a key."""

import os
from collections.abc import Iterator

import pytest

from tests.integration.real_stripe.accounts import (
    KEY,
    Account,
    at_sandbox,
    at_stripe,
    key_of_test_mode,
)


@pytest.fixture(params=["sandbox", "stripe"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Give an account. The tests of Stripe are skipped without a key, which only its owner has."""
    if request.param == "sandbox":
        with at_sandbox() as running:
            yield running
        return
    key = key_of_test_mode(os.environ)
    if key is None:
        pytest.skip(f"needs {KEY}, the key of a Stripe account in test mode: `make test-stripe`")
    with at_stripe(
        key, chromium_path=lambda: str(request.getfixturevalue("chromium_path"))
    ) as real:
        yield real
