"""How refunds end at Stripe: saved errors, keys that are used up, answers that are too old."""

import json
from typing import Any

import pytest

from tests.integration.adapters.stripe_at_sandbox import AtSandbox
from ticketing_adapters.stripe_checkout import calls
from ticketing_adapters.stripe_checkout.pacing import PacedClient
from ticketing_core.payment import (
    GivenBack,
    Refused,
    Unknown,
)
from ticketing_service.sandbox import SERVER_ERROR, Fault, Refusal


class TestStripeRefunds(AtSandbox):
    """Over HTTP with the real SDK, against the sandbox."""

    def test_a_saved_error_of_a_refund_uses_its_key_up(self) -> None:
        """Stripe repeats its 500 for a day; nothing was refunded, so a new key may refund it."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        paid = self.payment(gateway, checkout)
        self.running.sandbox.plan_fault(Fault(path="/v1/refunds", error=SERVER_ERROR))
        # The SDK itself has repeated the call once.
        assert gateway.refund(paid, key="refund:0") == Refused("key_used_up", retryable=False)
        assert gateway.refund(paid, key="refund:1") == GivenBack()
        assert self.payment(gateway, checkout).is_gone

    def test_a_saved_error_of_a_refund_that_took_effect_shows_in_the_next_look(self) -> None:
        """The 500 came after the effect: the money is back, and no second refund is made."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        paid = self.payment(gateway, checkout)
        fault = Fault(path="/v1/refunds", error=SERVER_ERROR, after_effect=True)
        self.running.sandbox.plan_fault(fault)
        assert gateway.refund(paid, key="refund:0") != GivenBack()
        assert self.payment(gateway, checkout).is_gone
        assert len(self.running.sandbox.refunds(checkout.checkout_id)) == 1

    def test_a_refund_that_is_refused_has_stripes_code(self) -> None:
        """A payment that is refunded already counts as given back."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        paid = self.payment(gateway, checkout)
        for code, expected in (
            ("charge_already_refunded", GivenBack()),
            ("charge_disputed", Refused("charge_disputed", retryable=False)),
        ):
            refusal = Refusal(status=400, code=code, message="No.")
            self.running.sandbox.plan_fault(Fault(path="/v1/refunds", error=refusal))
            assert gateway.refund(paid, key="refund:0") == expected

    def test_a_key_of_another_refund_is_used_up(self) -> None:
        """A part was refunded by hand meanwhile, so the amount differs: the next key refunds it."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        paid = self.payment(gateway, checkout)
        self.running.sandbox.plan_fault(Fault(path="/v1/refunds", error=SERVER_ERROR))
        gateway.refund(paid, key="refund:0")
        world.give_back(checkout.checkout_id, 2500)
        rest = self.payment(gateway, checkout)
        assert gateway.refund(rest, key="refund:0") == Refused("key_used_up", retryable=False)
        assert gateway.refund(rest, key="refund:1") == GivenBack()
        assert self.payment(gateway, checkout).is_gone

    def test_a_canceled_refund_is_not_given_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stripe gives no `failure_reason` then, and the SDK's object has no such attribute."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        paid = self.payment(gateway, checkout)
        monkeypatch.setattr(calls, "PacedClient", CancelsRefunds)
        canceling, _ = self.make_gateway()
        assert canceling.refund(paid, key="refund:0") == Unknown("refund is canceled")


class CancelsRefunds(PacedClient):
    """Answers each refund as canceled."""

    def request(self, method: str, url: str, *args: Any, **options: Any) -> tuple[Any, int, Any]:
        """Make the request, and change the answer."""
        body, status, headers = super().request(method, url, *args, **options)
        if url.endswith("/v1/refunds"):
            refund = json.loads(body)
            refund.pop("failure_reason", None)
            body = json.dumps(refund | {"status": "canceled"}).encode()
        return body, status, headers
