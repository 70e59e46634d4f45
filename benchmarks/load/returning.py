"""Buyers who come back: each repeats a purchase after the wait that it was told."""

import asyncio
import re
from collections.abc import Sequence

from attrs import frozen

from benchmarks.load.result import Answer, Result, read_body

UNAVAILABLE = 503

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after:\s*(\d+)", re.IGNORECASE)


@frozen(kw_only=True)
class Rush:
    """Buyers who come within a while, and stay until they are served.

    Attributes:
        port: Where the server listens, on this machine.
        requests: One for each buyer.
        seconds: Within which all of them come, evenly.
        patience: Seconds after which those that are still refused have left for good.
        keeps_places: Whether they send the tokens of their places in the line.
    """

    port: int
    requests: Sequence[bytes]
    seconds: float
    patience: float
    keeps_places: bool = True


def run_rush(rush: Rush) -> Result:
    """Send the rush. Return the last answer of each buyer, and how many requests there were."""
    return asyncio.run(_run(rush))


async def _run(rush: Rush) -> Result:
    began = asyncio.get_running_loop().time()
    buyers = [_buyer(rush, number, began=began) for number in range(len(rush.requests))]
    ended = await asyncio.gather(*buyers)
    return Result(
        seconds=rush.patience,
        answers=[answer for answer, _ in ended],
        unanswered=[],
        sent=sum(tries for _, tries in ended),
    )


async def _buyer(rush: Rush, number: int, *, began: float) -> tuple[Answer, int]:
    now = asyncio.get_running_loop().time
    comes = began + rush.seconds * number / len(rush.requests)
    await asyncio.sleep(comes - now())
    tries = 0
    request = rush.requests[number]
    while True:
        tries += 1
        status, wait, content = await _send(rush.port, request)
        if status != UNAVAILABLE or now() + wait > began + rush.patience:
            answer = Answer(
                number=number,
                status=status,
                latency=now() - comes,
                ended=now() - began,
                body=read_body(content),
            )
            return answer, tries
        token = read_body(content).line_token
        if rush.keeps_places and token is not None:
            line = f"\r\nLine-Token: {token}\r\n\r\n".encode()
            request = rush.requests[number].replace(b"\r\n\r\n", line, 1)
        await asyncio.sleep(wait)


async def _send(port: int, request: bytes) -> tuple[int, float, bytes]:
    """Return the status, the wait in seconds that it asks for, and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length, wait = _LENGTH.search(head), _RETRY_AFTER.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        return int(head[9:12]), float(wait[1]) if wait else 0.0, body
    finally:
        writer.close()
