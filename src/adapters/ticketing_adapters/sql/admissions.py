"""The gate's part of the store in SQL: who is inside, and every scan."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, bindparam, case, exists, func, select, text, union_all

from ticketing_adapters.sql.cache import EventCache
from ticketing_adapters.sql.engine import reading, writing
from ticketing_adapters.sql.failures import store_step
from ticketing_adapters.sql.gate_table import COUNTS, IS_STRAY, admissions
from ticketing_adapters.sql.lanes import Lanes
from ticketing_adapters.sql.observer import Guarded, TicketObserver
from ticketing_adapters.sql.rows import is_above, is_storable_id, scan_of, ticket_of
from ticketing_adapters.sql.scans import Decided, Request, decide_all, gate_keys
from ticketing_adapters.sql.tables import GIVEN_UP, HAS_EXCESS, KEEPS_PLACES, tickets
from ticketing_core.errors import ScanIdReused
from ticketing_core.gate_list import GateList
from ticketing_core.scan import (
    Entry,
    EntryOutcome,
    GateCount,
    Inside,
    Scan,
    ScanAnswer,
    ScanKind,
    StoredScan,
    Undo,
    UndoOutcome,
)
from ticketing_core.ticket import KEEPS_ALL_PLACES, Ticket

MOST_LOCKED = 1
"""How many connections of scans, and of undos, may wait for locked tickets. Only a forgotten
transaction keeps a ticket locked for long, and buyers need the other connections."""

MOST_STRAYS = 1_000
"""See `Admissions.strays`."""

_T = tickets.c
_OF_EVENT = _T.event_id == bindparam("event_id")
_KEEPS_ALL: Final = {each.value for each in KEEPS_ALL_PLACES}

# Each subquery uses its own index. Only tickets that keep places have admitted people.
_INSIDE: Final = select(
    select(func.coalesce(func.sum(_T.admitted), 0))
    .where(_OF_EVENT, text(KEEPS_PLACES))
    .scalar_subquery(),
    select(func.coalesce(func.sum(_T.excess), 0))
    .where(_OF_EVENT, text(HAS_EXCESS))
    .scalar_subquery(),
)
# A scan that was taken back has two rows of the same event, which add up to zero.
_A = admissions.c
_OF_SCANS = (
    select(
        func.max(case((_A.people > 0, _A.gate))).label("gate"), func.sum(_A.people).label("people")
    )
    .where(_A.event_id == bindparam("event_id"), text(COUNTS))
    .group_by(_A.scan_id)
    .having(func.sum(_A.people) != 0)
    .subquery()
)
_BY_GATE: Final = select(_OF_SCANS.c.gate, func.sum(_OF_SCANS.c.people)).group_by(_OF_SCANS.c.gate)
_INSIDE_OF_TICKET: Final = _T.admitted + _T.excess
_LISTED: Final = select(_T.ticket_id, _T.status, _INSIDE_OF_TICKET.label("inside")).where(_OF_EVENT)
_GATE_LIST: Final = union_all(
    _LISTED.where(
        text(KEEPS_PLACES), (_INSIDE_OF_TICKET > 0) | _T.status.not_in(sorted(_KEEPS_ALL))
    ),
    _LISTED.where(text(GIVEN_UP)),
)
"""Not sorted, because SQLite would then read all tickets by id."""


class SqlAdmissions:
    """The `Admissions` in an SQL database.

    Scans and entries that come at the same time share a transaction (`batching`), and so do undos.
    While a ticket is locked, its scanners wait by themselves (`lanes`).

    Args:
        engine: From `engine_for`, of a migrated database.
        cache: Shared with the `SqlEvents` of the same database; by default nothing is cached.
        observer: Is called for each change of a ticket.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        cache: EventCache | None = None,
        observer: TicketObserver | None = None,
    ) -> None:
        self._engine = engine
        self._cache = cache or EventCache()
        self._observer = Guarded(observer)
        # Undos lock events, for which scans must not wait: so they share no transaction.
        self._scans, self._undos = (
            Lanes[Request, Decided](
                self._decide_all,
                lane=lambda request: request.ticket_id,
                conflict_keys=gate_keys,
                at_once=MOST_LOCKED,
            )
            for _ in range(2)
        )

    def admit(self, scan: Scan) -> ScanAnswer | ScanIdReused:
        """See `Admissions.admit`."""
        decided = self._told(scan, self._scans.run(scan))
        outcome = decided.decision.outcome
        if isinstance(outcome, ScanIdReused):
            return outcome
        return ScanAnswer(scan_id=scan.scan_id, outcome=outcome, ticket=decided.ticket)

    def record(self, entry: Entry) -> EntryOutcome:
        """See `Admissions.record`."""
        outcome: EntryOutcome = self._told(entry, self._scans.run(entry)).decision.outcome
        return outcome

    def take_back(self, undo: Undo) -> UndoOutcome:
        """See `Admissions.take_back`."""
        outcome: UndoOutcome = self._told(undo, self._undos.run(undo)).decision.outcome
        return outcome

    @store_step
    def _decide_all(
        self, requests: Sequence[Request], *, patience: timedelta | None = None
    ) -> Sequence[Decided]:
        self._observer.batch("scan", len(requests))
        with writing(self._engine, patience=patience) as connection:
            decided, events = decide_all(connection, requests)
            as_of = self._cache.now()
        self._cache.put(events, as_of=as_of)
        return decided

    def _told(self, request: Request, decided: Decided) -> Decided:
        new = decided.decision.ticket
        if new is not None:
            why = decided.decision.why
            self._observer.changed(decided.before, new, why=why, by=request.author)
        return decided

    @store_step
    def of_ticket(self, ticket_id: int) -> Sequence[StoredScan]:
        """See `Admissions.of_ticket`."""
        return self.of_tickets([ticket_id]).get(ticket_id, [])

    @store_step
    def of_tickets(self, ticket_ids: Collection[int]) -> Mapping[int, Sequence[StoredScan]]:
        """See `Admissions.of_tickets`."""
        storable = [each for each in ticket_ids if is_storable_id(each)]
        scans = select(admissions).where(admissions.c.ticket_id.in_(storable))
        found: dict[int, list[StoredScan]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(scans.order_by(admissions.c.number)):
                found.setdefault(row.ticket_id, []).append(scan_of(row))
        return found

    @store_step
    def inside(self, event_id: int) -> Inside:
        """See `Admissions.inside`."""
        if not is_storable_id(event_id):
            return Inside(admitted=0, excess=0)
        with reading(self._engine) as connection:
            admitted, excess = connection.execute(_INSIDE, {"event_id": event_id}).one()
        return Inside(admitted=admitted, excess=excess)

    @store_step
    def by_gate(self, event_id: int) -> Sequence[GateCount]:
        """See `Admissions.by_gate`."""
        if not is_storable_id(event_id):
            return []
        with reading(self._engine) as connection:
            rows = connection.execute(_BY_GATE, {"event_id": event_id})
            counted = [GateCount(gate, int(people)) for gate, people in rows]
        # Sorted here, because databases have their own orders of text.
        return sorted(counted, key=lambda each: (-each.people, each.gate))

    @store_step
    def with_excess(self, event_id: int, *, after: int, limit: int) -> Sequence[Ticket]:
        """See `Admissions.with_excess`."""
        if not is_storable_id(event_id):
            return []
        page = select(tickets).where(
            _T.event_id == event_id, text(HAS_EXCESS), is_above(_T.ticket_id, after)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(page.order_by(_T.ticket_id).limit(limit))
            return [ticket_of(row) for row in rows]

    @store_step
    def strays(self, event_id: int) -> Sequence[StoredScan]:
        """See `Admissions.strays`."""
        if not is_storable_id(event_id):
            return []
        undone = admissions.alias("undone")
        taken_back = exists().where(
            undone.c.scan_id == admissions.c.scan_id, undone.c.kind == ScanKind.UNDONE.value
        )
        newest = select(admissions).where(
            admissions.c.event_id == event_id, text(f"admissions.{IS_STRAY}"), ~taken_back
        )
        newest = newest.order_by(admissions.c.number.desc()).limit(MOST_STRAYS)
        with reading(self._engine) as connection:
            return [scan_of(row) for row in connection.execute(newest)][::-1]

    @store_step
    def gate_list(self, event_id: int) -> GateList:
        """See `Admissions.gate_list`."""
        void: list[int] = []
        inside: list[tuple[int, int]] = []
        if is_storable_id(event_id):
            with reading(self._engine) as connection:
                rows = connection.execute(_GATE_LIST, {"event_id": event_id})
                for ticket_id, status, people in rows:
                    if status not in _KEEPS_ALL:
                        void.append(ticket_id)
                    if people:
                        inside.append((ticket_id, people))
        return GateList(event_id=event_id, void=sorted(void), inside=sorted(inside))
