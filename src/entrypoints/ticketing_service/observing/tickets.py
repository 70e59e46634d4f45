"""Logs and counts each change of a ticket."""

import logging

from attrs import frozen

from ticketing_core.ticket import Ticket, TicketStatus
from ticketing_service.observing.metrics import Metrics

log = logging.getLogger(__name__)


@frozen
class ObservedTickets:
    """Observes each change once, after it is stored, in the thread that made it.

    It logs neither the buyer nor text that a person wrote.
    """

    metrics: Metrics | None = None

    def changed(self, old: Ticket | None, new: Ticket, *, why: str, by: str) -> None:
        """Log and count a change; ``old`` is None for a new ticket."""
        was = None if old is None else old.status
        moved = new.status is not was
        if old is not None and old.inside != new.inside and not moved:
            # `ObservedGate` logs it, with the scan.
            return
        # A reservation is only half of a purchase. Its line would double the log.
        level = logging.DEBUG if new.status is TicketStatus.RESERVED else logging.INFO
        if log.isEnabledFor(level):
            fields = {
                "ticket_id": new.ticket_id,
                "event_id": new.event_id,
                "quantity": new.quantity,
                "total_minor": new.total.amount_minor,
                "currency": new.total.currency,
                "was": str(was or "new"),
                # After the colon there may be a person's note, and after the blank an account.
                "why": why.partition(":")[0] if new.paid_back_otherwise else why,
                "by": by.partition(" ")[0],
            }
            log.log(level, "ticket %s" if moved else "ticket still %s", new.status, extra=fields)
        if self.metrics is not None and moved:
            self.metrics.ticket_changes(str(new.status), str(was or "new")).inc()

    def batch(self, step: str, size: int) -> None:
        """Count how many steps share a transaction."""
        if self.metrics is not None:
            self.metrics.batch_size(step).observe(size)
