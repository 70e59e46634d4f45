"""What really happened at the gates of a run: who went in and out, and what the devices know."""

from collections import Counter
from uuid import UUID

from attrs import define, field, frozen

from ticketing_core.gate_list import GateList
from ticketing_core.scan import ScanOutcome
from ticketing_core.use_cases.sync import JournalEntry


@frozen(kw_only=True)
class Look:
    """A device has read a code.

    Attributes:
        noted: What it would write into its journal.
        ticket_id: The ticket, as the token says.
        quantity: Its people, as the token says.
    """

    noted: JournalEntry
    ticket_id: int
    quantity: int


@frozen(kw_only=True)
class Party:
    """People who are inside by one scan.

    Attributes:
        asked: Whether the service let them in; otherwise the device did.
    """

    ticket_id: int
    people: int
    asked: bool


@define(kw_only=True)
class Device:
    """What a device keeps, also while it is off.

    Attributes:
        scans: How many codes it has read.
        last: The last one.
        sent: The last one with which it has asked the service.
        gate_list: The newest list that it has fetched.
        let_in: How many people of each ticket it has let in by itself since then.
        journal: What the service has not answered yet, the oldest first.
    """

    scans: int = 0
    last: Look | None = None
    sent: Look | None = None
    gate_list: GateList | None = None
    let_in: Counter[int] = field(factory=Counter)
    journal: list[JournalEntry] = field(factory=list)


@define(kw_only=True)
class GateFacts:
    """What a run knows of its gates without trusting the store.

    Attributes:
        devices: All devices, by name.
        inside: Who is inside, by the id of the scan.
        noted: All scans that were ever in a journal.
        unfinished: Scans whose device has not come to its end: it may have died between the answer
            and the door.
        answers: The first stored answer to each scan.
        withdrawn: Scans that the store has taken back.
    """

    devices: dict[str, Device] = field(factory=dict)
    inside: dict[UUID, Party] = field(factory=dict)
    noted: set[UUID] = field(factory=set)
    unfinished: set[UUID] = field(factory=set)
    answers: dict[UUID, ScanOutcome] = field(factory=dict)
    withdrawn: set[UUID] = field(factory=set)

    @property
    def beyond_effects(self) -> object:
        """See `Facts.beyond_effects`. Copies, since settling syncs the journals."""
        journals = [(name, tuple(each.journal)) for name, each in sorted(self.devices.items())]
        return frozenset(self.unfinished), journals
