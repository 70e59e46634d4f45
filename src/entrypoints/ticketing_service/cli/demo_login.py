"""Whose access tokens the demo accepts: its own, or those of a login that is set."""

import os

import click
from attrs import fields_dict

from ticketing_service.access import AccessTokens
from ticketing_service.settings import PREFIX, Variables

LOGIN = f"{PREFIX}JWT_"
"""What the settings of access tokens begin with."""

_SETTINGS = {
    name for each in fields_dict(Variables) if (name := f"{PREFIX}{each.upper()}").startswith(LOGIN)
}

_SIMPLEJWT_CLAIM = "user_id"
"""The default of its `USER_ID_CLAIM`."""


def take_login(simplejwt: str | None) -> list[str]:
    """Leave the settings of access tokens alone in the environment.

    Args:
        simplejwt: The key with which Django's SimpleJWT signs, in place of all of them.

    Returns:
        The names of the settings that do not count in the demo.

    Raises:
        click.BadParameter: The key cannot be used, or is given beside settings.
    """
    # A blank one counts as not set.
    ours = {n: text for n, text in os.environ.items() if n.startswith(PREFIX) and text.strip()}
    # Also those that no setting is called: the start refuses them if they are misspelt.
    login = {name: text for name, text in ours.items() if name.startswith(LOGIN)}
    if simplejwt is not None:
        _check_simplejwt(simplejwt, beside=sorted(login))
        login = {f"{LOGIN}SECRET": simplejwt, f"{LOGIN}IDENTITY_CLAIM": _SIMPLEJWT_CLAIM}
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ |= login
    return sorted(ours.keys() - _SETTINGS)


def _check_simplejwt(key: str, *, beside: list[str]) -> None:
    option = "--simplejwt"
    if beside:
        raise click.BadParameter(
            f"stands for {LOGIN}SECRET and {LOGIN}IDENTITY_CLAIM={_SIMPLEJWT_CLAIM}. Leave it out "
            f"and set these two beside {', '.join(beside)}, or unset those.",
            param_hint=option,
        )
    try:
        AccessTokens(secret=key)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint=option) from error


def login_is_set() -> bool:
    """Return whether the environment has settings of access tokens."""
    return not _SETTINGS.isdisjoint(os.environ)
