"""The calls of the payment API: create a payment, verify it, cancel it, give it back."""

from base64 import b64encode
from collections.abc import Callable
from typing import assert_never

from flask import Blueprint, Response

from ticketing_core import BoxOffice, Issued, Ticket, TicketStatus, ToPay, use_cases
from ticketing_core.errors import SoldOut
from ticketing_service.http.bodies import Reader, answer, idempotency_key
from ticketing_service.http.callers import ORGANIZER, Caller
from ticketing_service.http.openapi import ApiDocument
from ticketing_service.http.refusals import RoleMissing
from ticketing_service.http.shapes import (
    CancelledAnswer,
    CancelRequest,
    CheckoutAnswer,
    IssuedAnswer,
    PurchaseRequest,
    RefundAnswer,
    RefundRequest,
    VerifyRequest,
)

TAG = "Payments"

_purchase_request = Reader(PurchaseRequest)
_verify_request = Reader(VerifyRequest)
_cancel_request = Reader(CancelRequest)
_refund_request = Reader(RefundRequest)


def payments(
    box_office: BoxOffice,
    *,
    caller: Caller,
    wake_settler: Callable[[], None],
    document: ApiDocument,
) -> Blueprint:
    """The blueprint of ``/api/payments/``.

    Args:
        wake_settler: Called when somebody was refused places that settling may free.
    """
    blueprint = Blueprint("payments", __name__, url_prefix="/api/payments")

    @blueprint.post("/create-payment-intent/")
    @document.describes(
        tag=TAG,
        body=PurchaseRequest,
        answers=(CheckoutAnswer, IssuedAnswer),
        use_case=use_cases.purchase,
        idempotent=True,
    )
    def create_payment_intent() -> Response:
        """Buy tickets.

        Tickets that cost something are kept for the buyer while he pays at `checkout_url`; free
        ones are issued at once and answered with their QR code.
        """
        buyer = caller().buyer
        asked = _purchase_request.body()
        key = idempotency_key()
        try:
            bought = box_office.purchase(
                event_id=asked.event_id, quantity=asked.quantity, buyer=buyer, key=key
            )
        except SoldOut as sold_out:
            if sold_out.retryable:
                wake_settler()
            raise
        match bought:
            case ToPay(ticket=ticket):
                return answer(
                    CheckoutAnswer(
                        checkout_url=bought.checkout_url,
                        session_id=bought.checkout_id,
                        ticket_id=ticket.ticket_id,
                        ticket_code=str(ticket.ticket_code),
                    )
                )
            case Issued():
                return answer(_issued(bought, detail="Successfully purchased tickets"))
            case _:
                assert_never(bought)

    @blueprint.post("/verify/")
    @document.describes(
        tag=TAG,
        body=VerifyRequest,
        answers=(IssuedAnswer,),
        use_case=use_cases.verify,
    )
    def verify() -> Response:
        """Ask whether a payment is complete, and get the QR code if it is.

        Safe to repeat: an issued ticket answers the same again.
        """
        buyer = caller().buyer
        asked = _verify_request.body()
        issued = box_office.verify(
            ticket_id=asked.ticket_id, checkout_id=asked.session_id, buyer=buyer
        )
        return answer(_issued(issued, detail="Payment successful"))

    @blueprint.post("/cancel/")
    @document.describes(
        tag=TAG,
        body=CancelRequest,
        answers=(CancelledAnswer,),
        use_case=use_cases.cancel,
    )
    def cancel() -> Response:
        """Give a ticket up before it is paid; its places are free again."""
        buyer = caller().buyer
        asked = _cancel_request.body()
        box_office.cancel(ticket_id=asked.ticket_id, buyer=buyer)
        return answer(CancelledAnswer(detail="Payment cancelled"))

    @blueprint.post("/refund/")
    @document.describes(
        tag=TAG,
        body=RefundRequest,
        answers=(RefundAnswer,),
        use_case=use_cases.refund,
        problems=[RoleMissing],
    )
    def refund() -> Response:
        """Void an issued ticket, free its places, and give the money back (organizers only).

        `refunding` means that the money is owed and is given back as soon as the provider does
        it. Safe to repeat.
        """
        identity = caller()
        identity.must_be(ORGANIZER)
        asked = _refund_request.body()
        ticket = box_office.refund(ticket_id=asked.ticket_id, by=f"organizer {identity.buyer}")
        return answer(
            RefundAnswer(
                detail=_REFUND_DETAIL[ticket.status],
                ticket_id=ticket.ticket_id,
                status=ticket.status,
                refund_problem=_DISPUTED if _waits_for_bank(ticket) else ticket.refund_problem,
            )
        )

    return blueprint


_REFUND_DETAIL = {
    TicketStatus.REFUNDING: "The ticket is void, and its money is owed",
    TicketStatus.REFUNDED: "The ticket is void, and its money is given back",
}


_DISPUTED = "disputed"


def _waits_for_bank(ticket: Ticket) -> bool:
    """Whether nothing is given back because the bank decides on it."""
    return ticket.disputed and ticket.status is TicketStatus.REFUNDING


def _issued(issued: Issued, *, detail: str) -> IssuedAnswer:
    return IssuedAnswer(
        detail=detail,
        qr_code_data=b64encode(issued.admission.qr_code).decode(),
        ticket_id=issued.ticket.ticket_id,
        ticket_code=str(issued.ticket.ticket_code),
    )
