"""The contract of an outbox and the stores that write to it: which changes make which messages."""

import abc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import pairwise

from attrs import define, evolve, fields_dict

from ticketing_core.errors import CapacityBelowKept
from ticketing_core.event import EditedMeanwhile
from ticketing_core.message import Message, MessageDraft, MessageKind, event_message, ticket_message
from ticketing_core.ports import (
    Admissions,
    EventRepository,
    Installation,
    Outbox,
    TicketRepository,
)
from ticketing_core.ports.outbox import Claimed
from ticketing_core.query import TicketQuery
from ticketing_core.subscription import Subscription
from ticketing_core.testing.contracts.door import Door, entry_of, scan_of, undo_of
from ticketing_core.testing.contracts.edits import edited
from ticketing_core.testing.contracts.examples import (
    FREE,
    MINUTE,
    NOON,
    draft,
    held,
    paying,
    stored,
    stored_event,
)
from ticketing_core.ticket import Ticket

_K = MessageKind

LATER = NOON + MINUTE
"""When messages of noon are claimed. All that wait are due then."""

MANY = 1000
"""More than any of these tests claims at a time."""

SALES = 60


@define
class MailRoom(Door):
    """A store with an event, and its outbox."""

    installation: Installation
    outbox: Outbox

    def subscribe(self, name: str, *kinds: MessageKind) -> None:
        """Add a subscription, which must be new."""
        assert self.outbox.add(Subscription(name=name, kinds=frozenset(kinds)))

    def claimed(
        self, name: str = "all", *, now: datetime = LATER, limit: int = MANY
    ) -> Sequence[Claimed]:
        """Claim what is due."""
        return self.outbox.claim(name, now=now, limit=limit)

    def taken(self, name: str = "all", *, now: datetime = LATER) -> Sequence[Message]:
        """Take all messages that are due, one after the other, in the order of their arrival."""
        taken: list[Message] = []
        while claimed := self.claimed(name, now=now):
            self.outbox.delivered(claimed, at=now)
            taken += [each.message for each in claimed]
        return taken

    def kinds(self, name: str = "all") -> Sequence[MessageKind]:
        """Take all messages that are due, and return their kinds."""
        return [message.kind for message in self.taken(name)]

    def changed(self, ticket: Ticket) -> Ticket:
        """Change a ticket in a way that has no kind of its own."""
        return stored(self.tickets, ticket, ticket.marked(refunded_minor=ticket.refunded_minor + 1))


def message_of(draft: MessageDraft | None, *, epoch: int = 1) -> Message:
    """Return the message that a store makes of a draft."""
    assert draft is not None
    return Message(epoch=epoch, **{name: getattr(draft, name) for name in fields_dict(type(draft))})


