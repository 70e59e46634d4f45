"""The settings of the service: what environment variables may say, and what fits together.

Everything that is wrong is told at once, each by its variable's name; no secret is ever printed.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, fields_dict, frozen

from ticketing_service.settings_checks import PREFIX, Checks, Problem, Texts

if TYPE_CHECKING:
    from ticketing_service.access import AccessTokens

__all__ = [
    "PREFIX",
    "CannotStart",
    "Problem",
    "Settings",
    "SettingsRefused",
    "Texts",
    "load_settings",
]


class CannotStart(Exception):
    """Something that the operator has to put right first; the text says what."""


class SettingsRefused(CannotStart):
    """The settings cannot be used.

    Attributes:
        problems: All that is missing or wrong.
    """

    def __init__(self, problems: list[Problem]) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"These settings are missing or wrong:{listed}")
        self.problems = problems


@frozen(kw_only=True)
class Settings:
    """Settings that were checked, each by itself and together.

    Attributes:
        database_url: SQLite or PostgreSQL, as SQLAlchemy writes it. It may hold a password.
        sqlite_file: The file it names; None on PostgreSQL.
        stripe_secret_key: None means that only free tickets can be bought.
        stripe_webhook_secret: What Stripe signs its webhooks with.
        stripe_api_base: Another address than Stripe's own, such as a sandbox.
        access: Which access tokens are believed; None where nobody asked for it.
        frontend_url: Where buyers come from and return to, without a last slash.
        hold: How long an unpaid ticket keeps its places.
        signing_key_file: The private key of admission tokens. On SQLite it may not exist yet;
            None only on PostgreSQL, where nobody asked for it.
    """

    database_url: str = field(repr=False)
    sqlite_file: Path | None
    stripe_secret_key: str | None = field(repr=False)
    stripe_webhook_secret: str | None = field(repr=False)
    stripe_api_base: str | None
    access: "AccessTokens | None"
    frontend_url: str
    hold: timedelta
    signing_key_file: Path | None


def load_settings(*, access: bool = False, signing_key: bool = False) -> Settings:
    """Read the settings from the environment. A variable that is set to nothing is not set.

    Args:
        access: Whether access tokens are checked or made; else those variables are not looked at.
        signing_key: Whether admission tokens are signed, which on PostgreSQL takes a key file.

    Raises:
        SettingsRefused: Something is missing or wrong; all of it is listed.
    """
    named = {name: os.environ.get(f"{PREFIX}{name.upper()}", "") for name in fields_dict(Texts)}
    texts = Texts(**{name: text for name, text in named.items() if text.strip()})
    check = Checks()
    sqlite_file = check.sqlite_file(texts.database_url)
    # Which key goes with the database is asked only where it is known what it is.
    database_is_fine = not check.problems
    settings = Settings(
        database_url=texts.database_url,
        sqlite_file=sqlite_file,
        stripe_secret_key=check.secret(
            "STRIPE_SECRET_KEY", texts.stripe_secret_key, begins=("sk_", "rk_")
        ),
        stripe_webhook_secret=check.webhook_secret(
            texts.stripe_webhook_secret, secret_key=texts.stripe_secret_key
        ),
        stripe_api_base=check.address("STRIPE_API_BASE", texts.stripe_api_base),
        access=check.access(texts) if access else None,
        frontend_url=check.address("FRONTEND_URL", texts.frontend_url) or "",
        hold=check.hold(texts.hold_minutes),
        signing_key_file=check.signing_key_file(
            texts.signing_key_file,
            sqlite_file=sqlite_file,
            wanted=signing_key and database_is_fine,
        ),
    )
    check.names(os.environ)
    if check.problems:
        raise SettingsRefused(check.problems)
    return settings
