"""The gate: scanners that let people in over HTTP, and the list for those that are offline."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from time import perf_counter
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from benchmarks.bench import Bench
from benchmarks.database import SERVICE, Contestant, Database, open_database
from benchmarks.orders import Order, post
from benchmarks.report import Audit, Report, Row, rows_beside
from benchmarks.seed import StoredTicket, fill, paid_tickets
from benchmarks.yardsticks import PLAIN_NULL
from tests.support.audit import Receipt, Receipts
from ticketing_adapters.gate_list import VerifiedGateList, read_gate_list
from ticketing_core.admission import AdmissionClaims
from ticketing_core.ports import AdmissionSigner
from ticketing_service.composition import Service

CHECK_IN = "/api/tickets/check-in/"

CHECK_IN_OF_PLAIN_NULL = 0.6

GROUP_OF = 4
PARTS = (2, 1, 1)
"""In which a group comes."""

_GROUPS = text("UPDATE tickets SET quantity = :people WHERE ticket_id % 4 = 0")
_KEPT = text("UPDATE events SET kept = (SELECT SUM(quantity) FROM tickets)")

_SPREAD = "ALTER TABLE tickets ALTER COLUMN ticket_id SET INCREMENT BY {step}"
_LATER = text("""
    UPDATE tickets SET quantity = 4,
        admitted = CASE WHEN random() < 0.5 THEN 1 + floor(random() * 4) ELSE 0 END,
        status = CASE WHEN random() < 0.03 THEN 'cancelled' ELSE status END
