"""The state of the Stripe account and each step that changes it. No HTTP, threads or locks here."""

from ticketing_service.sandbox.checkouts import Checkouts
from ticketing_service.sandbox.disputes import Disputes, FirstStatus
from ticketing_service.sandbox.records import Charge


class Ledger(Checkouts, Disputes):
    """The account. Not thread-safe: `Sandbox` holds a lock.

    A method that cannot do its step raises `Refused` and changes nothing.
    """

    def after_payment(self, charge: Charge) -> None:
        """Do what the test card is known for (docs.stripe.com/testing)."""
        known_for = charge.card.afterwards if charge.card else None
        if known_for == "dispute":
            self.open_dispute(charge)
        if known_for == "inquiry":
            self.open_dispute(charge, status=FirstStatus.INQUIRY)
        if known_for == "fraud_warning":
            self.warn_of_fraud(charge)
