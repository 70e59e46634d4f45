"""A call to a port, and the ways in which it can go wrong."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import frozen

Port = Literal["events", "tickets", "strays", "installation", "gateway", "buyer", "outside", "time"]


class Mishap(enum.Enum):
    """What goes wrong with one call: a fault as in `Fault`, or a crash of the caller."""

    BEFORE_EFFECT = "no answer, and nothing happened"
    AFTER_EFFECT = "it happens, and the answer is lost"
    LATE_EFFECT = "no answer; it happens later"
    REFUSED = "a definite no"
    CRASH = "the process dies before the call"
    CRASH_IN_FLIGHT = "the process dies; the call is on its way, and happens later"


READS = frozenset(
    {
        ("events", "by_id"),
        ("events", "newest"),
        ("tickets", "by_id"),
        ("tickets", "by_code"),
        ("tickets", "by_key"),
        ("tickets", "by_checkout"),
        ("tickets", "by_payment"),
        ("tickets", "of_buyer"),
        ("tickets", "made_since"),
        ("tickets", "paying"),
        ("tickets", "newest_checkout"),
        ("tickets", "next_due"),
        ("tickets", "owing"),
        ("tickets", "places_are_due"),
        ("tickets", "history"),
        ("strays", "by_checkout"),
        ("strays", "unsettled"),
        ("installation", "state"),
        ("gateway", "look_up"),
        ("gateway", "list_checkouts"),
        ("gateway", "checkout_of"),
        ("gateway", "list_news"),
    }
)
"""Calls that change nothing. A method that is missing here counts as a write."""

LOCAL = frozenset({("gateway", "objection")})
"""Calls that stay in the process: no other actor can come between, and nothing can go wrong."""

OF_THE_STORE = frozenset({"events", "tickets", "strays", "installation"})
OF_A_PROCESS = OF_THE_STORE | {"gateway"}
"""Ports that a box office calls. The others are what people, banks and time do."""

_REFUSABLE = frozenset({("gateway", "open"), ("gateway", "refund")})

# For a read, a lost answer and a late effect are the same as no answer.
_OF_READS = (Mishap.BEFORE_EFFECT, Mishap.CRASH)
_OF_WRITES = (
    Mishap.BEFORE_EFFECT,
    Mishap.AFTER_EFFECT,
    Mishap.LATE_EFFECT,
    Mishap.CRASH,
    Mishap.CRASH_IN_FLIGHT,
)


@frozen
class Call:
    """One call to a port.

    Attributes:
        port: The port; ``buyer``, ``outside`` and ``time`` are what happens without a use case.
        method: The method of the port.
    """

    port: Port
    method: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = {}

    @property
    def changes_nothing(self) -> bool:
        """Whether it only reads."""
        return (self.port, self.method) in READS

    @property
    def mishaps(self) -> Sequence[Mishap]:
        """The ways in which it can go wrong.

        A crash after a call is the crash before the next one, so it is not listed again.
        """
        match self.port:
            case "outside" | "time":
                return ()
            case "buyer":
                return (Mishap.CRASH,)
            case _ if self.changes_nothing:
                return _OF_READS
            case _ if (self.port, self.method) in _REFUSABLE:
                return (*_OF_WRITES, Mishap.REFUSED)
            case _:
                return _OF_WRITES
