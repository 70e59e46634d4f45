"""Outboxes that the contract or the simulator must catch."""

from collections.abc import Sequence
from datetime import datetime

from ticketing_core.message import MessageDraft
from ticketing_core.ports.outbox import Claimed
from ticketing_core.subscription import Subscription
from ticketing_core.testing import InMemoryOutbox
from ticketing_core.testing.outbox import Row


class ClaimsAnyRow(InMemoryOutbox):
    """A later message of a subject does not wait for those before."""

    def _claimable(self, name: str) -> Sequence[Row]:
        return [row for row in self._of(name) if row.waits]


class ClaimsTheOldestThatIsFree(InMemoryOutbox):
    """A later message overtakes one that is claimed."""

    def _claimable(self, name: str) -> Sequence[Row]:
        claimed = [row for row in self._rows.values() if row.claims]
        kept, self._rows = self._rows, dict(self._rows)
        for row in claimed:
            del self._rows[row.key]
        claimable = super()._claimable(name)
        self._rows = kept
        return claimable


class OrdersByVersion(InMemoryOutbox):
    """A version that was given again after a restore comes before those of the old epoch."""

    def _claimable(self, name: str) -> Sequence[Row]:
        newest = [row for row in self._of(name) if row.waits and row.message.epoch > 1]
        return newest or super()._claimable(name)


class MarksBeforeItIsSent(InMemoryOutbox):
    """A claim counts as delivery."""

    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """See `Outbox.claim`."""
        claimed = super().claim(name, now=now, limit=limit)
        self.delivered(claimed, at=now)
        return claimed


class ClaimsForNobody(InMemoryOutbox):
    """Two get the same message."""

    def claim(self, name: str, *, now: datetime, limit: int) -> Sequence[Claimed]:
        """See `Outbox.claim`."""
        before = dict(self._rows)
        claimed = super().claim(name, now=now, limit=limit)
        self._rows = before
        return claimed


class WritesInASecondStep(InMemoryOutbox):
    """The message of a change is written with the change after it."""

    late: MessageDraft | None = None

    def _tell(self, draft: MessageDraft) -> None:
        draft_before, self.late = self.late, draft
        if draft_before is not None:
            super()._tell(draft_before)


class WritesForNobody(InMemoryOutbox):
    """It keeps messages for those who may subscribe later."""

    def add(self, subscription: Subscription) -> bool:
        """See `Outbox.add`."""
        is_new = super().add(subscription)
        for draft in self._present():
            self._put(subscription.name, draft, now=draft.at)
        return is_new


class LosesWhatIsPutOff(InMemoryOutbox):
    """It is not claimed again."""

    def put_off(self, claimed: Sequence[Claimed], *, until: datetime) -> None:
        """See `Outbox.put_off`."""
        self.delivered(claimed, at=until)


class CountsWhatIsPutOff(InMemoryOutbox):
    """Messages of a subscriber that failed for a day wait for hours after its return."""

    def put_off(self, claimed: Sequence[Claimed], *, until: datetime) -> None:
        """See `Outbox.put_off`."""
        for row in self._claimed(claimed):
            self._change(row, due_at=until)


class RefusesWithPatience(InMemoryOutbox):
    """A message that is refused holds back its subject for ever."""

    def refused(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """See `Outbox.refused`."""


class AbandonsByAge(InMemoryOutbox):
    """What waited for long is abandoned once it is refused."""

    def refused(self, claimed: Sequence[Claimed], *, at: datetime) -> None:
        """See `Outbox.refused`."""
        for row in self._claimed(claimed):
            self._change(row, refused_since=row.made_at)
        super().refused(claimed, at=at)


class TellsOfTheOldEpoch(InMemoryOutbox):
    """It takes a message of before a restore for that of a version that was given again."""

    def _put(self, name: str, draft: MessageDraft, *, now: datetime) -> None:
        self._events.epoch, epoch = 1, self._events.epoch
        super()._put(name, draft, now=now)
        self._events.epoch = epoch


class KeepsWhatWasRemoved(InMemoryOutbox):
    """A subscription that takes up a name gets the messages of the one before."""

    def remove(self, name: str) -> bool:
        """See `Outbox.remove`."""
        rows = dict(self._rows)
        removed = super().remove(name)
        self._rows = rows
        return removed


class PrunesWhatWaits(InMemoryOutbox):
    """What was made long ago is deleted although its subscription is enabled."""

    def _is_disabled(self, row: Row) -> bool:
        return super()._is_disabled(row) or row.claims > 0


class NotesWhatIsDueAgain(InMemoryOutbox):
    """What became of an earlier delivery counts for a message that was replayed since."""

    def _claimed(self, claimed: Sequence[Claimed]) -> Sequence[Row]:
        keys = [(each.subscription, each.message.message_id) for each in claimed]
        return [self._rows[key] for key in keys if key in self._rows and self._rows[key].waits]
