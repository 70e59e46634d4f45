"""Refunds, for organizers."""

from flask import Blueprint, Response
from msgspec import UNSET

from ticketing_core import BackOffice, TicketStatus, use_cases
from ticketing_service.http import schemas
from ticketing_service.http.bodies import Reader, json_response
from ticketing_service.http.callers import ORGANIZER, Caller
from ticketing_service.http.openapi import Operation
from ticketing_service.http.service_errors import RoleMissing

TAG = "Payments"

_refund_request = Reader(schemas.RefundRequest)


def refunds(back_office: BackOffice, *, caller: Caller) -> Blueprint:
    """Return the blueprint of ``/api/payments/refund/``."""
    blueprint = Blueprint("refunds", __name__, url_prefix="/api/payments")

    @blueprint.post("/refund/")
    @Operation(
        tag=TAG,
        body=schemas.RefundRequest,
        answers=[schemas.RefundAnswer],
        use_case=use_cases.refund,
        problems=[RoleMissing],
    )
    def refund() -> Response:
        """Void an issued ticket, free its places, and refund its price (organizers only).

        `refunding` means that the provider has not made the refund yet. It is retried, unless
        `refund_problem` says that the bank, the buyer or a person has to act first. Safe to repeat.
        An access token that lists events is good for their tickets alone.
        """
        identity = caller()
        identity.require(ORGANIZER)
        body = _refund_request.body()
        ticket = back_office.refund(
            ticket_id=body.ticket_id,
            by=f"organizer {identity.buyer}",
            again=body.again,
            paid_back=None if body.paid_back is UNSET else body.paid_back,
            scope=identity.events,
        )
        waits_for_bank = ticket.disputed and ticket.status is TicketStatus.REFUNDING
        answer = schemas.RefundAnswer(
            detail=_REFUND_DETAIL[ticket.status],
            ticket_id=ticket.ticket_id,
            status=ticket.status,
            refund_problem=ticket.refund_problem or ("disputed" if waits_for_bank else None),
        )
        return json_response(answer)

    return blueprint


_REFUND_DETAIL = {
    TicketStatus.REFUNDING: "The ticket is void, and its money is owed",
    TicketStatus.REFUNDED: "The ticket is void, and its money is given back",
}
