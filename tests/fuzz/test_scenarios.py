"""Sequences of calls along the document's links: each answer is as documented, and no 500."""

import sys
from pathlib import Path

import pytest
from schemathesis.core.failures import FailureGroup

from tests.fuzz.judging import Tally
from tests.fuzz.scenarios import NAME, run
from tests.fuzz.shop import shop

FEW = 12
"""Scenarios, of up to eight calls each: some seconds."""

# The same server, except that what follows a purchase is not as documented.
CARELESS = (
    sys.executable,
    "-c",
    """
from ticketing_service import cli
from ticketing_service.http import tickets
tickets.Response = lambda *_, **__: __import__("flask").Response("no", mimetype="text/plain")
cli.main()
""",
    "serve",
)


def test_all_answers_conform(tmp_path: Path) -> None:
    """Buy, pay, verify, look, cancel and refund in any order, with good and bad input."""
    tally = Tally()
    with shop(tmp_path) as sold:
        run(sold, tally, number=0, scenarios=FEW)
    assert {200, 400, 404} <= {what for name, what in tally.counts if name == NAME}


def test_control_an_answer_that_only_a_sequence_reaches(tmp_path: Path) -> None:
    """A QR code needs a ticket that was bought before; a wrong answer to it is found."""
    with shop(tmp_path, program=CARELESS) as sold, pytest.raises(FailureGroup):
        run(sold, Tally(), number=0, scenarios=50 * FEW)
