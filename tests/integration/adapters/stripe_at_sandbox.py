"""The Stripe gateway over HTTP with the real SDK, against a sandbox, for the contract suites."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import PageOptions, StripeCheckout
from ticketing_adapters.system import SystemClock
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing.contracts import GatewayWorld
from ticketing_core.testing.contracts.gateway_world import GatewayContract
from ticketing_service.sandbox import RunningSandbox

OURS = UUID("0f4ad7a2-91a5-4d53-8ba5-3f4f2ee00001")
SOMEBODY_ELSES = UUID("0f4ad7a2-91a5-4d53-8ba5-3f4f2ee00002")
SESSIONS = "/v1/checkout/sessions*"
SLOW = PageOptions(slow_methods=True)


def gateway_at(
    url: str, *, installation_id: UUID = OURS, options: PageOptions = SLOW
) -> StripeCheckout:
    """Return the adapter as in production, but with another address and a short time-out."""
    return StripeCheckout(
        secret_key="sk_test_any",
        frontend_url="http://localhost:5173/",
        installation_id=installation_id,
        api_base=url,
        answer_seconds=0.3,
        options=options,
    )


class AtSandbox(GatewayContract):
    """The factories of the suites."""

    @pytest.fixture
    def checked(self) -> Iterator[RunningSandbox]:
        """A sandbox; every exchange with it is checked against Stripe's OpenAPI document."""
        with checked_sandbox() as started:
            yield started

    @pytest.fixture(autouse=True)
    def _started(self, checked: RunningSandbox) -> None:
        self.running = checked
        self.started_at = SystemClock().now().replace(microsecond=0)
        self.passed = timedelta(0)

    def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
        """See the suite."""
        return gateway_at(self.running.url), SandboxWorld(self.running.sandbox)

    def now(self) -> datetime:
        """See the suite."""
        return self.started_at + self.passed

    def advance(self, duration: timedelta) -> None:
        """See the suite."""
        self.passed += duration
        self.running.sandbox.advance_clock(duration.total_seconds())
