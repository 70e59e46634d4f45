"""Subscriptions: who gets messages, and when a failing subscriber is retried or disabled."""

from datetime import datetime, timedelta

from attrs import evolve, field, frozen
from attrs import validators as v

from ticketing_core.message import MessageKind
from ticketing_core.schedule import LEASE_SLACK
from ticketing_core.validators import aware, storable_text

SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
"""A failing subscriber is retried after as long as it has been failing, within these bounds."""
GIVEN_UP_AFTER = timedelta(days=7)
"""A subscriber that has been failing for this long is disabled."""
ABANDONED_AFTER = timedelta(hours=72)
"""A message that was refused for this long is skipped, so that later ones arrive."""
DELIVERED_KEPT = timedelta(days=7)
"""Long enough to find out what a subscriber received, and when."""
DISABLED_KEPT = timedelta(days=30)
"""How long the messages of a disabled subscription are kept."""
BOTH_SECRETS = timedelta(hours=24)
"""How long the previous secret still signs after a rotation."""


@frozen(kw_only=True)
class Subscription:
    """One subscriber, as it is stored.

    Attributes:
        name: Its name for operators: letters, digits, ``-`` and ``_``, at most 64.
        url: The address that webhooks are sent to; None for a subscriber within the program.
        kinds: Which messages it gets; empty for all.
        secret: Signs webhooks; None without a ``url``.
        previous_secret: Signs them as well until ``previous_until``.
        paused_until: Nothing is delivered before this time; None if it does not fail.
        failing_since: When it first failed after its last success; None if it does not fail.
        disabled_at: When it was disabled; None if it is enabled. A disabled one gets nothing.
    """

    name: str = field(validator=v.matches_re(r"[A-Za-z0-9_-]{1,64}"))
    url: str | None = field(default=None, validator=v.optional(storable_text))
    kinds: frozenset[MessageKind] = frozenset()
    secret: str | None = field(default=None, repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    previous_until: datetime | None = field(default=None, validator=aware)
    paused_until: datetime | None = field(default=None, validator=aware)
    failing_since: datetime | None = field(default=None, validator=aware)
    disabled_at: datetime | None = field(default=None, validator=aware)

    def gets(self, kind: MessageKind) -> bool:
        """Return whether it gets messages of this kind."""
        return not self.kinds or kind in self.kinds

    def may_be_asked(self, *, now: datetime) -> bool:
        """Whether messages may be delivered now.

        A pause that is longer than any (`failed`) is over: a clock was ahead when it began.
        """
        pause = timedelta(0) if self.paused_until is None else self.paused_until - now
        return self.disabled_at is None and not timedelta(0) < pause <= GIVEN_UP_AFTER + LEASE_SLACK

    def secrets(self, *, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign now, newest first."""
        if self.secret is None:
            return ()
        old = self.previous_secret
        if old is None or self.previous_until is None or self.previous_until <= now:
            return (self.secret,)
        return (self.secret, old)

    def succeeded(self) -> "Subscription":
        """Return the subscription after it took a message."""
        return evolve(self, paused_until=None, failing_since=None)

    def failed(self, *, at: datetime, wait: timedelta | None = None) -> "Subscription":
        """Return the subscription after a failure: paused, or disabled after `GIVEN_UP_AFTER`.

        Args:
            at: The present instant.
            wait: The pause that the subscriber asks for; None for no wish.
        """
        since = self.failing_since or at
        if at - since >= GIVEN_UP_AFTER:
            return evolve(self, disabled_at=at)
        pause = max(min(at - since, LONGEST_PAUSE), SHORTEST_PAUSE)
        # It may ask for a longer pause, but not for longer than until it would be disabled.
        asked = min(wait or timedelta(0), GIVEN_UP_AFTER)
        return evolve(self, failing_since=since, paused_until=at + max(pause, asked))

    def disabled(self, *, at: datetime) -> "Subscription":
        """Return the subscription disabled: it wants no messages, or an operator stopped it."""
        return evolve(self, disabled_at=at)

    def enabled(self) -> "Subscription":
        """Return the subscription enabled, with its failures forgotten."""
        return evolve(self, disabled_at=None, paused_until=None, failing_since=None)

    def rotated(self, secret: str, *, at: datetime) -> "Subscription":
        """Return the subscription with a new secret. The previous one still signs for a day."""
        return evolve(
            self,
            secret=secret,
            previous_secret=self.secret,
            previous_until=at + BOTH_SECRETS,
        )
