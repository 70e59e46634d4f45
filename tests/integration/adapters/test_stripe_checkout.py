"""The Stripe gateway: the contract over HTTP with the real SDK, and each kind of failed answer."""

import pytest

from tests.integration.adapters.stripe_at_sandbox import (
    OURS,
    SESSIONS,
    SOMEBODY_ELSES,
    AtSandbox,
    gateway_at,
)
from tests.support.sandbox import SandboxWorld
from ticketing_adapters.stripe_checkout import StripeCheckout
from ticketing_adapters.stripe_checkout.calls import RETRY_AFTER
from ticketing_core.errors import Overloaded, PaymentRefused, PaymentsNotConfigured
from ticketing_core.payment import (
    CheckoutState,
    Closed,
    ListedPage,
    Missing,
    Paid,
    Unknown,
)
from ticketing_core.ports import PaymentGateway
from ticketing_core.testing import PaymentGatewayContract
from ticketing_core.testing.contracts import GatewayWorld
from ticketing_service.sandbox import RATE_LIMITED, SERVER_ERROR, Fault, Refusal


class TestStripeCheckout(AtSandbox, PaymentGatewayContract):
    """Over HTTP with the real SDK, against the sandbox."""

    @pytest.fixture(autouse=True)
    def _small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ticketing_adapters.stripe_checkout.news.PAGE_SIZE", 3)

    def test_the_session_is_as_the_contract_of_the_payment_api_says(self) -> None:
        """Where the buyer returns to, the amount, and nothing that the Dashboard can change."""
        gateway, _ = self.make_gateway()
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket)
        (params,) = (e.params for e in self.running.sandbox.exchanges())
        frontend = "http://localhost:5173/payment"
        assert params["success_url"] == (
            f"{frontend}/success?session_id={{CHECKOUT_SESSION_ID}}&ticket_id=1"
        )
        assert params["cancel_url"] == f"{frontend}/cancel?ticket_id=1"
        assert params["client_reference_id"] == str(ticket.ticket_code)
        assert params["metadata"] == params["payment_intent_data"]["metadata"]
        assert params["metadata"]["installation"] == str(OURS)
        session = self.running.sandbox.session(checkout.checkout_id)
        assert (session.amount_total, session.currency) == (7500, "usd")
        for switch in ("adaptive_pricing", "automatic_tax"):
            assert params[switch] == {"enabled": "false"}

    def test_sessions_of_another_installation_are_not_ours(self) -> None:
        """They are missing here, so they are never adopted, closed or refunded."""
        theirs = gateway_at(self.running.url, installation_id=SOMEBODY_ELSES)
        _, checkout = self.paid(theirs, SandboxWorld(self.running.sandbox))
        ours = gateway_at(self.running.url)
        assert ours.look_up(checkout.checkout_id) == Missing()
        assert isinstance(theirs.look_up(checkout.checkout_id), Paid)

    @pytest.mark.parametrize("after_effect", [False, True])
    def test_a_lost_answer_is_retried_with_the_same_key(self, after_effect: bool) -> None:  # noqa: FBT001 - from pytest
        """A connection lost before or after the effect is hidden from the buyer."""
        self.running.sandbox.plan_fault(Fault(path=SESSIONS, drop=True, after_effect=after_effect))
        gateway, _ = self.make_gateway()
        self.opened(gateway, self.reserved())
        assert len(self.running.sandbox.sessions()) == 1

    @pytest.mark.parametrize("after_effect", [False, True])
    def test_no_answer_at_all_is_unknown(self, after_effect: bool) -> None:  # noqa: FBT001 - from pytest
        """Never a refusal, never closed, never given back."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        paid = self.payment(gateway, checkout)
        silence = Fault(path="/v1/*", drop=True, after_effect=after_effect, times=None)
        self.running.sandbox.plan_fault(silence)
        outcomes: list[object] = [
            gateway.open(self.reserved(2), event_name="Concert", ends_at=checkout.ends_at),
            gateway.look_up(checkout.checkout_id),
            gateway.close(checkout.checkout_id),
            gateway.refund(paid, key="refund:0"),
        ]
        assert [type(outcome) for outcome in outcomes] == [Unknown] * 4

    def test_an_answer_that_comes_too_late_is_unknown(self) -> None:
        """The call times out; the next one shows what happened meanwhile."""
        gateway, _ = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        self.running.sandbox.plan_fault(Fault(path=SESSIONS, delay=5, times=2, drop=True))
        assert isinstance(gateway.close(checkout.checkout_id), Unknown)
        assert isinstance(gateway.close(checkout.checkout_id), Closed)

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (SERVER_ERROR, Unknown("APIError")),
            (RATE_LIMITED, Overloaded(RETRY_AFTER)),
            (
                Refusal(status=400, code="amount_too_small", message="Too small."),
                PaymentRefused("amount_too_small", retryable=False),
            ),
            (
                Refusal(status=401, message="No such key."),
                PaymentsNotConfigured(),
            ),
            (
                Refusal(status=400, param="locale", message="Invalid locale."),
                PaymentsNotConfigured(),
            ),
            (
                Refusal(status=409, code="idempotency_key_in_use", message="In use."),
                Unknown("APIError"),
            ),
        ],
        ids=["500", "429", "amount", "401", "400", "409"],
    )
    def test_each_error_of_stripe_has_its_meaning(self, error: Refusal, expected: object) -> None:
        """A definite no is a refusal; a call that may have taken effect is unknown."""
        gateway, _ = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        self.running.sandbox.plan_fault(Fault(path="/v1/*", error=error, times=None))
        opened = gateway.open(self.reserved(2), event_name="Concert", ends_at=checkout.ends_at)
        assert opened == expected
        assert isinstance(gateway.look_up(checkout.checkout_id), Unknown)

    def test_a_key_of_another_request_is_not_a_refusal(self) -> None:
        """The first request with it may have opened a checkout."""
        gateway, _ = self.make_gateway()
        ticket = self.reserved()
        checkout = self.opened(gateway, ticket)
        other = gateway.open(ticket, event_name="Another", ends_at=checkout.ends_at)
        assert isinstance(other, Unknown)

    def test_stripes_messages_are_not_parsed(self) -> None:
        """A checkout that cannot be closed is looked up, whatever the message says."""
        gateway, world = self.make_gateway()
        checkout = self.opened(gateway, self.reserved())
        refusal = Refusal(status=400, message="This Session is expired.")
        fault = Fault(path="/v1/checkout/sessions/*/expire", error=refusal)
        self.running.sandbox.plan_fault(fault)
        assert isinstance(gateway.close(checkout.checkout_id), Unknown)
        world.pay(checkout.url)
        assert isinstance(gateway.look_up(checkout.checkout_id), Paid)

    def test_control_a_gateway_that_reports_each_error_of_closing_as_closed_is_caught(self) -> None:
        """The suite catches the classic way to oversell."""

        class ReportsErrorsAsClosed(StripeCheckout):
            def close(self, checkout_id: str) -> CheckoutState:
                super().close(checkout_id)
                return Closed()

        outer = self

        class Broken(TestStripeCheckout):
            def make_gateway(self) -> tuple[PaymentGateway, GatewayWorld]:
                gateway = ReportsErrorsAsClosed(
                    secret_key="sk_test_any",
                    frontend_url="http://localhost:5173",
                    installation_id=OURS,
                    api_base=outer.running.url,
                )
                return gateway, SandboxWorld(outer.running.sandbox)

        broken = Broken()
        broken.started_at, broken.passed = self.started_at, self.passed
        with pytest.raises(AssertionError):
            broken.test_closing_a_paid_checkout_reports_the_payment()

    def test_a_page_without_sessions_of_ours_is_not_the_last(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Newer sessions of another installation fill the first page; the next one has ours."""
        monkeypatch.setattr("ticketing_adapters.stripe_checkout.gateway.PAGE_SIZE", 1)
        gateway, _ = self.make_gateway()
        ours = self.opened(gateway, self.reserved())
        theirs = gateway_at(self.running.url, installation_id=SOMEBODY_ELSES)
        self.opened(theirs, self.reserved(2))
        first = gateway.list_checkouts(since=self.started_at, after=None)
        assert isinstance(first, ListedPage)
        assert first.checkouts == []
        assert first.next is not None
        second = gateway.list_checkouts(since=self.started_at, after=first.next)
        assert isinstance(second, ListedPage)
        assert [listed.checkout_id for listed in second.checkouts] == [ours.checkout_id]
