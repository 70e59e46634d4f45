"""Tokens of the line: a buyer who is sent away keeps their place, and nobody else's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import frozen
from werkzeug.test import TestResponse

from tests.integration.http.services import CREATE, FRONTEND, LINE_TOKENS, Service, problem
from ticketing_core import Event
from ticketing_core.errors import Overloaded
from ticketing_core.money import Money
from ticketing_core.payment import GatewayObjection
from ticketing_core.testing import FakeGateway
from ticketing_service.capacity import line as line_module
from ticketing_service.capacity.line import Line
from ticketing_service.http import line_tokens
from ticketing_service.http.bodies import IDEMPOTENCY_KEY
from ticketing_service.http.line_tokens import LIFE, LINE_TOKEN, LineTokens

SECOND = timedelta(seconds=1)


@frozen
class Pace:
    """Ten calls a second."""

    def each(self) -> float:
        """See `line.Pace`."""
        return 0.1

    @contextmanager
    def at_start(self, _: object) -> Iterator[None]:
        """See `line.Pace`."""
        yield


@pytest.fixture
def busy(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Give a service whose line lets nobody out, and lets nobody wait."""
    monkeypatch.setattr(line_module, "FEWEST_AHEAD", 0)
    monkeypatch.setattr(line_module, "AHEAD_SECONDS", 0.0)
    monkeypatch.setattr(line_module, "LONGEST_SECONDS", 0.0)
    service.rebuild(line=Line(1, pace=Pace()))
    return service


def ask(
    service: Service,
    event: Event,
    *,
    buyer: str = "42",
    token: str | None = None,
    quantity: int = 1,
    key: str | None = None,
) -> TestResponse:
    """Try to buy."""
    headers = {LINE_TOKEN: token, IDEMPOTENCY_KEY: key}
    sent = {name: value for name, value in headers.items() if value is not None}
    body = {"event_id": event.event_id, "quantity": quantity}
    return service.post(CREATE, body, buyer=buyer, headers=sent)


def kept(answer: TestResponse) -> str:
    """Return the token of a buyer who was sent away."""
    body = problem(answer, 503)
    assert (body["code"], body["retryable"]) == ("overloaded", True)
    assert int(answer.headers["Retry-After"]) >= 1
    token: str = body["line_token"]
    return token


def came(service: Service, event: Event, token: str, *, buyer: str = "42") -> datetime | None:
    """Return when a buyer came, as a token says."""
    now = service.clock.now()
    return LINE_TOKENS.came(token, buyer=buyer, event_id=event.event_id, now=now)


def test_who_is_sent_away_keeps_the_time_at_which_they_came(busy: Service) -> None:
    """However often they come back; the answer says so, and when to come back."""
    event, first = busy.event(), busy.clock.now()
    answer = ask(busy, event)
    assert "You keep your place" in problem(answer, 503)["detail"]
    token = kept(answer)
    for _ in range(3):
        busy.clock.advance(LIFE)
        token = kept(ask(busy, event, token=token))
        assert came(busy, event, token) == first
    assert busy.kept(event) == 0


def test_coming_back_without_the_token_is_the_control(busy: Service) -> None:
    """They are a newcomer: the test above would fail."""
    event = busy.event()
    kept(ask(busy, event))
    busy.clock.advance(SECOND)
    assert came(busy, event, kept(ask(busy, event))) == busy.clock.now()


@frozen
class Foreign:
    """Tokens that are not the buyer's, not for the event, or not valid any more."""

    service: Service
    event: Event

    def of_another_buyer(self) -> str:
        """Return the token of somebody who came before."""
        return kept(ask(self.service, self.event, buyer="7"))

    def of_another_event(self) -> str:
        """Return the buyer's own token for another event."""
        return kept(ask(self.service, self.service.event()))

    def of_another_installation(self) -> str:
        """Return a token that was signed with another secret."""
        return self._issued(LineTokens(b"another one"))

    def with_an_earlier_time(self) -> str:
        """Return the buyer's own token with another letter in the time."""
        token = kept(ask(self.service, self.event))
        return ("B" if token[6] == "A" else "A").join([token[:6], token[7:]])

    def with_another_code(self) -> str:
        """Return the buyer's own token with another letter in the code."""
        token = kept(ask(self.service, self.event))
        return ("B" if token[30] == "A" else "A").join([token[:30], token[31:]])

    def too_old(self) -> str:
        """Return a token that nobody has come back with for too long."""
        token = kept(ask(self.service, self.event))
        self.service.clock.advance(LIFE + SECOND)
        return token

    def _issued(self, tokens: LineTokens) -> str:
        now, event_id = self.service.clock.now(), self.event.event_id
        return tokens.issue(now - SECOND, buyer="42", event_id=event_id, now=now)


FOREIGN = [
    Foreign.of_another_buyer,
    Foreign.of_another_event,
    Foreign.of_another_installation,
    Foreign.with_an_earlier_time,
    Foreign.with_another_code,
    Foreign.too_old,
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda each: each.__name__)
def test_a_token_that_is_not_valid_keeps_no_place(busy: Service, foreign: Any) -> None:
    """It is as if there were none: the buyer comes now."""
    event = busy.event()
    token = foreign(Foreign(busy, event))
    busy.clock.advance(SECOND)
    assert came(busy, event, kept(ask(busy, event, token=token))) == busy.clock.now()


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "=" * 43, "\xff" * 43, "A" * 4000])
def test_odd_tokens_keep_no_place(busy: Service, token: str) -> None:
    """None of them is an error."""
    event = busy.event()
    assert came(busy, event, kept(ask(busy, event, token=token))) == busy.clock.now()


