"""More buyers than the provider's pace allows: all are served, in the order in which they came."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

from tests.integration.end_to_end.conftest import CREATE, Shop
from tests.support.sandbox import checked_sandbox
from tests.support.server import Answer, access_token, running_server
from ticketing_core import Event
from ticketing_service.http.line_tokens import LINE_TOKEN
from ticketing_service.sandbox import Limits

PER_SECOND = 15
BUYERS = 220
ARRIVE_WITHIN_SECONDS = 1.0
WRONG = 0.08
"""So many pairs of buyers may be served in the wrong order: waits are told in whole seconds, ten
purchases have left the line at a time, and buyers come closer together than requests are read."""

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


def buy(shop: Shop, event: Event, *, buyer: int, keeps_place: bool) -> tuple[int, Answer]:
    """Buy as one of a crowd, coming back as told; return the number of tries and the answer."""
    headers: dict[str, str] = {}
    body, token = {"event_id": event.event_id, "quantity": 1}, access_token(buyer)
    time.sleep(ARRIVE_WITHIN_SECONDS * buyer / BUYERS)
    for number in range(1, MOST_TRIES):
        answer = shop.server.post(CREATE, body, token=token, **headers)
        if answer.status != 503:
            return number, answer
        problem = answer.problem(503, "overloaded")
        # Who has one already may get none.
        if keeps_place and "line_token" in problem:
            headers = {LINE_TOKEN: problem["line_token"]}
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
        served = [each.result() for each in crowd]
    assert {answer.status for _, answer in served} == {200}
    assert max(tries for tries, _ in served) > 1
    # Places are taken when it is a buyer's turn, and ids are given in that order.
    ids: list[int] = [answer.body["ticket_id"] for _, answer in served]
    pairs = [*combinations(ids, 2)]
    return sum(first > second for first, second in pairs) / len(pairs)


def test_a_crowd_is_served_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    """All of them, and each at about their turn."""
    assert wrong_pairs(tmp_path, keeps_place=True) < WRONG


def test_coming_back_without_the_token_is_the_control(tmp_path: Path) -> None:
    """Luck decides: the test above would fail."""
    assert wrong_pairs(tmp_path, keeps_place=False) > WRONG
