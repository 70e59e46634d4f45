"""The contract of `Outbox`: claims, and the fate of each message."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from ticketing_core import schedule
from ticketing_core.message import MessageKind
from ticketing_core.ports.outbox import Abandoned, Claimed, Waiting
from ticketing_core.subscription import ABANDONED_AFTER, Subscription
from ticketing_core.testing.contracts.examples import MINUTE, NOON, draft, held, stored_event
from ticketing_core.testing.contracts.messages import LATER, MANY, MailRoom
from ticketing_core.testing.contracts.subscriptions import HOUR, THREADS, SubscriptionContract

INSTANT = timedelta(microseconds=1)


def ids(claimed: Sequence[Claimed]) -> Sequence[str]:
    """Return which messages are claimed."""
    return sorted(each.message.message_id for each in claimed)


def versions(claimed: Sequence[Claimed]) -> Sequence[int]:
    """Return the versions of claimed messages."""
    return [each.message.version for each in claimed]


class ClaimContract(SubscriptionContract):
    """The tests of claims in every outbox."""

    def test_later_messages_of_a_subject_wait(self) -> None:
        """Nothing overtakes the oldest, not even while it is claimed. Other subjects go on."""
        room = self.mail_room()
        other = room.issued()
        ticket = room.changed(room.issued())
        room.subscribe("new")
        last = room.changed(ticket)
        first = room.claimed()
        assert {each.message.data["ticket_id"]: each.message.version for each in first} == {
            other.ticket_id: other.version,
            ticket.ticket_id: ticket.version - 1,
        }
        assert room.claimed() == []
        room.outbox.delivered(first, at=LATER)
        assert versions(room.claimed()) == [ticket.version]
        assert room.claimed() == []
        assert versions(room.claimed("new")) == [last.version]

    def test_a_claim_ends_and_grows(self) -> None:
        """It lasts for `schedule.lease`, so what was never noted is delivered again."""
        room = self.mail_room()
        room.issued()
        now, first = LATER, room.claimed()
        for claims in range(8):
            now += schedule.lease(claims)
            assert room.claimed(now=now - INSTANT) == []
            assert room.claimed(now=now) == first

    def test_a_claim_takes_what_waits_longest(self) -> None:
        """So a few of a long queue are not asked for over and over."""
        room = self.mail_room()
        tickets = [room.issued() for _ in range(3)]
        first = room.claimed(limit=1)
        rest = room.claimed(limit=5)
        assert (len(first), len(rest)) == (1, 2)
        assert {each.message.data["ticket_id"] for each in (*first, *rest)} == {
            ticket.ticket_id for ticket in tickets
        }
        room.outbox.put_off(first, until=LATER + MINUTE)
        room.outbox.put_off(rest, until=LATER)
        assert ids(room.claimed(now=LATER + HOUR, limit=2)) == ids(rest)

    def test_a_claim_is_of_what_is_due(self) -> None:
        """A clock that was far ahead does not hold messages back."""
        room = self.mail_room()
        room.issued()
        assert room.claimed(now=NOON - INSTANT) == []
        far = NOON - schedule.FARTHEST_TRY - MINUTE
        assert len(room.claimed(now=far)) == 1

    def test_delivered_ones_are_not_claimed_again(self) -> None:
        """Nothing that is marked late changes that."""
        room = self.mail_room()
        room.issued()
        claimed = room.claimed()
        room.outbox.delivered(claimed, at=LATER)
        room.outbox.delivered([], at=LATER)
        room.outbox.put_off(claimed, until=LATER)
        room.outbox.refused(claimed, at=LATER)
        room.outbox.refused(claimed, at=LATER + ABANDONED_AFTER)
        assert room.claimed(now=LATER + ABANDONED_AFTER) == []
        assert room.outbox.abandoned("all", limit=MANY) == []

    def test_what_is_put_off_was_never_claimed(self) -> None:
        """It is due again at the given instant, and the claim after it is as short as before."""
        room = self.mail_room()
        room.changed(room.issued())
        until, claimed = LATER, room.claimed()
        for _ in range(3):
            until += HOUR
            room.outbox.put_off(claimed, until=until)
            assert room.claimed(now=until - INSTANT) == []
            assert room.claimed(now=until) == claimed
        assert room.claimed(now=until + schedule.lease(0)) == claimed

    def test_a_refused_one_waits_and_is_abandoned_in_the_end(self) -> None:
        """Then the next one of its subject follows, and abandoned ones can be listed."""
        room = self.mail_room()
        tickets = [room.changed(room.issued()) for _ in range(2)]
        claimed = room.claimed()
        room.outbox.refused(claimed, at=LATER)
        assert room.claimed() == []
        assert ids(room.claimed(now=LATER + schedule.lease(0))) == ids(claimed)
        end = LATER + ABANDONED_AFTER
        room.outbox.refused(claimed, at=end - INSTANT)
        assert room.outbox.abandoned("all", limit=MANY) == []
        room.outbox.refused(claimed[:1], at=end)
        room.outbox.refused(claimed[1:], at=end + MINUTE)
        assert room.outbox.abandoned("all", limit=MANY) == [
            Abandoned(message=claimed[1].message, at=end + MINUTE),
            Abandoned(message=claimed[0].message, at=end),
        ]
        assert len(room.outbox.abandoned("all", limit=1)) == 1
        assert room.outbox.abandoned("other", limit=1) == []
        after = room.claimed(now=end + MINUTE)
        assert sorted(versions(after)) == sorted(ticket.version for ticket in tickets)

    def test_many_share_the_messages(self) -> None:
        """However many claim at once, each message is handed to one of them."""
        room = self.mail_room()
        codes = {str(room.issued().ticket_code) for _ in range(3 * THREADS)}
        with ThreadPoolExecutor(THREADS) as pool:
            claims = list(pool.map(lambda _: room.claimed(limit=5), range(2 * THREADS)))
        handed = [each.message.data["ticket_code"] for claimed in claims for each in claimed]
        assert len(handed) == len(set(handed))
        assert set(handed) | {each.message.data["ticket_code"] for each in room.claimed()} == codes


class OutboxContract(ClaimContract):
    """The tests of every outbox."""

    def replay(self, room: MailRoom, name: str = "all", *, limit: int = 2) -> int:
        """Replay what changed at noon or later, and return in how many steps."""
        steps, after = 1, ""
        while True:
            more = room.outbox.replay(name, since=NOON, now=LATER, after=after, limit=limit)
            if more is None:
                return steps
            steps, after = steps + 1, more

    def test_a_replay_tells_of_the_present_state(self) -> None:
        """One message of each subject, however often it changed and whatever was pruned."""
        room = self.mail_room(subscribed=False)
        tickets = [room.changed(room.changed(room.issued())) for _ in range(4)]
        held(room.tickets, draft(room.event))
        room.subscribe("all")
        assert self.replay(room) > 1
        told = room.taken()
        assert {each.subject: each.version for each in told} == {
            f"event_{room.event.event_id}": 1
        } | {f"ticket_{ticket.ticket_code}": ticket.version for ticket in tickets}
        assert len(told) == len(tickets) + 1
        kinds = {each.kind for each in told}
        assert kinds == {MessageKind.TICKET_CHANGED, MessageKind.EVENT_CHANGED}
        assert {each.at for each in told} == {NOON}
        assert self.replay(room, limit=MANY) == 1
        assert room.taken() == told

    def test_a_replay_makes_stored_messages_due_again(self) -> None:
        """With their kind, also if they were delivered or abandoned."""
        room = self.mail_room()
        first, second = room.issued(), room.issued()
        claimed = room.claimed()
        by_id = {each.message.data["ticket_id"]: each for each in claimed}
        room.outbox.delivered([by_id[first.ticket_id]], at=LATER)
        refused = [by_id[second.ticket_id]]
        room.outbox.refused(refused, at=LATER - ABANDONED_AFTER)
        room.outbox.refused(refused, at=LATER)
        self.replay(room)
        assert room.outbox.abandoned("all", limit=MANY) == []
        again = [each for each in room.claimed() if "ticket_id" in each.message.data]
        assert ids(again) == ids(claimed)
        assert {each.message.kind for each in again} == {MessageKind.TICKET_ISSUED}
        room.outbox.refused(again, at=LATER)
        assert room.outbox.abandoned("all", limit=MANY) == []

    def test_a_replay_is_bounded(self) -> None:
        """By the oldest change, by the kinds of the subscription, and to the subscription."""
        room = self.mail_room()
        room.issued()
        room.subscribe("events", MessageKind.EVENT_CHANGED)
        room.subscribe("issued", MessageKind.TICKET_ISSUED)
        room.taken()
        step = room.outbox.replay("all", since=NOON + INSTANT, now=LATER, limit=MANY)
        assert step is None
        for name in ("events", "issued", "nobody"):
            self.replay(room, name)
        assert room.taken() == []
        assert room.kinds("events") == [MessageKind.EVENT_CHANGED]
        assert room.kinds("issued") == []

    def test_a_replay_after_a_restore_is_of_the_new_epoch(self) -> None:
        """The same version may have meant another change before the restore."""
        room = self.mail_room()
        ticket = room.issued()
        room.taken()
        room.installation.begin_restore(at=NOON)
        room.installation.end_restore()
        self.replay(room)
        told = {each.subject: (each.epoch, each.version) for each in room.taken()}
        epoch = room.installation.state().epoch
        assert epoch > 1
        assert told[f"ticket_{ticket.ticket_code}"] == (epoch, ticket.version)

    def test_old_messages_are_deleted(self) -> None:
        """Those that were taken or abandoned long ago, in bounded steps. Others stay."""
        room = self.mail_room()
        for _ in range(5):
            room.issued()
        taken, refused, young, waiting = _split(room.claimed(), 2, 1, 1)
        room.outbox.delivered(taken, at=LATER)
        room.outbox.refused(refused, at=LATER - ABANDONED_AFTER)
        room.outbox.refused(refused, at=LATER)
        room.outbox.delivered(young, at=LATER + INSTANT)

        def prune(limit: int) -> int:
            # So that only a disabled subscription's messages are old enough by `made_before`.
            return room.outbox.prune(
                delivered_before=LATER + INSTANT, made_before=LATER + HOUR, limit=limit
            )

        assert [prune(2), prune(2), prune(2)] == [2, 1, 0]
        assert room.outbox.abandoned("all", limit=MANY) == []
        assert room.claimed(now=LATER + HOUR) == waiting
        room.outbox.change("all", lambda old: old.disabled(at=NOON))
        assert prune(MANY) == 2
        room.outbox.change("all", Subscription.enabled)
        assert room.claimed(now=LATER + 9 * HOUR) == []

    def test_messages_of_a_disabled_one_are_kept_for_a_time(self) -> None:
        """It gets them once it is enabled, and those that were made meanwhile."""
        room = self.mail_room()
        ticket = room.issued()
        room.outbox.change("all", lambda old: old.disabled(at=NOON))
        room.changed(ticket)
        assert room.outbox.prune(delivered_before=LATER, made_before=NOON, limit=MANY) == 0
        room.outbox.change("all", Subscription.enabled)
        assert len(room.taken()) == 2

    def test_the_oldest_that_waits_is_told(self) -> None:
        """Claimed or not. What is disabled, delivered or abandoned does not wait."""
        room = self.mail_room()
        outbox = room.outbox

        def since() -> datetime | None:
            return min((each.since for each in outbox.waiting().values()), default=None)

        assert since() is None
        room.issued()
        event = stored_event(room.events)
        room.events.replace(event, event.edited(name="B"), at=LATER, why="test", by="suite")
        outbox.change("all", lambda old: old.failed(at=NOON))
        assert since() == NOON
        claimed = room.claimed()
        assert since() == NOON
        outbox.change("all", lambda old: old.disabled(at=NOON))
        assert since() is None
        outbox.change("all", Subscription.enabled)
        outbox.delivered(claimed, at=LATER)
        assert since() == LATER
        refused = room.claimed()
        assert outbox.waiting()["all"] == Waiting(since=LATER, refused_since=None)
        outbox.refused(refused, at=LATER + MINUTE)
        assert outbox.waiting() == {"all": Waiting(since=LATER, refused_since=LATER + MINUTE)}
        outbox.refused(refused, at=LATER + MINUTE + ABANDONED_AFTER)
        assert since() is None
        outbox.replay("all", since=NOON, now=LATER + HOUR, limit=MANY)
        assert since() == LATER + HOUR


def _split(claimed: Sequence[Claimed], *counts: int) -> Sequence[Sequence[Claimed]]:
    parts: list[Sequence[Claimed]] = []
    for count in counts:
        parts.append(claimed[:count])
        claimed = claimed[count:]
    return [*parts, claimed]
