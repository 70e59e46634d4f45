"""Checkout Sessions: their fields, lists of them, and how they end."""

import pytest
import stripe

from tests.integration.sandbox.conftest import OpenSession, session_params, stripe_client
from ticketing_service.sandbox import PayWith, RunningSandbox, Sandbox


def test_a_new_session_is_open_and_unpaid(
    running: RunningSandbox, open_session: OpenSession
) -> None:
    """A new session has an address to pay at, no payment, and its parameters."""
    session = open_session()
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.payment_intent is None
    assert session.id.startswith("cs_test_")
    assert len(session.id) == 66
    assert session.url == f"{running.url}/c/pay/{session.id}"
    assert (session.amount_total, session.currency) == (5000, "usd")
    assert session.metadata is not None
    assert session.metadata["ticket_code"] == "6e40a178"
    assert session.ui_mode == "hosted_page"
    assert session.success_url is not None
    assert "{CHECKOUT_SESSION_ID}" in session.success_url


def test_retrieving_shows_what_creating_showed(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """Looking up a session returns what creating it returned."""
    session = open_session()
    assert client.v1.checkout.sessions.retrieve(session.id).to_dict() == session.to_dict()


def test_a_paid_session_shows_its_payment(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """After the payment the session is complete, has no address, and expands to the charge."""
    session = open_session()
    sandbox.pay(session.id, email="anna@example.com")
    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge"]}
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received) == ("succeeded", 5000)
    assert intent.metadata["ticket_code"] == "6e40a178"
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.amount_captured, charge.amount_refunded, charge.disputed) == (5000, 0, False)


def test_without_expand_only_ids_are_shown(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A related object is an id unless it is expanded."""
    session = open_session()
    sandbox.pay(session.id)
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(intent_id, str)
    charge_id = client.v1.payment_intents.retrieve(intent_id).latest_charge
    assert isinstance(charge_id, str)
    assert client.v1.charges.retrieve(charge_id).payment_intent == intent_id
    assert [found.id for found in client.v1.payment_intents.list().data] == [intent_id]


def test_an_expired_session_cannot_be_paid(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """An expired session has no address, and refuses the buyer."""
    session = open_session()
    expired = client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.payment_status, expired.url) == ("expired", "unpaid", None)
    with pytest.raises(Exception, match="cannot be paid"):
        sandbox.pay(session.id)


@pytest.mark.parametrize("ending", ["paid", "expired", "paying slowly"])
def test_only_an_open_session_can_be_expired(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox, ending: str
) -> None:
    """Expiring any other session is refused with 400 and, as in Stripe, without a code."""
    session = open_session()
    if ending == "expired":
        sandbox.expire(session.id)
    else:
        sandbox.pay(session.id, PayWith.CARD if ending == "paid" else PayWith.BANK_DEBIT)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.expire(session.id)
    assert (refused.value.http_status, refused.value.code) == (400, None)


def test_a_session_expires_by_itself(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """A session expires at its end, not before."""
    session = open_session()
    sandbox.advance_clock(34 * 60)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.advance_clock(60)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_session_without_an_end_lasts_a_day(open_session: OpenSession) -> None:
    """Without `expires_at`, a session expires after 24 hours."""
    session = open_session(expires_at=None)
    assert session.expires_at - session.created == 24 * 3600


def test_lists_are_newest_first_and_paged(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """Pages follow one another without a gap, up to the last one."""
    newest_first = [open_session().id for _ in range(5)][::-1]
    first = client.v1.checkout.sessions.list({"limit": 2})
    assert ([found.id for found in first.data], first.has_more) == (newest_first[:2], True)
    rest = client.v1.checkout.sessions.list({"starting_after": newest_first[1]})
    assert ([found.id for found in rest.data], rest.has_more) == (newest_first[2:], False)
    before = client.v1.checkout.sessions.list({"ending_before": newest_first[3], "limit": 2})
    assert ([found.id for found in before.data], before.has_more) == (newest_first[1:3], True)
    assert [found.id for found in first.auto_paging_iter()] == newest_first


def test_lists_can_be_filtered(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """Filters are the time, the status and the payment; a page can be expanded."""
    old = open_session()
    sandbox.advance_clock(600)
    new = open_session(expires_at=None)
    sandbox.pay(old.id)
    sessions = client.v1.checkout.sessions
    since = sessions.list({"created": {"gte": old.created + 600}})
    assert [found.id for found in since.data] == [new.id]
    done = sessions.list(
        {"status": "complete", "expand": ["data.payment_intent.latest_charge"]}
    ).data
    assert [found.id for found in done] == [old.id]
    intent = done[0].payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert [found.id for found in sessions.list({"payment_intent": intent.id}).data] == [old.id]


def test_a_cursor_that_no_longer_matches_still_works(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """The list of open sessions goes on after a session that was paid in the meantime."""
    oldest, middle, _ = (open_session().id for _ in range(3))
    sandbox.pay(middle)
    page = client.v1.checkout.sessions.list({"status": "open", "starting_after": middle})
    assert [found.id for found in page.data] == [oldest]


def test_unknown_ids_are_missing(client: stripe.StripeClient) -> None:
    """Looking up an unknown id gets 404 `resource_missing`."""
    lookups = (
        client.v1.checkout.sessions.retrieve,
        client.v1.checkout.sessions.expire,
        client.v1.payment_intents.retrieve,
        client.v1.charges.retrieve,
        client.v1.refunds.retrieve,
    )
    for look_up in lookups:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            look_up("none")
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


@pytest.mark.parametrize("key", ["sk_live_0123456789", "pk_test_0123456789", "nonsense"])
def test_only_secret_test_keys_are_accepted(running: RunningSandbox, key: str) -> None:
    """Any other key is refused, and the response does not repeat it."""
    with (
        stripe_client(running.url, key=key) as client,
        pytest.raises(stripe.AuthenticationError) as refused,
    ):
        client.v1.checkout.sessions.create(session_params())
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


def test_responses_have_stripes_headers(
    client: stripe.StripeClient, open_session: OpenSession
) -> None:
    """Each response has the id of its request and the API version."""
    session = open_session()
    response = session.last_response
    assert response is not None
    assert response.request_id is not None
    assert response.request_id.startswith("req_")
    assert response.headers["Stripe-Version"] == stripe.api_version
    again = client.v1.checkout.sessions.retrieve(session.id).last_response
    assert again is not None
    assert again.request_id != response.request_id


def test_a_reset_forgets_everything(
    client: stripe.StripeClient, open_session: OpenSession, sandbox: Sandbox
) -> None:
    """After a reset, no object, event or API call is left."""
    open_session()
    sandbox.reset()
    assert (sandbox.sessions(), sandbox.events(), sandbox.exchanges()) == ([], [], [])
    assert client.v1.checkout.sessions.list().data == []
