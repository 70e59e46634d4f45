"""The settings of the service: environment variables, checked one by one and together.

One start lists everything that is wrong, each by its variable's name. No secret is ever printed.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, fields_dict, frozen

from ticketing_service.settings_checks import keys, values
from ticketing_service.settings_checks.database import sqlite_file
from ticketing_service.settings_checks.problems import PREFIX, Problem, Problems
from ticketing_service.settings_checks.texts import Texts, check_names

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
        problems: Everything that is missing or wrong.
    """

    def __init__(self, problems: list[Problem]) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"These settings are missing or wrong:{listed}")
        self.problems = problems


@frozen(kw_only=True)
class Settings:
    """Settings that have been checked, one by one and together.

    Attributes:
        database_url: SQLite or PostgreSQL, as SQLAlchemy writes it. It may hold a password.
        sqlite_file: The file of a SQLite database; None for PostgreSQL.
        stripe_secret_key: None means that only free tickets can be bought.
        stripe_webhook_secret: The secret with which Stripe signs its webhooks.
        stripe_api_base: Another address than Stripe's own, such as a sandbox.
        access: Which access tokens are accepted; None if they were not loaded.
        frontend_url: Where buyers come from and return to, without a last slash.
        hold: How long an unpaid ticket keeps its places.
        signing_key_file: The private key of admission tokens. With SQLite it may not exist yet;
            with PostgreSQL it is None if it is neither set nor needed.
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
    """Read the settings from the environment. An empty or blank variable counts as not set.

    Args:
        access: Whether access tokens are checked or made. Otherwise their variables are ignored.
        signing_key: Whether admission tokens are signed, for which PostgreSQL needs a key file.

    Raises:
        SettingsRefused: Something is missing or wrong; all of it is listed.
    """
    named = {name: os.environ.get(f"{PREFIX}{name.upper()}", "") for name in fields_dict(Texts)}
    texts = Texts(**{name: text for name, text in named.items() if text.strip()})
    problems = Problems()
    file = sqlite_file(texts.database_url, problems)
    # Which key belongs to a database cannot be said of an address that is wrong.
    database_is_known = not problems
    settings = Settings(
        database_url=texts.database_url,
        sqlite_file=file,
        stripe_secret_key=values.stripe_secret(
            "STRIPE_SECRET_KEY", texts.stripe_secret_key, problems, begins=("sk_", "rk_")
        ),
        stripe_webhook_secret=values.webhook_secret(
            texts.stripe_webhook_secret, problems, secret_key=texts.stripe_secret_key
        ),
        stripe_api_base=values.address("STRIPE_API_BASE", texts.stripe_api_base, problems),
        access=keys.access_tokens(texts, problems) if access else None,
        frontend_url=values.address("FRONTEND_URL", texts.frontend_url, problems) or "",
        hold=values.hold(texts.hold_minutes, problems),
        signing_key_file=keys.signing_key_file(
            texts.signing_key_file,
            problems,
            sqlite_file=file,
            needed=signing_key and database_is_known,
        ),
    )
    check_names(os.environ, problems)
    if problems:
        raise SettingsRefused(problems)
    return settings
