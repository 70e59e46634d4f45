"""A call to a port, and the ways in which it can go wrong."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import frozen

from ticketing_core.errors import PaymentRefused, StoreUnavailable
from ticketing_core.payment import Refused, Unknown
from ticketing_core.ports import outbox

Port = Literal[
    "events",
    "tickets",
    "strays",
    "admissions",
    "installation",
    "gateway",
    "buyer",
    "door",
    "outbox",
    "subscriber",
    "outside",
    "time",
]


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
        ("events", "to_sell"),
        ("events", "newest"),
        ("events", "latest"),
        ("events", "unwinding"),
        ("events", "history"),
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
        ("tickets", "keeping_all"),
        ("tickets", "to_refund"),
        ("tickets", "find"),
        ("tickets", "report"),
        ("strays", "by_checkout"),
        ("strays", "unsettled"),
        ("admissions", "of_ticket"),
        ("admissions", "inside"),
        ("admissions", "with_excess"),
        ("admissions", "strays"),
        ("admissions", "gate_list"),
        ("installation", "state"),
        ("outbox", "subscriptions"),
        ("outbox", "abandoned"),
        ("outbox", "waiting"),
        ("gateway", "look_up"),
        ("gateway", "list_checkouts"),
        ("gateway", "checkout_of"),
        ("gateway", "list_news"),
    }
)
"""Calls that change nothing. A method that is missing here counts as a write."""

LOCAL = frozenset({("gateway", "objection")})
"""Calls that stay in the process: no other actor can come between, and nothing can go wrong."""

OF_THE_STORE = frozenset({"events", "tickets", "strays", "admissions", "installation", "outbox"})
OF_A_PROCESS = OF_THE_STORE | {"gateway", "subscriber"}
"""Ports that a process calls. The others are what people, banks and time do."""

_REFUSABLE = frozenset({("gateway", "open"), ("gateway", "refund"), ("subscriber", "deliver")})

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
        port: The port; ``buyer``, ``door``, ``outside`` and ``time`` are what happens without a use
            case.
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
            case "buyer" | "door":
                return (Mishap.CRASH,)
            case _ if self.changes_nothing:
                return _OF_READS
            case _ if (self.port, self.method) in _REFUSABLE:
                return (*_OF_WRITES, Mishap.REFUSED)
            case _:
                return _OF_WRITES

    @property
    def refusal(self) -> object:
        """What it returns for a definite no."""
        if self.port == "subscriber":
            return outbox.Refused(retryable=False)
        error = PaymentRefused if self.method == "open" else Refused
        return error("refused", retryable=False)

    @property
    def no_answer(self) -> object:
        """What it returns if there is no answer.

        Raises:
            StoreUnavailable: It is a call to the store.
        """
        match self.port:
            case "gateway":
                return Unknown(f"{self.method}: no answer")
            case "subscriber":
                return outbox.Unanswered()
            case _:
                raise StoreUnavailable(f"{self.method}: no answer")
