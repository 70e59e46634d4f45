"""The least that any Flask service for buyers does: identify the caller, read the body, answer.

This is the yardstick. What the product needs beyond it is the price of selling.
"""

from flask import Flask, Response
from msgspec import Struct

from ticketing_service.access import AccessTokens
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.callers import known_callers
from ticketing_service.http.problems import handle_errors
from ticketing_service.http.schemas import PurchaseRequest

_purchase_request = Reader(PurchaseRequest)


class NullAnswer(Struct):
    """What the service understood."""

    detail: str
    event_id: int
    quantity: int


def null_service(access: AccessTokens) -> Flask:
    """Return a service that sells nothing, made from the product's own parts where it has them."""
    app = Flask(__name__, static_folder=None)
    handle_errors(app)
    caller = known_callers(app, access)

    @app.post("/null/")
    def null() -> Response:
        buyer = caller().buyer
        body = _purchase_request.body()
        return json_response(
            NullAnswer(detail=buyer, event_id=body.event_id, quantity=body.quantity)
        )

    return app
