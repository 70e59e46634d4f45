"""The load client of the benchmark, against a server whose every answer is known."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.load import Result, Window, run_window

LATENCY = 0.05
REQUESTS = [b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(7)]


@contextmanager
def _server(*, at_a_time: int = 1000, hang_up_every: int = 0) -> Iterator[int]:
    """Answer each request after a fixed time, so many at a time; yield the port.

    Each answer's ticket id is the request's number. Every so many requests it hangs up instead.
    """
    slots = asyncio.Semaphore(at_a_time)
    count = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                count += 1
                if hang_up_every and count % hang_up_every == 0:
                    break
                async with slots:
                    await asyncio.sleep(LATENCY)
                body = b'{"ticket_id": %d}' % (int(head.split()[1][1:]) + 1)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        writer.close()

    # The runner cancels what is still connected at the end.
    with asyncio.Runner() as runner:
        server = runner.run(asyncio.start_server(connected, "127.0.0.1", 0))
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            server.close()


def _check_answers(seen: Result, *, first: int) -> None:
    for answer in seen.answers:
        assert answer.body.ticket_id == (first + answer.number) % len(REQUESTS) + 1
        assert answer.latency >= LATENCY
    numbers = [answer.number for answer in seen.answers] + list(seen.unanswered)
    assert sorted(numbers) == list(range(seen.sent))


def test_a_closed_loop_waits_for_each_answer() -> None:
    """Four connections at 50 ms get about 80 answers a second, each to its own request."""
    with _server() as port:
        seen = run_window(
            Window(
                port=port,
                requests=REQUESTS,
                first=3,
                warm_up_seconds=0.2,
                seconds=1.0,
                connections=4,
            )
        )
    _check_answers(seen, first=3)
    assert not seen.unanswered
    # Never more than the server can give; how many fewer depends on the machine.
    assert 4 <= seen.summary().count <= 4 * (1.0 / LATENCY + 1)
    assert LATENCY <= seen.summary().p50 <= seen.summary().p99 <= seen.summary().longest


def test_an_open_loop_sends_at_its_rate() -> None:
    """A slow server gets as many requests as a fast one, and all of the wait for it counts.

    It answers 20 of the 100 requests that come in a second, one at a time. The last one waits for
    seconds, which a loop that counted from the moment of sending would not see.
    """
    with _server(at_a_time=1) as port:
        seen = run_window(Window(port=port, requests=REQUESTS, seconds=1.0, rate=100.0))
    _check_answers(seen, first=0)
    assert 99 <= seen.sent <= 101
    assert seen.summary().count <= 1.0 / LATENCY + 1
    assert max(answer.latency for answer in seen.answers) > 2.0


def test_requests_without_an_answer_are_counted() -> None:
    """A request whose connection is closed stays unanswered, and the loop goes on."""
    with _server(hang_up_every=5) as port:
        seen = run_window(Window(port=port, requests=REQUESTS, seconds=1.0, connections=2))
    _check_answers(seen, first=0)
    assert len(seen.unanswered) >= seen.sent // 5 - 2 > 0


def test_no_server_is_an_error() -> None:
    """A port without a server ends the run, instead of counting nothing for ever."""
    with _server() as port:
        pass
    with pytest.raises(ConnectionError):
        run_window(Window(port=port, requests=REQUESTS, seconds=5.0, connections=2))
