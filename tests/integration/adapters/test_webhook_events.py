"""Which of Stripe's events are read, in which form, and what reading one takes."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

import pytest
from stripe.params import WebhookEndpointCreateParams

from tests.integration.adapters.test_stripe_notifications import (
    OURS,
    SECRET,
    about_a_session_named,
    opened,
    signed,
)
from tests.support.sandbox import SandboxWorld, checked_sandbox
from ticketing_adapters.stripe_checkout import WEBHOOK_EVENTS, StripeNotifications
from ticketing_core.payment import Hint, Notification, NotOurs, Unknown
from ticketing_core.ports import NotificationReader
from ticketing_core.signature import Forged
from ticketing_service.sandbox import RunningSandbox, WebhookEndpoint

ABOUT_OURS = about_a_session_named("cs_1")


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox that signs its events for an endpoint that does not exist."""
    with checked_sandbox(webhook=WebhookEndpoint("http://127.0.0.1:9/", SECRET)) as started:
        yield started


def reader(url: str, *, has_room: bool = True) -> StripeNotifications:
    """Return the adapter, with room for its calls or without."""

    def room() -> AbstractContextManager[bool]:
        return nullcontext(has_room)

    return StripeNotifications(
        webhook_secret=SECRET,
        secret_key="sk_test_any",
        installation_id=UUID(str(OURS)),
        api_base=url,
        room=room,
    )


def paid_and_given_back(running: RunningSandbox) -> tuple[str, dict[str, bytes]]:
    """Return a checkout id, and the body of each event about it by its type."""
    world, checkout = SandboxWorld(running.sandbox), opened(running)
    world.pay(checkout.url)
    world.give_back(checkout.checkout_id)
    events = {sent.event["type"]: sent.event for sent in running.sandbox.events()}
    return checkout.checkout_id, {name: json.dumps(e).encode() for name, e in events.items()}


def test_stripe_knows_every_event_to_subscribe_to() -> None:
    """Stripe would refuse an endpoint for one wrong name."""
    hint = repr(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    known = set(re.findall(r"'([\w.]+)'", hint))
    assert set(WEBHOOK_EVENTS) <= known
    # The control: a near miss is no event.
    assert "charge.dispute.won" not in known


def test_the_older_name_of_an_updated_refund_is_read(running: RunningSandbox) -> None:
    """Stripe sends it to endpoints that subscribed to it (docs.stripe.com/api/events/types)."""
    checkout_id, bodies = paid_and_given_back(running)
    payment = json.loads(bodies["charge.refunded"])["data"]["object"]["payment_intent"]
    refund = {"type": "charge.refund.updated", "data": {"object": {"payment_intent": payment}}}
    for kind, outcome in (("charge.refund.updated", Hint(checkout_id)), ("charge.x", NotOurs())):
        body = json.dumps(refund | {"type": kind}).encode()
        assert reader(running.url).read(body, signed(body)) == outcome


def test_a_thin_event_is_refused_with_what_to_do() -> None:
    """It does not hold what changed. The same event as a snapshot is read."""
    thin = json.dumps({"object": "v2.core.event", "type": "v1.charge.refunded", "id": "evt_1"})
    refused = reader("http://127.0.0.1:9").read(thin.encode(), signed(thin.encode()))
    assert isinstance(refused, Forged)
    assert "choose snapshot payloads" in refused.reason


def without_room_only_calls_wait(
    make: Callable[[str], NotificationReader], running: RunningSandbox
) -> dict[str, Notification]:
    """Return what is read while there is no room for calls."""
    _, bodies = paid_and_given_back(running)
    full = make(running.url)
    refunded = bodies["charge.refunded"]
    return {
        "forged": full.read(refunded, signed(refunded, secret="whsec_other")),
        "about a session": full.read(ABOUT_OURS, signed(ABOUT_OURS)),
        "about a payment": full.read(refunded, signed(refunded)),
    }


def test_only_what_needs_a_call_takes_room(running: RunningSandbox) -> None:
    """A flood of forgeries cannot keep genuine news from being read."""
    calls = len(running.sandbox.exchanges())
    found = without_room_only_calls_wait(lambda url: reader(url, has_room=False), running)
    assert isinstance(found.pop("forged"), Forged)
    assert found == {"about a session": Hint("cs_1"), "about a payment": Unknown("busy")}
    assert len(running.sandbox.exchanges()) - calls == 1, "only opening the checkout is a call"


def test_control_room_around_the_whole_reading_is_caught(running: RunningSandbox) -> None:
    """Then a forgery is not even looked at."""

    class RoomFirst:
        def __init__(self, url: str) -> None:
            self.inner = reader(url)

        def read(self, body: bytes, headers: Mapping[str, str]) -> Notification:
            with nullcontext(False) as may_call:
                return self.inner.read(body, headers) if may_call else Unknown("busy")

    assert set(without_room_only_calls_wait(RoomFirst, running).values()) == {Unknown("busy")}
