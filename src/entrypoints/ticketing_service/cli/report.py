"""`ticketing report`: what was sold, and where the money is."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, tzinfo
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import click
from attrs import asdict

from ticketing_core import DaySums, Records, Sums
from ticketing_core.errors import EventNotFound
from ticketing_core.ports import EventRepository
from ticketing_core.sums import sums_by
from ticketing_core.validators import LARGEST_ID
from ticketing_service.cli.amounts import AMOUNTS, written
from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import open_store
from ticketing_service.settings import load_settings

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""No ticket is older or newer, and every day between them has a midnight in all time zones."""

ALWAYS = frozenset({"kept", "sold", "taken", "earned"})
"""The columns of every table. Another column is left out if all of its cells are zero, so that the
table fits into a terminal."""


class Day(click.ParamType[date]):
    """A day of the calendar."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """See `click.ParamType.convert`."""
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2027-06-01.", param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"{value!r} is not from {FIRST_YEAR} to {LAST_YEAR}.", param, ctx)
        return day


class TimeZone(click.ParamType[tzinfo]):
    """A time zone by its name in the IANA database."""

    name = "zone"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tzinfo:
        """See `click.ParamType.convert`."""
        if value == "UTC":
            # It needs no database of time zones, which small machines do not have.
            return UTC
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            self.fail(
                f"{value!r} is not a time zone that this machine knows, such as Europe/Berlin.",
                param,
                ctx,
            )


@click.command()
@click.option("--event", "event_id", type=click.IntRange(1, LARGEST_ID), help="Only this event.")
@click.option("--since", type=Day(), help="The first day.  [default: that of the first ticket]")
@click.option("--until", type=Day(), help="The last day.  [default: that of the last ticket]")
@click.option(
    "--time-zone",
    "zone",
    type=TimeZone(),
    default="UTC",
    show_default=True,
    help="Whose days, such as Europe/Berlin.",
)
@json_option
def report(
    *,
    event_id: int | None,
    since: date | None,
    until: date | None,
    zone: tzinfo,
    as_json: bool,
) -> None:
    """Show what was sold and taken, by event and by day.

    "taken" is what buyers have paid, and always the sum of the five amounts after it. A day is that
    on which a ticket was ordered. What happens to its money later is counted on that day, too: a
    refund today changes the report of the day of the sale.

    A column in which all would be zero is left out. --json has all of them, in exact minor units.
    """
    if since and until and since > until:
        raise click.UsageError("--since is later than --until.")
    with closing(open_store(load_settings())) as store:
        if event_id is not None and store.events.by_id(event_id) is None:
            raise EventNotFound(event_id)
        records = Records(tickets=store.tickets)
        lines = list(records.report(zone=zone, since=since, until=until, event_id=event_id))
        names = _names({line.event_id for line in lines}, events=store.events)
    if as_json:
        chosen = {"time_zone": str(zone), "since": since, "until": until}
        print_json(
            {name: value and str(value) for name, value in chosen.items()} | _shape(lines, names)
        )
    elif lines:
        _print(lines, names)
    else:
        click.echo("No tickets.")


def _names(event_ids: Iterable[int], *, events: EventRepository) -> Mapping[int, str]:
    found = [events.by_id(event_id) for event_id in event_ids]
    return {event.event_id: event.name for event in found if event is not None}


def _shape(lines: Sequence[DaySums], names: Mapping[int, str]) -> dict[str, Any]:
    by_event = sums_by(lines, by=attrgetter("event_id", "currency"))
    days: dict[tuple[int, str], list[dict[str, Any]]] = {key: [] for key in by_event}
    for line in lines:
        shape = {"day": str(line.day), **asdict(line.sums)}
        days[line.event_id, line.currency].append(shape)
    return {
        "events": [
            {
                "event_id": event_id,
                "name": names[event_id],
                "currency": currency,
                **asdict(sums),
                "days": days[event_id, currency],
            }
            for (event_id, currency), sums in sorted(by_event.items())
        ],
        "totals": [
            {"currency": currency, **asdict(sums)}
            for currency, sums in sorted(sums_by(lines, by=attrgetter("currency")).items())
        ],
    }


def _print(lines: Sequence[DaySums], names: Mapping[int, str]) -> None:
    events = sums_by(lines, by=attrgetter("event_id", "currency"))
    rows = [
        (f"{event_id} {names[event_id]}", currency, sums)
        for (event_id, currency), sums in sorted(events.items())
    ]
    if len(events) > 1:
        totals = sums_by(lines, by=attrgetter("currency"))
        rows += [("all events", currency, sums) for currency, sums in sorted(totals.items())]
    _print_sums("event", rows)
    click.echo()
    days = sums_by(lines, by=attrgetter("day", "currency"))
    _print_sums("day", [(str(day), money, sums) for (day, money), sums in sorted(days.items())])


def _print_sums(of: str, rows: Sequence[tuple[str, str, Sums]]) -> None:
    shapes = [asdict(sums) for _, _, sums in rows]
    shown = [name for name in shapes[0] if name in ALWAYS or any(each[name] for each in shapes)]
    columns = [name.replace("_", " ") for name in shown]
    cells = [
        (name, *(_cell(each, shape[each], currency) for each in shown), currency.upper())
        for (name, currency, _), shape in zip(rows, shapes, strict=True)
    ]
    print_table([of, *columns, ""], cells, numbers=columns)


def _cell(name: str, value: int, currency: str) -> object:
    # The currency has a column of its own.
    return written(value, currency).partition(" ")[0] if name in AMOUNTS else value
