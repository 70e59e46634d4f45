"""Strays: a payment that no ticket has is shown until nothing is left of it, and refunded once."""

import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.unit.box_offices import World
from tests.unit.test_late_money import days_pass, reads_and_settles
from tests.unit.test_reconcile import findings, forget_ticket
from tests.unit.test_refund_life import checkout_id
from tests.unit.test_second_payments import paid_twice
from ticketing_core import Ticket
from ticketing_core.payment import Hint, Paid, RefundOutcome, Unknown
from ticketing_core.stray import Stray
from ticketing_core.testing import DisputeStatus, FakeGateway, Fault
from ticketing_core.use_cases.reconcile import Difference

DAY = timedelta(days=1)


def lost_ticket(world: World) -> Ticket:
    """Return an issued ticket that the store has lost, long ago, and noted as a stray since."""
    ticket = world.issued(world.event())
    forget_ticket(world, ticket)
    world.office.settle_news(Hint(checkout_id(ticket)), by="webhook")
    world.clock.advance(90 * DAY)
    return ticket


def stray(world: World, of: str) -> Stray:
    """Return the stray of this checkout."""
    found = world.strays.by_checkout(of)
    assert found is not None
    return found


def differences(world: World, **options: bool) -> list[tuple[Difference, bool]]:
    """Reconcile, and return what was found and whether it is healed."""
    return [(found.difference, found.healed) for found in findings(world, **options)]


def test_an_old_stray_is_shown_until_it_is_refunded(world: World) -> None:
    """However old it is; a dry run shows it, too, and changes nothing."""
    of = checkout_id(lost_ticket(world))
    before = stray(world, of)
    assert differences(world, dry_run=True) == [(Difference.UNKNOWN_CHECKOUT, False)]
    assert differences(world) == [(Difference.UNKNOWN_CHECKOUT, False)]
    assert stray(world, of) == before
    assert differences(world, refund_unknown=True) == [(Difference.UNKNOWN_CHECKOUT, True)]
    assert differences(world) == []
    after = stray(world, of)
    assert (after.how, after.settled_at) == ("refunded", world.clock.now())
    assert (after.amount.amount_minor, after.first_seen_at) == (0, before.first_seen_at)


def test_a_dry_run_notes_no_stray(world: World) -> None:
    """A real run does."""
    ticket = world.issued(world.event())
    forget_ticket(world, ticket)
    assert differences(world, dry_run=True) == [(Difference.UNKNOWN_CHECKOUT, False)]
    assert world.strays.unsettled(after="", limit=9) == []
    assert differences(world) == [(Difference.UNKNOWN_CHECKOUT, False)]
    assert len(world.strays.unsettled(after="", limit=9)) == 1


def test_a_stray_that_was_refunded_by_hand_is_settled(world: World) -> None:
    """Nothing differs any more."""
    of = checkout_id(lost_ticket(world))
    world.gateway.give_back(of)
    assert differences(world) == []
    assert stray(world, of).how == "nothing is left of it"


def test_a_stray_whose_refund_is_returned_is_shown_again(world: World) -> None:
    """After weeks, without a notification."""
    of = checkout_id(lost_ticket(world))
    reads_and_settles(world)
    assert differences(world, refund_unknown=True) == [(Difference.UNKNOWN_CHECKOUT, True)]
    days_pass(world, 33, reads_and_settles)
    world.gateway.send_back(of)
    assert differences(world) == []
    days_pass(world, 1, reads_and_settles)
    assert differences(world) == [(Difference.UNKNOWN_CHECKOUT, False)]
    assert (stray(world, of).settled_at, stray(world, of).how) == (None, None)


def test_a_stray_whose_ticket_comes_back_is_settled(world: World) -> None:
    """A better backup had it."""
    ticket = lost_ticket(world)
    world.events.change_kept(ticket.event_id, ticket.quantity)
    world.tickets._by_id[ticket.ticket_id] = ticket  # noqa: SLF001 - as no port can
    assert differences(world) == []
    assert stray(world, checkout_id(ticket)).how == "a ticket has it"
    assert world.gateway.captured_for(ticket.ticket_code) == 5000


