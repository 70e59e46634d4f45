"""Logs and counts each scan, undo and synced entry at the gate."""

import logging
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ticketing_core.admission import AdmissionClaims
from ticketing_core.gate import Gate
from ticketing_core.scan import Admitted, Recorded, ScanAnswer, TakenBack, UndoOutcome, name_of
from ticketing_core.signature import Forged, UnknownKey
from ticketing_core.use_cases.sync import SyncResult
from ticketing_service.observing.metrics import Metrics

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class ObservedGate(Gate):
    """A gate that logs and counts the outcome of each scan, undo and entry, without naming people.

    Attributes:
        metrics: The metrics; None to count nothing.
    """

    metrics: Metrics | None = None

    def check_in(self, **asked: Any) -> ScanAnswer:
        """See `Gate.check_in`."""
        answer = super().check_in(**asked)
        ticket_id = None if answer.ticket is None else answer.ticket.ticket_id
        self._observe("check_in", answer.outcome, ticket_id, asked)
        return answer

    def undo(self, **asked: Any) -> UndoOutcome | Forged | UnknownKey:
        """See `Gate.undo`."""
        shown = asked["shown"]
        # Before the undo, so that a failure here stores nothing.
        read = self.signer.read(shown) if isinstance(shown, str) else None
        outcome = super().undo(**asked)
        ticket_id = read.ticket_id if isinstance(read, AdmissionClaims) else shown
        self._observe("undo", outcome, ticket_id if isinstance(ticket_id, int) else None, asked)
        return outcome

    def on_synced(self, synced: SyncResult, *, event_id: int) -> None:
        """See `Gate.on_synced`."""
        entry = {"scan_id": synced.entry.scan_id, "event_id": event_id}
        self._observe("sync", synced.outcome, synced.ticket_id, entry)

    def _observe(
        self, act: str, outcome: object, ticket_id: int | None, asked: Mapping[str, Any]
    ) -> None:
        name = name_of(outcome)
        fields: dict[str, object] = {
            "scan_id": str(asked["scan_id"]),
            "event_id": asked["event_id"],
        }
        if ticket_id is not None:
            fields["ticket_id"] = ticket_id
        if isinstance(outcome, Admitted | Recorded | TakenBack):
            fields["people"] = outcome.people
        if isinstance(outcome, Recorded) and outcome.why is not None:
            fields |= {"excess": outcome.excess, "why": str(outcome.why)}
        if isinstance(outcome, UnknownKey):
            fields["kid"] = outcome.kid
        log.info("%s %s", act, name, extra=fields)
        if self.metrics is None:
            return
        self.metrics.check_ins(act, name).inc()
        if isinstance(outcome, Recorded) and outcome.why is not None:
            self.metrics.excess_people(str(outcome.why)).inc(outcome.excess)
