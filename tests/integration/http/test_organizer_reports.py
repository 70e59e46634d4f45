"""Reports of events and exports in CSV: what is added up, when, and what a spreadsheet gets."""

import csv
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Event as Flag
from typing import Any

import pytest
from attrs import evolve

from tests.integration.http.services import Service, problem
from tests.integration.http.test_organizer_reads import changed, of_event, paid, read
from ticketing_core import EventRecords, EventReport, TicketsPage
from ticketing_core.errors import StoreUnavailable
from ticketing_core.testing.contracts.records import lives
from ticketing_service.http import event_reports, exports
from ticketing_service.http.event_reports import FRESH_SECONDS, REST, SharedReports
from ticketing_service.http.organizer_answers import csv_lines

PARTS_OF_TAKEN = ("earned", "refunded", "charged_back", "owed", "paid_back_otherwise")


def rows_of(service: Service, path: str) -> list[dict[str, str]]:
    """Return what a CSV file says."""
    answer = service.organize(path, method="GET")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.get_data(as_text=True)
    answer.close()
    assert text.endswith("\r\n")
    return list(csv.DictReader(StringIO(text, newline="")))


def test_what_was_taken_is_the_sum_of_where_it_is(service: Service) -> None:
    """For whatever has happened to the money, in all and on each day."""
    event = service.event(capacity=99)
    lives(service.tickets, event)
    report = read(service, of_event(event, "report/"))
    assert (report["event_id"], report["currency"]) == (event.event_id, "usd")
    all_sums = [report["sums"], *(each["sums"] for each in report["days"])]
    for sums in all_sums:
        assert sums["taken"] == sum(sums[name] for name in PARTS_OF_TAKEN) > 0
    assert all(report["sums"][name] for name in (*PARTS_OF_TAKEN, "kept", "sold", "excess"))
    assert report["sums"]["kept"] == service.kept(event)


def test_days_and_hours_are_those_of_the_events_zone(service: Service) -> None:
    """Kathmandu is 5:45 ahead, so that its days and hours begin at a quarter past."""
    event = service.event(capacity=99, time_zone="Asia/Kathmandu")
    service.clock.advance(timedelta(days=4) - timedelta(hours=9, minutes=45))
    for step in (timedelta(minutes=59), timedelta(minutes=2), timedelta(minutes=58)):
        paid(service, event, quantity=1)
        service.clock.advance(step)
    report = read(service, of_event(event, "report/"))
    # At 20:00, 20:59 and 21:01 there.
    assert [(each["day"], each["sums"]["sold"]) for each in report["days"]] == [("2030-01-04", 3)]
    hours = report["hours"]
    assert len(hours) == 48
    assert hours[-1]["at"] == "2030-01-04T15:15:00Z"
    assert [(each["at"], each["sold"], each["taken"]) for each in hours if each["sold"]] == [
        ("2030-01-04T14:15:00Z", 2, 5000),
        ("2030-01-04T15:15:00Z", 1, 2500),
    ]
    service.clock.advance(timedelta(hours=3))
    paid(service, event, quantity=1)
    service.rebuild()
    days = read(service, of_event(event, "report/"))["days"]
    assert [(each["day"], each["sums"]["sold"]) for each in days] == [
        ("2030-01-04", 3),
        ("2030-01-05", 1),
    ]


def test_hours_that_are_long_past_are_in_the_days_alone(service: Service) -> None:
    """Two days later no hour has any."""
    event = service.event()
    paid(service, event)
    service.clock.advance(timedelta(hours=48))
    report = read(service, of_event(event, "report/"))
    assert sum(each["sold"] for each in report["hours"]) == 0
    assert report["sums"]["sold"] == 2


def test_a_report_as_csv_has_a_line_for_each_day(service: Service) -> None:
    """With amounts in the currency. Negative numbers stay numbers."""
    event = service.event(capacity=99)
    ticket = paid(service, event)
    total = ticket.total.amount_minor
    changed(service, ticket, ticket.marked(refunded_minor=total, charged_back_minor=total))
    (row,) = rows_of(service, of_event(event, "report.csv"))
    assert row == {
        "day": "2030-01-01",
        "kept": "2",
        "sold": "2",
        "admitted": "0",
        "excess": "0",
        "taken": "50.00",
        "earned": "-50.00",
        "refunded": "50.00",
        "charged_back": "50.00",
        "owed": "0.00",
        "paid_back_otherwise": "0.00",
        "currency": "USD",
    }


def test_an_export_has_the_tickets_of_the_list(service: Service) -> None:
    """With the same conditions, and amounts in the currency."""
    event = service.event(capacity=99)
    ticket = paid(service, event, buyer="ann")
    service.bought(event, buyer="bob")
    (row,) = rows_of(service, of_event(event, "tickets.csv?status=issued&q=an"))
    assert row == {
        "ticket_id": str(ticket.ticket_id),
        "ticket_code": str(ticket.ticket_code),
        "event_id": "1",
        "buyer": "ann",
        "status": "issued",
        "quantity": "2",
        "admitted": "0",
        "excess": "0",
        "total": "50.00",
        "currency": "USD",
        "created_at": "2030-01-01T00:00:00Z",
        "held_until": "2030-01-01T00:35:00Z",
        "disputed": "false",
        "refunded": "0.00",
        "charged_back": "0.00",
        "paid_back": "0.00",
        "paid_back_otherwise": "",
        "owed": "0.00",
        "owed_since": "",
        "refund_problem": "",
        "waits_for_person": "false",
    }
    assert len(rows_of(service, of_event(event, "tickets.csv"))) == 2


