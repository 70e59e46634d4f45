"""Keys with rights, and the states of the account: docs.stripe.com/keys, /api/accounts."""

from typing import Any

import pytest
import stripe
from attrs import evolve

from tests.integration.sandbox.conftest import OpenSession, session_params, stripe_client
from tests.integration.sandbox.paid import paid
from ticketing_service.sandbox import Account, Refused, RunningSandbox, Sandbox

RESTRICTED = "rk_test_only_for_tests_1234"
SELLER = {
    "checkout_session_write",
    "payment_intent_read",
    "charge_write",
    "dispute_read",
    "event_read",
    "webhook_read",
    "accounts_kyc_basic_read",
}


def use(client: stripe.StripeClient, session_id: str, intent_id: str) -> None:
    """Make each call that a ticket seller makes."""
    client.v1.checkout.sessions.create(session_params())
    client.v1.checkout.sessions.list({"expand": ["data.payment_intent.latest_charge.refunds"]})
    client.v1.checkout.sessions.retrieve(session_id)
    client.v1.payment_intents.retrieve(intent_id)
    client.v1.refunds.create({"payment_intent": intent_id, "amount": 1})
    client.v1.refunds.list({"expand": ["data.payment_intent"]})
    client.v1.disputes.list({"payment_intent": intent_id})
    client.v1.events.list()
    client.v1.webhook_endpoints.list()
    client.v1.accounts.retrieve_current()


def test_a_key_with_all_rights_of_a_seller(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Control: every call works, and writing includes reading."""
    payment = paid(open_session, sandbox)
    sandbox.register_key(RESTRICTED, SELLER)
    with stripe_client(running.url, key=RESTRICTED) as client:
        use(client, payment.session_id, payment.intent_id)


@pytest.mark.parametrize("missing", sorted(SELLER))
def test_a_missing_right_is_named(
    running: RunningSandbox, open_session: OpenSession, sandbox: Sandbox, missing: str
) -> None:
    """403, in Stripe's words, without the key."""
    payment = paid(open_session, sandbox)
    sandbox.register_key(RESTRICTED, SELLER - {missing})
    with (
        stripe_client(running.url, key=RESTRICTED) as client,
        pytest.raises(stripe.PermissionError) as refused,
    ):
        use(client, payment.session_id, payment.intent_id)
    assert refused.value.http_status == 403
    named = {missing, missing.replace("_write", "_read")}
    assert any(f"Having the 'rak_{right}' permission" in str(refused.value) for right in named)
    assert RESTRICTED not in str(refused.value)
    assert "'rk_test_***************1234'" in str(refused.value)


@pytest.mark.parametrize(
    ("expand", "needed"),
    [
        (["payment_intent"], "payment_intent_read"),
        (["payment_intent.latest_charge"], "charge_read"),
    ],
)
def test_what_is_expanded_needs_its_right(
    running: RunningSandbox,
    open_session: OpenSession,
    sandbox: Sandbox,
    expand: list[str],
    needed: str,
) -> None:
    """A key that sells may still be unable to see whether it was paid."""
    payment = paid(open_session, sandbox)
    rights = {"checkout_session_write", "payment_intent_read", "charge_read"} - {needed}
    sandbox.register_key(RESTRICTED, rights)
    with stripe_client(running.url, key=RESTRICTED) as client:
        sessions = client.v1.checkout.sessions
        assert sessions.create(session_params()).status == "open"
        assert sessions.retrieve(payment.session_id).payment_status == "paid"
        with pytest.raises(stripe.PermissionError, match=f"rak_{needed}"):
            sessions.retrieve(payment.session_id, {"expand": expand})


def test_unknown_keys_are_refused_once_keys_are_enforced(
    running: RunningSandbox, client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    """401 for any key that is not registered; the others go on working."""
    sandbox.register_key("sk_test_registered")
    assert client.v1.refunds.list().data == []
    sandbox.take_only_registered_keys()
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_test_\*"):
        client.v1.refunds.list()
    with stripe_client(running.url, key="sk_test_registered") as known:
        assert known.v1.refunds.list().data == []
    sandbox.take_only_registered_keys(only=False)
    assert client.v1.refunds.list().data == []


@pytest.mark.parametrize(
    ("key", "rights"), [("sk_live_1", None), ("whsec_1", None), ("rk_test_1", ["refund_write"])]
)
def test_a_key_that_cannot_be_is_refused(
    sandbox: Sandbox, key: str, rights: list[str] | None
) -> None:
    """A live key never gets in, and a misspelt right is reported."""
    with pytest.raises(Refused, match=r"must begin with|Unknown rights: refund_write"):
        sandbox.register_key(key, rights)


def test_the_account_is_shown(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """Its name, whether it takes payments, and what Stripe still wants to know."""
    usual = client.v1.accounts.retrieve_current()
    assert (usual.charges_enabled, usual.details_submitted) == (True, True)
    assert usual.requirements is not None
    assert (usual.requirements.currently_due, usual.requirements.disabled_reason) == ([], None)
    sandbox.account = Account(
        name=None,
        charges_enabled=False,
        details_submitted=False,
        disabled_reason="requirements.past_due",
        currently_due=("external_account",),
    )
    shown = client.v1.accounts.retrieve_current()
    assert (shown.charges_enabled, shown.details_submitted) == (False, False)
    assert shown.business_profile is not None
    assert shown.business_profile.name is None
    assert shown.requirements is not None
    assert shown.requirements.currently_due == ["external_account"]
    assert shown.requirements.disabled_reason == "requirements.past_due"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "you must set an account or business name"),
        ({"charges_enabled": False}, "Your account cannot currently make live charges"),
    ],
)
def test_an_account_that_cannot_sell(
    open_session: OpenSession, sandbox: Sandbox, change: dict[str, Any], message: str
) -> None:
    """Each new session is refused with 400, without a code. What was sold goes on."""
    payment = paid(open_session, sandbox)
    usual = sandbox.account
    sandbox.account = evolve(usual, **change)
    with pytest.raises(stripe.InvalidRequestError, match=message) as refused:
        open_session()
    assert (refused.value.http_status, refused.value.code) == (400, None)
    assert sandbox.refund(payment.session_id).status == "succeeded"
    sandbox.account = usual
    assert open_session().status == "open"
