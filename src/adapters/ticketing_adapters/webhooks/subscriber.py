"""A subscriber that gets its messages by webhook."""

import http.client
import logging
import re
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from attrs import field, frozen

from ticketing_adapters.webhooks.addresses import AddressRefused
from ticketing_adapters.webhooks.post import SECONDS, Answer, post
from ticketing_adapters.webhooks.signing import body_of, signature
from ticketing_core.message import Message
from ticketing_core.ports import Clock
from ticketing_core.ports.outbox import Delivered, DeliveryOutcome, Gone, Refused, Unanswered
from ticketing_core.subscription import Subscription

log = logging.getLogger(__name__)

_LATER: Final = frozenset({408, 425, 429})
"""Request Timeout, Too Early, Too Many Requests: the same request may be taken later."""


@frozen(kw_only=True)
class WebhookSubscriber:
    """Sends each message as one POST to the ``url`` of a subscription.

    Make one for each pass: it logs each reason for which a message is not taken once.

    Attributes:
        subscription: Has a ``url`` without objection (`objection_to`), and a ``secret``.
        clock: Tells the time of each try.
        private: Whether the address may be private or of this machine.
        tls: Has the authorities that are trusted. Making one takes milliseconds: share it.
        seconds: How long a try may take.
    """

    subscription: Subscription
    clock: Clock
    private: bool = False
    tls: ssl.SSLContext = field(factory=ssl.create_default_context, repr=False)
    seconds: float = SECONDS
    _logged: set[str] = field(factory=set, init=False, repr=False, eq=False)

    def deliver(self, message: Message) -> DeliveryOutcome:
        """See `Subscriber.deliver`."""
        now = self.clock.now()
        body, timestamp = body_of(message), int(now.timestamp())
        signed = signature(
            body,
            message_id=message.message_id,
            timestamp=timestamp,
            secrets_in_use=self.subscription.secrets(now=now),
        )
        try:
            answer = post(
                self.subscription.url or "",
                body,
                headers={
                    "webhook-id": message.message_id,
                    "webhook-timestamp": str(timestamp),
                    "webhook-signature": signed,
                },
                private=self.private,
                tls=self.tls,
                seconds=self.seconds,
            )
        except AddressRefused as refused:
            self._log(message, str(refused))
            return Refused(retryable=True)
        except http.client.HTTPException as error:
            # Without its words: some are of the receiver.
            self._log(message, type(error).__name__)
            return Unanswered()
        except OSError as error:
            self._log(message, repr(error))
            return Unanswered()
        outcome = _outcome(answer, now=now)
        if outcome != Delivered():
            self._log(message, f"status {answer.status}")
        return outcome

    def _log(self, message: Message, why: str) -> None:
        # Once for each reason: with a wrong secret, thousands are refused.
        if why not in self._logged:
            self._logged.add(why)
            # Without the URL: some hold a key.
            name = self.subscription.name
            log.warning("webhook: %s did not take %s: %s", name, message.log_name, why)


def _outcome(answer: Answer, *, now: datetime) -> DeliveryOutcome:
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - all that mean success
        return Delivered()
    if status == http.client.GONE:
        return Gone()
    if status in _LATER or status >= 500:  # noqa: PLR2004 - all that blame the server
        return Refused(retryable=True, wait=_wait(answer.retry_after, now=now))
    if status < 200:  # noqa: PLR2004 - no answer to a request without an `Expect` or `Upgrade`
        return Unanswered()
    return Refused(retryable=False)


def _wait(retry_after: str | None, *, now: datetime) -> timedelta | None:
    """Return how long to wait: RFC 9110, 10.2.3 has seconds or a date."""
    text = (retry_after or "").strip()
    # At most nine digits are thirty years; more might not fit.
    if re.fullmatch("[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta() else None
