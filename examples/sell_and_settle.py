"""Sells a ticket from a shop on SQLite, through Stripe, and settles in the background."""

import logging
import os
import time

from ticketing_adapters.shop import open_shop
from ticketing_core import BoxOffice, EventDraft, Issued, Money, ToPay
from ticketing_core.errors import PaymentNotCompleted, Unavailable


def main() -> None:
    """Put an event on sale, sell two places of it, and wait for the payment."""
    # What settling does, and what has failed, is in the log.
    logging.basicConfig(level=logging.INFO)
    with (
        open_shop(
            database_url=os.environ.get("DATABASE_URL", "sqlite:///shop.db"),
            signing_key_file="signing.pem",
            frontend_url="https://shop.example",
            stripe_secret_key=os.environ["STRIPE_SECRET_KEY"],
            stripe_api_base=os.environ.get("STRIPE_API_BASE"),
        ) as shop,
        # Frees unpaid places, finds payments and makes refunds, until the block ends.
        shop.settling,
    ):
        draft = EventDraft(name="Concert", price=Money(2500, "usd"), capacity=500)
        event = shop.organizer.create_event(draft, by="alice")
        order = shop.box_office.purchase(event_id=event.event_id, quantity=2, buyer="42")
        assert isinstance(order, ToPay), "only free tickets are issued at once"
        print(f"Pay at {order.checkout_url}", flush=True)
        issued = paid(shop.box_office, order)
        print(f"Ticket {issued.ticket.ticket_id}: {issued.admission.token}", flush=True)


def paid(office: BoxOffice, order: ToPay) -> Issued:
    """Return the ticket once it is paid.

    A web shop does not wait: the buyer comes back to its page, which then calls `verify` once.
    """
    while True:
        try:
            return office.verify(
                ticket_id=order.ticket.ticket_id, checkout_id=order.checkout_id, buyer="42"
            )
        except (PaymentNotCompleted, Unavailable) as not_yet:
            if not not_yet.retryable:
                raise
        time.sleep(1)


if __name__ == "__main__":
    main()