class MessageContract(abc.ABC):
    """The tests of the stores that write messages."""

    @abc.abstractmethod
    def make_outbox(
        self,
    ) -> tuple[EventRepository, TicketRepository, Admissions, Installation, Outbox]:
        """Return five empty ports over one store, which several threads may use."""

    def mail_room(self, *, subscribed: bool = True) -> MailRoom:
        """Return a store with an event, after whose creation ``all`` has subscribed to all."""
        events, tickets, admissions, installation, outbox = self.make_outbox()
        event = stored_event(events, capacity=MANY, max_per_buyer=None)
        room = MailRoom(events, tickets, admissions, event, installation, outbox)
        if subscribed:
            room.subscribe("all")
        return room

    def test_each_version_of_an_issued_ticket_makes_a_message(self) -> None:
        """Its kind depends on the change. Earlier versions make none."""
        room = self.mail_room()
        issued = room.issued(2)
        assert room.taken() == [message_of(ticket_message(None, issued, at=NOON))]
        scan = scan_of(issued)
        room.outcome(scan)
        room.admissions.take_back(undo_of(scan))
        room.admissions.record(entry_of(scan_of(issued), stored_at=NOON))
        disputed = stored(room.tickets, room.now(issued), room.now(issued).marked(disputed=True))
        room.changed(disputed)
        refunded = room.refunded(issued)
        assert room.now(issued).version == issued.version + 7
        messages = room.taken()
        assert [message.kind for message in messages] == [
            _K.TICKET_ADMITTED,
            _K.TICKET_ADMISSION_UNDONE,
            _K.TICKET_ADMITTED,
            _K.TICKET_DISPUTED,
            _K.TICKET_CHANGED,
            _K.TICKET_REFUNDING,
            _K.TICKET_REFUNDED,
        ]
        assert [message.version - issued.version for message in messages] == [*range(1, 8)]
        before = evolve(refunded, status=issued.status, version=refunded.version - 1)
        assert messages[-1] == message_of(ticket_message(before, refunded, at=NOON))

    def test_a_free_ticket_makes_its_message_with_the_hold(self) -> None:
        """It is issued by it."""
        room = self.mail_room(subscribed=False)
        event = stored_event(room.events, price=FREE)
        room.subscribe("all")
        ticket = held(room.tickets, order := draft(event))
        assert held(room.tickets, order) == ticket
        assert room.taken() == [message_of(ticket_message(None, ticket, at=NOON))]

    def test_each_version_of_an_event_makes_a_message(self) -> None:
        """With what has changed, and its terms."""
        room = self.mail_room()
        added = stored_event(room.events, venue="Old hall", starts_at=NOON)
        changed = edited(room.events, added, added.edited(venue="New hall", capacity=7))
        cancelled = edited(room.events, changed, changed.cancelled(at=NOON))
        unwound = edited(room.events, cancelled, cancelled.unwound(at=NOON))
        versions = pairwise([None, added, changed, cancelled, unwound])
        expected = [event_message(old, new, at=NOON) for old, new in versions if new]
        assert room.taken() == [message_of(each) for each in expected]
        assert [each.kind for each in expected] == [
            _K.EVENT_ADDED,
            _K.EVENT_CHANGED,
            _K.EVENT_CANCELLED,
            _K.EVENT_UNWOUND,
        ]

    def test_what_was_never_issued_makes_none(self) -> None:
        """Neither taking places nor giving them up."""
        room = self.mail_room()
        given_up, late, opened = (held(room.tickets, draft(room.event)) for _ in range(3))
        stored(room.tickets, given_up, given_up.cancelled())
        stored(room.tickets, late, late.expired())
        paying(room.tickets, opened)
        assert room.taken() == []

    def test_what_is_not_written_makes_none(self) -> None:
        """Repeats, refusals, and changes that came too late."""
        room = self.mail_room()
        first, second = room.issued(), room.issued()
        paid = stored(room.tickets, first, first.marked(payment_id="pay_1"))
        new = edited(room.events, room.event, room.event.edited(name="New"))
        room.taken()
        with suppress(ValueError):
            stored(room.tickets, second, second.marked(payment_id="pay_1"))
        room.tickets.replace(first, first.marked(disputed=True), at=NOON, why="late", by="suite")
        stored(room.tickets, first, paid)
        scan = scan_of(first)
        room.outcome(scan)
        room.taken()
        room.outcome(scan)
        room.outcome(scan_of(first))
        refused = room.events.replace(
            room.event, room.event.edited(name="Other"), at=NOON, why="late", by="suite"
        )
        assert isinstance(refused, EditedMeanwhile)
        outcome = room.events.replace(new, new.edited(capacity=1), at=NOON, why="few", by="suite")
        assert isinstance(outcome, CapacityBelowKept)
        edited(room.events, room.event, new)
        assert room.taken() == []

    def test_a_message_is_there_as_soon_as_its_change_is_seen(self) -> None:
        """Both are written in one step: of no sale that is seen a message can be missing."""
        room = self.mail_room(subscribed=False)
        room.subscribe("issued", _K.TICKET_ISSUED)
        free = stored_event(room.events, price=FREE, capacity=SALES)
        query = TicketQuery(event_id=free.event_id)
        told: set[str] = set()
        ended = False
        with ThreadPoolExecutor(2) as pool:
            sales = [pool.submit(held, room.tickets, draft(free)) for _ in range(SALES)]
            while not ended:
                ended = all(sale.done() for sale in sales)
                seen = room.tickets.find(query, before=None, limit=MANY)
                told |= {each.message.subject for each in room.claimed("issued")}
                assert {f"ticket_{each.ticket_code}" for each in seen} <= told
        assert {f"ticket_{sale.result().ticket_code}" for sale in sales} == told

    def test_each_subscription_gets_its_kinds(self) -> None:
        """One message each, whatever becomes of those of others."""
        room = self.mail_room()
        room.subscribe("issued", _K.TICKET_ISSUED)
        room.subscribe("gate", _K.TICKET_ADMITTED, _K.TICKET_ADMISSION_UNDONE)
        ticket = room.issued()
        assert room.kinds("issued") == [_K.TICKET_ISSUED]
        room.outcome(scan_of(ticket))
        assert room.kinds("gate") == [_K.TICKET_ADMITTED]
        assert room.kinds("issued") == []
        assert room.kinds() == [_K.TICKET_ISSUED, _K.TICKET_ADMITTED]

    def test_changes_before_a_subscription_make_none_for_it(self) -> None:
        """Also none that a later one could find."""
        room = self.mail_room(subscribed=False)
        ticket = room.issued()
        room.subscribe("all")
        assert room.taken() == []
        room.changed(ticket)
        assert room.kinds() == [_K.TICKET_CHANGED]

    def test_a_restore_begins_a_new_epoch(self) -> None:
        """Its versions may have been given before, and come after all those of the old epoch."""
        room = self.mail_room()
        ticket = room.issued()
        room.installation.begin_restore(at=NOON)
        room.changed(ticket)
        room.installation.end_restore()
        first, second = room.taken()
        assert (first.epoch, second.epoch) == (1, room.installation.state().epoch)
        assert second.epoch > 1
        subject, version = f"ticket_{ticket.ticket_code}", ticket.version
        assert first.message_id == f"{subject}_1_{version}"
        assert second.message_id == f"{subject}_{second.epoch}_{version + 1}"