def test_a_buyer_is_no_formula(service: Service) -> None:
    """Whatever they call themselves, and quotes and line breaks come through."""
    event = service.event(price=0, capacity=99)
    buyers = ['=1+1"', "+1", "-1", "@x", "\tx", "\rx", 'a,"b"\nc', "plain", "'=1"]
    for buyer in buyers:
        service.bought(event, buyer=buyer, quantity=1)
    shown = [row["buyer"] for row in rows_of(service, of_event(event, "tickets.csv"))][::-1]
    assert shown == [*(f"'{buyer}" for buyer in buyers[:6]), *buyers[6:]]
    assert csv_lines([["a b", 'c"d', None, True]]) == 'a b,"c""d",,true\r\n'


def test_a_long_export_is_whole_or_an_error(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a search, whose order is another; and if a page cannot be read, it is refused."""
    monkeypatch.setattr(exports, "PAGE", 2)
    event = service.event(price=0, capacity=99)
    for number in range(5):
        service.bought(event, buyer=f"ann-{number % 2}", quantity=1)
    ids = [int(row["ticket_id"]) for row in rows_of(service, of_event(event, "tickets.csv"))]
    assert ids == [5, 4, 3, 2, 1]
    found = rows_of(service, of_event(event, "tickets.csv?q=ann"))
    assert [int(row["ticket_id"]) for row in found] == [1, 3, 5, 2, 4]
    whole = EventRecords.tickets_of

    def fails(*given: Any, before: int | None = None, **more: Any) -> TicketsPage:
        if before == 2:
            raise StoreUnavailable("no answer")
        return whole(*given, before=before, **more)

    monkeypatch.setattr(EventRecords, "tickets_of", fails)
    answer = service.organize(of_event(event, "tickets.csv"), method="GET")
    assert problem(answer, 503)["code"] == "store_unavailable"


def test_few_long_exports_are_written_at_a_time(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are told to come back; short ones and lists are served."""
    monkeypatch.setattr(exports, "PAGE", 1)
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    service.rebuild()
    event, short = service.event(price=0), service.event(price=0)
    for each in (event, event, short):
        service.bought(each, quantity=1)
    whole, began, goes_on = EventRecords.tickets_of, Flag(), Flag()

    def waits(*given: Any, before: int | None = None, **more: Any) -> TicketsPage:
        if before is not None:
            began.set()
            goes_on.wait()
        return whole(*given, before=before, **more)

    monkeypatch.setattr(EventRecords, "tickets_of", waits)
    path = of_event(event, "tickets.csv")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(rows_of, service, path)
        try:
            assert began.wait(20)
            assert problem(service.organize(path, method="GET"), 503)["code"] == "overloaded"
            assert len(rows_of(service, of_event(short, "tickets.csv"))) == 1
        finally:
            goes_on.set()
        assert len(first.result()) == 2
    assert len(rows_of(service, path)) == 2


class CountedRecords:
    """Makes reports as told, and counts them."""

    def __init__(self, service: Service) -> None:
        service.event()
        self.made = 0
        self.seconds = 1000.0
        self.takes = 0.0
        self.report_of_event = EventRecords(
            events=service.events,
            tickets=service.tickets,
            admissions=service.admissions,
            clock=service.clock,
        ).report(1)

    def report(self, _: int) -> EventReport:
        """Take as long as told."""
        self.made += 1
        self.seconds += self.takes
        return evolve(self.report_of_event, added_up_at=datetime.fromtimestamp(self.made, UTC))


def shared(records: CountedRecords) -> SharedReports:
    """Return the reports at the time of the records."""
    return SharedReports(records, seconds=lambda: records.seconds)  # type: ignore[arg-type] # a part


def test_a_page_that_asks_again_and_again_costs_one_report(service: Service) -> None:
    """A report is kept for a while, and one that took long for many times as long."""
    records = CountedRecords(service)
    reports = shared(records)
    for _ in range(9):
        reports.of(1)
    assert records.made == 1
    records.seconds += FRESH_SECONDS
    records.takes = 3.0
    reports.of(1)
    assert records.made == 2
    records.seconds += REST * 3.0 - 0.1
    reports.of(1)
    assert records.made == 2
    records.seconds += 0.2
    reports.of(1)
    assert records.made == 3


def test_while_a_report_is_made_others_get_the_one_before(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread makes it. The first report has none before: who waits too long is refused."""
    monkeypatch.setattr(event_reports, "WAIT_SECONDS", 0.01)
    records, began, goes_on = CountedRecords(service), Flag(), Flag()
    plain = records.report

    def slow(number: int) -> EventReport:
        began.set()
        goes_on.wait()
        return plain(number)

    monkeypatch.setattr(records, "report", slow)
    reports = shared(records)
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            making = pool.submit(reports.of, 1)
            try:
                assert began.wait(20)
                if records.made:
                    assert reports.of(1).added_up_at == datetime.fromtimestamp(1, UTC)
                else:
                    with pytest.raises(StoreUnavailable):
                        reports.of(1)
            finally:
                goes_on.set()
            making.result()
            began.clear()
            goes_on.clear()
            records.seconds += FRESH_SECONDS
    assert records.made == 2
