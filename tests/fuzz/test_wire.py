"""Bytes on a socket of a real server: an answer or a closed connection, and never a 500."""

import sys
from pathlib import Path

import pytest

from tests.fuzz.judging import Tally
from tests.fuzz.shop import shop
from tests.fuzz.wire import run

FEW = 150

# The same server, except that it passes on chunked bodies without a length, and one of its readers
# takes the length for granted.
FORGETFUL = (
    sys.executable,
    "-c",
    """
from flask import request
from ticketing_service import cli
from ticketing_service.http import bodies
from ticketing_service.serving import bodies_first
environ_of, raw_body = bodies_first.environ_of, bodies.raw_body
def without_length(scope, body):
    environ = environ_of(scope, body)
    if "transfer-encoding" in scope.headers:
        del environ["CONTENT_LENGTH"]
    return environ
def taken_for_granted(*given, **more):
    return raw_body(*given, **more)[:int(request.environ["CONTENT_LENGTH"])]
bodies_first.environ_of, bodies.raw_body = without_length, taken_for_granted
cli.main()
""",
    "serve",
)


def test_odd_bytes_are_answered_or_refused(tmp_path: Path) -> None:
    """The server is as well afterwards as before."""
    tally = Tally()
    with shop(tmp_path) as started:
        server = started.server
        before = server.worker_ids()
        run(server, tally, number=0, inputs=FEW)
        assert server.get("/readyz").status == 200
        assert server.worker_ids() == before
    assert {200, 400} <= {what for _, what in tally.counts}


def test_control_a_length_taken_for_granted(tmp_path: Path) -> None:
    """A chunked body has none, which is found; what has a length is answered."""
    with (
        shop(tmp_path, program=FORGETFUL) as started,
        pytest.raises(AssertionError, match="an internal error") as failure,
    ):
        run(started.server, Tally(), number=0, inputs=FEW)
    assert "Transfer-Encoding" in "".join(failure.value.__notes__)
