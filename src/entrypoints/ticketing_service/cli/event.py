"""`ticketing event`: add, change, close, cancel, list and show events."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import click

from ticketing_core import Event, EventDraft, Money, Organizer
from ticketing_core.errors import EventNotFound, IdTaken
from ticketing_core.event import DEFAULT_MAX_PER_ORDER, LARGEST_OWN_ID, Added
from ticketing_core.money import CURRENCIES
from ticketing_core.ports import EventRepository
from ticketing_core.validators import LARGEST_ID, LARGEST_INTEGER
from ticketing_service.cli.instants import Instant
from ticketing_service.cli.optional import NONE, OrNone
from ticketing_service.cli.output import agrees, json_option, print_json, print_table
from ticketing_service.composition import (
    largest_price,
    open_store,
    organizer_for_commands,
    smallest_price,
)
from ticketing_service.observing.logs import visible
from ticketing_service.settings import load_settings

PAGE = 100
"""Events read at a time."""

_count = click.IntRange(1, LARGEST_INTEGER)
_id = click.IntRange(1, LARGEST_ID)
_own_id = click.IntRange(1, LARGEST_OWN_ID)

BY = "operator"
"""The author in the history of events."""


def _evening(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options about when and where an event is."""
    for option in (
        click.option("--doors-at", type=OrNone(Instant()), help="When people are let in."),
        click.option("--starts-at", type=OrNone(Instant()), help="When it begins."),
        click.option("--ends-at", type=OrNone(Instant()), help="When it is over."),
        click.option("--venue", type=OrNone(click.STRING), help="Where it is."),
        click.option("--time-zone", help="In which its times are shown, such as Europe/Berlin."),
    ):
        command = option(command)
    return command


@contextmanager
def _organizer() -> Iterator[Organizer]:
    settings = load_settings()
    with closing(open_store(settings)) as store:
        yield organizer_for_commands(settings, store=store)


def _latest(organizer: Organizer, event_id: int) -> Event:
    event = organizer.events.latest(event_id)
    if event is None:
        raise EventNotFound(event_id)
    return event


@click.group()
def event() -> None:
    """Add, change, close, cancel, list and show events."""


@event.command()
@click.option("--id", "event_id", type=_own_id, help="The id.  [default: the next free one]")
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
@_evening
@json_option
def add(*, price: str, currency: str, as_json: bool, **given: Any) -> None:
    """Add an event and print it."""
    values = {name: value for name, value in given.items() if value not in (None, NONE)}
    try:
        draft = EventDraft(price=Money.parse(price, currency), **values)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    if draft.price.currency not in CURRENCIES:
        raise click.BadParameter(f"No cards are charged in {currency!r}.", param_hint="--currency")
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
        match store.events.add(draft, at=store.clock.now(), by=BY):
            case Added(event=added):
                _print(added, as_json=as_json)
            case IdTaken(event_id=taken):
                raise click.ClickException(f"Event {taken} already exists.")


@event.command("set")
@click.argument("event_id", type=_id)
@click.option("--name", help="What buyers read.")
@click.option("--price", help="Of one place, such as 25.00; 0 makes the event free.")
@click.option("--capacity", type=_count, help="The number of places.")
@click.option("--opens-at", type=OrNone(Instant()), help="When the sale opens; `none`: it is open.")
@click.option("--closes-at", type=OrNone(Instant()), help="When the sale closes; `none`: never.")
@click.option("--max-per-order", type=_count, help="The most places on one ticket.")
@click.option(
    "--max-per-buyer", type=OrNone(_count), help="The most places of one buyer; `none`: no limit."
)
@_evening
@json_option
def change(*, event_id: int, price: str | None, as_json: bool, **given: Any) -> None:
    """Change an event: only what is given. Tickets keep the price at which they were ordered."""
    terms = {name: value for name, value in given.items() if value is not None}
    terms = {name: None if value is NONE else value for name, value in terms.items()}
    with _organizer() as organizer:
        event = _latest(organizer, event_id)
        try:
            if price is not None:
                terms["price"] = Money.parse(price, event.price.currency)
            changed = organizer.change_event(event_id, terms, version=event.version, by=BY)
            if "starts_at" in terms and "closes_at" not in terms and changed.closes_at:
                at = _instant(changed.closes_at)
                click.echo(f"The sale still closes at {at}; --closes-at changes it.", err=True)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from error
        _print(changed, as_json=as_json)


