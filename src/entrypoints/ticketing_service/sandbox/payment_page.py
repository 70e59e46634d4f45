"""The hosted payment page, drivable by a browser or by plain form posts."""

import re
from datetime import UTC, datetime
from functools import partial

from attrs import frozen
from flask import Blueprint, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from ticketing_service.sandbox.errors import Refused
from ticketing_service.sandbox.payment_methods import (
    BANK_DEBITS,
    TEST_CARDS,
    CardNumber,
    Decline,
    PayWith,
    SlowOutcome,
)
from ticketing_service.sandbox.records import Session
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.webhooks import Delivery

# Long enough to see the waiting screen of a shop, short enough to wait for.
SLOW_SECONDS = 10
_DELIVERIES = {
    Delivery.ON_TIME: "sent at once",
    Delivery.EARLY: "sent and answered before the buyer is back",
    Delivery.LATE: "sent late",
    Delivery.TWICE: "sent twice",
    Delivery.LOST: "lost",
}
_SLOW_OUTCOMES = {
    "": "waits for the dashboard",
    SlowOutcome.SUCCEEDS: f"succeeds after {SLOW_SECONDS} seconds",
    SlowOutcome.FAILS: f"fails after {SLOW_SECONDS} seconds",
}
Page = str | tuple[str, int] | Response


@frozen
class _Payment:
    """A filled-in form that can be tried."""

    pay_with: PayWith
    card: CardNumber | None
    delivery: Delivery | None
    slow_outcome: SlowOutcome | None


class _Incomplete(Exception):
    """The form cannot be tried; the message is for the buyer, about one field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def payment_page_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes under `/c/pay/`."""
    blueprint = Blueprint("payment_page", __name__)

    page = partial(_page, sandbox)

    @blueprint.get("/c/pay/<session_id>")
    def show(session_id: str) -> Page:
        try:
            session = sandbox.session(session_id)
        except Refused:
            return render_template("closed.html", session=None), 404
        return page(session)

    @blueprint.post("/c/pay/<session_id>")
    def pay(session_id: str) -> Page:
        try:
            session = sandbox.session(session_id)
        except Refused:
            return render_template("closed.html", session=None), 404
        try:
            payment = _read(request.form, now=sandbox.clock.now())
            paid = sandbox.pay(
                session_id,
                payment.pay_with,
                card=payment.card,
                email=request.form.get("email", "").strip() or None,
                name=request.form.get("name", "").strip() or None,
                slow_outcome=payment.slow_outcome,
                slow_seconds=SLOW_SECONDS,
                delivery=payment.delivery,
            )
        except _Incomplete as problem:
            return page(session, problem=str(problem), field=problem.field, status=400)
        except Refused as refused:
            # The session was closed while the buyer was looking at its page.
            return page(sandbox.session(session_id), problem=str(refused), status=409)
        if isinstance(paid, Decline):
            return page(session, problem=paid.message, field="card_number", status=402)
        return redirect(success_url(paid), code=303)

    return blueprint


def success_url(session: Session) -> str:
    """Return where the buyer goes after paying, with Stripe's placeholder filled in."""
    asked: str = session.asked["success_url"]
    return asked.replace("{CHECKOUT_SESSION_ID}", session.id)


def _page(
    sandbox: Sandbox,
    session: Session,
    *,
    problem: str | None = None,
    field: str = "",
    status: int = 200,
) -> tuple[str, int]:
    if session.status != "open":
        return render_template(
            "closed.html", session=session, success_url=success_url(session)
        ), status
    return render_template(
        "pay.html",
        session=session,
        methods=session.methods,
        bank_debits=BANK_DEBITS.values(),
        test_cards=TEST_CARDS.values(),
        deliveries=_DELIVERIES,
        delivery=request.form.get("delivery", sandbox.delivery),
        slow_outcomes=_SLOW_OUTCOMES,
        expires=datetime.fromtimestamp(session.expires_at, UTC),
        filled=request.form,
        problem=problem,
        field=field,
    ), status


def _read(form: MultiDict[str, str], *, now: float) -> _Payment:
    """Read the form. Only `card_number` (or `method=bank_debit`) has to be there."""
    is_card = form.get("method", "card") == "card"
    card = _card(form, now=now) if is_card else None
    try:
        return _Payment(
            pay_with=card.pays_with if card else PayWith.BANK_DEBIT,
            card=card,
            delivery=Delivery(form["delivery"]) if form.get("delivery") else None,
            slow_outcome=SlowOutcome(form["slow_outcome"]) if form.get("slow_outcome") else None,
        )
    except ValueError as problem:
        raise _Incomplete("mishaps", f"Not a mishap: {problem}.") from None


def _card(form: MultiDict[str, str], *, now: float) -> CardNumber:
    number = re.sub(r"[\s-]", "", form.get("card_number", ""))
    if not number:
        raise _Incomplete("card_number", "Your card number is incomplete.")
    card = TEST_CARDS.get(number)
    if card is None:
        raise _Incomplete(
            "card_number", "Your card number is not one of the test numbers listed below."
        )
    _check_expiry(form.get("expiry"), now=now)
    if not re.fullmatch(r"[0-9]{3,4}", form.get("cvc", "123").strip()):
        raise _Incomplete("cvc", "Your card's security code is incomplete.")
    return card


def _check_expiry(sent: str | None, *, now: float) -> None:
    if sent is None:
        return
    match = re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/\s*([0-9]{2})\s*", sent)
    if match is None:
        raise _Incomplete("expiry", "Your card's expiration date is incomplete.")
    today = datetime.fromtimestamp(now, UTC)
    if (2000 + int(match[2]), int(match[1])) < (today.year, today.month):
        raise _Incomplete("expiry", "Your card's expiration date is in the past.")
