"""Subscriptions: who gets messages, and when a failing one is tried again or given up."""

from datetime import datetime, timedelta

from attrs import evolve, field, frozen
from attrs import validators as v

from ticketing_core.message import MessageKind
from ticketing_core.validators import aware, storable_text

SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
"""A subscriber that fails is asked again after as long as it has failed, within these bounds."""
GIVEN_UP_AFTER = timedelta(days=7)
"""A subscriber that failed for so long is disabled: somebody has forgotten it."""
ABANDONED_AFTER = timedelta(hours=72)
"""A message that its subscriber refused for so long is left out, so that later ones arrive."""
DELIVERED_KEPT = timedelta(days=7)
"""Long enough to find out what a subscriber was told, and when."""
DISABLED_KEPT = timedelta(days=30)
"""How long messages wait for somebody to enable their subscription."""
BOTH_SECRETS = timedelta(hours=24)
"""How long the secret before still signs after a rotation."""


@frozen(kw_only=True)
class Subscription:
    """One subscriber, as it is stored.

    Attributes:
        name: What operators call it: letters, digits, ``-`` and ``_``, at most 64.
        url: Where webhooks go; None for a subscriber within the program.
        kinds: Which messages it gets; empty for all.
        secret: Signs webhooks; None without a ``url``.
        previous_secret: Signs them, too, until ``previous_until``.
        paused_until: Nothing is delivered before; None if it did not fail.
        failing_since: When it failed first after its last success; None if it did not.
        disabled_at: Since when nothing is delivered until an operator enables it.
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
        """Whether it is told of such messages."""
        return not self.kinds or kind in self.kinds

    def may_be_asked(self, *, now: datetime) -> bool:
        """Whether messages may be delivered now."""
        return self.disabled_at is None and (self.paused_until is None or self.paused_until <= now)

    def secrets(self, *, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the newest first."""
        if self.secret is None:
            return ()
        old = self.previous_secret
        if old is None or self.previous_until is None or self.previous_until <= now:
            return (self.secret,)
        return (self.secret, old)

    def succeeded(self) -> "Subscription":
        """It has taken a message."""
        return evolve(self, paused_until=None, failing_since=None)

    def failed(self, *, at: datetime, wait: timedelta | None = None) -> "Subscription":
        """It did not answer, or asked to wait."""
        since = self.failing_since or at
        if at - since >= GIVEN_UP_AFTER:
            return evolve(self, disabled_at=at)
        pause = max(min(at - since, LONGEST_PAUSE), SHORTEST_PAUSE)
        # What it asks for counts, too, but must not stop it for longer than a failure does.
        asked = min(wait or timedelta(0), GIVEN_UP_AFTER)
        return evolve(self, failing_since=since, paused_until=at + max(pause, asked))

    def disabled(self, *, at: datetime) -> "Subscription":
        """It wants no messages any more, or an operator has stopped it."""
        return evolve(self, disabled_at=at)

    def enabled(self) -> "Subscription":
        """An operator lets it go on."""
        return evolve(self, disabled_at=None, paused_until=None, failing_since=None)

    def rotated(self, secret: str, *, at: datetime) -> "Subscription":
        """It gets a new secret; the one before still signs for a day."""
        return evolve(
            self,
            secret=secret,
            previous_secret=self.secret,
            previous_until=at + BOTH_SECRETS,
        )
