"""The news of the fake gateway is listed as real providers list it."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.unit.box_offices import World
from tests.unit.test_refund_life import checkout_id
from ticketing_core.payment import NewsPage, NewsSource, PaymentHint
from ticketing_core.testing import DisputeStatus, PlainNotifications, plain_notification

DAY = timedelta(days=1)


def pages(world: World, source: NewsSource, *, since: datetime) -> list[NewsPage]:
    """Return all pages."""
    found: list[NewsPage] = []
    after = None
    while not found or after is not None:
        page = world.gateway.list_news(source, since=since, after=after)
        assert isinstance(page, NewsPage)
        found.append(page)
        after = page.next
    return found


def amounts(world: World, source: NewsSource, *, since: datetime) -> list[int | None]:
    """Return the amounts of all refunds in the order of the listing."""
    return [news.refunded_minor for page in pages(world, source, since=since) for news in page.news]


def test_the_newest_comes_first_page_by_page_also_of_one_instant() -> None:
    """Each once. All pages say when they were answered, by the gateway's clock."""
    world = World(gateway_ahead=timedelta(hours=-5))
    ticket = world.issued(world.event())
    for amount in (1, 2, 3, 4, 5):
        world.gateway.give_back(checkout_id(ticket), amount)
    since = world.clock.now() - DAY
    for source in (NewsSource.EVENTS, NewsSource.REFUNDS):
        assert amounts(world, source, since=since) == [5, 4, 3, 2, 1]
        listed = pages(world, source, since=since)
        assert [len(page.news) for page in listed] == [2, 2, 1]
        assert {page.answered_at for page in listed} == {world.clock.now() - timedelta(hours=5)}


def test_events_are_forgotten_and_lists_are_not(world: World) -> None:
    """After a month. A list shows by creation what became of each, an event what was so then."""
    began = world.clock.now()
    ticket = world.issued(world.event())
    world.gateway.give_back(checkout_id(ticket), 100)
    world.gateway.dispute(checkout_id(ticket))
    world.clock.advance(29 * DAY)
    world.gateway.send_back(checkout_id(ticket))
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.LOST)
    assert amounts(world, NewsSource.EVENTS, since=began) == [None, None, None, 100]
    world.clock.advance(2 * DAY)
    assert amounts(world, NewsSource.EVENTS, since=began) == [None, None]
    assert amounts(world, NewsSource.REFUNDS, since=began) == [None]
    assert amounts(world, NewsSource.REFUNDS, since=began + DAY) == []
    ((dispute,),) = [page.news for page in pages(world, NewsSource.DISPUTES, since=began)]
    assert dispute.ticket_code == ticket.ticket_code


def test_a_notification_can_be_about_a_payment() -> None:
    """Its reader returns what was written."""
    code = UUID(int=1, version=4)
    for hint in (
        PaymentHint(payment_id="pay_1"),
        PaymentHint(payment_id="pay_1", ticket_code=code, refunded_minor=5),
        PaymentHint(payment_id="pay_1", is_fraud_warning=True),
    ):
        assert PlainNotifications().read(*plain_notification(hint)) == hint
