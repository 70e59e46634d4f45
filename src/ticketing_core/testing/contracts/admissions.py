"""The contract of `Admissions` for online gates: scans, repeats, and undos."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

from attrs import evolve

from ticketing_core.changes import Stale
from ticketing_core.errors import ScanIdReused
from ticketing_core.scan import (
    Admitted,
    AlreadyAdmitted,
    NothingYet,
    NotOnRecord,
    NotPaid,
    Scan,
    ScanAnswer,
    ScanKind,
    ScanOutcome,
    Seen,
    TakenBack,
    TooMany,
    Void,
    Withdrawn,
    WrongEvent,
)
from ticketing_core.testing.contracts.door import Door, DoorContract, entry_of, scan_of, undo_of
from ticketing_core.testing.contracts.examples import (
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import Ticket, TicketStatus

SCANNERS = 20


class OnlineContract(DoorContract):
    """The tests of `admit` and `take_back`."""

    def test_a_group_goes_in_in_parts(self) -> None:
        """Each scan says how many are left. Nobody goes in twice, and no place changes."""
        door = self.open_door()
        ticket = door.issued(4)
        before = door.kept()
        assert door.outcome(scan_of(ticket, 1)) == Admitted(1, 3)
        assert door.outcome(scan_of(ticket, 4)) == TooMany(3)
        assert door.outcome(scan_of(ticket, None, gate="South")) == Admitted(3, 0)
        assert door.outcome(scan_of(ticket, 1)) == AlreadyAdmitted(Seen(NOON, "South", "alice"))
        now = door.now(ticket)
        assert (now.admitted, now.excess, now.version) == (4, 0, ticket.version + 2)
        assert door.kept() == before
        entries = door.tickets.history(ticket.ticket_id)[-2:]
        assert [(each.why, each.by, each.version) for each in entries] == [
            ("1 let in at North", "gate alice", ticket.version + 1),
            ("3 let in at South", "gate alice", ticket.version + 2),
        ]

    def test_a_repeat_gets_the_first_outcome_and_counts_nobody(self) -> None:
        """Refusals, too: people who were sent away must not be counted by a late copy."""
        door = self.open_door()
        ticket = door.issued(2)
        first, too_many, second = (scan_of(ticket, people) for people in (1, 2, 1))
        outcomes = [door.outcome(each) for each in (first, too_many, second)]
        refused = scan_of(ticket)
        assert isinstance(door.outcome(refused), AlreadyAdmitted)
        door.admissions.take_back(undo_of(second))
        assert [door.outcome(each) for each in (first, too_many)] == outcomes[:2]
        assert isinstance(door.outcome(refused), AlreadyAdmitted)
        assert door.now(ticket).admitted == 1

    def test_an_id_of_another_scan_is_told(self) -> None:
        """Nothing changes: neither for another ticket nor for another number of people."""
        door = self.open_door()
        ticket, other = door.issued(3), door.issued(3)
        scan = scan_of(ticket, 2)
        door.outcome(scan)
        for reused in (evolve(scan, people=1), scan_of(other, 2, scan_id=scan.scan_id)):
            assert door.admissions.admit(reused) == ScanIdReused()
        assert door.admissions.take_back(undo_of(reused)) == ScanIdReused()
        assert door.admissions.record(entry_of(reused)) == ScanIdReused()
        assert (door.now(ticket).admitted, door.now(other)) == (2, other)

    def test_only_an_issued_ticket_lets_people_in(self) -> None:
        """That it is void matters more than that its people are in."""
        door = self.open_door()
        reserved = held(door.tickets, draft(door.event))
        assert door.outcome(scan_of(reserved)) == NotPaid()
        cancelled = stored(door.tickets, reserved, reserved.cancelled())
        assert door.outcome(scan_of(cancelled)) == Void(TicketStatus.CANCELLED)
        used = door.issued()
        door.outcome(scan_of(used))
        void = door.refunded(used)
        assert door.outcome(scan_of(used)) == Void(TicketStatus.REFUNDED)
        assert door.now(used) == void

    def test_a_ticket_that_may_be_paid_is_not_refused_for_ever(self) -> None:
        """Until its payment was looked at, `NotPaid` is not stored under the scan's id."""
        door = self.open_door()
        ticket = paying(door.tickets, held(door.tickets, draft(door.event)))
        scan = scan_of(ticket, payment_seen=False)
        assert door.outcome(scan) == NotPaid()
        stored(door.tickets, ticket, ticket.issued())
        assert door.outcome(scan) == Admitted(1, 0)
        other = paying(door.tickets, held(door.tickets, draft(door.event)))
        asked = scan_of(other)
        assert door.outcome(asked) == NotPaid()
        stored(door.tickets, other, other.issued())
        assert door.outcome(asked) == NotPaid()
        assert door.now(other).admitted == 0

    def test_a_ticket_of_another_event_or_code_lets_nobody_in(self) -> None:
        """So does an unknown one."""
        door = self.open_door()
        ticket, elsewhere = door.issued(), stored_event(door.events)
        wrong = scan_of(ticket, event_id=elsewhere.event_id)
        assert door.outcome(wrong) == WrongEvent(ticket.event_id)
        assert door.outcome(scan_of(ticket, ticket_code=UUID(int=7))) == NotOnRecord()
        assert door.outcome(scan_of(ticket, ticket_id=10**9)) == NotOnRecord()
        # Nothing that such an answer depends on can change, so nothing is stored.
        assert self.scans(door, ticket) == []
        assert door.admissions.of_ticket(10**9) == []
        assert door.outcome(scan_of(ticket, ticket_code=None)) == Admitted(1, 0)

    def test_the_scans_of_many_tickets_are_read_at_once(self) -> None:
        """Each as it is read alone, also where they were scanned in turns."""
        door = self.open_door()
        one, other, unscanned = door.issued(3), door.issued(3), door.issued()
        for ticket in (one, other, one, other):
            door.outcome(scan_of(ticket))
        ids = [each.ticket_id for each in (other, unscanned, one)]
        found = door.admissions.of_tickets([*ids, -1, 10**9, 2**80])
        assert {each: list(scans) for each, scans in found.items()} == {
            each.ticket_id: list(door.admissions.of_ticket(each.ticket_id)) for each in (one, other)
        }
        assert [len(scans) for scans in found.values()] == [2, 2]
        assert dict(door.admissions.of_tickets(ids[:1])).keys() == {other.ticket_id}
        assert dict(door.admissions.of_tickets([])) == {}

    def test_a_scan_is_taken_back_once(self) -> None:
        """Its people may go in again with another scan, and its own copy does nothing."""
        door = self.open_door()
        ticket = door.issued(3)
        scan = scan_of(ticket, 2)
        door.outcome(scan)
        for _ in range(2):
            assert door.admissions.take_back(undo_of(scan)) == TakenBack(2, 3)
        assert door.now(ticket).inside == 0
        assert door.outcome(scan) == Withdrawn()
        assert door.outcome(scan_of(ticket, 3)) == Admitted(3, 0)
        assert [each.why for each in door.tickets.history(ticket.ticket_id)[-2:]] == [
            "2 at North taken back",
            "3 let in at North",
        ]

    def test_an_undo_that_comes_first_is_remembered(self) -> None:
        """The scan that it overtook lets nobody in."""
        door = self.open_door()
        ticket = door.issued()
        scan = scan_of(ticket)
        for _ in range(2):
            assert door.admissions.take_back(undo_of(scan)) == NothingYet()
        assert door.outcome(scan) == Withdrawn()
        assert door.now(ticket) == ticket
        assert door.outcome(scan_of(ticket)) == Admitted(1, 0)

    def test_taking_back_from_a_void_ticket_frees_places(self) -> None:
        """People who were inside kept theirs."""
        door = self.open_door()
        ticket = door.issued(3)
        scan = scan_of(ticket, 2)
        door.outcome(scan)
        door.refunded(ticket)
        assert door.kept() == 2
        assert door.admissions.take_back(undo_of(scan)) == TakenBack(2, 3)
        assert (door.now(ticket).inside, door.kept()) == (0, 0)

    def test_who_decided_before_decides_again(self) -> None:
        """A change of the ticket as it was before a scan is `Stale`, and the next one keeps it."""
        door = self.open_door()
        ticket = door.issued(2)
        door.outcome(scan_of(ticket))
        asked = ticket.refunding(at=NOON)
        outcome = door.tickets.replace(ticket, asked, at=NOON, why="late", by="suite")
        assert outcome == Stale(door.now(ticket))
        door.refunded(ticket)
        assert door.kept() == 1

    def test_many_scanners_let_each_person_in_once(self) -> None:
        """However many read the same ticket at once, exactly its people go in."""
        door = self.open_door()
        ticket = door.issued(7)
        scans = [scan_of(ticket, gate=f"gate {n}") for n in range(SCANNERS)]
        with ThreadPoolExecutor(SCANNERS) as pool:
            outcomes = list(pool.map(door.outcome, scans))
        admitted = [each for each in outcomes if isinstance(each, Admitted)]
        assert sorted(each.left for each in admitted) == list(range(7))
        assert door.now(ticket).admitted == 7
        let_in = [each for each in self.scans(door, ticket) if each is ScanKind.LET_IN]
        assert len(let_in) == 7

    def test_copies_of_a_scan_count_once(self) -> None:
        """All arrive at once and get the same outcome, and the history has one line."""
        door = self.open_door()
        ticket = door.issued(7)
        with ThreadPoolExecutor(SCANNERS) as pool:
            outcomes = list(pool.map(door.outcome, [scan_of(ticket, 2)] * SCANNERS))
        assert outcomes == [Admitted(2, 5)] * SCANNERS
        assert door.now(ticket).version == ticket.version + 1

    def test_one_id_on_many_tickets_counts_once(self) -> None:
        """Of scans that come at once, one lets its people in."""
        door = self.open_door()
        tickets = [door.issued() for _ in range(4)]
        scan_id = scan_of(tickets[0]).scan_id
        scans = [scan_of(each, scan_id=scan_id) for each in tickets]
        with ThreadPoolExecutor(len(scans)) as pool:
            answers = list(pool.map(door.admissions.admit, scans))
        assert answers.count(ScanIdReused()) == len(scans) - 1
        assert sum(door.now(each).admitted for each in tickets) == 1

    def test_an_id_belongs_to_one_ticket(self) -> None:
        """Also when others use it at once for what lets nobody in: a refusal, or an undo."""
        door = self.open_door()
        for _ in range(3):
            good, used, other = (door.issued() for _ in range(3))
            door.outcome(scan_of(used))
            scan = scan_of(good)
            refused = scan_of(used, scan_id=scan.scan_id)
            undo = undo_of(scan_of(other, scan_id=scan.scan_id))
            asked: list[Callable[[], object]] = [
                partial(_asked, door, scan),
                partial(_asked, door, refused),
                partial(door.admissions.take_back, undo),
            ]
            with ThreadPoolExecutor(len(asked)) as pool:
                first = list(pool.map(lambda ask: ask(), asked))
            assert first.count(ScanIdReused()) == 2
            assert [ask() for ask in asked] == first

    def scans(self, door: Door, ticket: Ticket) -> list[ScanKind]:
        """Return the kinds of the stored scans of a ticket, oldest first."""
        return [each.kind for each in door.admissions.of_ticket(ticket.ticket_id)]


def _asked(door: Door, scan: Scan) -> ScanOutcome | ScanIdReused:
    answer = door.admissions.admit(scan)
    return answer.outcome if isinstance(answer, ScanAnswer) else answer
