"""What has to hold for every answer, and the counts of all of them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from attrs import define, field, frozen
from hypothesis import note
from hypothesis.strategies import SearchStrategy

from tests.fuzz.site import Sent, Site


@define
class Tally:
    """Judges the answers, and counts them by attack and status."""

    counts: Counter[tuple[str, int | str]] = field(factory=Counter)

    def judge(self, name: str, site: Site, sent: Sent, *, forged: bool = False) -> None:
        """Send a request, and check its answer.

        Args:
            name: The attack.
            site: Where it is sent.
            sent: The request.
            forged: Whether it carries what only a forger could have made.

        Raises:
            AssertionError: It met a bug, a forgery was accepted, or a refusal changed something.
        """
        note(sent)
        site.watch.changed()
        status = site.answer(sent)
        self.counts[name, status] += 1
        assert status != 500, "an internal error"
        assert not (forged and status < 400), "a forgery was accepted"
        assert status < 400 or not site.watch.changed(), "it was refused, but something has changed"


Check = Callable[[Any], None]
"""Tries one input, and raises if something is wrong."""


@frozen
class Attack:
    """One fuzzer.

    Attributes:
        inputs: What it tries.
        begin: Sets it up on a site.
    """

    inputs: SearchStrategy[Any]
    begin: Callable[[str, Site, Tally], Check]
