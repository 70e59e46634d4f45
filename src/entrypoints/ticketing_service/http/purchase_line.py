"""The line of purchases: who waits in it, and what refused buyers are told."""

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attrs import frozen
from flask import Response, request

from ticketing_core import BoxOffice, Event
from ticketing_core.errors import Overloaded
from ticketing_service.capacity.line import ComeBack, Line
from ticketing_service.http.line_tokens import (
    LINE_TOKEN,
    LineTokens,
    buyer_at_event,
    microseconds,
    unread_request,
)
from ticketing_service.http.problems import SPREAD, problem_of

_MINUTE = 60


class KeepsPlace(Exception):
    """A purchase was refused as `Overloaded`, and its buyer keeps their place in the line.

    Attributes:
        told: When to come back.
        token: Says when the buyer first came.
    """

    def __init__(self, told: ComeBack, *, token: str) -> None:
        super().__init__(told)
        self.told = told
        self.token = token

    def response(self) -> Response:
        """Return the problem."""
        detail = (
            "Many buyers want tickets at the moment. You keep your place: "
            f"it is your turn in about {_in_words(self.told.turn_in)}."
        )
        error = Overloaded(timedelta(seconds=self.told.after))
        answer = problem_of(error, detail=detail, line_token=self.token)
        # Without the random part of other refusals, since the wait has one.
        answer.headers["Retry-After"] = str(math.ceil(self.told.after))
        return answer


@frozen(kw_only=True)
class PurchaseLine:
    """Lets paid purchases through in the order of first arrival.

    Attributes:
        line: Where they wait.
        tokens: Say when a buyer first came.
        office: Knows the events and the tickets.
    """

    line: Line
    tokens: LineTokens
    office: BoxOffice

    @contextmanager
    def turn(self, *, event_id: int, quantity: int, buyer: str, key: str | None) -> Iterator[None]:
        """Wait for the turn of a purchase, which is made inside the context.

        Raises:
            EventNotFound: No event has this id.
            KeepsPlace: The buyer has to come back; the answer has a token.
        """
        event, now = self.office.event(event_id), self.office.clock.now()
        if not _may_sell(event, quantity=quantity, at=now) or self._is_repeat(buyer, key):
            # Answered at once: there is nothing to wait for, and no place to keep.
            yield
            return
        came = self._came(event, buyer=buyer, now=now)
        try:
            with self.line.turn(microseconds(came)) as told:
                if told is not None:
                    raise self._keeps_place(told, came, event=event, buyer=buyer)
                yield
        except Overloaded as refused:
            wait = refused.retry_after.total_seconds()
            spread = 1 + random.uniform(0, SPREAD)  # noqa: S311 - nothing to guess
            told = ComeBack(turn_in=wait, after=wait * spread)
            raise self._keeps_place(told, came, event=event, buyer=buyer) from refused

    def token_for_unread(self, authorization: str, body: bytes) -> str | None:
        """Return a token for a request that is refused unread, as if it came now.

        It is worth nothing if the access token is not valid or the sale was not open. Without
        anybody before them nobody needs one, and a refusal without it is cheaper.
        """
        if self.line.is_empty():
            return None
        holder = unread_request(authorization=authorization, body=body)
        now = self.office.clock.now()
        return self.tokens.issue(now, holder=holder, now=now)

    def _is_repeat(self, buyer: str, key: str | None) -> bool:
        # A repeat may wait for the first purchase, and would keep the turn of another one. At a
        # quiet time that costs nobody anything, and the look is saved.
        if key is None or self.line.is_idle():
            return False
        return self.office.tickets.by_key(buyer, key) is not None

    def _came(self, event: Event, *, buyer: str, now: datetime) -> datetime:
        token = request.headers.get(LINE_TOKEN)
        if token is None:
            return now
        unread = unread_request(
            authorization=request.headers["Authorization"], body=request.get_data()
        )
        holders = (buyer_at_event(buyer=buyer, event_id=event.event_id), unread)
        times = (self.tokens.came(token, holder=holder, now=now) for holder in holders)
        came = next(filter(None, times), None)
        # A sale that was put off begins with a new line.
        if came is None or (event.opens_at is not None and came < event.opens_at):
            return now
        return came

    def _keeps_place(
        self, told: ComeBack, came: datetime, *, event: Event, buyer: str
    ) -> KeepsPlace:
        now = self.office.clock.now()
        holder = buyer_at_event(buyer=buyer, event_id=event.event_id)
        token = self.tokens.issue(came, holder=holder, now=now)
        return KeepsPlace(told, token=token)


def _may_sell(event: Event, *, quantity: int, at: datetime) -> bool:
    """Return whether the event may have paid places for an order, so that it has to wait.

    What is refused anyway is refused at once, and before the sale opens nobody gets a token.
    """
    return (
        not event.is_free
        and (event.opens_at is None or event.opens_at <= at)
        and (event.closes_at is None or at < event.closes_at)
        and quantity <= min(event.max_per_order, event.places_left)
    )


def _in_words(seconds: float) -> str:
    if seconds <= 1:
        return "a second"
    if seconds < 2 * _MINUTE:
        return f"{math.ceil(seconds)} seconds"
    return f"{math.ceil(seconds / _MINUTE)} minutes"