def test_a_stray_without_an_answer_is_not_compared(world: World) -> None:
    """So is one that the gateway does not know: it is shown, and stays."""
    of = checkout_id(lost_ticket(world))
    world.gateway.fail_next("look_up", Fault.BEFORE_EFFECT)
    assert differences(world) == [(Difference.NOT_COMPARED, False)]
    world.gateway.forget(of)
    assert differences(world) == [(Difference.NOT_COMPARED, False)]
    assert stray(world, of).settled_at is None


def test_a_second_payment_is_a_stray_until_it_is_refunded(world: World) -> None:
    """A notification notes it, and the comparison refunds it, however late."""
    bought = paid_twice(world)
    assert world.office.settle_news(Hint("co_second"), by="webhook") is None
    assert stray(world, "co_second").settled_at is None
    world.clock.advance(90 * DAY)
    assert differences(world) == [(Difference.PAID_TWICE, True)]
    assert stray(world, "co_second").how == "refunded"
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000


def test_a_refund_that_waits_for_a_person_is_shown_however_old(world: World) -> None:
    """Once, also when its checkout is listed, until the person has decided."""
    ticket = world.issued(world.event())
    world.gateway.dispute(checkout_id(ticket))
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.LOST)
    world.office.settle(ticket, by="operator")
    world.gateway.decide_dispute(checkout_id(ticket), DisputeStatus.WON)
    world.office.settle(world.now(ticket), by="operator")
    for _ in range(2):
        (found,) = findings(world)
        assert (found.difference, found.healed) == (Difference.WAITS_FOR_PERSON, False)
        assert found.ticket_id == ticket.ticket_id
        assert "appeal_won" in found.detail
        world.clock.advance(90 * DAY)
    world.office.refund(ticket_id=ticket.ticket_id, by="organizer", again=True)
    assert findings(world) == []


# --- the key of a stray's refund ----------------------------------------------------------------


class KeepsFailedCalls(FakeGateway):
    """The first refund fails at the provider, which remembers the amount of the key."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]  # passed through
        self.amounts: dict[str, int] = {}

    def refund(self, paid: Paid, *, key: str) -> RefundOutcome:
        """See `PaymentGateway.refund`."""
        is_first = not self.amounts
        if is_first or self.amounts.get(key, paid.ours.amount_minor) != paid.ours.amount_minor:
            self.amounts[key] = paid.ours.amount_minor
            return Unknown("an error of the provider, or the key of another refund")
        return super().refund(paid, key=key)


def a_refund_by_hand_after_a_lost_answer() -> None:
    """The rest is smaller than what the first call was about."""
    world = World(gateway_class=KeepsFailedCalls)
    bought = paid_twice(world)
    assert differences(world) == [(Difference.PAID_TWICE, False)]
    world.gateway.give_back("co_second", 1000)
    assert differences(world) == [(Difference.PAID_TWICE, True)]
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000


def an_appeal_that_is_won_after_the_refund() -> None:
    """The bank had given half of it back, and returns as much as was refunded."""
    world = World()
    bought = paid_twice(world)
    world.gateway.dispute("co_second", 2500)
    world.gateway.decide_dispute("co_second", DisputeStatus.LOST)
    assert differences(world) == [(Difference.PAID_TWICE, True)]
    world.gateway.decide_dispute("co_second", DisputeStatus.WON)
    assert differences(world) == [(Difference.PAID_TWICE, True)]
    assert world.gateway.captured_for(bought.ticket.ticket_code) == 5000


def test_the_rest_of_a_stray_is_refunded_whatever_has_moved() -> None:
    """With a new key whenever another refund than before is needed."""
    a_refund_by_hand_after_a_lost_answer()
    an_appeal_that_is_won_after_the_refund()


@pytest.mark.parametrize(
    "story", [a_refund_by_hand_after_a_lost_answer, an_appeal_that_is_won_after_the_refund]
)
def test_control_a_key_that_counts_only_failures_is_caught(
    story: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: it repeats an old refund, or is that of another amount."""
    module = sys.modules[Difference.__module__]  # its name is that of the function in the package
    monkeypatch.setattr(module, "refund_key", lambda of, seen: f"{of}:{seen.failed_refunds}")
    with pytest.raises(AssertionError):
        story()
