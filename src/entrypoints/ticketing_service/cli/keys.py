"""`ticketing keys`: list, publish and revoke the keys of admission tokens."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from ticketing_service.cli.output import json_option, print_json, print_table
from ticketing_service.composition import Store, current_kid, open_store, publish_key
from ticketing_service.observing.logs import visible
from ticketing_service.settings import Settings, load_settings


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def keys(context: click.Context, *, as_json: bool) -> None:
    """List the public keys of admission tokens, including those of the past.

    With --json it is a key set (RFC 7517), as the service publishes it: without revoked keys.
    """
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    with closing(open_store(settings)) as store:
        found, revoked = store.public_keys.all(), store.public_keys.revoked()
    if as_json:
        print_json({"keys": [{"kid": kid, "use": "sig", **jwk} for kid, jwk in found.items()]})
        return
    if not found and not revoked:
        click.echo("There are none yet; `ticketing serve` makes one or uses the one that is set.")
        return
    current = current_kid(settings)
    print_table(
        ["kid", "current", "revoked"],
        [
            (kid, "yes" if kid == current else "", _shown(revoked.get(kid)))
            for kid in [*found, *revoked]
        ],
    )


@keys.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def publish(*, file: Path, as_json: bool) -> None:
    """Publish the public half of the private key in FILE, before anything is signed with it."""
    with closing(open_store(load_settings())) as store:
        kid = publish_key(file, store).kid
    if as_json:
        print_json({"kid": kid})
    else:
        click.echo(
            f"Published {kid}. Gates know it within five minutes, and those that work offline when "
            "they next read the key set."
        )


# A name may begin with a hyphen, also with that of -h.
@keys.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def revoke(*, kid: str, yes: bool, as_json: bool) -> None:
    """Revoke the key KID for good, because others may have its private half.

    No token that it has signed is genuine any more. Buyers get a new QR code when they look at
    their ticket; those that are printed or saved have to be let in by the code of the ticket.
    """
    settings = load_settings()
    with closing(open_store(settings)) as store:
        if kid not in store.public_keys.revoked():
            _refuse_if_needed(kid, settings=settings, store=store)
            if not yes:
                printed = f"Gates will refuse tickets that were printed or saved with {kid}."
                click.confirm(visible(f"{printed} Revoke it for good?"), abort=True, err=True)
            store.public_keys.revoke(kid, at=store.clock.now())
        revoked_at = store.public_keys.revoked()[kid]
    if as_json:
        print_json({"kid": kid, "revoked_at": _shown(revoked_at)})
    else:
        click.echo(f"{kid} is revoked since {_shown(revoked_at)}.")


def _refuse_if_needed(kid: str, *, settings: Settings, store: Store) -> None:
    """Refuse to revoke a key that is not there, or that something still needs.

    Raises:
        ClickException: The key cannot be revoked, or not yet.
    """
    counting = store.public_keys.all()
    if kid not in counting:
        raise click.ClickException(f"There is no key {kid}; `ticketing keys` lists them.")
    current = current_kid(settings)
    if current is None:
        raise click.ClickException(
            "There is no signing key file here, so it is not known which key signs now. Run this "
            "where the service runs, or set TICKETING_SIGNING_KEY_FILE."
        )
    first = (
        f"First put another key into {settings.signing_key_file} and restart every process; "
        "docs/operations.md has the steps under Keys."
    )
    if kid == current:
        raise click.ClickException(f"{kid} signs admission tokens now. {first}")
    if current not in counting:
        raise click.ClickException(f"{current}, the key in use here, is not published. {first}")


def _shown(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).isoformat(timespec="seconds")
