"""`ticketing token`: make access tokens for development."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import jwt

from ticketing_core.ticket import LONGEST_BUYER
from ticketing_core.validators import LARGEST_ID
from ticketing_service.access import AccessTokens
from ticketing_service.cli.output import json_option, print_json
from ticketing_service.settings import load_settings

LONGEST_HOURS = 24 * 365


def access_token(
    access: AccessTokens,
    *,
    user: str,
    roles: tuple[str, ...] = (),
    events: tuple[int, ...] = (),
    expires_at: datetime,
) -> str:
    """Make an access token that the service accepts.

    Raises:
        ValueError: The service has only public keys.
    """
    if access.secret is None:
        raise ValueError("making tokens needs a shared secret")
    claims: dict[str, Any] = {
        access.identity_claim: user,
        "type": "access",
        "iat": datetime.now(UTC),
        "exp": expires_at,
    }
    demanded = {"iss": access.issuer, "aud": access.audience}
    claims |= {name: text for name, text in demanded.items() if text}
    if roles:
        claims[access.roles_claim] = list(roles)
    if events:
        claims[access.events_claim] = list(events)
    return jwt.encode(claims, access.secret, access.algorithm)


@click.command()
@click.option("--user", required=True, help="The id of the buyer, or a name for staff.")
@click.option(
    "--role",
    type=click.Choice(["organizer", "gate"]),
    help="What they may do besides buying.",
)
@click.option(
    "--event",
    "events",
    type=click.IntRange(1, LARGEST_ID),
    multiple=True,
    metavar="ID",
    help="An event for which the role counts; may be given again.  [default: all events]",
)
@click.option(
    "--hours",
    type=click.IntRange(1, LONGEST_HOURS),
    default=1,
    show_default=True,
    help="How long the token is valid.",
)
@json_option
def token(
    *, user: str, role: str | None, events: tuple[int, ...], hours: int, as_json: bool
) -> None:
    """Make an access token for development, from TICKETING_JWT_SECRET."""
    if not 0 < len(user) <= LONGEST_BUYER:
        raise click.BadParameter(f"must have 1 to {LONGEST_BUYER} characters.", param_hint="--user")
    access = load_settings(access=True).access
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    if access is None or access.secret is None:
        raise click.ClickException(
            "TICKETING_JWT_SECRET is not set: with public keys, only their owner can make tokens."
        )
    roles = (role,) if role else ()
    made = access_token(access, user=user, roles=roles, events=events, expires_at=expires_at)
    if as_json:
        print_json({"access_token": made, "expires_at": expires_at.isoformat()})
    else:
        click.echo(made)
