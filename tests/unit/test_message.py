"""Messages: which change makes which, and what they tell."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ticketing_core import Event, Message, MessageKind, Money, Ticket, TicketStatus
from ticketing_core.message import BY_STATUS, event_message, ticket_message
from ticketing_core.testing.contracts.examples import NOON, checkout, event_draft
from ticketing_core.ticket import IdempotencyKey

S, K = TicketStatus, MessageKind
CODE = UUID(int=7, version=4)
EVENT = event_draft().event(3)

SECRETS = ("the-buyer", "the-key", "the-checkout", "the-payment", "the-words")
"""What may stand in a ticket and is nobody else's business."""


def ticket(status: TicketStatus = S.ISSUED, **changes: Any) -> Ticket:
    """Return a ticket with all that a message must not tell."""
    buyer, key, name, payment, words = SECRETS
    values: dict[str, Any] = {
        "ticket_id": 5,
        "ticket_code": CODE,
        "event_id": 3,
        "buyer": buyer,
        "quantity": 4,
        "total": Money(10_000, "usd"),
        "status": status,
        "version": 6,
        "created_at": NOON,
        "key": IdempotencyKey(value=key, fingerprint=key),
        "checkout": checkout(name),
        "payment_id": payment,
        "paid_back_otherwise": words,
    }
    return Ticket(**values | changes)


def kind(old: Ticket | None, new: Ticket) -> MessageKind | None:
    """Return what a change of a ticket is told as."""
    message = ticket_message(old, new, at=NOON)
    return message.kind if message else None


ISSUED = ticket()
INSIDE = ticket(admitted=1, excess=1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, ISSUED, K.TICKET_ISSUED),
        (ticket(S.PAYING), ISSUED, K.TICKET_ISSUED),
        # People who were let in before it was paid have been told of by nothing else.
        (ticket(S.PAYING, excess=1), INSIDE, K.TICKET_ISSUED),
        (ISSUED, INSIDE, K.TICKET_ADMITTED),
        (ISSUED, ticket(excess=1), K.TICKET_ADMITTED),
        (INSIDE, ticket(admitted=1), K.TICKET_ADMISSION_UNDONE),
        (ISSUED, ticket(S.REFUNDING), K.TICKET_REFUNDING),
        (ticket(S.REFUNDING), ticket(S.REFUNDED), K.TICKET_REFUNDED),
        (ISSUED, ticket(S.REFUNDED), K.TICKET_REFUNDED),
        (ticket(S.REFUNDED), ticket(S.REFUNDING), K.TICKET_REFUNDING),
        (ticket(S.EXPIRED), ticket(S.REFUNDING), K.TICKET_REFUNDING),
        (ticket(S.REFUNDING), ticket(S.REFUNDING, excess=1), K.TICKET_ADMITTED),
        (ISSUED, ticket(disputed=True), K.TICKET_DISPUTED),
        (ticket(disputed=True), ISSUED, K.TICKET_CHANGED),
        (ISSUED, ticket(refunded_minor=5), K.TICKET_CHANGED),
        (ISSUED, ISSUED, K.TICKET_CHANGED),
    ],
)
def test_the_change_of_a_ticket_makes_the_kind(
    old: Ticket | None, new: Ticket, expected: MessageKind
) -> None:
    """Readers may act on the kind alone, such as by a mail for each issued ticket."""
    assert kind(old, new) is expected


@pytest.mark.parametrize("status", [each for each in S if each not in BY_STATUS])
def test_what_is_not_issued_makes_no_message(status: TicketStatus) -> None:
    """Reservations come and go by the thousand, and nobody can act on one."""
    for old in (None, ticket(S.RESERVED)):
        assert kind(old, ticket(status)) is None


@given(
    status=st.sampled_from(sorted(BY_STATUS)),
    quantity=st.integers(1, 10),
    excess=st.integers(0, 5),
    disputed=st.booleans(),
    refunded=st.integers(0, 10_000),
    problem=st.sampled_from([None, "insufficient_funds"]),
)
def test_a_ticket_is_told_as_it_is_without_its_buyer(
    *,
    status: TicketStatus,
    quantity: int,
    excess: int,
    disputed: bool,
    refunded: int,
    problem: str | None,
) -> None:
    """Subscribers ask for what is personal, with a token of their own."""
    told = ticket(
        status,
        quantity=quantity,
        admitted=quantity,
        excess=excess,
        disputed=disputed,
        refunded_minor=refunded,
        charged_back_minor=refunded // 2,
        refund_problem=problem,
    )
    message = ticket_message(ISSUED, told, at=NOON)
    assert message is not None
    assert (message.subject, message.version, message.at) == (f"ticket_{CODE}", 6, NOON)
    assert message.data == {
        "ticket_id": 5,
        "ticket_code": str(CODE),
        "event_id": 3,
        "version": 6,
        "status": str(status),
        "quantity": quantity,
        "admitted": quantity,
        "excess": excess,
        "disputed": disputed,
        "refunded_minor": refunded,
        "charged_back_minor": refunded // 2,
        "refund_problem": problem,
    }
    written = json.dumps(message.data)
    assert not [secret for secret in SECRETS if secret in written]
    assert json.loads(written) == message.data


EDITED = EVENT.edited(name="Other", capacity=5)
CANCELLED = EVENT.cancelled(at=NOON)


@pytest.mark.parametrize(
    ("old", "new", "expected", "changed"),
    [
        (EVENT, EDITED, K.EVENT_CHANGED, ["capacity", "name"]),
        (EVENT, EVENT, K.EVENT_CHANGED, []),
        (EVENT, CANCELLED, K.EVENT_CANCELLED, []),
        (CANCELLED, CANCELLED.edited(venue="Elsewhere"), K.EVENT_CHANGED, ["venue"]),
        (CANCELLED, CANCELLED.unwound(at=NOON), K.EVENT_UNWOUND, []),
    ],
)
def test_the_change_of_an_event_makes_the_kind(
    old: Event, new: Event, expected: MessageKind, changed: list[str]
) -> None:
    """With the names of the terms that are new."""
    message = event_message(old, new, at=NOON)
    assert (message.kind, message.data["changed"]) == (expected, changed)


def test_an_event_is_told_with_its_terms() -> None:
    """As JSON can hold them. How many places are kept changes without a version."""
    event = evolve(EVENT, starts_at=NOON, venue="Hall", kept=4)
    message = event_message(None, event, at=NOON + timedelta(hours=1))
    assert (message.kind, message.subject) == (K.EVENT_ADDED, "event_3")
    assert message.data == {
        "event_id": 3,
        "version": 1,
        "changed": sorted(event.terms),
        **event.terms,
        "price": {"amount_minor": 2500, "currency": "usd"},
        "starts_at": NOON.isoformat(),
        "cancelled_at": None,
    }
    assert json.loads(json.dumps(message.data)) == message.data


def test_a_message_has_an_id_of_its_own() -> None:
    """Another subject, epoch or version is another message."""
    draft = event_message(None, EVENT, at=NOON)

    def made(**changes: Any) -> Message:
        values: dict[str, Any] = {"subject": draft.subject, "version": 1, "epoch": 1} | changes
        return Message(kind=draft.kind, at=NOON, data=draft.data, **values)

    messages = [made(), made(epoch=2), made(version=2), made(subject=f"ticket_{CODE}")]
    assert made().message_id == "event_3_1_1"
    assert len({message.message_id for message in messages}) == len(messages)
