"""After a restore: what the backup lacks is found, also if others act or the process dies."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from attrs import frozen

from tests.unit.restored import Calls, Crash, Shop, left_open, lossy_shop
from tests.unit.test_reconcile import findings
from ticketing_core import LeftForPerson, RestoreStep, StepDone, TicketStatus
from ticketing_core.errors import GatewayUnavailable, NotReady
from ticketing_core.testing import Fault, InMemoryInstallation
from ticketing_core.use_cases.restore import ID_GAP, MARGIN
from ticketing_core.use_cases.strays import NEVER_PAID

MODULE: Any = sys.modules["ticketing_core.use_cases.restore"]
"""The package exports the function under the name of the module."""
WORK = MODULE._Restore  # noqa: SLF001 - its steps are left out one by one


@pytest.fixture
def shop() -> Shop:
    """Give a shop that was restored from a backup."""
    return lossy_shop()


def test_everything_is_where_it_belongs_afterwards(shop: Shop) -> None:
    """Paid tickets are issued, refunded ones are void, unknown checkouts are closed."""
    done = shop.restore()
    assert [*shop.wrongs()] == []
    assert [each.step for each in done if isinstance(each, StepDone)] == [*RestoreStep]
    assert shop.world.now(shop.unpaid.ticket).status is TicketStatus.EXPIRED
    (left,) = [each for each in done if isinstance(each, LeftForPerson)]
    assert [stray.ticket_code for stray in left.strays] == [shop.lost.ticket_code]
    assert left.tickets == []


def test_new_ids_are_out_of_reach(shop: Shop) -> None:
    """Also of ids of free tickets, which the gateway does not know."""
    shop.restore()
    assert shop.world.to_pay(shop.event).ticket.ticket_id > max(shop.by_now) + ID_GAP
    assert shop.world.event().event_id > ID_GAP


def test_money_without_a_ticket_goes_back_on_request(shop: Shop) -> None:
    """By default it stays: a better backup may bring the ticket back."""
    shop.restore()
    assert shop.world.gateway.captured_for(shop.lost.ticket_code) == 5000
    shop.restore(refund_unknown=True)
    assert shop.world.gateway.captured_for(shop.lost.ticket_code) == 0
    assert [*shop.wrongs()] == []


def test_a_restore_is_no_proof_of_another_one(shop: Shop) -> None:
    """What was unknown is known as strays, also what was never paid."""
    shop.restore()
    shop.world.clock.advance(timedelta(hours=1))
    assert shop.world.office.notice_restore() is None


def found_wrong(**options: Any) -> set[str]:
    """Return what is broken if others act after any call of a port during the restore.

    The buyer of the open checkout pays, and somebody buys; then somebody buys after it.
    """
    wrongs: set[str] = set()
    for at in count(1):
        shop = lossy_shop()

        def others(shop: Shop = shop) -> None:
            shop.buyer_pays()
            shop.somebody_buys()

        calls = Calls(at=at, early=False, what=others)
        shop.restore(calls=calls, **options)
        shop.somebody_buys()
        wrongs.update(shop.wrongs())
        if calls.count < at:
            return wrongs
    raise AssertionError


def test_whoever_buys_or_pays_meanwhile() -> None:
    """After any call of a port: no ticket, no money and no id is lost."""
    assert found_wrong() == set()


@frozen
class Variant:
    """A restore with one step out of order or left out, and what it breaks."""

    breaks: str
    target: object
    name: str
    instead: Callable[..., Any]


def settles_first(**ports: Any) -> Iterator[Any]:
    """Settle what is due, then compare."""
    MODULE.settle_due(
        limit=100,
        due_at=ports["clock"].now(),
        by="test",
        **{name: ports[name] for name in ("tickets", "gateway", "clock")},
    )
    yield from reconcile(**ports)


reconcile = MODULE.reconcile
BROKEN = {
    "settles first": Variant("paid, and its ticket is lost", MODULE, "reconcile", settles_first),
    "skips no ids": Variant(
        "an id was given twice", InMemoryInstallation, "skip_ids", lambda *_, **__: None
    ),
    "leaves unknown checkouts open": Variant(
        "can be paid, and no ticket knows", WORK, "close", lambda *_: None
    ),
    "goes on selling": Variant(
        "an id was given twice", InMemoryInstallation, "begin_restore", lambda *_, **__: None
    ),
    "reads no news": Variant(
        "valid without money", MODULE.Reading, "read_lists", lambda *_, **__: None
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_control_a_wrong_order_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: each of these restores breaks a promise."""
    broken = BROKEN[name]
    monkeypatch.setattr(broken.target, broken.name, broken.instead)
    assert broken.breaks in found_wrong()


