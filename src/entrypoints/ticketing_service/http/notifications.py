"""Where the payment provider sends its news. Whom it is from, a reader behind a port tells."""

from typing import assert_never

from flask import Blueprint, Response, request

from ticketing_core import BoxOffice, use_cases
from ticketing_core.errors import GatewayUnavailable
from ticketing_core.payment import Hint, NotOurs, Unknown
from ticketing_core.ports import NotificationReader
from ticketing_core.signature import Forged
from ticketing_service.http.bodies import answer, raw_body
from ticketing_service.http.openapi import ApiDocument
from ticketing_service.http.refusals import BadNotification, BodyTooLarge, NotReady
from ticketing_service.http.shapes import NotificationAnswer

TAG = "Payments"


def notifications(
    box_office: BoxOffice, *, reader: NotificationReader | None, document: ApiDocument
) -> Blueprint:
    """The blueprint of ``/api/payments/webhook/``.

    Args:
        reader: Knows the provider; None where no secret was set up to check it with.
    """
    blueprint = Blueprint("notifications", __name__, url_prefix="/api/payments")

    @blueprint.post("/webhook/")
    @document.describes(
        tag=TAG,
        answers=(NotificationAnswer,),
        use_case=use_cases.settle_checkout,
        problems=[BadNotification, BodyTooLarge, NotReady],
        secured=False,
    )
    def webhook() -> Response:
        """Take a signed notification of the payment provider.

        The news is a hint: what became of the payment, the provider itself is asked. Kinds that
        nobody needs are answered with 200; what could not be looked up with 503, so that it is
        sent again.
        """
        if reader is None:
            # Not a 404: the provider goes on sending, and nothing is lost until it is set up.
            raise NotReady("No webhook secret is set up, so nothing can be checked.")
        news = reader.read(raw_body(), dict(request.headers))
        match news:
            case Hint(checkout_id):
                settlement = box_office.settle_checkout(checkout_id, by="webhook")
                if settlement is not None and isinstance(settlement.seen, Unknown):
                    raise GatewayUnavailable
                return answer(NotificationAnswer(detail="Noted"))
            case NotOurs():
                return answer(NotificationAnswer(detail="Not ours"))
            case Forged():
                raise BadNotification("The signature or the body is not right.")
            case Unknown():
                raise GatewayUnavailable
            case _:
                assert_never(news)

    return blueprint
