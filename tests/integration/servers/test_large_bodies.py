"""Large bodies: a worker reads a few at a time, and those that stall do not keep others out."""

from contextlib import ExitStack, suppress
from pathlib import Path
from select import select

from tests.integration.servers.test_stalled_clients import Shop, answered, open_shop
from tests.integration.servers.test_workers import FOR_EVER, wait_until

LARGE, HALF = 60_000, 20_000
"""Bytes."""

NEWEST = "bodies_first._seconds_for_each_byte = lambda read, now: read.began"
"""A control: of large bodies those that have come last are refused, not the slowest."""


def buys_with_a_large_body(shop: Shop) -> bool:
    """Buy with an order of 60,000 bytes, which come in two parts."""
    whole = shop.order.ljust(LARGE)
    connection = shop.begin(f"Content-Length: {LARGE}", "Connection: close", body=whole[:HALF])
    # Refused by now, the client could not send the rest.
    with suppress(OSError):
        connection.sendall(whole[HALF:])
    answer = answered(connection)
    return answer is not None and answer.status == 200


def test_of_many_large_bodies_the_slowest_are_refused(sqlite_url: str, tmp_path: Path) -> None:
    """Of two when one may be read, and not the one that the client sends."""
    change = f"bodies_first.LARGE_AT_ONCE = 1; {FOR_EVER}"
    with open_shop(sqlite_url, tmp_path, change=change) as shop:
        stalled = shop.begin(f"Content-Length: {LARGE}", body=b" " * HALF)
        bought = []

        def is_refused() -> bool:
            bought.append(buys_with_a_large_body(shop))
            return bool(select([stalled], [], [], 0)[0])

        wait_until(is_refused, what="the stalled one is refused")
        assert all(bought)
        answer = answered(stalled)
        assert answer is not None
        assert answer.problem(503, "overloaded")["retryable"] is True


def test_refusing_the_newest_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """Then one stalled body keeps all other large ones out."""
    change = f"bodies_first.LARGE_AT_ONCE = 1; {FOR_EVER}; {NEWEST}"
    with (
        open_shop(sqlite_url, tmp_path, change=change) as shop,
        shop.begin(f"Content-Length: {LARGE}", body=b" " * HALF),
    ):
        wait_until(lambda: not buys_with_a_large_body(shop), what="it has arrived")
        assert not buys_with_a_large_body(shop)
        assert shop.buys()


def test_a_large_body_counts_when_it_arrives(sqlite_url: str, tmp_path: Path) -> None:
    """Neither its announced length nor an unknown one takes a place from others."""
    change = f"bodies_first.LARGE_AT_ONCE = 1; {FOR_EVER}; {NEWEST}"
    with open_shop(sqlite_url, tmp_path, change=change) as shop, ExitStack() as ends:
        for header in (f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"):
            ends.enter_context(shop.begin(header, body=b"1"))
        in_parts = shop.begin(
            "Transfer-Encoding: chunked", "Connection: close", body=shop.in_parts(last=True)
        )
        answer = answered(in_parts)
        assert answer is not None
        assert answer.status == 200
        assert buys_with_a_large_body(shop)


def test_counting_from_the_first_byte_is_the_control(sqlite_url: str, tmp_path: Path) -> None:
    """Then the silent ones keep the others out."""
    change = f"bodies_first.LARGE_AT_ONCE = 1; {FOR_EVER}; {NEWEST}; bodies_first.SMALL_BODY = 0"
    with (
        open_shop(sqlite_url, tmp_path, change=change) as shop,
        shop.begin(f"Content-Length: {LARGE}", body=b"1"),
    ):
        wait_until(lambda: not buys_with_a_large_body(shop), what="it has arrived")
        assert not buys_with_a_large_body(shop)
