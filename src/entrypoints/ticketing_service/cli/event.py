"""`ticketing event`: add, list and show events."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import click

from ticketing_core import Event, EventDraft, Money
from ticketing_core.errors import EventNotFound
from ticketing_core.event import DEFAULT_MAX_PER_ORDER, Added, IdTaken
from ticketing_core.ports import EventRepository
from ticketing_core.validators import LARGEST_ID, LARGEST_INTEGER
from ticketing_service.cli.instants import Instant
from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import is_payable, largest_price, open_store, smallest_price
from ticketing_service.settings import load_settings

PAGE = 100
"""Events read at a time."""

_count = click.IntRange(1, LARGEST_INTEGER)
_id = click.IntRange(1, LARGEST_ID)


@click.group()
def event() -> None:
    """Add events and list them."""


@event.command()
@click.option("--id", "event_id", type=_id, help="The id.  [default: the next free one]")
@click.option("--name", required=True, help="What buyers read.")
@click.option("--price", required=True, help="Of one place, such as 25.00; 0 makes the event free.")
@click.option("--currency", default="usd", show_default=True, help="ISO 4217 code.")
@click.option("--capacity", type=_count, required=True, help="The number of places.")
@click.option("--opens-at", type=Instant(), help="When the sale opens.  [default: it is open]")
@click.option("--closes-at", type=Instant(), help="When the sale closes.  [default: never]")
@click.option(
    "--max-per-order",
    type=_count,
    default=DEFAULT_MAX_PER_ORDER,
    show_default=True,
    help="The most places on one ticket.",
)
@click.option(
    "--max-per-buyer", type=_count, help="The most places of one buyer.  [default: no limit]"
)
@json_option
def add(*, price: str, currency: str, as_json: bool, **values: Any) -> None:
    """Add an event and print it."""
    try:
        draft = EventDraft(price=Money.parse(price, currency), **values)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    if not is_payable(draft.price.currency):
        raise click.BadParameter(
            f"Stripe does not accept payments in {currency!r}.", param_hint="--currency"
        )
    largest = largest_price(draft.price)
    if largest is not None:
        raise click.BadParameter(f"Stripe takes at most {largest}.", param_hint="--price")
    smallest = smallest_price(draft.price)
    if smallest is not None:
        click.echo(
            f"Warning: Stripe may refuse payments below {smallest}, depending on the currency "
            "of your payouts; 0 makes the event free.",
            err=True,
        )
    with closing(open_store(load_settings())) as store:
        match store.events.add(draft):
            case Added(event=added):
                _print(added, as_json=as_json)
            case IdTaken(event_id=taken):
                raise click.ClickException(f"Event {taken} already exists.")


@event.command("list")
@json_option
def list_events(*, as_json: bool) -> None:
    """List all events, the newest first."""
    with closing(open_store(load_settings())) as store:
        found = list(_all(store.events))
    if as_json:
        print_json({"events": [_shape(each) for each in found]})
        return
    print_table(
        ["id", "name", "price", "left", "of"],
        [(e.event_id, e.name, _price(e), e.places_left, e.capacity) for e in found],
    )


@event.command()
@click.argument("event_id", type=_id)
@json_option
def show(*, event_id: int, as_json: bool) -> None:
    """Show one event."""
    with closing(open_store(load_settings())) as store:
        found = store.events.by_id(event_id)
    if found is None:
        raise EventNotFound(event_id)
    _print(found, as_json=as_json)


def _all(events: EventRepository) -> Iterator[Event]:
    before = None
    while page := events.newest(before=before, limit=PAGE):
        yield from page
        before = page[-1].event_id


def _print(found: Event, *, as_json: bool) -> None:
    if as_json:
        print_json(_shape(found))
        return
    shape = _shape(found) | {"price": _price(found)}
    print_table(
        ["", ""], [(name, "-" if value is None else value) for name, value in shape.items()]
    )


def _price(found: Event) -> str:
    return "free" if found.is_free else str(found.price)


def _shape(found: Event) -> dict[str, Any]:
    """Return the event as the HTTP API shows it."""
    return {
        "event_id": found.event_id,
        "name": found.name,
        "price": {"amount_minor": found.price.amount_minor, "currency": found.price.currency},
        "capacity": found.capacity,
        "places_left": found.places_left,
        "opens_at": found.opens_at and found.opens_at.isoformat(),
        "closes_at": found.closes_at and found.closes_at.isoformat(),
        "max_per_order": found.max_per_order,
        "max_per_buyer": found.max_per_buyer,
    }