@pytest.mark.parametrize(
    ("foreign", "missing"),
    [
        (Foreign.of_another_buyer, "buyer"),
        (Foreign.of_another_event, "event_id"),
        (Foreign.of_another_installation, "secret"),
    ],
)
def test_tokens_that_are_not_bound_are_the_control(
    busy: Service, monkeypatch: pytest.MonkeyPatch, foreign: Any, missing: str
) -> None:
    """If the code left any of these out, a foreign token would be as good as one's own."""
    code = vars(LineTokens)["_code"]

    def unbound(tokens: LineTokens, times: bytes, *, buyer: str, event_id: int) -> bytes:
        if missing == "secret":
            tokens = LINE_TOKENS
        bound: dict[str, Any] = {"buyer": buyer, "event_id": event_id}
        bound |= {missing: {"buyer": "", "event_id": 0}[missing]} if missing in bound else {}
        made: bytes = code(tokens, times, **bound)
        return made

    monkeypatch.setattr(LineTokens, "_code", unbound)
    event = busy.event()
    token = foreign(Foreign(busy, event))
    busy.clock.advance(SECOND)
    assert came(busy, event, kept(ask(busy, event, token=token))) != busy.clock.now()


def test_tokens_that_live_for_ever_are_the_control(
    busy: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever had bought at one rush would be first at the next."""
    event = busy.event()
    token = Foreign(busy, event).too_old()
    monkeypatch.setattr(line_tokens, "LIFE", timedelta(days=365))
    assert came(busy, event, kept(ask(busy, event, token=token))) != busy.clock.now()


def test_nobody_gets_a_token_before_the_sale_opens(busy: Service) -> None:
    """They are told when it opens, and the line begins then."""
    event = busy.event(opens_at=busy.clock.now() + SECOND)
    body = problem(ask(busy, event), 400)
    assert body["code"] == "sale_not_open"
    assert "line_token" not in body
    busy.clock.advance(SECOND)
    assert came(busy, event, kept(ask(busy, event))) == busy.clock.now()


def test_a_time_before_the_opening_is_not_believed(busy: Service) -> None:
    """Such as that of a token from before the sale was put off."""
    opens_at = busy.clock.now() + 5 * SECOND
    event, now = busy.event(opens_at=opens_at), busy.clock.now()
    token = LINE_TOKENS.issue(now, buyer="42", event_id=event.event_id, now=now)
    busy.clock.advance(6 * SECOND)
    assert came(busy, event, kept(ask(busy, event, token=token))) == busy.clock.now()


@pytest.mark.parametrize(
    ("limits", "quantity", "code"),
    [
        ({"capacity": 1}, 2, "sold_out"),
        ({"max_per_order": 1}, 2, "over_order_limit"),
    ],
)
def test_what_is_refused_anyway_does_not_wait(
    busy: Service, limits: Mapping[str, Any], quantity: int, code: str
) -> None:
    """It is refused at once, and without a token."""
    body = problem(ask(busy, busy.event(**limits), quantity=quantity), 400)
    assert body["code"] == code
    assert "line_token" not in body


def test_a_sale_that_is_over_is_refused_at_once(busy: Service) -> None:
    """Also for a buyer who waits in its line."""
    event = busy.event(closes_at=busy.clock.now() + SECOND)
    token = kept(ask(busy, event))
    busy.clock.advance(SECOND)
    assert problem(ask(busy, event, token=token), 400)["code"] == "sale_closed"


def test_free_tickets_do_not_wait(busy: Service) -> None:
    """They need no provider."""
    assert ask(busy, busy.event(price=0)).status_code == 200


def test_a_repeat_under_a_key_does_not_wait(service: Service, busy: Service) -> None:
    """It gets the answer of the first request; another key waits."""
    event = busy.event()
    service.rebuild()
    first = ask(service, event, key="a")
    assert first.status_code == 200
    service.rebuild(line=Line(1, pace=Pace()))
    again = ask(service, event, key="a")
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    kept(ask(service, event, key="b"))


def test_who_has_their_turn_buys(service: Service) -> None:
    """An empty line is not noticed."""
    service.rebuild(line=Line(1, pace=Pace()))
    assert ask(service, service.event()).status_code == 200


class Full(FakeGateway):
    """Has no room."""

    def objection(self, total: Money) -> GatewayObjection | None:
        """See `PaymentGateway.objection`."""
        return super().objection(total) or Overloaded(5 * SECOND)


def test_who_finds_the_provider_busy_keeps_their_place(service: Service) -> None:
    """After their turn in the line as well."""
    service.rebuild(line=Line(1, pace=Pace()), gateway=Full(clock=service.clock))
    event, first = service.event(), service.clock.now()
    token = kept(ask(service, event))
    service.clock.advance(SECOND)
    answer = ask(service, event, token=token)
    assert came(service, event, kept(answer)) == first
    assert int(answer.headers["Retry-After"]) >= 5


def test_a_page_may_send_the_token(service: Service) -> None:
    """Browsers ask first."""
    answer = service.client.options(
        CREATE,
        headers={
            "Origin": FRONTEND,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,line-token",
        },
    )
    assert "line-token" in answer.headers["Access-Control-Allow-Headers"].lower()
