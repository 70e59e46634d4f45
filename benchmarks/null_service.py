"""The least that any Flask service for buyers does: know the caller, read the body, answer.

It is the yardstick: what the product needs beyond this is the price of selling.
"""

from flask import Flask, Response
from msgspec import Struct

from ticketing_service.access import AccessTokens
from ticketing_service.http.bodies import Reader, answer
from ticketing_service.http.callers import known_callers
from ticketing_service.http.problems import answer_problems
from ticketing_service.http.shapes import PurchaseRequest

_purchase_request = Reader(PurchaseRequest)


class NullAnswer(Struct):
    """What was understood."""

    detail: str
    event_id: int
    quantity: int


def null_service(access: AccessTokens) -> Flask:
    """A service that sells nothing, with the product's own parts wherever it has a part."""
    app = Flask(__name__, static_folder=None)
    answer_problems(app)
    caller = known_callers(app, access)

    @app.post("/null/")
    def null() -> Response:
        buyer = caller().buyer
        asked = _purchase_request.body()
        return answer(NullAnswer(detail=buyer, event_id=asked.event_id, quantity=asked.quantity))

    return app
