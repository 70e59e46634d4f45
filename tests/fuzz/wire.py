"""Bytes on a socket: what the server itself has to parse, also cut short and badly framed."""

import re
import socket
from itertools import count
from select import select

from hypothesis import note
from hypothesis import strategies as st

from tests.fuzz.inputs import Change, changed, changes
from tests.fuzz.judging import Tally
from tests.fuzz.running import search
from tests.fuzz.site import CREATE
from tests.support.server import WEBHOOK_PATH, Server, access_token

NAME = "wire"

SILENT_SECONDS = 30.0
"""For an answer, or for the server to close: everything that waits is far shorter."""

ANSWER_SECONDS = 0.1
"""For the answer to a whole request, which takes a few milliseconds on a quiet machine. Those that
are cut short cost this much each."""

TOKEN = b"ACCESS_TOKEN"
"""Stands for an access token, which holds the time."""

_BUYERS = count()
"""Each input has a new buyer: it would meet the limit of purchases, and not fail when repeated."""

_STATUS = re.compile(rb"^HTTP/1\.[01] ([0-9]{3}) ", re.MULTILINE)

BODY = b'{"event_id": 1, "quantity": 1}'


def _post(framing: bytes, body: bytes, *, path: str = CREATE, version: bytes = b"1.1") -> bytes:
    return (
        b"POST " + path.encode() + b" HTTP/" + version + b"\r\nHost: a\r\nAuthorization: Bearer "
        + TOKEN + b"\r\nContent-Type: application/json\r\n" + framing + b"\r\n\r\n" + body
    )  # fmt: skip


CHUNKED, LENGTH = b"Transfer-Encoding: chunked", b"Content-Length: 30"
IN_CHUNKS = b"5\r\n" + BODY[:5] + b"\r\n19\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"
REQUESTS = [
    b"GET /api/events/?limit=5 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    b"GET /healthz HTTP/1.0\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /readyz\r\n",
    _post(LENGTH, BODY),
    _post(LENGTH, BODY) * 2,
    _post(LENGTH, BODY[:20]),
    _post(LENGTH, BODY, version=b"1.0"),
    _post(LENGTH + b"\r\nExpect: 100-continue", BODY),
    _post(LENGTH + b"\r\n" + CHUNKED, IN_CHUNKS),
    _post(LENGTH + b"\r\nContent-Length: 2", BODY),
    _post(b"Content-Length: +30", BODY),
    _post(b"Content-Length: 0x1e", BODY),
    _post(CHUNKED, IN_CHUNKS),
    _post(CHUNKED, IN_CHUNKS[:-5]),
    _post(CHUNKED, b"ffffffffffffffff\r\n" + BODY),
    _post(b"Transfer-Encoding: gzip, chunked", IN_CHUNKS),
    _post(b"X: " + b"x" * 100_000, b""),
    _post(LENGTH + b"\r\nStripe-Signature: t=1,v1=\xff", BODY, path=WEBHOOK_PATH),
]

raw_requests = st.tuples(st.sampled_from(REQUESTS), st.lists(changes(), max_size=3))


def answers(server: Server, raw: bytes) -> bytes:
    """Send bytes and no more, and return all that comes back.

    It first waits for an answer: the server drops the answer to a client that has ended its side.

    Raises:
        TimeoutError: It neither answered to the end nor closed the connection.
    """
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=SILENT_SECONDS) as connection:
        found = b""
        try:
            connection.sendall(raw)
            select([connection], [], [], ANSWER_SECONDS)
            connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65536):
                found += received
        except TimeoutError:
            raise
        except OSError:
            # It refused before it had everything.
            pass
        return found


def attack(server: Server, sent: tuple[bytes, list[Change]], tally: Tally) -> None:
    """Send one input.

    It is not checked what has changed: a request whose sender leaves is worked on to its end.

    Raises:
        AssertionError: It met a bug.
    """
    raw = changed(*sent)
    note(raw)
    found = answers(server, raw.replace(TOKEN, access_token(f"buyer-{next(_BUYERS)}").encode()))
    statuses = [int(each) for each in _STATUS.findall(found)]
    tally.counts[NAME, statuses[-1] if statuses else "closed"] += 1
    assert 500 not in statuses, "an internal error"


def run(server: Server, tally: Tally, *, number: int, inputs: int) -> None:
    """Try so many inputs, which follow from the seed ``number``."""
    search(
        NAME, raw_requests, lambda sent: attack(server, sent, tally), number=number, inputs=inputs
    )
