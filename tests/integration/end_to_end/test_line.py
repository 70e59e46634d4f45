"""More buyers than the provider's pace allows: all are served, in the order in which they came."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import combinations
from pathlib import Path

from attrs import frozen

from tests.integration.end_to_end.conftest import CREATE, Shop
from tests.integration.http.lines import came
from tests.support.sandbox import checked_sandbox
from tests.support.server import access_token, running_server
from ticketing_core import Event
from ticketing_service.http.line_tokens import LINE_TOKEN
from ticketing_service.sandbox import Limits

PER_SECOND = 5
BUYERS = 100
ARRIVE_WITHIN_SECONDS = 2.0
WRONG = 0.04
"""So many pairs of buyers may be served in the wrong order: waits are told in whole seconds, a busy
machine wakes buyers late, and several purchases have left the line at a time."""

MOST_TRIES = 60
"""Of each buyer; they are told to wait for a second at least."""


@contextmanager
def busy_shop(folder: Path) -> Iterator[Shop]:
    """Serve a shop whose provider opens few checkouts a second."""
    database_url = f"sqlite:///{folder / 'ticketing.db'}"
    rate = str(PER_SECOND)
    with (
        checked_sandbox(limits=Limits(each_operation=PER_SECOND, in_all=PER_SECOND)) as running,
        running_server(
            folder=folder,
            database_url=database_url,
            STRIPE_API_BASE=running.url,
            STRIPE_CALLS_PER_SECOND=rate,
            STRIPE_CALLS_IN_ALL=rate,
        ) as server,
    ):
        yield Shop(server, running, database_url)


@frozen
class Served:
    """A buyer who was sent away at least once.

    Attributes:
        came: When they came first, as their first token says.
        ticket_id: Ids are given when it is a buyer's turn.
    """

    came: datetime
    ticket_id: int


def buy(shop: Shop, event: Event, *, buyer: int, keeps_place: bool) -> Served | None:
    """Buy as one of a crowd, coming back as told; None if there was no need to come back."""
    headers: dict[str, str] = {}
    first: datetime | None = None
    body, token = {"event_id": event.event_id, "quantity": 1}, access_token(buyer)
    time.sleep(ARRIVE_WITHIN_SECONDS * buyer / BUYERS)
    for _ in range(MOST_TRIES):
        answer = shop.server.post(CREATE, body, token=token, **headers)
        if answer.status != 503:
            assert answer.status == 200, answer.content
            return None if first is None else Served(first, answer.body["ticket_id"])
        # Who has a token may get none.
        place = answer.problem(503, "overloaded").get("line_token")
        if place is not None:
            first = first or came(place)
            headers = {LINE_TOKEN: place} if keeps_place else {}
        time.sleep(int(answer.headers["Retry-After"]))
    raise AssertionError("never served")


def wrong_pairs(folder: Path, *, keeps_place: bool) -> float:
    """Serve a crowd, and return the share of pairs that were served in the wrong order."""
    with busy_shop(folder) as shop, ThreadPoolExecutor(BUYERS) as pool:
        event = shop.event(capacity=BUYERS)
        crowd = [
            pool.submit(buy, shop, event, buyer=buyer, keeps_place=keeps_place)
            for buyer in range(1, BUYERS + 1)
        ]
        sent_away = [served for each in crowd if (served := each.result()) is not None]
    assert len(sent_away) > BUYERS / 3
    in_turn = sorted(sent_away, key=lambda served: served.ticket_id)
    pairs = [*combinations([served.came for served in in_turn], 2)]
    return sum(first > second for first, second in pairs) / len(pairs)


def test_a_crowd_is_served_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    """All of them, and each at about their turn."""
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    # One try if nothing else stalls the machine for seconds.
    assert any(wrong_pairs(folder, keeps_place=True) < WRONG for folder in folders)


def test_coming_back_without_the_token_is_the_control(tmp_path: Path) -> None:
    """Luck decides: the test above would fail."""
    assert wrong_pairs(tmp_path, keeps_place=False) > WRONG
