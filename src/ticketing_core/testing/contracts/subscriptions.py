"""The contract of `Outbox`: who has subscribed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from attrs import evolve

from ticketing_core.message import MessageKind
from ticketing_core.subscription import ABANDONED_AFTER, Subscription
from ticketing_core.testing.contracts.examples import MINUTE, NOON
from ticketing_core.testing.contracts.messages import LATER, MANY, MessageContract

THREADS = 8
HOUR = timedelta(hours=1)


class SubscriptionContract(MessageContract):
    """The tests of subscriptions in every outbox."""

    def test_a_subscription_is_stored_whole(self) -> None:
        """All come back as they were given, in the order of their names."""
        outbox = self.mail_room(subscribed=False).outbox
        full = Subscription(
            name="b-Full_1",
            url="https://example.com/hook?x=1",
            kinds=frozenset({MessageKind.TICKET_ISSUED, MessageKind.EVENT_ADDED}),
            paused_until=NOON + MINUTE,
            failing_since=NOON,
            disabled_at=NOON - HOUR,
        )
        full = full.rotated("whsec_old", at=NOON).rotated("whsec_new", at=NOON)
        plain = Subscription(name="a")
        assert outbox.add(full)
        assert outbox.add(plain)
        assert outbox.subscriptions() == [plain, full]

    def test_a_name_is_given_once(self) -> None:
        """The second one changes nothing."""
        outbox = self.mail_room().outbox
        assert not outbox.add(Subscription(name="all", url="https://example.com"))
        assert outbox.subscriptions() == [Subscription(name="all")]

    def test_a_change_is_of_what_is_stored(self) -> None:
        """Changes at once are all made."""
        outbox = self.mail_room().outbox

        def longer(old: Subscription) -> Subscription:
            return evolve(old, paused_until=(old.paused_until or NOON) + MINUTE)

        with ThreadPoolExecutor(THREADS) as pool:
            changed = list(pool.map(lambda _: outbox.change("all", longer), range(THREADS)))
        last = Subscription(name="all", paused_until=NOON + THREADS * MINUTE)
        assert last in changed
        assert outbox.subscriptions() == [last]
        assert outbox.change("nobody", longer) is None

    def test_a_removed_one_leaves_nothing(self) -> None:
        """A new one of its name begins anew. Others keep their messages."""
        room = self.mail_room()
        room.subscribe("other")
        ticket = room.issued()
        room.issued()
        claimed = room.claimed(limit=1)
        assert room.outbox.remove("all")
        assert not room.outbox.remove("all")
        room.outbox.delivered(claimed, at=NOON)
        room.outbox.put_off(claimed, until=NOON)
        room.outbox.refused(claimed, at=NOON)
        room.changed(ticket)
        room.subscribe("all")
        assert room.taken() == []
        assert len(room.taken("other")) == 3

    def test_a_new_one_of_the_name_loses_nothing(self) -> None:
        """What became of deliveries to the removed one says nothing about a replay to the new."""
        room = self.mail_room()
        room.issued()
        claimed = room.claimed()
        room.outbox.remove("all")
        room.subscribe("all")
        room.outbox.replay("all", since=NOON, now=NOON, limit=MANY)
        room.outbox.delivered(claimed, at=NOON)
        room.outbox.put_off(claimed, until=LATER + HOUR)
        for at in (NOON, NOON + ABANDONED_AFTER):
            room.outbox.refused(claimed, at=at)
        assert {each.subject for each in room.taken()} >= {each.message.subject for each in claimed}
