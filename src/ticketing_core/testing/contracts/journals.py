"""The contract of `Admissions` for offline gates: entries, the gate list, reports."""

from attrs import evolve

from ticketing_core.errors import ScanIdReused
from ticketing_core.gate_list import GateList
from ticketing_core.scan import (
    Admitted,
    AlreadyAdmitted,
    GateCount,
    Inside,
    Known,
    NoRight,
    NotOnRecord,
    Recorded,
    ScanKind,
    StrayEntry,
    TakenBack,
    Withdrawn,
    WrongEvent,
)
from ticketing_core.testing.contracts.admissions import OnlineContract
from ticketing_core.testing.contracts.door import entry_of, scan_of, undo_of
from ticketing_core.testing.contracts.examples import (
    MINUTE,
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)


class AdmissionsContract(OnlineContract):
    """The tests of every store of admissions."""

    def test_an_entry_counts_once(self) -> None:
        """With one scan id people go in once, whether or not the device reached the service."""
        door = self.open_door()
        ticket = door.issued(3)
        late, heard = scan_of(ticket, 2), scan_of(ticket, 1)
        entry = entry_of(late, at=NOON - 5 * MINUTE)
        assert door.admissions.record(entry) == Recorded(2, 0, None)
        assert door.admissions.record(entry) == Known()
        assert door.outcome(late) == Admitted(2, 1)
        assert door.outcome(heard) == Admitted(1, 0)
        assert door.admissions.record(entry_of(heard)) == Known()
        assert (door.now(ticket).admitted, door.now(ticket).excess) == (3, 0)
        assert door.tickets.history(ticket.ticket_id)[-2].why == (
            "2 let in at North offline at 11:55 UTC"
        )

    def test_an_entry_of_other_people_is_not_taken_for_its_scan(self) -> None:
        """All who were left were let in; the device did not get the answer, and let in more."""
        door = self.open_door()
        ticket = door.issued(4)
        door.outcome(scan_of(ticket, 2))
        scan = scan_of(ticket, None)
        assert door.outcome(scan) == Admitted(2, 0)
        assert door.admissions.record(entry_of(scan, people=4)) == ScanIdReused()
        assert door.admissions.record(entry_of(scan, people=2)) == Known()
        assert door.outcome(scan) == Admitted(2, 0)
        assert door.now(ticket).inside == 4

    def test_more_than_have_a_right_are_excess(self) -> None:
        """They are counted, and the outcome says so."""
        door = self.open_door()
        ticket = door.issued(2)
        door.outcome(scan_of(ticket, 2))
        entry = entry_of(scan_of(ticket, 1))
        assert door.admissions.record(entry) == Recorded(1, 1, NoRight.TOO_MANY)
        now = door.now(ticket)
        assert (now.admitted, now.excess, now.places) == (2, 1, 2)
        assert door.tickets.history(ticket.ticket_id)[-1].why == (
            "1 let in at North offline at 12:00 UTC, 1 more than have a right"
        )

    def test_a_device_that_did_not_hear_the_no_is_believed(self) -> None:
        """It let them in after a refusal that never reached it."""
        door = self.open_door()
        ticket = door.issued()
        door.outcome(scan_of(ticket))
        refused = scan_of(ticket)
        assert isinstance(door.outcome(refused), AlreadyAdmitted)
        assert door.admissions.record(entry_of(refused)) == Recorded(1, 1, NoRight.TOO_MANY)
        assert door.admissions.record(entry_of(refused)) == Known()
        assert door.outcome(refused) == Admitted(1, 0)
        assert door.now(ticket).inside == 2

    def test_an_entry_on_a_void_ticket_takes_no_place(self) -> None:
        """Its places may be sold again: nothing is oversold by what is synced later."""
        door = self.open_door()
        ticket = door.issued(10)
        door.outcome(scan_of(ticket, 1))
        door.refunded(ticket)
        door.issued(9, buyer="43")
        assert door.kept() == 10
        outcome = door.admissions.record(entry_of(scan_of(ticket, 4)))
        assert outcome == Recorded(4, 4, NoRight.VOID)
        now = door.now(ticket)
        assert (now.admitted, now.excess, door.kept()) == (1, 4, 10)

    def test_an_entry_on_an_unpaid_ticket_gets_its_right_with_the_payment(self) -> None:
        """Until then all of it is excess."""
        door = self.open_door()
        ticket = paying(door.tickets, held(door.tickets, draft(door.event, quantity=2)))
        outcome = door.admissions.record(entry_of(scan_of(ticket, 3)))
        assert outcome == Recorded(3, 3, NoRight.NOT_PAID)
        now = stored(door.tickets, door.now(ticket), door.now(ticket).issued())
        assert (now.admitted, now.excess) == (2, 1)

    def test_an_entry_is_taken_back(self) -> None:
        """Excess goes first: people with a right are assumed to stay."""
        door = self.open_door()
        ticket = door.issued(2)
        door.outcome(scan_of(ticket, 2))
        entry = scan_of(ticket, 1)
        door.admissions.record(entry_of(entry))
        assert door.admissions.take_back(undo_of(entry)) == TakenBack(1, 0)
        assert (door.now(ticket).admitted, door.now(ticket).excess) == (2, 0)
        assert door.admissions.record(entry_of(entry)) == Known()
        assert door.outcome(entry) == Withdrawn()

    def test_an_entry_without_a_ticket_is_noted(self) -> None:
        """No ticket changes: neither the one of another event nor that of another code."""
        door = self.open_door()
        ticket, elsewhere = door.issued(), stored_event(door.events)
        wrong = entry_of(scan_of(ticket, event_id=elsewhere.event_id))
        for entry in (wrong, wrong, evolve(wrong, ticket_id=10**9, scan_id=ticket.ticket_code)):
            assert door.admissions.record(entry) == StrayEntry()
        assert door.now(ticket) == ticket
        strays = door.admissions.strays(elsewhere.event_id)
        assert [each.ticket_id for each in strays] == [ticket.ticket_id, 10**9]
        assert {(each.kind, each.people, each.asked) for each in strays} == {(ScanKind.STRAY, 0, 1)}
        assert door.admissions.strays(ticket.event_id) == []

    def test_an_entry_without_a_ticket_is_taken_back(self) -> None:
        """Its people are out again, so it is listed no more; also if it is synced again."""
        door = self.open_door()
        ticket, elsewhere = door.issued(), stored_event(door.events)
        scan = scan_of(ticket, event_id=elsewhere.event_id)
        lost = evolve(scan, ticket_id=10**9, scan_id=ticket.ticket_code)
        outcomes = {scan: WrongEvent(ticket.event_id), lost: NotOnRecord()}
        for each, outcome in outcomes.items():
            door.admissions.record(entry_of(each))
            assert len(door.admissions.strays(elsewhere.event_id)) == 1
            for _ in range(2):
                assert door.admissions.take_back(undo_of(each)) == outcome
            assert door.admissions.record(entry_of(each)) == Known()
            assert door.admissions.strays(elsewhere.event_id) == []
        assert door.now(ticket) == ticket

    def test_a_journal_of_another_event_leaves_no_stray_of_what_is_counted(self) -> None:
        """Syncing an export for the wrong event adds nothing about entries that are known."""
        door = self.open_door()
        ticket, elsewhere = door.issued(2), stored_event(door.events)
        scan, undone = scan_of(ticket), scan_of(ticket)
        door.admissions.record(entry_of(scan))
        door.admissions.take_back(undo_of(undone))
        for each in (scan, undone):
            wrong = entry_of(each, event_id=elsewhere.event_id)
            assert door.admissions.record(wrong) == Known()
        assert door.admissions.strays(elsewhere.event_id) == []

    def test_a_scan_reads_back_unchanged(self) -> None:
        """So does every value of it, in any script; the oldest is the first."""
        door = self.open_door()
        ticket = door.issued(3)
        scan = scan_of(ticket, 2, gate="Норд 北 " + "x" * 52, by="a" * 200, at=NOON - MINUTE)
        door.outcome(scan)
        door.outcome(scan_of(ticket, 2, offline=False))
        door.admissions.take_back(undo_of(scan))
        found = door.admissions.of_ticket(ticket.ticket_id)
        assert [(each.kind, each.people, each.asked, each.inside_after) for each in found] == [
            (ScanKind.LET_IN, 2, 2, 2),
            (ScanKind.REFUSED, 0, 2, 2),
            (ScanKind.UNDONE, -2, None, 0),
        ]
        let_in = found[0]
        assert (let_in.scan_id, let_in.gate, let_in.by) == (scan.scan_id, scan.gate, scan.by)
        assert (let_in.at, let_in.stored_at, let_in.offline) == (NOON - MINUTE, NOON, False)
        assert (let_in.ticket_id, let_in.event_id) == (ticket.ticket_id, ticket.event_id)
        assert [each.outcome for each in found] == ["admitted", "too_many", "taken_back"]

    def test_the_gate_list_names_what_is_void_and_who_is_inside(self) -> None:
        """Of this event's tickets alone; one that may still be paid is not void."""
        door = self.open_door()
        unpaid, used, void = held(door.tickets, draft(door.event)), door.issued(2), door.issued()
        door.outcome(scan_of(used, 1))
        door.refunded(void)
        other = stored_event(door.events)
        stored(door.tickets, ticket := held(door.tickets, draft(other)), ticket.cancelled())
        assert door.admissions.gate_list(door.event.event_id) == GateList(
            event_id=door.event.event_id,
            void=[void.ticket_id],
            inside=[(used.ticket_id, 1)],
        )
        assert unpaid.ticket_id not in door.admissions.gate_list(other.event_id).void

    def test_people_are_added_up(self) -> None:
        """And the tickets with excess are listed, page by page."""
        door = self.open_door()
        tickets = [door.issued(2) for _ in range(3)]
        door.outcome(scan_of(tickets[0], 1))
        for each in tickets[1:]:
            door.admissions.record(entry_of(scan_of(each, 3)))
        event_id = door.event.event_id
        assert door.admissions.inside(event_id) == Inside(admitted=5, excess=2)
        first = door.admissions.with_excess(event_id, after=0, limit=1)
        assert first == [door.now(tickets[1])]
        rest = door.admissions.with_excess(event_id, after=first[0].ticket_id, limit=9)
        assert rest == [door.now(tickets[2])]
        assert door.admissions.inside(event_id + 1) == Inside(admitted=0, excess=0)

    def test_people_are_counted_where_they_went_in(self) -> None:
        """Each gate has its own, without those who were taken back, at whatever gate."""
        door = self.open_door()
        group, single, late, used = (door.issued(each) for each in (4, 1, 2, 1))
        undone, event_id = scan_of(group, 2, gate="South"), door.event.event_id
        for scan in (
            undone,
            scan_of(group, 1),
            scan_of(group, 1, gate="East"),
            scan_of(single, gate="South"),
            scan_of(used, gate="East"),
        ):
            door.outcome(scan)
        door.outcome(scan_of(used, gate="West"))  # refused
        for gate in ("North", "Roof"):
            door.admissions.record(entry_of(scan_of(late, 2, gate=gate)))
        door.admissions.take_back(evolve(undo_of(undone), gate="West"))
        gone = scan_of(group, 1, gate="Cellar")
        door.outcome(gone)
        door.admissions.take_back(undo_of(gone))
        early = scan_of(group, gate="Tower")
        door.admissions.take_back(undo_of(early))
        door.outcome(early)
        door.admissions.record(entry_of(scan_of(single, event_id=event_id + 1)))  # a stray
        counted = door.admissions.by_gate(event_id)
        assert counted == [
            GateCount("North", 3),
            GateCount("East", 2),
            GateCount("Roof", 2),
            GateCount("South", 1),
        ]
        inside = door.admissions.inside(event_id)
        assert inside == Inside(admitted=6, excess=2)
        assert sum(each.people for each in counted) == 8
        assert door.admissions.by_gate(event_id + 1) == []
