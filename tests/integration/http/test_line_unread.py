"""Purchases that are refused in front of Flask, where nobody knows who asks for what."""

from attrs import define, field
from werkzeug.test import TestResponse

from tests.integration.capacity.rush import BUY, rush
from tests.integration.http.lines import SECOND, Pace, ask, came, kept
from tests.integration.http.services import CREATE, NoPurchases, Service, problem, token
from ticketing_core import Event
from ticketing_service.capacity.line import Line
from ticketing_service.capacity.slots import Kind
from ticketing_service.http.line_tokens import LINE_TOKEN


@define
class Unread:
    """A purchase that is sent again as it was, and what it was answered when nobody read it."""

    service: Service
    event: Event
    token: str = field(init=False)
    authorization: str = field(factory=lambda: f"Bearer {token()}")

    def __attrs_post_init__(self) -> None:
        self.service.rebuild(line=Line(1, pace=Pace()), limits=NoPurchases(4))
        answer = self.send()
        assert answer.content_length == len(answer.get_data())
        self.token = kept(answer)
        self.service.rebuild(line=Line(1, pace=Pace()))

    def send(self, *, event: Event | None = None, token: str | None = None) -> TestResponse:
        """Send it."""
        body = {"event_id": (event or self.event).event_id, "quantity": 1}
        sent = {"Authorization": self.authorization}
        if token is not None:
            sent[LINE_TOKEN] = token
        return self.service.client.post(CREATE, json=body, headers=sent)


def test_who_is_refused_unread_keeps_their_place(busy: Service) -> None:
    """Where nobody looks who it is, the token is good for the same request only."""
    event, first = busy.event(), busy.clock.now()
    unread = Unread(busy, event)
    busy.clock.advance(SECOND)
    token = kept(unread.send(token=unread.token))
    assert came(token) == first
    # The answer to it has a usual token.
    busy.clock.advance(SECOND)
    assert came(kept(ask(busy, event, token=token))) == first


def test_a_token_of_an_unread_request_is_no_one_elses(busy: Service) -> None:
    """Not another buyer's, nor for another event; and a sale that opens later has its own line."""
    event, second = busy.event(), busy.event()
    unread = Unread(busy, event)
    busy.clock.advance(SECOND)
    now = busy.clock.now()
    assert came(kept(unread.send(event=second, token=unread.token))) == now
    assert came(kept(ask(busy, event, buyer="7", token=unread.token))) == now
    early = busy.event(opens_at=now + SECOND)
    unread = Unread(busy, early)
    busy.clock.advance(SECOND)
    assert came(kept(unread.send(token=unread.token))) == busy.clock.now()


def test_who_has_a_token_is_refused_unread_without_one(busy: Service) -> None:
    """They keep theirs, and so does every request that is no purchase."""
    event = busy.event()
    token = kept(ask(busy, event))
    busy.rebuild(line=Line(1, pace=Pace()), limits=NoPurchases(4))
    assert "line_token" not in problem(ask(busy, event, token=token), 503)


def test_nobody_needs_a_token_while_nobody_waits(service: Service) -> None:
    """A refusal at an empty line is the prepared one, which costs nothing."""
    service.rebuild(line=Line(1, pace=Pace()), limits=NoPurchases(4))
    assert "line_token" not in problem(ask(service, service.event()), 503)


def test_who_keeps_a_place_leaves_half_of_the_queue_to_newcomers() -> None:
    """A buyer who has a token loses only a moment if they are refused here."""
    with rush() as crowd:
        for number in range(3):
            crowd.enter(BUY, f"at work {number}")
        for number in range(2):
            crowd.queue(BUY, f"waits {number}")
        assert not crowd.slots.acquire(Kind.PURCHASE, keeps_place=True)
        for number in range(2, 4):
            crowd.queue(BUY, f"waits {number}")
        assert not crowd.slots.acquire(Kind.PURCHASE)
