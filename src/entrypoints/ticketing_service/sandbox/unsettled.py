"""What no document of Stripe settles, each with the choice of the sandbox."""

from attrs import field, frozen
from attrs.validators import instance_of


def _switch(*, default: bool) -> bool:
    chosen: bool = field(default=default, validator=instance_of(bool))
    return chosen


@frozen(kw_only=True)
class Unsettled:
    """A client must be right whichever way each of these is set.

    Attributes:
        pending_refunds_count: Whether `amount_refunded` of a charge has pending refunds in it.
        refunds_that_need_action_count: The same for refunds that wait for the buyer's account.
        failed_refunds_count: The same for refunds that the bank returned.
        inquiries_mark_the_charge: Whether an inquiry makes `charge.disputed` true.
    """

    pending_refunds_count: bool = _switch(default=True)
    refunds_that_need_action_count: bool = _switch(default=True)
    failed_refunds_count: bool = _switch(default=False)
    inquiries_mark_the_charge: bool = _switch(default=True)

    def counted_refunds(self) -> frozenset[str]:
        """Return the statuses of the refunds that `amount_refunded` contains."""
        switched = {
            "pending": self.pending_refunds_count,
            "requires_action": self.refunds_that_need_action_count,
            "failed": self.failed_refunds_count,
        }
        return frozenset({"succeeded", *(status for status, on in switched.items() if on)})
