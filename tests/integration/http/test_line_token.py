"""Tokens of the line: a buyer who is sent away keeps their place, and nobody else's."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from attrs import frozen

from tests.integration.http.lines import SECOND, Pace, ask, came, kept
from tests.integration.http.services import CREATE, FRONTEND, LINE_TOKENS, Service, problem
from ticketing_core import Event
from ticketing_core.errors import Overloaded
from ticketing_core.money import Money
from ticketing_core.payment import GatewayObjection
from ticketing_core.testing import FakeGateway
from ticketing_service.capacity.line import Line
from ticketing_service.http import line_tokens, purchase_line
from ticketing_service.http.line_tokens import LIFE, LineTokens, buyer_at_event


def test_who_is_sent_away_keeps_the_time_at_which_they_came(busy: Service) -> None:
    """However often they come back; the answer says so, and when to come back."""
    event, first = busy.event(), busy.clock.now()
    answer = ask(busy, event)
    assert "You keep your place" in problem(answer, 503)["detail"]
    token = kept(answer)
    for _ in range(3):
        busy.clock.advance(LIFE)
        token = kept(ask(busy, event, token=token))
        assert came(token) == first
    assert busy.kept(event) == 0


def test_coming_back_without_the_token_is_the_control(busy: Service) -> None:
    """They are a newcomer: the test above would fail."""
    event = busy.event()
    kept(ask(busy, event))
    busy.clock.advance(SECOND)
    assert came(kept(ask(busy, event))) == busy.clock.now()


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
        now = self.service.clock.now()
        holder = self._holder(buyer="42", event_id=self.event.event_id)
        return tokens.issue(now - SECOND, holder=holder, now=now)

    _holder = staticmethod(buyer_at_event)


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
    assert came(kept(ask(busy, event, token=token))) == busy.clock.now()


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "=" * 43, "\xff" * 43, "A" * 4000])
def test_odd_tokens_keep_no_place(busy: Service, token: str) -> None:
    """None of them is an error."""
    event = busy.event()
    assert came(kept(ask(busy, event, token=token))) == busy.clock.now()


def of_nobody(**_: object) -> bytes:
    """Bind a token to nothing."""
    return b""


def without_a_secret(_: LineTokens, times: bytes, holder: bytes) -> bytes:
    """Sign nothing."""
    return sha256(times + holder).digest()[:16]


@pytest.mark.parametrize("foreign", FOREIGN[:3], ids=lambda each: each.__name__)
def test_tokens_that_bind_nothing_are_the_control(
    busy: Service, monkeypatch: pytest.MonkeyPatch, foreign: Any
) -> None:
    """A foreign token would be as good as one's own."""
    monkeypatch.setattr(purchase_line, "buyer_at_event", of_nobody)
    monkeypatch.setattr(LineTokens, "_code", without_a_secret)
    event, first = busy.event(), busy.clock.now()
    monkeypatch.setattr(Foreign, "_holder", staticmethod(of_nobody))
    token = foreign(Foreign(busy, event))
    busy.clock.advance(SECOND)
    assert came(kept(ask(busy, event, token=token))) <= first


def test_tokens_that_live_for_ever_are_the_control(
    busy: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A buyer of one rush would be first at the next."""
    event = busy.event()
    token = Foreign(busy, event).too_old()
    monkeypatch.setattr(line_tokens, "LIFE", timedelta(days=365))
    assert came(kept(ask(busy, event, token=token))) != busy.clock.now()


def test_nobody_gets_a_token_before_the_sale_opens(busy: Service) -> None:
    """They are told when it opens, and the line begins then."""
    event = busy.event(opens_at=busy.clock.now() + SECOND)
    body = problem(ask(busy, event), 400)
    assert body["code"] == "sale_not_open"
    assert "line_token" not in body
    busy.clock.advance(SECOND)
    assert came(kept(ask(busy, event))) == busy.clock.now()


def test_a_time_before_the_opening_is_not_believed(busy: Service) -> None:
    """Such as that of a token from before the sale was put off."""
    opens_at = busy.clock.now() + 5 * SECOND
    event, now = busy.event(opens_at=opens_at), busy.clock.now()
    holder = buyer_at_event(buyer="42", event_id=event.event_id)
    token = LINE_TOKENS.issue(now, holder=holder, now=now)
    busy.clock.advance(6 * SECOND)
    assert came(kept(ask(busy, event, token=token))) == busy.clock.now()


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
    assert came(kept(answer)) == first
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