@pytest.mark.parametrize("early", [True, False])
def test_a_restore_may_be_killed_anywhere_and_run_again(*, early: bool) -> None:
    """Before or after the effect of any call: the next run comes to the same end."""
    undisturbed = lossy_shop()
    undisturbed.restore()

    def die() -> None:
        raise Crash

    for at in count(1):
        shop = lossy_shop()
        calls = Calls(at=at, early=early, what=die)
        try:
            shop.restore(calls=calls)
        except Crash:
            shop.restore()
        assert [*shop.wrongs()] == [], at
        # What the killed run had claimed is due again.
        shop.world.clock.advance(timedelta(minutes=2))
        shop.world.settle_due()
        assert shop.facts() == undisturbed.facts(), at
        if calls.count < at:
            return


def test_an_older_backup_is_noticed() -> None:
    """A later moment is not believed if a ticket was lost before it."""
    shop = lossy_shop()
    shop.restore(since=shop.backup_at + MARGIN + timedelta(minutes=1))
    assert [*shop.wrongs()] == []


def test_control_believing_the_moment_loses_a_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: what was opened before it is not compared, and expires."""
    monkeypatch.setattr(WORK, "lost_since", lambda _, since: (since, 0))
    monkeypatch.setattr(WORK, "newest_sale", lambda _: None)
    shop = lossy_shop()
    shop.restore(since=shop.backup_at + MARGIN + timedelta(minutes=1))
    assert "paid, and its ticket is lost" in shop.wrongs()


def test_open_checkouts_are_closed_only_if_somebody_agrees(shop: Shop) -> None:
    """Otherwise nothing is closed, and nothing is sold until a later run is allowed to."""
    assert left_open(shop.restore(agreed=False)) == 2
    assert shop.world.gateway.payable_for(shop.open.ticket.ticket_code)
    with pytest.raises(NotReady):
        shop.world.to_pay(shop.event)
    assert left_open(shop.restore()) == 0
    assert [*shop.wrongs()] == []


@pytest.mark.parametrize("call", ["look_up", "list_checkouts", "close"])
def test_no_answer_ends_it_unfinished(shop: Shop, call: str) -> None:
    """Nothing is sold until a later run has finished."""
    shop.world.gateway.fail_next(call, Fault.AFTER_EFFECT)
    with pytest.raises(GatewayUnavailable):
        shop.restore()
    assert shop.world.installation.state().restoring_since is not None
    shop.restore()
    assert [*shop.wrongs()] == []


def test_a_refund_that_waits_for_a_person_is_named(shop: Shop) -> None:
    """The bank has returned it twice; the restore leaves it as it is."""
    ticket = shop.world.issued(shop.event)
    assert ticket.checkout is not None
    for _ in range(2):
        shop.world.office.refund(ticket_id=ticket.ticket_id, by="organizer")
        shop.world.gateway.send_back(ticket.checkout.checkout_id)
        shop.world.office.settle(shop.world.now(ticket), by="test")
    (left,) = [each for each in shop.restore() if isinstance(each, LeftForPerson)]
    assert [each.ticket_id for each in left.tickets] == [ticket.ticket_id]


def test_a_slow_payment_without_a_ticket_stays_in_view(shop: Shop) -> None:
    """It cannot be closed, and the money may come within days."""
    shop.world.gateway.pay_slowly(shop.open.checkout_url)
    shop.restore()
    (left,) = [
        each
        for each in shop.world.strays.unsettled(after="", limit=10)
        if each.ticket_code == shop.open.ticket.ticket_code
    ]
    assert left.state == "processing"


def test_a_slow_payment_that_fails_is_settled_by_a_later_comparison(shop: Shop) -> None:
    """Nobody paid, and nobody can any more: nothing is left to show. A dry run changes nothing."""
    shop.world.gateway.pay_slowly(shop.open.checkout_url)
    shop.restore()
    shop.world.clock.advance(timedelta(days=30))
    shop.world.gateway.decide(shop.open.checkout_id, paid=False)
    for dry_run in (True, False):
        shown = {found.checkout_id for found in findings(shop.world, dry_run=dry_run)}
        assert shop.open.checkout_id not in shown
        stray = shop.world.strays.by_checkout(shop.open.checkout_id)
        assert stray is not None
        assert stray.how == (None if dry_run else NEVER_PAID)


def settled_one_by_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Restore with the smallest batches, and return what is broken afterwards."""
    monkeypatch.setattr(MODULE, "BATCH", 1)
    shop.restore()
    return {*shop.wrongs()}


def test_all_that_is_due_is_settled_before_the_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many batches it takes."""
    assert settled_one_by_one(shop, monkeypatch) == set()


def test_control_one_batch_is_not_enough(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a ticket that was refunded since the backup is still valid."""

    def settle_once(work: Any) -> int:
        MODULE.settle_due(
            limit=1,
            due_at=work.clock.now(),
            by="test",
            tickets=work.tickets,
            gateway=work.gateway,
            clock=work.clock,
        )
        return 0

    monkeypatch.setattr(WORK, "settle_all", settle_once)
    assert "valid without money" in settled_one_by_one(shop, monkeypatch)