@event.command()
@click.argument("event_id", type=_id)
@json_option
def close(*, event_id: int, as_json: bool) -> None:
    """Sell nothing of an event from now on. `set --closes-at` opens the sale again."""
    with _organizer() as organizer:
        version = _latest(organizer, event_id).version
        _print(organizer.close_sale(event_id, version=version, by=BY), as_json=as_json)


@event.command()
@click.argument("event_id", type=_id)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def cancel(*, event_id: int, yes: bool, as_json: bool) -> None:
    """Cancel an event for good: close its sale, void its tickets, and give the money back.

    The service does the refunds, at the pace that the payment provider allows.

    The sale is closed before the question, so that the sum does not grow meanwhile. If you answer
    no, it goes on as before.
    """
    with _organizer() as organizer:
        before = event = _latest(organizer, event_id)
        if event.cancelled_at is None:
            event = organizer.close_sale(event_id, version=event.version, by=BY)
        preview = organizer.preview_cancellation(event_id)
        if event.cancelled_at is None and not yes:
            what = f"{preview.tickets} tickets, {preview.refund_total} back"
            click.echo(f"The sale of {visible(event.name)} is closed while you decide.", err=True)
            if not agrees(f"Cancel {visible(event.name)} for good ({what})?"):
                terms = {"closes_at": before.closes_at}
                organizer.change_event(event_id, terms, version=event.version, by=BY)
                raise click.ClickException("Not cancelled. The sale is as it was before.")
        cancelled = organizer.cancel_event(
            event_id,
            version=event.version,
            refund_total_minor=preview.refund_total.amount_minor,
            by=BY,
        )
        _print(cancelled, as_json=as_json)


@event.command("list")
@json_option
def list_events(*, as_json: bool) -> None:
    """List all events, the newest first."""
    with closing(open_store(load_settings())) as store:
        found, now = list(_all(store.events)), store.clock.now()
    if as_json:
        print_json({"events": [_shape(each) for each in found]})
        return
    print_table(
        ["id", "name", "starts_at", "state", "price", "left", "of"],
        [
            (
                *(e.event_id, e.name, _instant(e.starts_at) or "-", _state(e, now)),
                *(_price(e), e.places_left, e.capacity),
            )
            for e in found
        ],
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


def _state(found: Event, now: datetime) -> str:
    """Return whether places can be bought now, and if not, why."""
    if found.is_cancelled:
        return "cancelled"
    if found.closes_at is not None and found.closes_at <= now:
        return "closed"
    if found.opens_at is not None and now < found.opens_at:
        return "not open yet"
    return "on sale" if found.places_left else "sold out"


def _price(found: Event) -> str:
    return "free" if found.is_free else str(found.price)


def _shape(found: Event) -> dict[str, Any]:
    """Return the event with the names of the HTTP API, as JSON can hold it."""
    return {
        "event_id": found.event_id,
        "name": found.name,
        "price": {"amount_minor": found.price.amount_minor, "currency": found.price.currency},
        "capacity": found.capacity,
        "places_left": found.places_left,
        "opens_at": _instant(found.opens_at),
        "closes_at": _instant(found.closes_at),
        "max_per_order": found.max_per_order,
        "max_per_buyer": found.max_per_buyer,
        "starts_at": _instant(found.starts_at),
        "ends_at": _instant(found.ends_at),
        "doors_at": _instant(found.doors_at),
        "venue": found.venue,
        "time_zone": found.time_zone,
        "version": found.version,
        "cancelled_at": _instant(found.cancelled_at),
        "unwound_at": _instant(found.unwound_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
