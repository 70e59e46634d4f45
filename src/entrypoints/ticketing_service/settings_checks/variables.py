"""The variables as they are set, and the search for misspelt ones."""

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches

from attrs import field, fields_dict, frozen

from ticketing_core.box_office import DEFAULT_HOLD
from ticketing_service.settings_checks.mistakes import PREFIX, Mistakes

_NEARLY_THE_SAME = 0.85
"""Of `difflib`'s similarity. A variable that is less like a setting belongs to something else, such
as Kubernetes, which sets some for a service called ``ticketing``."""


@frozen(kw_only=True)
class Variables:
    """The variables as they are set, unchecked: `Settings` has what the checks make of them.

    Each is named by the prefix and the attribute's name in capitals.
    """

    database_url: str = field(default="sqlite:///ticketing.db", repr=False)
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secret: str = field(default="", repr=False)
    stripe_api_base: str = ""
    stripe_slow_methods: str = "off"
    stripe_statement_suffix: str = ""
    stripe_locale: str = ""
    stripe_terms: str = "off"
    stripe_calls_per_second: str = "25"
    stripe_calls_in_all: str = ""
    jwt_secret: str = field(default="", repr=False)
    jwt_public_key_file: str = ""
    jwt_jwks_file: str = ""
    jwt_algorithm: str = "HS256"
    jwt_identity_claim: str = "sub"
    jwt_roles_claim: str = "roles"
    frontend_url: str = "http://localhost:5173"
    hold_minutes: str = str(DEFAULT_HOLD // timedelta(minutes=1))
    signing_key_file: str = ""


def check_names(variables: Iterable[str], mistakes: Mistakes) -> None:
    """Refuse variables that are nearly a setting, which would otherwise be silently ignored."""
    settings = [name.upper() for name in fields_dict(Variables)]
    for variable in sorted(variables):
        name = variable.removeprefix(PREFIX)
        if name == variable or name in settings:
            continue
        for meant in get_close_matches(name, settings, n=1, cutoff=_NEARLY_THE_SAME):
            mistakes.add(name, f"is not a setting; did you mean {PREFIX}{meant}?")
