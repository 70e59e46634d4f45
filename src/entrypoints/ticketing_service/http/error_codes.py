"""The closed list of error codes: the one place that says which status each is answered with."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from attrs import frozen


@frozen
class ErrorCode:
    """What a code stands for.

    Attributes:
        status: The status of every answer with this code.
        meaning: One sentence for the API's reader.
    """

    status: HTTPStatus
    meaning: str


_BAD = HTTPStatus.BAD_REQUEST
_AWAY = HTTPStatus.SERVICE_UNAVAILABLE

ERROR_CODES: Mapping[str, ErrorCode] = MappingProxyType(
    {
        # The request itself.
        "bad_request": ErrorCode(_BAD, "The request cannot be understood."),
        "malformed_json": ErrorCode(_BAD, "The body is missing or is not JSON."),
        "invalid_input": ErrorCode(_BAD, "`errors` names each bad field and says why."),
        "token_missing": ErrorCode(HTTPStatus.UNAUTHORIZED, "There is no access token."),
        "token_expired": ErrorCode(HTTPStatus.UNAUTHORIZED, "The access token has expired."),
        "token_invalid": ErrorCode(HTTPStatus.UNAUTHORIZED, "The access token is not valid."),
        "not_found": ErrorCode(HTTPStatus.NOT_FOUND, "There is nothing at this address."),
        "method_not_allowed": ErrorCode(
            HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take this method."
        ),
        "body_too_large": ErrorCode(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 64 KiB."
        ),
        "unsupported_media_type": ErrorCode(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not announced as JSON."
        ),
        # What is asked for.
        "event_not_found": ErrorCode(HTTPStatus.NOT_FOUND, "There is no such event."),
        "ticket_not_found": ErrorCode(HTTPStatus.NOT_FOUND, "There is no such ticket."),
        "payment_not_found": ErrorCode(
            HTTPStatus.NOT_FOUND, "The session is not this ticket's, or the ticket was free."
        ),
        "not_your_ticket": ErrorCode(HTTPStatus.FORBIDDEN, "The ticket is somebody else's."),
        "role_missing": ErrorCode(HTTPStatus.FORBIDDEN, "The caller's token lacks a role."),
        # Why nothing was bought.
        "sold_out": ErrorCode(_BAD, "Fewer places are left than were asked for."),
        "over_order_limit": ErrorCode(_BAD, "More than one order may have (`limit`)."),
        "over_buyer_limit": ErrorCode(
            _BAD,
            "More than one buyer may have (`limit`); `ticket_id` and `checkout_url` lead back to "
            "his own open payment.",
        ),
        "sale_not_open": ErrorCode(_BAD, "The sale begins at `opens_at`."),
        "sale_closed": ErrorCode(_BAD, "The sale is over."),
        "total_too_large": ErrorCode(_BAD, "The order costs more than one payment can be."),
        "total_too_small": ErrorCode(_BAD, "The order costs less than the provider takes."),
        "event_changed": ErrorCode(_BAD, "The event changed meanwhile; ask again."),
        "payments_not_configured": ErrorCode(_BAD, "Only free tickets can be bought here."),
        "payment_refused": ErrorCode(
            _BAD, "The payment provider refused; `gateway_code` is its own code."
        ),
        "payment_not_started": ErrorCode(_BAD, "The payment provider did not answer in time."),
        "idempotency_key_reused": ErrorCode(
            HTTPStatus.UNPROCESSABLE_ENTITY, "The idempotency key stands for another request."
        ),
        "purchase_in_progress": ErrorCode(
            _AWAY, "The first request with the idempotency key is still at work."
        ),
        "order_closed": ErrorCode(_BAD, "The order under the idempotency key was given up."),
        # What became of a ticket.
        "payment_open": ErrorCode(_BAD, "The payment page has not been paid yet."),
        "payment_processing": ErrorCode(_BAD, "A slow payment method has not decided yet."),
        "order_cancelled": ErrorCode(_BAD, "The order was cancelled before it was paid."),
        "order_expired": ErrorCode(_BAD, "The order was not paid in time."),
        "refunded": ErrorCode(_BAD, "The payment was or is being given back."),
        "already_paid": ErrorCode(_BAD, "It was paid before it could be cancelled."),
        "already_processed": ErrorCode(_BAD, "The ticket is past this step."),
        "not_issued": ErrorCode(_BAD, "The ticket has not been issued."),
        "no_qr_code": ErrorCode(_BAD, "Only an issued ticket has a QR code."),
        # News from the payment provider.
        "bad_notification": ErrorCode(_BAD, "The signature or the body is not the provider's."),
        # What does not work.
        "gateway_unavailable": ErrorCode(_AWAY, "No answer from the provider; nothing changed."),
        "store_unavailable": ErrorCode(_AWAY, "No answer from the database; ask again."),
        "overloaded": ErrorCode(_AWAY, "More is asked than can be done now; nothing was done."),
        "not_ready": ErrorCode(_AWAY, "The service cannot sell; `detail` says why."),
        "internal_error": ErrorCode(
            HTTPStatus.INTERNAL_SERVER_ERROR, "A bug; `incident` finds it in the log."
        ),
    }
)
"""Every ``code`` an answer can have. New ones may join; none changes its meaning."""
