"""Options that can remove a value."""

from typing import Any, Final

import click

NONE: Final = "none"
"""The word that removes a value. (None means that an option was not given.)"""


class OrNone(click.ParamType[Any]):
    """A value of another type, or `none`."""

    def __init__(self, other: click.ParamType[Any]) -> None:
        self.other = other
        self.name = f"{other.name} or none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See `click.ParamType.convert`."""
        return NONE if value == NONE else self.other.convert(value, param, ctx)
