"""`ticketing report`: what was sold, and where the money is."""

import pytest

from tests.integration.cli.commands import Run, printed
from tests.integration.cli.sold import Seller
from ticketing_core import Money
from ticketing_core.testing.contracts.examples import FREE
from ticketing_core.testing.contracts.records import lives

SUMS = {
    "kept",
    "sold",
    "admitted",
    "excess",
    "taken",
    "earned",
    "refunded",
    "charged_back",
    "owed",
    "paid_back_otherwise",
}
WHERE = ("earned", "refunded", "charged_back", "owed", "paid_back_otherwise")


def test_a_report_has_exact_sums_by_event_and_by_day(seller: Seller, run: Run) -> None:
    """Of tickets whose money went every way: what was taken is always where it is."""
    event = seller.event()
    lives(seller.office.tickets, event)
    seller.sell(event, quantity=2)
    report = printed(run("report", "--json"))
    assert (report["time_zone"], report["since"], report["until"]) == ("UTC", None, None)
    (concert,) = report["events"]
    assert set(concert) == SUMS | {"event_id", "name", "currency", "days"}
    assert concert["name"] == event.name
    assert set(concert["days"][0]) == SUMS | {"day"}
    (total,) = report["totals"]
    assert set(total) == SUMS | {"currency"}
    first, last = concert["days"]
    for sums in (concert, total, first, last):
        assert sums["taken"] == sum(sums[name] for name in WHERE)
    assert first["day"] != last["day"]
    assert first["taken"] + last["taken"] == total["taken"]


def test_currencies_have_sums_of_their_own(seller: Seller, run: Run) -> None:
    """In JSON, and as a line each in the table."""
    seller.sell(seller.event(price=Money(1000, "jpy")))
    seller.sell(seller.event(price=Money(2500, "usd")))
    totals = printed(run("report", "--json"))["totals"]
    assert [(each["currency"], each["taken"]) for each in totals] == [("jpy", 1000), ("usd", 2500)]
    told = run("report").stdout
    for line in ("1000    1000  JPY", "25.00   25.00  USD"):
        assert line in told
    assert "3500" not in told


def test_one_event_and_some_days_can_be_chosen(seller: Seller, run: Run) -> None:
    """An unknown event is an error, one without tickets is not."""
    seller.sell(seller.event(price=FREE))
    seller.event()
    assert len(printed(run("report", "--event", "1", "--json"))["events"]) == 1
    assert printed(run("report", "--event", "2", "--json"))["events"] == []
    assert run("report", "--event", "2").stdout == "No tickets.\n"
    assert run("report", "--event", "3").exit_code == 1
    chosen = printed(run("report", "--since", "2000-01-01", "--until", "2000-12-31", "--json"))
    assert (chosen["events"], chosen["since"]) == ([], "2000-01-01")


def test_days_are_those_of_the_chosen_zone(seller: Seller, run: Run) -> None:
    """The two are never more than a day apart, and no clock is where both are the same."""
    seller.sell(seller.event(price=FREE))
    days = {
        printed(run("report", "--time-zone", zone, "--json"))["events"][0]["days"][0]["day"]
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    }
    assert len(days) == 2


def test_columns_without_anything_are_left_out(seller: Seller, run: Run) -> None:
    """So that a table fits into a terminal."""
    seller.sell(seller.event())
    before = run("report").stdout
    assert "earned" in before
    assert "refunded" not in before
    run("refund", "1")
    assert "refunded" in run("report").stdout


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--since", "yesterday"),
        ("--until", "0001-01-01"),
        ("--since", "9999-12-31"),
        ("--time-zone", "Berlin"),
        ("--time-zone", "../../etc/passwd"),
        ("--time-zone", "Europe"),
        ("--time-zone", ""),
        ("--time-zone", "a\0b"),
    ],
)
def test_a_wrong_day_or_zone_is_named(migrated: Run, option: str, value: str) -> None:
    """Before anything is read."""
    result = migrated("report", option, value)
    assert result.exit_code == 2
    assert option in result.stderr


def test_days_in_the_wrong_order_are_refused(migrated: Run) -> None:
    """Nothing could be in such a report."""
    result = migrated("report", "--since", "2030-06-02", "--until", "2030-06-01")
    assert result.exit_code == 2
