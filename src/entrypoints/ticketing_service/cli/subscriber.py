"""`ticketing subscriber`: which programs get messages about tickets and events."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import click

from ticketing_core import MessageKind, Subscription, Subscriptions
from ticketing_core.ports.outbox import Waiting
from ticketing_service.cli.instants import Instant
from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import (
    new_secret,
    objection_to_url,
    open_store,
    subscriptions_of,
)
from ticketing_service.observing.logs import visible
from ticketing_service.settings import load_settings

MOST_ABANDONED = 100
"""The most messages shown for one subscriber. More of them would have the same cause."""


@contextmanager
def _subscriptions() -> Iterator[Subscriptions]:
    with closing(open_store(load_settings())) as store:
        yield subscriptions_of(store)


@click.group()
def subscriber() -> None:
    """Tell other programs of each change of a ticket or an event, by webhook."""


@subscriber.command()
@click.argument("name")
@click.argument("url", required=False)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in MessageKind]),
    help="Which messages it gets; may be given more than once.  [default: all]",
)
@json_option
def add(*, name: str, url: str | None, kinds: Sequence[str], as_json: bool) -> None:
    """Tell the program at URL of each change from now on, and print the secret that signs.

    The secret is shown only now. Without URL it is a subscriber within your own program.
    """
    settings = load_settings()
    objection = None if url is None else objection_to_url(url, settings)
    if objection is not None:
        raise click.UsageError(f"URL {objection}.")
    secret = None if url is None else new_secret()
    with closing(open_store(settings)) as store:
        try:
            added = subscriptions_of(store).subscribe(
                name, kinds=[MessageKind(each) for each in kinds], url=url, secret=secret
            )
        except ValueError as error:
            raise click.UsageError(
                "NAME must have at most 64 characters: letters, digits, - and _."
            ) from error
    _print(added, secret=secret, as_json=as_json)


@subscriber.command("list")
@click.option("--abandoned", is_flag=True, help="The messages that were refused for too long.")
@json_option
def list_subscribers(*, abandoned: bool, as_json: bool) -> None:
    """List the subscribers, or the messages that they refused for three days.

    WAITING_SINCE and REFUSED_SINCE are of the message of each that waits for longest.
    """
    with _subscriptions() as subscriptions:
        found, waiting = subscriptions.all(), subscriptions.waiting()
        left_out = [
            {
                "name": each.name,
                "message_id": one.message.message_id,
                "type": one.message.kind.value,
                "abandoned_at": one.at.isoformat(),
            }
            for each in found
            if abandoned
            for one in subscriptions.abandoned(each.name, limit=MOST_ABANDONED)
        ]
    rows = left_out if abandoned else [_listed(each, waiting.get(each.name)) for each in found]
    if as_json:
        print_json({"abandoned" if abandoned else "subscribers": rows})
    elif not rows:
        click.echo("There are none.")
    else:
        print_table(list(rows[0]), [[_shown(value) for value in row.values()] for row in rows])


@subscriber.command()
@click.argument("name")
@json_option
def rotate(*, name: str, as_json: bool) -> None:
    """Give NAME a new secret and print it, only now. The one before signs, too, for 24 hours."""
    with _subscriptions() as subscriptions:
        known = {each.name: each for each in subscriptions.all()}
        if name in known and known[name].url is None:
            raise click.ClickException(f"{name} is within your program and has no secret.")
        secret = new_secret()
        rotated = subscriptions.rotate(name, secret)
    _print(rotated, secret=secret, as_json=as_json)


@subscriber.command()
@click.argument("name")
@json_option
def enable(*, name: str, as_json: bool) -> None:
    """Let NAME go on at once, with what waits for it: disabled or paused."""
    with _subscriptions() as subscriptions:
        _print(subscriptions.enable(name), as_json=as_json)


@subscriber.command()
@click.argument("name")
@json_option
def disable(*, name: str, as_json: bool) -> None:
    """Deliver nothing to NAME until it is enabled. Its messages are kept for 30 days."""
    with _subscriptions() as subscriptions:
        _print(subscriptions.disable(name), as_json=as_json)


@subscriber.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(*, name: str, yes: bool, as_json: bool) -> None:
    """Delete NAME, and the messages that it did not get."""
    with _subscriptions() as subscriptions:
        if not yes:
            what = f"Delete {visible(name)} and the messages that it did not get?"
            click.confirm(what, abort=True, err=True)
        subscriptions.unsubscribe(name)
    if as_json:
        print_json({"name": name})
    else:
        click.echo(f"{visible(name)} is deleted.")


@subscriber.command()
@click.argument("name")
@click.option("--since", type=Instant(), required=True, help="The oldest change that counts.")
@json_option
def replay(*, name: str, since: datetime, as_json: bool) -> None:
    """Tell NAME of the present state of all that changed since then: one message of each.

    After a restore, replay everything: --since 2000-01-01T00:00:00Z.
    """
    with _subscriptions() as subscriptions:
        subscriptions.replay(name, since=since)
    if as_json:
        print_json({"name": name, "since": since.isoformat()})
    else:
        click.echo(f"{visible(name)} is told of all that changed since {since.isoformat()}.")


def _print(found: Subscription, *, secret: str | None = None, as_json: bool) -> None:
    shape = _shape(found) | ({} if secret is None else {"secret": secret})
    if as_json:
        print_json(shape)
    else:
        print_table(["", ""], [(name, _shown(value)) for name, value in shape.items()])


def _shape(found: Subscription) -> dict[str, Any]:
    """Return a subscription without its secrets."""
    return {
        "name": found.name,
        "url": found.url,
        "kinds": sorted(found.kinds),
        "failing_since": _instant(found.failing_since),
        "paused_until": _instant(found.paused_until),
        "disabled_at": _instant(found.disabled_at),
    }


def _listed(found: Subscription, waiting: Waiting | None) -> dict[str, Any]:
    return _shape(found) | {
        "waiting_since": _instant(waiting.since if waiting else None),
        "refused_since": _instant(waiting.refused_since if waiting else None),
    }


def _shown(value: Any) -> object:
    if isinstance(value, list):
        return ", ".join(value) or "all"
    return "-" if value is None else value


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
