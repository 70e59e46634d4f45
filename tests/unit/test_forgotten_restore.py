"""A restore that somebody forgot to finish is noticed, and stops sales and settling."""

from datetime import timedelta

import pytest

from tests.unit.restored import Shop, lossy_shop
from ticketing_core import Difference, Finding
from ticketing_core.errors import GatewayUnavailable, NotReady
from ticketing_core.payment import Hint, ListedCheckout, ListedPage, Paid
from ticketing_core.testing import Fault
from ticketing_core.use_cases.forgotten_restore import PROOF_AGE


@pytest.fixture
def shop() -> Shop:
    """Give a shop that was restored from a backup. Nobody has run the restore."""
    return lossy_shop()


def is_stopped(shop: Shop) -> bool:
    """Return whether nothing is sold."""
    stopped = shop.world.installation.state().restoring_since is not None
    if stopped:
        with pytest.raises(NotReady):
            shop.world.to_pay(shop.event)
    return stopped


def forgotten(shop: Shop, *, dry_run: bool = False) -> list[Finding]:
    """Compare, and return what was found of a restore."""
    found = shop.world.office.reconcile(since=shop.backup_at, dry_run=dry_run)
    return [
        each
        for each in found
        if isinstance(each, Finding) and each.difference is Difference.RESTORE_FORGOTTEN
    ]


def test_the_newest_checkouts_prove_it(shop: Shop) -> None:
    """One whose ticket the store does not have is enough."""
    proof = shop.world.office.notice_restore()
    assert proof is not None
    assert shop.world.tickets.by_code(proof.ticket_code) is None
    assert is_stopped(shop)


def test_the_comparison_notices_it_once(shop: Shop) -> None:
    """A dry run stops nothing. What the gateway knows of other tickets is still healed."""
    assert len(forgotten(shop, dry_run=True)) == 1
    assert not is_stopped(shop)
    (found,) = forgotten(shop)
    assert (found.ticket_id, found.healed) == (None, False)
    assert is_stopped(shop)
    assert forgotten(shop) == []
    assert shop.world.now(shop.reserved.ticket).status.name == "ISSUED"


def lost(shop: Shop) -> ListedCheckout:
    """Return a paid checkout whose ticket the store has lost."""
    page = shop.world.gateway.list_checkouts(since=shop.backup_at, after=None)
    while isinstance(page, ListedPage):
        for each in page.checkouts:
            if isinstance(each.state, Paid) and not shop.world.tickets.by_code(each.ticket_code):
                return each
        page = shop.world.gateway.list_checkouts(since=shop.backup_at, after=page.next)
    raise AssertionError("nothing is lost")


def test_a_notification_of_a_lost_ticket_proves_it(shop: Shop) -> None:
    """The stray that it leaves would hide the proof from the comparison."""
    assert shop.world.office.settle_news(Hint(lost(shop).checkout_id), by="webhook") is None
    assert is_stopped(shop)


def test_news_of_a_lost_ticket_proves_it(shop: Shop) -> None:
    """As a notification does."""
    shop.world.installation.move_news_position(shop.world.clock.now())
    shop.world.gateway.give_back(lost(shop).checkout_id, 1)
    assert shop.world.office.read_news(checkouts_since=shop.backup_at).strays == 1
    assert is_stopped(shop)


def test_news_of_a_stray_that_a_restore_has_left_proves_nothing() -> None:
    """The sale would stop again and again."""
    shop = lossy_shop()
    found = lost(shop)
    shop.restore()
    shop.world.office.settle_news(Hint(found.checkout_id), by="webhook")
    shop.world.gateway.give_back(found.checkout_id, 1)
    shop.world.office.read_news(checkouts_since=shop.world.clock.now())
    assert not is_stopped(shop)


def test_nothing_is_noticed_where_every_ticket_is_known() -> None:
    """Also not in a shop whose tickets are open, cancelled or paid."""
    shop = lossy_shop()
    shop.restore()
    shop.world.to_pay(shop.event)
    shop.world.issued(shop.event)
    shop.world.clock.advance(timedelta(hours=1))
    assert shop.world.office.notice_restore() is None
    assert forgotten(shop) == []
    assert not is_stopped(shop)


def test_a_young_checkout_is_no_proof(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks differ by minutes; control: without the age it would be."""
    long = "ticketing_core.use_cases.forgotten_restore.PROOF_AGE"
    monkeypatch.setattr(long, timedelta(minutes=30))
    assert shop.world.office.notice_restore() is None
    assert not is_stopped(shop)
    monkeypatch.setattr(long, PROOF_AGE)
    assert shop.world.office.notice_restore() is not None


def test_young_checkouts_do_not_hide_it(shop: Shop) -> None:
    """In a rush there are many, and a page of the fake gateway has three."""
    for _ in range(4):
        shop.world.to_pay(shop.event)
    assert shop.world.office.notice_restore() is not None


def test_a_repeated_page_ends_the_listing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that answers the same again must not keep a process busy for ever."""
    page = ListedPage(checkouts=[], next="co_1")
    monkeypatch.setattr(type(shop.world.gateway), "list_checkouts", lambda *_, **__: page)
    with pytest.raises(GatewayUnavailable):
        [*shop.world.office.reconcile(since=shop.backup_at)]


def test_no_answer_stops_nothing(shop: Shop) -> None:
    """A provider that is away for a moment does not end the sale."""
    shop.world.gateway.fail_next("list_checkouts", Fault.BEFORE_EFFECT)
    with pytest.raises(GatewayUnavailable):
        shop.world.office.notice_restore()
    assert not is_stopped(shop)
