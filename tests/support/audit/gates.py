"""Compares what gates were answered with the scans that are stored, and these with the tickets."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.support.audit.books import Books, ScanRow
from tests.support.audit.receipts import Receipts, Told

_REFUSED = frozenset({"already_admitted", "too_many", "void", "not_paid"})
_AT_THE_GATE = frozenset({"admitted", *_REFUSED})

_Kinds = Mapping[str, ScanRow]


def gate_problems(books: Books, receipts: Receipts) -> Iterator[str]:
    """Check that everybody who was let in is counted, and once."""
    by_id: dict[str, dict[str, ScanRow]] = defaultdict(dict)
    for scan in books.scans:
        if scan.kind in by_id[scan.scan_id]:
            yield f"scan {scan.scan_id} is stored as {scan.kind} twice"
        by_id[scan.scan_id][scan.kind] = scan
    yield from _sums(books)
    for scan_id, kinds in by_id.items():
        if scan_id not in receipts.scans:
            yield f"scan {scan_id} is stored, and no gate has sent it"
        if "let_in" in kinds and "undone" in kinds:
            people, out = kinds["let_in"].people, -kinds["undone"].people
            if people != out:
                yield f"scan {scan_id} let {people} people in, and {out} came out"
    for told in receipts.told:
        if not _is_true(told, by_id.get(told.scan_id, {})):
            yield f"a gate was told {told}, which is not stored"
    yield from _changed_answers(receipts.told)


def _sums(books: Books) -> Iterator[str]:
    """The people inside on each ticket are those of its scans, and only offline ones can be over.

    A gate that can ask lets nobody in without a right.
    """
    inside, offline = Counter[int](), Counter[int]()
    noted = {scan.scan_id for scan in books.scans if scan.kind == "let_in" and scan.offline}
    for scan in books.scans:
        if scan.kind != "stray":
            inside[scan.ticket_id] += scan.people
        if scan.scan_id in noted:
            offline[scan.ticket_id] += scan.people
    for ticket in books.tickets:
        name, people = f"ticket {ticket.ticket_id}", inside[ticket.ticket_id]
        if ticket.admitted + ticket.excess != people:
            counted = f"{ticket.admitted} and {ticket.excess}"
            yield f"{name} counts {counted} people inside, its scans {people}"
        if not 0 <= ticket.admitted <= ticket.quantity:
            yield f"{name} is for {ticket.quantity} people, and {ticket.admitted} are admitted"
        if ticket.excess > offline[ticket.ticket_id]:
            yield f"{name} has {ticket.excess} people too many, {offline[ticket.ticket_id]} offline"


def _is_true(told: Told, kinds: _Kinds) -> bool:
    """Return whether what a gate was told is stored."""
    match told.outcome:
        case "admitted" | "recorded":
            kind, people = "let_in", told.people
        case "taken_back" | "nothing_yet":
            kind, people = "undone", -told.people
        case "known" | "withdrawn":
            return bool(kinds.keys() & {"let_in", "undone"})
        case _:
            kind, people = "refused", 0
    scan = kinds.get(kind)
    return (
        scan is not None
        and (scan.ticket_id, scan.people) == (told.ticket_id, people)
        # Gates show only what was sold to them, so other refusals are wrong.
        and (kind != "refused" or scan.outcome == told.outcome)
    )


def _changed_answers(all_told: Sequence[Told]) -> Iterator[str]:
    """A gate that repeats a scan gets the first answer."""
    answers: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for told in all_told:
        if told.outcome in _AT_THE_GATE:
            answers[told.scan_id].add((told.outcome, told.people))
    for scan_id, different in answers.items():
        if len(different) > 1:
            yield f"scan {scan_id} was answered {sorted(different)}"