""")
"""Half of the groups are inside, and three of a hundred tickets are void."""

_VOID = text("SELECT ticket_id FROM tickets WHERE status = 'cancelled' ORDER BY ticket_id")
_INSIDE = text("SELECT ticket_id, admitted FROM tickets WHERE admitted > 0 ORDER BY ticket_id")

MOST_SECONDS, MOST_KILOBYTES = 1.0, 100.0


def check_in(bench: Bench) -> Report:
    """Let people in at many gates: alone, in parts of a group, by screenshots, and by repeats."""
    pace = bench.pace
    with open_database(bench) as database:
        fill(database.engine, paid=pace.scanned)
        with database.engine.begin() as connection:
            connection.execute(_GROUPS, {"people": GROUP_OF})
            connection.execute(_KEPT)
        tickets = paid_tickets(database.engine, of=pace.scanned, count=pace.scanned)
        with database.library() as service:
            orders = list(_scans(tickets, signer=service.box_office.signer, at=pace.scanners))
        receipts = database.receipts
        receipts.shown += map(_receipt, tickets)
        receipts.scans |= {order.scan_id for order in orders if order.scan_id}
        scans, null = database.measure(
            Contestant(program=SERVICE, orders=orders),
            database.buying(PLAIN_NULL, [tickets[0].event_id]),
            connections=[pace.scanners] * pace.rounds,
        )
        audits = [database.audit(), _left_outside(orders, receipts)]
    outcomes = Counter(told.outcome for told in receipts.told)
    seen = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    rows = rows_beside(
        figure=f"check-in, {pace.scanners} scanners ({seen}), PostgreSQL",
        product=scans,
        yardstick=PLAIN_NULL,
        windows=null,
        goal=CHECK_IN_OF_PLAIN_NULL,
    )
    return Report(rows=rows, audits=audits)


def _receipt(ticket: StoredTicket) -> Receipt:
    return Receipt(
        buyer=ticket.buyer,
        event_id=ticket.event_id,
        quantity=_quantity(ticket.ticket_id),
        ticket_id=ticket.ticket_id,
        ticket_code=str(ticket.ticket_code),
        session_id=ticket.checkout_id,
    )


def _quantity(ticket_id: int) -> int:
    return GROUP_OF if ticket_id % 4 == 0 else 1


def _scans(tickets: Sequence[StoredTicket], *, signer: AdmissionSigner, at: int) -> Iterator[Order]:
    """Yield all scans of the tickets, as they come to so many scanners.

    One of ten scans is sent again, as if the answer had been lost, and one of ten tickets, for one
    person, is shown once more, as a screenshot. Both come at nearly the same time.
    """
    for number, ticket in enumerate(tickets):
        is_shown_again = ticket.ticket_id % 10 == 1
        quantity = _quantity(ticket.ticket_id)
        token = signer.sign(
            AdmissionClaims(
                ticket_code=ticket.ticket_code,
                ticket_id=ticket.ticket_id,
                event_id=ticket.event_id,
                quantity=quantity,
            )
        )
        parts = PARTS if quantity == GROUP_OF else (1, 1) if is_shown_again else (1,)
        for part in parts:
            scan_id = uuid4()
            for _ in range(2 if scan_id.int % 10 == 0 else 1):
                yield _scan(ticket, token, scan_id=scan_id, people=part, scanner=number % at)


def _scan(ticket: StoredTicket, token: str, *, scan_id: UUID, people: int, scanner: int) -> Order:
    body = {
        "event_id": ticket.event_id,
        "token": token,
        "admit": people,
        "scan_id": str(scan_id),
        "gate": f"gate {scanner}",
    }
    staff = f"scanner {scanner}"
    return Order(
        request=post(CHECK_IN, body, buyer=staff, roles=["gate"]),
        buyer=staff,
        event_id=ticket.event_id,
        buys=False,
        scan_id=str(scan_id),
        ticket_id=ticket.ticket_id,
    )


def _left_outside(orders: Sequence[Order], receipts: Receipts) -> Audit:
    """Everybody on a ticket is let in once all of its scans are answered."""
    scans: dict[int, set[str]] = defaultdict(set)
    for order in orders:
        scans[order.ticket_id].add(order.scan_id or "")
    admitted: dict[int, dict[str, int]] = defaultdict(dict)
    for told in receipts.told:
        admitted[told.ticket_id][told.scan_id] = told.people
    return Audit(
        problems=[
            f"all scans of ticket {ticket_id} were answered, and let {sum(people.values())} in"
            for ticket_id, people in admitted.items()
            if people.keys() == scans[ticket_id] and sum(people.values()) != _quantity(ticket_id)
        ]
    )


def gate_list(bench: Bench) -> Report:
    """Make the gate list of a large event, whose tickets have adjacent ids, and distant ones."""
    rows: list[Row] = []
    audits: list[Audit] = []
    count = bench.pace.listed
    for step, ids in ((1, "adjacent ids"), (20, "every 20th id")):
        with open_database(bench) as database, database.library() as service:
            _sell_and_let_in(database, count=count, step=step)
            timed = [_timed_list(service) for _ in range(bench.pace.rounds)]
            made = timed[-1][1]
            audits.append(_audit_list(made, service, database.engine, count=count))
        rows += [
            Row(
                figure=f"gate list of {count:,} tickets, {ids}",
                measured=statistics.median(seconds for seconds, _ in timed),
                unit="s",
                yardstick="a second",
                yardstick_value=MOST_SECONDS,
                at_least=False,
            ),
            Row(
                figure="the same, size",
                measured=len(made) / 1000,
                unit="kB",
                yardstick="the bound",
                yardstick_value=MOST_KILOBYTES,
                at_least=False,
            ),
        ]
    return Report(rows=rows, audits=audits)


def _sell_and_let_in(database: Database, *, count: int, step: int) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(_SPREAD.format(step=step)))
    fill(database.engine, paid=count)
    with database.engine.begin() as connection:
        connection.execute(_LATER)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) tickets"))


def _timed_list(service: Service) -> tuple[float, str]:
    """Read the tickets of the only event and sign the list; return the seconds, and the list."""
    began = perf_counter()
    found = service.store.admissions.gate_list(1)
    made = service.sign_gate_list(found, service.store.clock.now()).text
    return perf_counter() - began, made


def _audit_list(made: str, service: Service, engine: Engine, *, count: int) -> Audit:
    """Compare the list, as a gate reads it, with the tickets."""
    read = read_gate_list(made, public_key=service.store.public_keys.recent)
    with engine.connect() as connection:
        void = list(connection.execute(_VOID).scalars())
        inside = [(row.ticket_id, row.admitted) for row in connection.execute(_INSIDE)]
    if not isinstance(read, VerifiedGateList):
        return Audit(problems=[f"the gate list cannot be read: {read}"], audited=count)
    found = read.gate_list
    wrong = list(found.void) != void or list(found.inside) != inside
    return Audit(problems=["the gate list differs from the tickets"] * wrong, audited=count)
