"""Instants on a command line."""

from datetime import UTC, datetime
from typing import Any

import click


class Instant(click.ParamType[datetime]):
    """An instant with its time zone."""

    # What `--help` shows as the value.
    name = "2027-06-01T20:00+02:00"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """See `click.ParamType.convert`."""
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            self.fail(
                f"{value!r} is not an instant with a time zone, such as 2027-06-01T20:00:00+02:00.",
                param,
                ctx,
            )
        try:
            return instant.astimezone(UTC)
        except OverflowError:
            self.fail(f"{value!r} is outside the calendar.", param, ctx)
