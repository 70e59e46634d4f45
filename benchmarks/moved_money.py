"""What a payment provider answers at which people and banks have moved money of paid tickets.

Its objects are the sandbox's, its pages Stripe's. It lists and looks up; it opens, closes and
refunds nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Literal
from uuid import UUID

from attrs import field, frozen

from benchmarks.seed import StoredTicket
from ticketing_service.sandbox.payment_methods import USUAL_CARDS, PayWith
from ticketing_service.sandbox.records import (
    Charge,
    Dispute,
    Intent,
    LineItem,
    Refund,
    Session,
    sibling_id,
)
from ticketing_service.sandbox.refusals import Json
from ticketing_service.sandbox.returned_money import dispute_object, refund_object
from ticketing_service.sandbox.stripe_objects import (
    charge_object,
    event_object,
    list_object,
    payment_intent_object,
    session_object,
)

Kind = Literal["refund", "dispute"]

EVENTS: Mapping[Kind, Sequence[str]] = {
    # As the sandbox sends them for a card, whose reference number follows at once.
    "refund": ("refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"),
    "dispute": ("charge.dispute.created", "charge.dispute.funds_withdrawn"),
}
"""What is told of each, the oldest first."""

SESSIONS = "/v1/checkout/sessions"

_AMOUNT, _CURRENCY = 2500, "usd"
"""As in `seed`."""

_CARD = USUAL_CARDS[PayWith.CARD]


@frozen(kw_only=True)
class Moved:
    """The whole money of a ticket was refunded at the Dashboard, or is disputed."""

    ticket: StoredTicket
    kind: Kind
    at: datetime


@frozen(kw_only=True)
class MovedMoney:
    """Payments of one installation.

    Attributes:
        installation_id: Marks them.
        sold: All checkouts that it lists, the newest ones, the oldest first.
        moved: All that has moved, the oldest first.
    """

    installation_id: UUID
    sold: Sequence[StoredTicket]
    moved: Sequence[Moved]
    _by_payment: Mapping[str, Moved] = field(init=False)
    _by_checkout: Mapping[str, StoredTicket] = field(init=False)
    _lists: "Mapping[str, _Listing]" = field(init=False)

    @_by_payment.default
    def _payments(self) -> Mapping[str, Moved]:
        return {each.ticket.payment_id: each for each in self.moved}

    @_by_checkout.default
    def _checkouts(self) -> Mapping[str, StoredTicket]:
        known = (*self.sold, *(each.ticket for each in self.moved))
        return {ticket.checkout_id: ticket for ticket in known}

    @_lists.default
    def _listings(self) -> "Mapping[str, _Listing]":
        told = [(each, kind) for each in self.moved for kind in EVENTS[each.kind]]
        return {
            "/v1/events": _Listing(
                _Entry(f"evt_{number}", each.at, partial(self._event, number, each, kind))
                for number, (each, kind) in enumerate(told)
            ),
            "/v1/refunds": self._returned("refund"),
            "/v1/disputes": self._returned("dispute"),
            SESSIONS: _Listing(
                _Entry(ticket.checkout_id, ticket.created_at, partial(self._session, ticket))
                for ticket in self.sold
            ),
        }

    def _returned(self, kind: Kind) -> "_Listing":
        return _Listing(
            _Entry(_id(each), each.at, partial(self._with_payment, each))
            for each in self.moved
            if each.kind == kind
        )

    def answer(self, method: str, path: str, params: Mapping[str, str]) -> Json:
        """See `provider.Answers`."""
        if method != "GET":
            raise ValueError(f"only what was sold and moved is told, not {method} {path}")
        if path == "/v1/disputes" and "payment_intent" in params:
            return list_object([_subject(self._by_payment[params["payment_intent"]])], url=path)
        if path in self._lists:
            return self._lists[path].page(params, url=path)
        return self._session(self._by_checkout[path.removeprefix(f"{SESSIONS}/")])

    def _event(self, number: int, moved: Moved, kind: str) -> Json:
        about_charge = kind == "charge.refunded"
        subject = self._charge(moved.ticket) if about_charge else _subject(moved)
        event = event_object(kind, subject, previous=None, created=_unix(moved.at))
        return event | {"id": f"evt_{number}"}

    def _with_payment(self, moved: Moved) -> Json:
        return _subject(moved) | {
            "payment_intent": payment_intent_object(self._intent(moved.ticket))
        }

    def _session(self, ticket: StoredTicket) -> Json:
        """Return the session with its charge and its refunds, as the adapter asks for it."""
        session = Session(
            id=ticket.checkout_id,
            created=_unix(ticket.created_at),
            expires_at=_unix(ticket.created_at + timedelta(hours=1)),
            currency=_CURRENCY,
            line_items=(LineItem("Concert", None, _AMOUNT, 1),),
            params={"metadata": self._metadata(ticket)},
            methods=("card",),
            page_url="",
            status="complete",
            payment_status="paid",
            payment_intent=ticket.payment_id,
        )
        moved = self._by_payment.get(ticket.payment_id)
        refunds = [_subject(moved)] if moved and moved.kind == "refund" else []
        charge = self._charge(ticket) | {"refunds": list_object(refunds, url="/v1/refunds")}
        payment = payment_intent_object(self._intent(ticket)) | {"latest_charge": charge}
        return session_object(session) | {"payment_intent": payment}

    def _intent(self, ticket: StoredTicket) -> Intent:
        return Intent(
            id=ticket.payment_id,
            created=_unix(ticket.created_at),
            session=ticket.checkout_id,
            amount=_AMOUNT,
            currency=_CURRENCY,
            method="card",
            params={"metadata": self._metadata(ticket)},
            status="succeeded",
            card=_CARD,
            latest_charge=sibling_id(ticket.payment_id, "ch"),
        )

    def _charge(self, ticket: StoredTicket) -> Json:
        moved = self._by_payment.get(ticket.payment_id)
        kind = moved.kind if moved else None
        charge = Charge(
            id=sibling_id(ticket.payment_id, "ch"),
            created=_unix(ticket.created_at),
            session=ticket.checkout_id,
            payment_intent=ticket.payment_id,
            amount=_AMOUNT,
            currency=_CURRENCY,
            method="card",
            card=_CARD,
            email=None,
            name=None,
            params={"metadata": self._metadata(ticket)},
            status="succeeded",
            amount_refunded=_AMOUNT if kind == "refund" else 0,
            disputed=kind == "dispute",
        )
        return charge_object(charge)

    def _metadata(self, ticket: StoredTicket) -> Mapping[str, str]:
        return {
            "installation": str(self.installation_id),
            "ticket_code": str(ticket.ticket_code),
            "ticket_id": str(ticket.ticket_id),
        }


@frozen
class _Entry:
    id: str
    at: datetime
    write: Callable[[], Json]


class _Listing:
    """A list in pages, the newest first (docs.stripe.com/api/pagination).

    Args:
        entries: The oldest first.
    """

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._entries = list(entries)[::-1]
        self._positions = {entry.id: position for position, entry in enumerate(self._entries)}

    def page(self, params: Mapping[str, str], *, url: str) -> Json:
        since, limit = int(params["created[gte]"]), int(params["limit"])
        after = params.get("starting_after")
        first = 0 if after is None else self._positions[after] + 1
        left = self._entries[first : first + limit + 1]
        found = [*takewhile(lambda entry: _unix(entry.at) >= since, left)]
        written = [entry.write() for entry in found[:limit]]
        return list_object(written, url=url, has_more=len(found) > limit)


def _id(moved: Moved) -> str:
    return sibling_id(moved.ticket.payment_id, "re" if moved.kind == "refund" else "du")


def _subject(moved: Moved) -> Json:
    """Return the refund or the dispute."""
    if moved.kind == "dispute":
        return dispute_object(
            Dispute(
                id=_id(moved),
                created=_unix(moved.at),
                charge=sibling_id(moved.ticket.payment_id, "ch"),
                payment_intent=moved.ticket.payment_id,
                amount=_AMOUNT,
                currency=_CURRENCY,
                card=_CARD,
                reason="fraudulent",
                status="needs_response",
            )
        )
    return refund_object(
        Refund(
            id=_id(moved),
            created=_unix(moved.at),
            charge=sibling_id(moved.ticket.payment_id, "ch"),
            payment_intent=moved.ticket.payment_id,
            amount=_AMOUNT,
            currency=_CURRENCY,
            card=_CARD,
            email=None,
            metadata={},
            reason=None,
            status="succeeded",
            referenced=True,
        )
    )


def _unix(at: datetime) -> int:
    return int(at.timestamp())
