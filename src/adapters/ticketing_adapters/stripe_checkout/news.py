"""Reads what Stripe tells of payments after the sale: its events, refunds and disputes."""

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stripe import ListObject, StripeClient

from ticketing_adapters.stripe_checkout.amounts import amount_sent
from ticketing_adapters.stripe_checkout.calls import PAGE_SIZE, Failure, answered_at, call_list
from ticketing_adapters.stripe_checkout.marks import INSTALLATION, ticket_code
from ticketing_core.payment import NewsPage, NewsSource, PaymentHint, Unknown

log = logging.getLogger(__name__)

SINCE_2024_10_28 = (
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""Sent for every refund and each of its changes
(docs.stripe.com/changelog/acacia/2024-10-28/refund-webhook-update)."""

UNTIL_2024_10_28 = (
    "charge.refund.updated",
    "charge.refunded",
)
"""Sent before, and still: accounts keep the API version of their first day. In newer versions they
say nothing that the events above do not say, so they are not read there. The second one does not
hold the refund, so it would cost a look at each payment that we refund."""

ABOUT_A_PAYMENT = (
    *SINCE_2024_10_28,
    *UNTIL_2024_10_28,
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    # An appeal has no event of its own.
    "charge.dispute.updated",
    # Its update only says that the payment was refunded or disputed.
    "radar.early_fraud_warning.created",
)
"""All by which the money of a payment moves after the sale (docs.stripe.com/api/events/types). At
most 20 can be listed at a time (docs.stripe.com/api/events/list)."""

UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading something raises that has not the form of Stripe's objects."""


def list_news(
    stripe: StripeClient,
    source: NewsSource,
    *,
    since: datetime,
    after: str | None,
    installation_id: str,
) -> NewsPage | Unknown:
    """See `PaymentGateway.list_news`."""
    page = _page(stripe, source, since=since, after=after)
    if isinstance(page, Failure):
        return Unknown(f"the {source} could not be listed: {page}")
    at = answered_at(page)
    if at is None:
        return Unknown(f"the answer to the list of {source} has no date")
    return NewsPage(
        news=[
            hint
            for entry in page.to_dict()["data"]
            if (hint := _read(source, entry, installation_id=installation_id)) is not None
        ],
        answered_at=at,
        next=page.data[-1].id if page.has_more else None,
    )


def _page(
    stripe: StripeClient, source: NewsSource, *, since: datetime, after: str | None
) -> ListObject[Any] | Failure:
    params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": PAGE_SIZE}
    if after is not None:
        params["starting_after"] = after
    if source is NewsSource.EVENTS:
        params["types"] = list(ABOUT_A_PAYMENT)
    else:
        # Only the payment names the installation if the refund was made by hand.
        params["expand"] = ["data.payment_intent"]
    services: dict[NewsSource, Any] = {
        NewsSource.EVENTS: stripe.v1.events,
        NewsSource.REFUNDS: stripe.v1.refunds,
        NewsSource.DISPUTES: stripe.v1.disputes,
    }
    return call_list(lambda: services[source].list(params))


def _read(source: NewsSource, entry: Any, *, installation_id: str) -> PaymentHint | None:
    """Return what an entry tells; None if nothing, or if it cannot be read.

    An entry that can never be read must not keep the others from being read.
    """
    read = read_event if source is NewsSource.EVENTS else read_subject
    try:
        return read(entry, installation_id=installation_id)
    except UNREADABLE as error:
        # Not the entry itself, which may name the buyer.
        name = entry.get("id") if isinstance(entry, Mapping) else type(entry).__name__
        log.warning("One of Stripe's %s could not be read: %r in %.60r", source, error, name)
        return None


def read_event(event: Mapping[str, Any], *, installation_id: str) -> PaymentHint | None:
    """Return what an event tells of a payment that may be ours, or None.

    Raises one of `UNREADABLE` if it is no event.
    """
    kind, subject = event["type"], event["data"]["object"]
    if kind not in ABOUT_A_PAYMENT:
        return None
    if kind in UNTIL_2024_10_28 and (event.get("api_version") or "") >= "2024-10-28":
        return None
    return read_subject(subject, installation_id=installation_id)


def read_subject(subject: Mapping[str, Any], *, installation_id: str) -> PaymentHint | None:
    """Return what a refund, dispute, charge or fraud warning tells of a payment, or None.

    Raises one of `UNREADABLE` if it is none of Stripe's objects.
    """
    kind, payment = subject["object"], subject.get("payment_intent")
    if payment is None:
        return None
    is_expanded = isinstance(payment, Mapping)
    # Refunds that we make have it, and charges have that of their payment; others do not say.
    metadata = (payment if is_expanded else subject).get("metadata") or {}
    is_marked = is_expanded or INSTALLATION in metadata
    if is_marked and metadata.get(INSTALLATION) != installation_id:
        return None
    return PaymentHint(
        payment_id=checked_id(payment["id"] if is_expanded else payment),
        ticket_code=ticket_code(metadata, installation_id=installation_id),
        refunded_minor=amount_sent(subject) if kind == "refund" else None,
        is_fraud_warning=kind == "radar.early_fraud_warning",
    )


def checked_id(value: object) -> str:
    """Return an id if it has the form of Stripe's ids: it becomes part of a URL."""
    if not isinstance(value, str) or not re.fullmatch("[A-Za-z0-9_]+", value):
        raise TypeError("not an id")
    return value
