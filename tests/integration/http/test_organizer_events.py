"""Organizers of some events: what their access tokens list, they may act on, and nothing else."""

from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from werkzeug.test import TestResponse

from tests.integration.http.services import CREATE, REFUND, SECRET, Service, claims, problem, token
from tests.integration.http.tokens import refused
from ticketing_core import TicketStatus
from ticketing_core.validators import LARGEST_ID
from ticketing_service.http import AccessTokens, callers

OURS, OTHERS = 15, 16


def bought(service: Service, event_id: int) -> int:
    """Return the id of a free ticket of an event with this id."""
    event = service.event(price=0, event_id=event_id)
    return int(service.bought(event)["ticket_id"])


def refund(
    service: Service, body: Mapping[str, Any], *, roles: Any = ("organizer",), **more: Any
) -> TestResponse:
    """Refund as a caller with these claims; None is a null."""
    signed = jwt.encode(claims(roles=list(roles)) | more, SECRET, "HS256")
    sent = {"Authorization": f"Bearer {signed}"}
    return service.client.post(REFUND, json=body, headers=sent)


def may_touch(service: Service, **more: Any) -> bool:
    """Return whether an organizer with these claims may refund a ticket of the event 15."""
    ticket_id = bought(service, OURS)
    answer = refund(service, {"ticket_id": ticket_id}, **more)
    stored = service.tickets.by_id(ticket_id)
    assert stored is not None
    if answer.status_code == 200:
        assert stored.status is TicketStatus.REFUNDED
        return True
    assert problem(answer, 403)["code"] == "not_your_event"
    assert stored.status is TicketStatus.ISSUED
    return False


def named(claim: str) -> Service:
    """Return a service whose settings name the claim."""
    access = AccessTokens(secret=SECRET, events_claim=claim, events_required=True)
    return Service(access=access)


GRANTING: dict[str, Any] = {
    "numbers": [OTHERS, OURS],
    "text of digits": ["15"],
    "between odd ones": [None, True, {}, [OURS], 15.5, "x", OURS],
}
NOT_GRANTING: dict[str, Any] = {
    "another event": [OTHERS],
    "no event": [],
    "null": None,
    "a number": OURS,
    "a text": "15",
    "words": "15 16",
    "an object": {"15": True},
    "a boolean": True,
    "a fraction": [15.0],
    "a number as text with an exponent": ["1.5e1"],
    "leading zero": ["015"],
    "plus": ["+15"],
    "blank": [" 15"],
    "line break": ["15\n"],
    "digits of another script": ["\u0661\u0665"],
    "nested list": [[OURS]],
    "huge": [10**4000, -OURS, LARGEST_ID + 1, "9" * 5000],
    "star": ["*"],
}


@pytest.mark.parametrize("events", GRANTING.values(), ids=GRANTING)
def test_what_a_token_lists_may_be_acted_on(service: Service, events: Any) -> None:
    """As numbers or as text of the same digits; what else is in the list does not matter."""
    assert may_touch(service, events=events)


@pytest.mark.parametrize("events", NOT_GRANTING.values(), ids=NOT_GRANTING)
def test_nothing_else_may_be_acted_on(service: Service, events: Any) -> None:
    """Anything that is no list of ids grants none: a mistake of the login opens nothing."""
    assert not may_touch(service, events=events)


@pytest.mark.parametrize("kind", ["another event", "null", "a text"])
def test_nor_if_the_settings_name_the_claim(kind: str) -> None:
    """The same holds for a claim within an object."""
    assert not may_touch(named("shop.events"), shop={"events": NOT_GRANTING[kind]})


def test_true_is_not_the_event_1(service: Service) -> None:
    """Python takes it for the number."""
    ticket_id = bought(service, 1)
    answer = refund(service, {"ticket_id": ticket_id}, events=[True, 1.0])
    assert problem(answer, 403)["code"] == "not_your_event"


def test_without_the_claim_the_settings_decide(service: Service) -> None:
    """All events, unless they name the claim themselves: then a token has to have it."""
    assert may_touch(service)
    for claim in ("events", "shop.events", "https://shop.example/events"):
        assert not may_touch(named(claim))
        assert not may_touch(named(claim), shop=["events"])
    assert may_touch(named("events"), events=[OURS])
    assert may_touch(named("shop.events"), shop={"events": ["15"]})
    name = "https://shop.example/events"
    assert may_touch(named(name), **{name: [OURS]})


def test_control_a_claim_that_is_not_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every organizer may then refund every ticket, as it was before."""
    monkeypatch.setattr(callers, "_events", lambda *_, **__: None)
    assert may_touch(service, events=[OTHERS])


def test_the_order_of_the_checks(service: Service) -> None:
    """Token, role, body, ticket, event, state."""
    other = bought(service, OTHERS)
    refused(service.client.post(REFUND, json={}), "token_missing")
    as_buyer = refund(service, {}, roles=[], events=[OURS])
    assert problem(as_buyer, 403)["code"] == "role_missing"
    assert problem(refund(service, {}, events=[OURS]), 400)["code"] == "invalid_input"
    unknown = refund(service, {"ticket_id": 999}, events=[OURS])
    assert problem(unknown, 404)["code"] == "ticket_not_found"
    for _ in range(2):
        for more in ({}, {"again": True}, {"paid_back": "in cash"}):
            answer = refund(service, {"ticket_id": other} | more, events=[OURS])
            assert problem(answer, 403)["code"] == "not_your_event"
        assert refund(service, {"ticket_id": other}).status_code == 200


def test_a_list_of_events_is_no_role(service: Service) -> None:
    """Who only buys still may not refund."""
    ticket_id = bought(service, OURS)
    answer = refund(service, {"ticket_id": ticket_id}, roles=[], events=[OURS])
    assert problem(answer, 403)["code"] == "role_missing"


def test_buying_is_not_bound_to_the_claim(service: Service) -> None:
    """An organizer buys where anybody may."""
    event = service.event(price=0, event_id=OTHERS)
    sent = {"Authorization": f"Bearer {token(roles=['organizer'], events=[OURS])}"}
    order = {"event_id": event.event_id, "quantity": 1}
    answer = service.client.post(CREATE, json=order, headers=sent)
    assert answer.status_code == 200
