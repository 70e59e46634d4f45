"""The variables as they are set, what else got into their values, and misspelt names."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from types import MappingProxyType

from attrs import field, fields_dict, frozen

from ticketing_core.box_office import DEFAULT_HOLD
from ticketing_core.reservation import DEFAULT_MAX_UNPAID_PLACES
from ticketing_service.settings_checks.mistakes import PREFIX, Mistakes, SettingMistake

_NEARLY_THE_SAME = 0.85
"""Of `difflib`'s similarity. A variable that is less like a setting may be another program's."""

_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ALLOWED_ORIGINS": "CORS_ORIGINS",
        "CORS_ALLOWED_ORIGINS": "CORS_ORIGINS",
        "DATABASE_DSN": "DATABASE_URL",
        "DB_URL": "DATABASE_URL",
        "FRONTEND_ORIGIN": "FRONTEND_URL",
        "JWKS_FILE": "JWT_JWKS_FILE",
        "JWKS_URL": "JWT_JWKS_URL",
        "JWT_AUD": "JWT_AUDIENCE",
        "JWT_DECODE_AUDIENCE": "JWT_AUDIENCE",
        "JWT_DECODE_ISSUER": "JWT_ISSUER",
        "JWT_ISS": "JWT_ISSUER",
        "JWT_JWK_URL": "JWT_JWKS_URL",
        "JWT_SIGNING_KEY": "JWT_SECRET",
        "JWT_USER_ID_CLAIM": "JWT_IDENTITY_CLAIM",
        "JWT_VERIFYING_KEY": "JWT_PUBLIC_KEY_FILE",
        "NUM_PROXIES": "TRUSTED_PROXIES",
        "SECRET_KEY": "JWT_SECRET",
        "STRIPE_API_KEY": "STRIPE_SECRET_KEY",
        "STRIPE_KEY": "STRIPE_SECRET_KEY",
        "STRIPE_SIGNING_SECRET": "STRIPE_WEBHOOK_SECRET",
        "WEBHOOK_SECRET": "STRIPE_WEBHOOK_SECRET",
    }
)
"""What Stripe's documentation and the usual libraries (Django, SimpleJWT, Flask's extensions) call
our settings, where the spelling does not show it."""

_OF_KUBERNETES = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""What Kubernetes sets in every pod for each service: for one called ``ticketing`` or
``ticketing-database`` it looks like ours (kubernetes.io/docs/concepts/services-networking/service,
"Environment variables")."""

_INVISIBLE = " \t\r\n\v\f\u00a0\u200b\u200e\u200f\u2028\u2029\ufeff"
"""Blanks, line breaks, and what comes along unseen when a value is copied from a page."""

_QUOTES = ('""', "''", "\u201c\u201d", "\u2018\u2019")

_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
"""No setting has them. Bytes that are not UTF-8 arrive as lone surrogates."""


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
    stripe_email_claim: str = ""
    stripe_calls_per_second: str = "25"
    stripe_calls_in_all: str = ""
    jwt_secret: str = field(default="", repr=False)
    jwt_old_secret: str = field(default="", repr=False)
    jwt_public_key_file: str = ""
    jwt_jwks_file: str = ""
    jwt_jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_algorithm: str = "HS256"
    jwt_identity_claim: str = "sub"
    jwt_roles_claim: str = "roles"
    jwt_events_claim: str = ""
    frontend_url: str = "http://localhost:5173"
    cors_origins: str = ""
    trusted_proxies: str = "0"
    hold_minutes: str = str(DEFAULT_HOLD // timedelta(minutes=1))
    max_unpaid_places: str = str(DEFAULT_MAX_UNPAID_PLACES)
    signing_key_file: str = ""
    webhooks_private: str = "off"
    log_format: str = "text"
    log_level: str = "INFO"
    metrics_port: str = ""
    metrics_host: str = "127.0.0.1"


def read_variables(environ: Mapping[str, str], mistakes: Mistakes) -> Variables:
    """Return the variables of an environment. An empty or blank one counts as not set.

    A value that is not clean is a mistake. It is returned cleaned, so that the checks of the same
    start find what else is wrong with it.
    """
    texts = {}
    for name in fields_dict(Variables):
        text = environ.get(f"{PREFIX}{name.upper()}", "")
        if not text.strip(_INVISIBLE):
            continue
        clean, faults = _cleaned(text)
        if faults:
            mistakes.add(name.upper(), " and ".join(faults))
        if clean:
            texts[name] = clean
    return Variables(**texts)


def _cleaned(text: str) -> tuple[str, list[str]]:
    """Return the value itself, and what is wrong with the text. None of it is shown."""
    faults = []
    clean = text.strip(_INVISIBLE)
    if text.endswith("\r"):
        faults.append(
            "ends with a carriage return (save the file that sets it with Unix line ends)"
        )
    elif clean != text:
        faults.append("begins or ends with a blank or another invisible character")
    if clean[:1] + clean[1:][-1:] in _QUOTES:
        faults.append("is in quotes, which became a part of it; set it without them")
        clean = clean[1:-1].strip(_INVISIBLE)
    if _CONTROLS.search(clean):
        faults.append("holds a line break, another control character or what is not UTF-8")
        clean = _CONTROLS.sub("", clean)
    return clean, faults


def check_names(variables: Iterable[str], mistakes: Mistakes) -> None:
    """Refuse variables that seem to mean a setting, which would otherwise be silently ignored."""
    settings = [name.upper() for name in fields_dict(Variables)]
    for variable in sorted(variables):
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper() == name or variable.removeprefix(PREFIX) in settings:
            continue
        meant = None if _OF_KUBERNETES.fullmatch(name) else _meant(name, settings)
        if meant:
            detail = f"is not a setting; did you mean {PREFIX}{meant}?"
            mistakes.append(SettingMistake(variable, detail))


def _meant(name: str, settings: list[str]) -> str | None:
    """Return the setting that a name seems to mean, by another word for it or its spelling."""
    if name in _OTHER_NAMES:
        return _OTHER_NAMES[name]
    for near in get_close_matches(name, settings, n=1, cutoff=_NEARLY_THE_SAME):
        return near
    # A word too few, as in JWT_PUBLIC_KEY, or one too many, as in JWT_SECRET_FILE.
    return next(
        (
            each
            for each in settings
            if f"{each}_".startswith(f"{name}_") or name.startswith(f"{each}_")
        ),
        None,
    )
