"""The promises of the outbox: everything arrives, in order, and is true."""

from collections.abc import Sequence

from attrs import frozen

from ticketing_core.event import Event
from ticketing_core.message import BY_STATUS, ticket_message
from ticketing_core.ports.outbox import Outbox
from ticketing_core.testing.simulation.calls import Call
from ticketing_core.testing.simulation.facts import Facts
from ticketing_core.testing.simulation.outbox_facts import READER
from ticketing_core.testing.simulation.trace import PromiseBroken, describe
from ticketing_core.testing.simulation.world import World
from ticketing_core.ticket import Ticket

MOST_ABANDONED = 1000
"""Messages; a run makes only a few."""


@frozen
class OutboxPromises:
    """Compares the store with the messages that the subscriber got."""

    world: World
    facts: Facts

    def check_answer(self, call: Call) -> None:
        """Check what has just arrived.

        Raises:
            PromiseBroken: A later message of the ticket came before, or the store knows nothing of
                the change.
        """
        if call.port != "subscriber":
            return
        for message in self.facts.reader.overtaken:
            raise PromiseBroken(f"{describe(message)} comes after a later one")
        (message,) = call.args
        if not self.facts.is_down and message.epoch == self.world.installation.state().epoch:
            data = message.data
            stored: Ticket | Event | None
            if "ticket_id" in data:
                stored = self.world.tickets.by_id(data["ticket_id"])
            else:
                stored = self.world.events.latest(data["event_id"])
            version = 0 if stored is None else stored.version
            if version < message.version:
                raise PromiseBroken(f"{describe(message)} is told, and version {version} is stored")

    def check_settled(self, tickets: Sequence[Ticket]) -> None:
        """Check what holds once all was delivered, unless the subscription is disabled.

        Raises:
            PromiseBroken: Something does not hold.
        """
        outbox = self.world.outbox
        subscriptions = outbox.subscriptions() if outbox else ()
        if outbox is not None and any(each.disabled_at is None for each in subscriptions):
            for ticket in tickets:
                self._is_told(ticket, outbox)

    def _is_told(self, ticket: Ticket, outbox: Outbox) -> None:
        subject = f"ticket_{ticket.ticket_code}"
        left_out = [each.message for each in outbox.abandoned(READER, limit=MOST_ABANDONED)]
        abandoned = {each.version for each in left_out if each.subject == subject}
        seen = {version for _, version in self.facts.reader.seen.get(subject, ())}
        history = self.world.tickets.history(ticket.ticket_id)
        made = {each.version for each in history if each.status in BY_STATUS}
        lost = sorted(made - seen - abandoned)
        name = f"ticket {ticket.ticket_id} ({ticket.status}, version {ticket.version})"
        if lost:
            raise PromiseBroken(f"versions {lost} of {name} were never told")
        present = ticket_message(ticket, ticket, at=self.world.clock.now())
        if present is not None and ticket.version not in abandoned:
            newest = self.facts.reader.newest[subject]
            if newest.data != present.data:
                raise PromiseBroken(f"the newest that is told of {name} is {describe(newest)}")
