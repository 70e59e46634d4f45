"""The caller's own tickets, and their QR codes as images."""

from datetime import datetime
from functools import partial

from flask import Blueprint, Response

from ticketing_core import BoxOffice, Ticket, TicketStatus, use_cases
from ticketing_core.ports import QrEncoder
from ticketing_service.http.bodies import json_response
from ticketing_service.http.callers import Caller
from ticketing_service.http.openapi import Operation
from ticketing_service.http.pages import page_of
from ticketing_service.http.schemas import Amount, PageQuery, TicketAnswer, TicketPage
from ticketing_service.http.service_errors import NoQrCode, NotFound, TooManyRequests

TAG = "Tickets"

_Show = partial(Operation, tag=TAG, use_case=use_cases.own_ticket)
_ShowQr = partial(_Show, problems=[NotFound, NoQrCode, TooManyRequests])


def tickets(box_office: BoxOffice, *, qr_svg: QrEncoder, caller: Caller) -> Blueprint:
    """Return the blueprint of ``/api/tickets/``."""
    blueprint = Blueprint("tickets", __name__, url_prefix="/api/tickets")

    @blueprint.get("/")
    @Operation(tag=TAG, query=PageQuery, answers=[TicketPage], problems=[TooManyRequests])
    def list_tickets() -> Response:
        """List the caller's tickets, the newest first."""
        newest = partial(box_office.tickets_of, caller().buyer)
        found, following = page_of(newest, id_of=lambda ticket: ticket.ticket_id)
        now = box_office.clock.now()
        page = TicketPage(tickets=[_answer(ticket, now=now) for ticket in found], next=following)
        return json_response(page)

    @blueprint.get("/<int:ticket_id>/")
    @_Show(answers=[TicketAnswer], problems=[NotFound, TooManyRequests])
    def show_ticket(ticket_id: int) -> Response:
        """Show one of the caller's tickets."""
        ticket = box_office.ticket(ticket_id, buyer=caller().buyer)
        return json_response(_answer(ticket, now=box_office.clock.now()))

    @blueprint.get("/<int:ticket_id>/qr.png")
    @_ShowQr(media_type="image/png")
    def show_qr_png(ticket_id: int) -> Response:
        """Show the QR code of an issued ticket as PNG."""
        ticket = _issued(box_office.ticket(ticket_id, buyer=caller().buyer))
        return Response(box_office.admission_of(ticket).qr_code, mimetype="image/png")

    @blueprint.get("/<int:ticket_id>/qr.svg")
    @_ShowQr(media_type="image/svg+xml")
    def show_qr_svg(ticket_id: int) -> Response:
        """Show the QR code of an issued ticket as SVG, which prints at any size."""
        ticket = _issued(box_office.ticket(ticket_id, buyer=caller().buyer))
        admission = box_office.admission_of(ticket, qr_encoder=qr_svg)
        return Response(admission.qr_code, mimetype="image/svg+xml")

    return blueprint


def _issued(ticket: Ticket) -> Ticket:
    if ticket.status is not TicketStatus.ISSUED:
        raise NoQrCode(f"Only an issued ticket has a QR code; this one is {ticket.status}.")
    return ticket


def _answer(ticket: Ticket, *, now: datetime) -> TicketAnswer:
    paying = ticket.status is TicketStatus.PAYING
    unpaid = paying or ticket.status is TicketStatus.RESERVED
    checkout = ticket.checkout
    return TicketAnswer(
        ticket_id=ticket.ticket_id,
        ticket_code=str(ticket.ticket_code),
        event_id=ticket.event_id,
        quantity=ticket.quantity,
        status=ticket.status,
        total=Amount(amount_minor=ticket.total.amount_minor, currency=ticket.total.currency),
        refunded=Amount(amount_minor=ticket.refunded_minor, currency=ticket.total.currency),
        session_id=None if checkout is None else checkout.checkout_id,
        checkout_url=checkout.url if checkout is not None and paying else None,
        expires_at=ticket.held_until if unpaid else None,
        admitted=ticket.admitted,
        charged_back=Amount(amount_minor=ticket.charged_back_minor, currency=ticket.total.currency),
        disputed=ticket.disputed,
        created_at=ticket.created_at,
        server_now=now,
    )
