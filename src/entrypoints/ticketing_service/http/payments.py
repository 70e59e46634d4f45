"""The payment API for buyers: create, verify, cancel."""

from base64 import b64encode
from contextlib import nullcontext
from functools import partial
from typing import Any, assert_never

from flask import Blueprint, Response

from ticketing_core import BoxOffice, Issued, Purchase, ToPay, use_cases
from ticketing_service.http import schemas
from ticketing_service.http.bodies import Reader, idempotency_key, json_response
from ticketing_service.http.callers import Caller, Identity
from ticketing_service.http.openapi import Operation
from ticketing_service.http.purchase_line import PurchaseLine
from ticketing_service.http.service_errors import TooManyRequests

TAG = "Payments"

_payment_operation = partial(Operation, tag=TAG, problems=[TooManyRequests])
_purchase_request = Reader(schemas.PurchaseRequest)
_verify_request = Reader(schemas.VerifyRequest)
_cancel_request = Reader(schemas.CancelRequest)

_TICKET = {"ticket_id": "/ticket_id"}
_OF_TICKET = ["cancel", "refund", "show_ticket", "show_qr_png", "show_qr_svg"]
"""The operations that take no more than the ticket."""


def payments(
    box_office: BoxOffice, *, caller: Caller, line: PurchaseLine | None = None
) -> Blueprint:
    """Return the blueprint of ``/api/payments/``; see `create_app` for the arguments."""
    blueprint = Blueprint("payments", __name__, url_prefix="/api/payments")

    @blueprint.post("/create-payment-intent/")
    @_payment_operation(
        body=schemas.PurchaseRequest,
        answers=[schemas.CheckoutAnswer, schemas.IssuedAnswer],
        use_case=use_cases.purchase,
        idempotent=True,
        waits_in_line=True,
        links={
            "verify": _TICKET | {"session_id": "/session_id"},
            **dict.fromkeys(_OF_TICKET, _TICKET),
        },
    )
    def create_payment_intent() -> Response:
        """Buy tickets.

        The places of paid tickets are held while the buyer pays at `checkout_url`. Free tickets
        are issued at once, and the response has their QR code. Paid purchases wait in a line:
        `overloaded` has a `line_token`, and a retry that sends it as `Line-Token` keeps the place.
        """
        identity = caller()
        body = _purchase_request.body()
        return _bought(_in_turn(box_office, line, body=body, identity=identity))

    @blueprint.post("/verify/")
    @_payment_operation(
        body=schemas.VerifyRequest,
        answers=[schemas.IssuedAnswer],
        use_case=use_cases.verify,
    )
    def verify() -> Response:
        """Check whether a payment is complete, and get the QR code if it is.

        Safe to repeat: for an issued ticket the response is the same again.
        """
        buyer = caller().buyer
        body = _verify_request.body()
        issued = box_office.verify(
            ticket_id=body.ticket_id, checkout_id=body.session_id, buyer=buyer
        )
        return _issued(issued, detail="Payment successful")

    @blueprint.post("/cancel/")
    @_payment_operation(
        body=schemas.CancelRequest,
        answers=[schemas.CancelledAnswer],
        use_case=use_cases.cancel,
    )
    def cancel() -> Response:
        """Give up a ticket before it is paid, which frees its places."""
        buyer = caller().buyer
        body = _cancel_request.body()
        box_office.cancel(ticket_id=body.ticket_id, buyer=buyer)
        return json_response(schemas.CancelledAnswer(detail="Payment cancelled"))

    return blueprint


def _in_turn(
    box_office: BoxOffice,
    line: PurchaseLine | None,
    *,
    body: schemas.PurchaseRequest,
    identity: Identity,
) -> Purchase:
    named: dict[str, Any] = {
        "event_id": body.event_id,
        "quantity": body.quantity,
        "buyer": identity.buyer,
        "key": idempotency_key(),
    }
    with nullcontext() if line is None else line.turn(**named):
        return box_office.purchase(**named, email=identity.email)


def _bought(purchase: Purchase) -> Response:
    match purchase:
        case ToPay(ticket=ticket):
            answer = schemas.CheckoutAnswer(
                checkout_url=purchase.checkout_url,
                session_id=purchase.checkout_id,
                ticket_id=ticket.ticket_id,
                ticket_code=str(ticket.ticket_code),
            )
            return json_response(answer)
        case Issued():
            return _issued(purchase, detail="Successfully purchased tickets")
        case _:
            assert_never(purchase)


def _issued(issued: Issued, *, detail: str) -> Response:
    answer = schemas.IssuedAnswer(
        detail=detail,
        qr_code_data=b64encode(issued.admission.qr_code).decode(),
        ticket_id=issued.ticket.ticket_id,
        ticket_code=str(issued.ticket.ticket_code),
    )
    return json_response(answer)
