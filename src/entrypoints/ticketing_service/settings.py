"""The settings of the service: environment variables, checked one by one and together.

One start lists everything that is wrong, each by its variable's name. No secret is ever printed.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from ticketing_core.reservation import DEFAULT_MAX_UNPAID_PLACES
from ticketing_service.settings_checks import keys, stripe, values
from ticketing_service.settings_checks.database import sqlite_file
from ticketing_service.settings_checks.mistakes import PREFIX, Mistakes, SettingMistake
from ticketing_service.settings_checks.observing import Observing, observing
from ticketing_service.settings_checks.variables import Variables, check_names, read_variables

if TYPE_CHECKING:
    from ticketing_service.access import AccessTokens

__all__ = [
    "PREFIX",
    "CannotStart",
    "SettingMistake",
    "Settings",
    "SettingsRefused",
    "Variables",
    "load_settings",
]


class CannotStart(Exception):
    """Something that the operator has to put right first; the text says what."""


class SettingsRefused(CannotStart):
    """The settings cannot be used.

    Attributes:
        mistakes: Everything that is missing or wrong.
    """

    def __init__(self, mistakes: list[SettingMistake]) -> None:
        listed = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"These settings are missing or wrong:{listed}")
        self.mistakes = mistakes


@frozen(kw_only=True)
class Settings:
    """Settings that have been checked, one by one and together; `Variables` has them as text.

    Attributes:
        database_url: SQLite or PostgreSQL, as SQLAlchemy writes it. It may hold a password.
        sqlite_file: The file of a SQLite database; None for PostgreSQL.
        stripe_secret_key: None means that only free tickets can be bought.
        stripe_webhook_secret: The secret with which Stripe signs its webhooks.
        stripe_api_base: Another address than Stripe's own, such as a sandbox.
        access: Which access tokens are accepted; None if they were not loaded.
        key_set_place: The file or address of the key set that they are checked with, if there is
            one: to be read again while the service runs.
        frontend_url: Where buyers come from and return to, without a last slash.
        cors_origins: Further origins whose pages may call from a browser.
        trusted_proxies: How many proxies in front say under which path the service is.
        hold: How long an unpaid ticket keeps its places.
        max_unpaid_places: The most unpaid places of one buyer at one event.
        stripe_slow_methods: Whether buyers may pay by methods that take days.
        stripe_statement_suffix: What follows the account's prefix on a card statement.
        stripe_locale: The language of the payment page; None for the browser's.
        stripe_terms: Whether buyers have to accept the terms of service.
        stripe_calls_per_second: The most calls a second of each operation of Stripe's API.
        stripe_calls_in_all: The most calls a second of Stripe's API.
        signing_key_file: The private key of admission tokens. With SQLite it may not exist yet;
            with PostgreSQL it is None if it is neither set nor needed.
        webhooks_private: Whether webhooks may go to private addresses and to this machine.
        observing: The log and the metrics.
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
    max_unpaid_places: int = DEFAULT_MAX_UNPAID_PLACES
    key_set_place: str | None = None
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: int = 0
    stripe_slow_methods: bool = False
    stripe_statement_suffix: str | None = None
    stripe_locale: str | None = None
    stripe_terms: bool = False
    stripe_calls_per_second: int = 25
    stripe_calls_in_all: int = 25
    webhooks_private: bool = False
    observing: Observing = field(factory=Observing)

    @property
    def stripe_key_is_live(self) -> bool:
        """Whether the Stripe key takes real money."""
        return stripe.is_live(self.stripe_secret_key or "")


def load_settings(*, access: bool = False, signing_key: bool = False) -> Settings:
    """Read the settings from the environment. An empty or blank variable counts as not set.

    Args:
        access: Whether access tokens are checked or made. Otherwise no key is needed for them.
        signing_key: Whether admission tokens are signed, for which PostgreSQL needs a key file.

    Raises:
        SettingsRefused: Something is missing or wrong; all of it is listed.
    """
    mistakes = Mistakes()
    variables = read_variables(os.environ, mistakes)
    before = len(mistakes)
    file = sqlite_file(variables.database_url, mistakes)
    # Which key belongs to a database cannot be said of an address that is wrong.
    database_is_known = len(mistakes) == before
    settings = Settings(
        database_url=variables.database_url,
        sqlite_file=file,
        stripe_secret_key=stripe.secret(
            "STRIPE_SECRET_KEY", variables.stripe_secret_key, mistakes, begins=("sk_", "rk_")
        ),
        stripe_webhook_secret=stripe.webhook_secret(
            variables.stripe_webhook_secret, mistakes, secret_key=variables.stripe_secret_key
        ),
        stripe_api_base=values.address("STRIPE_API_BASE", variables.stripe_api_base, mistakes),
        stripe_slow_methods=values.switch(
            "STRIPE_SLOW_METHODS", variables.stripe_slow_methods, mistakes
        ),
        stripe_statement_suffix=stripe.statement_suffix(
            variables.stripe_statement_suffix, mistakes
        ),
        stripe_locale=stripe.locale(variables.stripe_locale, mistakes),
        stripe_terms=values.switch("STRIPE_TERMS", variables.stripe_terms, mistakes),
        stripe_calls_per_second=stripe.calls_per_second(
            "STRIPE_CALLS_PER_SECOND", variables.stripe_calls_per_second, mistakes
        ),
        stripe_calls_in_all=stripe.calls_in_all(
            variables.stripe_calls_in_all,
            mistakes,
            secret_key=variables.stripe_secret_key,
            api_base=variables.stripe_api_base,
        ),
        access=keys.access_tokens(variables, mistakes) if access else None,
        key_set_place=keys.key_set_place(variables) if access else None,
        frontend_url=values.address("FRONTEND_URL", variables.frontend_url, mistakes) or "",
        cors_origins=values.origins(variables.cors_origins, mistakes),
        trusted_proxies=values.trusted_proxies(variables.trusted_proxies, mistakes),
        hold=values.hold(variables.hold_minutes, mistakes),
        max_unpaid_places=values.max_unpaid_places(variables.max_unpaid_places, mistakes),
        signing_key_file=keys.signing_key_file(
            variables.signing_key_file,
            mistakes,
            sqlite_file=file,
            needed=signing_key and database_is_known,
        ),
        webhooks_private=values.switch("WEBHOOKS_PRIVATE", variables.webhooks_private, mistakes),
        observing=observing(variables, mistakes),
    )
    stripe.check_addresses(
        variables.stripe_secret_key,
        mistakes,
        frontend_url=variables.frontend_url,
        stripe_api_base=variables.stripe_api_base,
        cors_origins=variables.cors_origins,
    )
    check_names(os.environ, mistakes)
    if mistakes:
        raise SettingsRefused(mistakes)
    return settings
