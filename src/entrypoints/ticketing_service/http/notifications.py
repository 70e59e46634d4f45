"""Where the payment provider sends its notifications. A port checks who sent them."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import assert_never

from flask import Blueprint, Response, request

from ticketing_adapters.jobs.advice import of_fraud_warning
from ticketing_core import BackOffice, use_cases
from ticketing_core.errors import GatewayUnavailable, NotReady
from ticketing_core.payment import Hint, Missing, NotOurs, PaymentHint, Unknown
from ticketing_core.ports import NotificationReader
from ticketing_core.signature import Forged
from ticketing_service.http.bodies import LARGEST_NOTIFICATION, json_response, raw_body
from ticketing_service.http.openapi import Operation
from ticketing_service.http.schemas import NotificationAnswer
from ticketing_service.http.service_errors import (
    BadNotification,
    BodyCutShort,
    BodyStalled,
    BodyTooLarge,
)
from ticketing_service.observing.counted import CountedWarnings

log = logging.getLogger(__name__)


class RefusedNotifications(CountedWarnings):
    """Counts the refused notifications: anybody can send forgeries by the thousand.

    Args:
        seconds: The time in seconds, which never goes back.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__(log, "notifications refused", seconds=seconds)


def notifications(
    back_office: BackOffice,
    *,
    reader: NotificationReader | None,
    slot: Callable[[], AbstractContextManager[None]],
) -> Blueprint:
    """Return the blueprint of ``/api/payments/webhook/``.

    Args:
        reader: Checks and reads notifications; None if no secret is set up to check them with.
        slot: The context in which a genuine notification is acted on. Forged ones never wait for
            it: by the thousand they would keep buyers who have paid out of the same slots.
    """
    blueprint = Blueprint("notifications", __name__, url_prefix="/api/payments")
    refused = RefusedNotifications()

    @blueprint.post("/webhook/")
    @Operation(
        tag="Payments",
        answers=[NotificationAnswer],
        use_case=use_cases.settle_news,
        problems=[BadNotification, BodyTooLarge, BodyStalled, BodyCutShort, NotReady],
        secured=False,
        slot_later=True,
    )
    def webhook() -> Response:
        """Receive a signed notification from the payment provider.

        It is only a hint: the state of the payment is looked up at the provider. Kinds that are
        not needed are answered with 200. If the look-up fails the answer is 503, so that the
        provider sends the notification again.
        """
        if reader is None:
            # Not a 404: the provider keeps retrying, so nothing is lost until it is set up.
            raise NotReady("No webhook secret is set up, so nothing can be checked.")
        notification = reader.read(raw_body(LARGEST_NOTIFICATION), dict(request.headers))
        match notification:
            case Hint() | PaymentHint():
                with slot():
                    settlement = back_office.settle_news(notification, by="webhook")
                if settlement is not None and isinstance(settlement.seen, Missing | Unknown):
                    raise GatewayUnavailable
                warns = isinstance(notification, PaymentHint) and notification.is_fraud_warning
                if settlement is not None and warns:
                    log.warning("webhook: %s", of_fraud_warning(settlement.ticket))
                return json_response(NotificationAnswer(detail="Noted"))
            case NotOurs():
                return json_response(NotificationAnswer(detail="Not ours"))
            case Forged(reason):
                refused.add(reason)
                raise BadNotification
            case _:
                assert_never(notification)

    return blueprint
