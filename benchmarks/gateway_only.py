"""The null service that also opens a checkout: the cost of paid sales without a store."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from flask import Flask, Response

from ticketing_core import Money, Ticket, TicketStatus
from ticketing_core.errors import PaymentNotStarted
from ticketing_core.payment import Open
from ticketing_core.ports import PaymentGateway
from ticketing_service.access import AccessTokens
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.callers import known_callers
from ticketing_service.http.problems import handle_errors
from ticketing_service.http.schemas import CheckoutAnswer, PurchaseRequest

_PRICE = Money(2500, "usd")

_HOLD = timedelta(minutes=35)
"""The product's own: a checkout may not live shorter."""

_NO_ID = 1
"""Nothing is stored, so no ticket has an id."""

_purchase_request = Reader(PurchaseRequest)


def gateway_only(access: AccessTokens, *, gateway: PaymentGateway) -> Flask:
    """Return a service that opens a checkout for each request and stores nothing."""
    app = Flask(__name__, static_folder=None)
    handle_errors(app)
    caller = known_callers(app, access)

    @app.post("/gateway-only/")
    def open_checkout() -> Response:
        buyer = caller().buyer
        body = _purchase_request.body()
        now = datetime.now(UTC)
        ticket = Ticket(
            ticket_id=_NO_ID,
            ticket_code=uuid4(),
            event_id=body.event_id,
            buyer=buyer,
            quantity=body.quantity,
            total=_PRICE.times(body.quantity),
            status=TicketStatus.RESERVED,
            created_at=now,
            held_until=now + _HOLD,
        )
        opened = gateway.open(ticket, event_name="Concert", ends_at=now + _HOLD)
        if not isinstance(opened, Open):
            raise PaymentNotStarted
        return json_response(
            CheckoutAnswer(
                checkout_url=opened.checkout.url,
                session_id=opened.checkout.checkout_id,
                ticket_id=ticket.ticket_id,
                ticket_code=str(ticket.ticket_code),
            )
        )

    return app
