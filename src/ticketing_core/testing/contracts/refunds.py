"""The contract of `PaymentGateway`: whose money a payment is after refunds and disputes."""

from attrs import evolve

from ticketing_core.payment import GivenBack, Paid, Refused, Waiting
from ticketing_core.ports.gateway import PaymentGateway
from ticketing_core.testing.contracts.gateway_world import TOTAL, GatewayContract, GatewayWorld
from ticketing_core.testing.fake_checkout import DisputeStatus, RefundStatus
from ticketing_core.ticket import Checkout

ALL = TOTAL.amount_minor
PART = 2500
REST = ALL - PART


def amounts(seen: Paid) -> tuple[int, int, int, int]:
    """Return what is ours, refunded, held and lost."""
    return seen.ours.amount_minor, seen.refunded_minor, seen.held_minor, seen.lost_minor


class RefundContract(GatewayContract):
    """The tests of what happens to a payment after the sale."""

    def sold(self) -> tuple[PaymentGateway, GatewayWorld, Checkout]:
        """Return a gateway, its world, and a checkout that is paid there."""
        gateway, world = self.make_gateway()
        _, checkout = self.paid(gateway, world)
        return gateway, world, checkout

    # --- refunds ------------------------------------------------------------------------------

    def test_a_refund_returns_everything_once(self) -> None:
        """Repeating it with the same key changes nothing."""
        gateway, _, checkout = self.sold()
        paid = self.payment(gateway, checkout)
        for _ in range(2):
            assert gateway.refund(paid, key="refund:0") == GivenBack()
            assert amounts(self.payment(gateway, checkout)) == (0, ALL, 0, 0)

    def test_a_refund_with_another_key_returns_nothing_twice(self) -> None:
        """A caller that has not seen the first one yet is refused, or told that it is done."""
        gateway, _, checkout = self.sold()
        paid = self.payment(gateway, checkout)
        assert gateway.refund(paid, key="refund:0") == GivenBack()
        gateway.refund(paid, key="refund:1")
        assert amounts(self.payment(gateway, checkout)) == (0, ALL, 0, 0)

    def test_a_refund_is_of_what_is_ours_of_the_given_payment(self) -> None:
        """The caller decides the amount: a part may have been paid back by other means."""
        gateway, _, checkout = self.sold()
        paid = evolve(self.payment(gateway, checkout), refunded_minor=REST)
        assert gateway.refund(paid, key="refund:0") == GivenBack()
        assert amounts(self.payment(gateway, checkout)) == (REST, PART, 0, 0)

    def test_a_partial_refund_by_hand_shows_and_the_rest_is_refunded(self) -> None:
        """What was refunded by hand is not refunded again."""
        gateway, world, checkout = self.sold()
        world.give_back(checkout.checkout_id, PART)
        seen = self.payment(gateway, checkout)
        assert amounts(seen) == (REST, PART, 0, 0)
        assert gateway.refund(seen, key="refund:0") == GivenBack()
        assert amounts(self.payment(gateway, checkout)) == (0, ALL, 0, 0)

    def test_a_refund_by_hand_shows(self) -> None:
        """Nothing is the seller's any more."""
        gateway, world, checkout = self.sold()
        world.give_back(checkout.checkout_id)
        assert amounts(self.payment(gateway, checkout)) == (0, ALL, 0, 0)

    def test_a_pending_refund_counts_as_refunded(self) -> None:
        """It is on its way, and most arrive."""
        gateway, world, checkout = self.sold()
        world.refund_as(RefundStatus.PENDING)
        assert gateway.refund(self.payment(gateway, checkout), key="refund:0") == GivenBack()
        pending = self.payment(gateway, checkout)
        assert (amounts(pending), pending.waiting) == ((0, ALL, 0, 0), None)
        world.end_refunds(checkout.checkout_id, RefundStatus.SUCCEEDED)
        assert self.payment(gateway, checkout) == pending

    def test_a_refund_that_needs_the_buyer_waits_and_is_shown(self) -> None:
        """The money is still the seller's until the buyer has named an account."""
        gateway, world, checkout = self.sold()
        paid = self.payment(gateway, checkout)
        world.refund_as(RefundStatus.REQUIRES_ACTION)
        made = gateway.refund(paid, key="refund:0")
        assert isinstance(made, Waiting)
        assert made.why
        waiting = self.payment(gateway, checkout)
        assert (amounts(waiting), waiting.waiting) == ((ALL, 0, 0, 0), made)
        assert gateway.refund(paid, key="refund:0") == made
        world.end_refunds(checkout.checkout_id, RefundStatus.SUCCEEDED)
        done = self.payment(gateway, checkout)
        assert (amounts(done), done.waiting, done.failed_refunds) == ((0, ALL, 0, 0), None, 0)

    def test_a_refund_by_hand_that_waits_is_shown_too(self) -> None:
        """Nothing must be refunded on top of it."""
        gateway, world, checkout = self.sold()
        world.refund_as(RefundStatus.REQUIRES_ACTION)
        world.give_back(checkout.checkout_id, PART)
        assert isinstance(self.payment(gateway, checkout).waiting, Waiting)

    def test_a_refund_that_fails_at_once_is_not_given_back(self) -> None:
        """The next look counts it, and the money is the seller's."""
        gateway, world, checkout = self.sold()
        world.refund_as(RefundStatus.FAILED)
        outcome = gateway.refund(self.payment(gateway, checkout), key="refund:0")
        assert not isinstance(outcome, GivenBack)
        seen = self.payment(gateway, checkout)
        assert (amounts(seen), seen.failed_refunds) == ((ALL, 0, 0, 0), 1)

    def test_a_refund_that_was_returned_can_be_made_again(self) -> None:
        """Each look counts it. It takes a new key: the old one must not report a refund."""
        gateway, world, checkout = self.sold()
        assert gateway.refund(self.payment(gateway, checkout), key="refund:0") == GivenBack()
        for failures in (1, 2):
            world.send_back(checkout.checkout_id)
            returned = self.payment(gateway, checkout)
            assert (amounts(returned), returned.failed_refunds) == ((ALL, 0, 0, 0), failures)
            repeated = gateway.refund(returned, key=f"refund:{failures - 1}")
            assert not isinstance(repeated, GivenBack)
            assert gateway.refund(returned, key=f"refund:{failures}") == GivenBack()
            assert amounts(self.payment(gateway, checkout)) == (0, ALL, 0, 0)

    def test_a_waiting_refund_that_fails_waits_no_longer(self) -> None:
        """The buyer never named an account."""
        gateway, world, checkout = self.sold()
        world.refund_as(RefundStatus.REQUIRES_ACTION)
        gateway.refund(self.payment(gateway, checkout), key="refund:0")
        world.end_refunds(checkout.checkout_id, RefundStatus.FAILED)
        seen = self.payment(gateway, checkout)
        assert (amounts(seen), seen.waiting, seen.failed_refunds) == ((ALL, 0, 0, 0), None, 1)

    # --- disputes -----------------------------------------------------------------------------

    def test_an_inquiry_takes_nothing_away(self) -> None:
        """It shows until it is decided, and may be ended by a refund."""
        gateway, world, checkout = self.sold()
        world.dispute(checkout.checkout_id, status=DisputeStatus.INQUIRY)
        inquiry = self.payment(gateway, checkout)
        assert (amounts(inquiry), inquiry.disputed) == ((ALL, 0, 0, 0), True)
        assert gateway.refund(inquiry, key="refund:0") == GivenBack()
        world.decide_dispute(checkout.checkout_id, DisputeStatus.WON)
        closed = self.payment(gateway, checkout)
        assert (amounts(closed), closed.disputed) == ((0, ALL, 0, 0), False)

    def test_the_bank_holds_disputed_money_until_it_is_won(self) -> None:
        """Won money is the seller's again."""
        self.check_decision(DisputeStatus.WON, (ALL, 0, 0, 0))

    def test_the_bank_holds_disputed_money_until_it_is_lost(self) -> None:
        """Lost money is gone."""
        self.check_decision(DisputeStatus.LOST, (0, 0, 0, ALL))

    def check_decision(self, decision: DisputeStatus, expected: tuple[int, int, int, int]) -> None:
        """Open a dispute, let it be decided, and compare the amounts."""
        gateway, world, checkout = self.sold()
        world.dispute(checkout.checkout_id)
        held = self.payment(gateway, checkout)
        assert (amounts(held), held.disputed) == ((0, 0, ALL, 0), True)
        world.decide_dispute(checkout.checkout_id, decision)
        decided = self.payment(gateway, checkout)
        assert (amounts(decided), decided.disputed) == (expected, False)

    def test_an_appeal_counts_as_lost_until_it_is_won(self) -> None:
        """The bank keeps the money while it decides again."""
        gateway, world, checkout = self.sold()
        world.dispute(checkout.checkout_id)
        world.decide_dispute(checkout.checkout_id, DisputeStatus.LOST)
        world.decide_dispute(checkout.checkout_id, DisputeStatus.APPEALED)
        appealed = self.payment(gateway, checkout)
        assert (amounts(appealed), appealed.disputed) == ((0, 0, 0, ALL), True)
        world.decide_dispute(checkout.checkout_id, DisputeStatus.WON)
        won = self.payment(gateway, checkout)
        assert (amounts(won), won.disputed) == ((ALL, 0, 0, 0), False)

    def test_a_dispute_of_a_part_takes_only_that_part(self) -> None:
        """The rest is refunded once the bank has decided."""
        gateway, world, checkout = self.sold()
        world.dispute(checkout.checkout_id, PART)
        assert amounts(self.payment(gateway, checkout)) == (REST, 0, PART, 0)
        world.decide_dispute(checkout.checkout_id, DisputeStatus.LOST)
        lost = self.payment(gateway, checkout)
        assert amounts(lost) == (REST, 0, 0, PART)
        assert gateway.refund(lost, key="refund:0") == GivenBack()
        assert amounts(self.payment(gateway, checkout)) == (0, REST, 0, PART)

    def test_nothing_is_refunded_while_the_bank_holds_money(self) -> None:
        """A refund on top of a dispute would pay the buyer twice."""
        gateway, world, checkout = self.sold()
        paid = self.payment(gateway, checkout)
        world.dispute(checkout.checkout_id)
        held = self.payment(gateway, checkout)
        assert isinstance(gateway.refund(paid, key="refund:0"), Refused)
        assert self.payment(gateway, checkout) == held

    def test_a_dispute_of_refunded_money_takes_nothing_more(self) -> None:
        """It only shows; refunded, held and lost never exceed the total."""
        gateway, world, checkout = self.sold()
        world.give_back(checkout.checkout_id, PART)
        world.dispute(checkout.checkout_id)
        held = self.payment(gateway, checkout)
        assert (amounts(held), held.disputed) == ((0, PART, REST, 0), True)
        world.decide_dispute(checkout.checkout_id, DisputeStatus.LOST)
        assert amounts(self.payment(gateway, checkout)) == (0, PART, 0, REST)
