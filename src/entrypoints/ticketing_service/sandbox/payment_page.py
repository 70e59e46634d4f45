"""The hosted payment page. Browsers use it, and programs that send its form."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from ticketing_service.sandbox.payment_methods import (
    BANK_DEBITS,
    TEST_CARDS,
    VOUCHERS,
    CardNumber,
    Decline,
    PayWith,
    SlowOutcome,
)
from ticketing_service.sandbox.records import Session
from ticketing_service.sandbox.refusals import Refused
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.webhooks import Delivery

# Long enough to see the waiting screen of a shop, short enough to wait for.
SLOW_SECONDS = 10
_DELIVERIES = {
    Delivery.ON_TIME: "sent at once",
    Delivery.EARLY: "sent, and answered before the buyer is back",
    Delivery.LATE: "sent late",
    Delivery.TWICE: "sent twice",
    Delivery.LOST: "lost",
}
_SLOW_OUTCOMES = {
    "": "waits for the dashboard",
    SlowOutcome.SUCCEEDS: f"succeeds after {SLOW_SECONDS} seconds",
    SlowOutcome.FAILS: f"fails after {SLOW_SECONDS} seconds",
}
_Page = tuple[str, int] | Response
_Word = TypeVar("_Word", bound=StrEnum)


class _Incomplete(Exception):
    """A field of the form is missing or wrong. The message is for the buyer."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def payment_page_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes under `/c/pay/`."""
    blueprint = Blueprint("payment_page", __name__)

    @blueprint.get("/c/pay/<session_id>")
    def show(session_id: str) -> _Page:
        return _page(sandbox, sandbox.session(session_id))

    @blueprint.post("/c/pay/<session_id>")
    def pay(session_id: str) -> _Page:
        def attempt() -> Session | Decline:
            return sandbox.pay(
                session_id,
                _slow_method() or _card(now=sandbox.now()),
                email=_sent("email") or None,
                name=_sent("name") or None,
                slow_outcome=_sent_word("slow_outcome", SlowOutcome),
                slow_seconds=SLOW_SECONDS,
                delivery=_sent_word("delivery", Delivery),
            )

        return _after(attempt, sandbox, session_id)

    @blueprint.post("/c/pay/<session_id>/authenticate")
    def authenticate(session_id: str) -> _Page:
        def attempt() -> Session | Decline:
            return sandbox.authenticate(
                session_id,
                passed=_sent("passed") == "yes",
                delivery=_sent_word("delivery", Delivery),
            )

        return _after(attempt, sandbox, session_id)

    @blueprint.errorhandler(Refused)
    def unknown_session(_: Refused) -> _Page:
        return render_template("closed.html", session=None), 404

    return blueprint


def _after(attempt: Callable[[], Session | Decline], sandbox: Sandbox, session_id: str) -> _Page:
    """Return what the buyer sees after an attempt to pay."""
    session = sandbox.session(session_id)
    try:
        paid = attempt()
    except _Incomplete as problem:
        return _page(sandbox, session, problem=str(problem), field=problem.field, status=400)
    except Refused as refused:
        # The session was closed while the buyer was looking at its page.
        session = sandbox.session(session_id)
        return _page(sandbox, session, problem=str(refused), status=409)
    if isinstance(paid, Decline):
        return _page(sandbox, session, problem=paid.message, field="card_number", status=402)
    if paid.status == "open":
        delivery = _sent("delivery", sandbox.delivery)
        return render_template("authenticate.html", session=paid, delivery=delivery), 200
    return redirect(_success_url(paid), code=303)


def _success_url(session: Session) -> str:
    """Return where the buyer goes after paying, with Stripe's placeholder filled in."""
    template: str = session.params["success_url"]
    return template.replace("{CHECKOUT_SESSION_ID}", session.id)


def _page(
    sandbox: Sandbox,
    session: Session,
    *,
    problem: str | None = None,
    field: str = "",
    status: int = 200,
) -> tuple[str, int]:
    if session.status != "open":
        url = _success_url(session)
        return render_template("closed.html", session=session, success_url=url), status
    return render_template(
        "pay.html",
        session=session,
        methods=session.methods,
        bank_debits=BANK_DEBITS.values(),
        vouchers=VOUCHERS.values(),
        test_cards=TEST_CARDS,
        deliveries=_DELIVERIES,
        delivery=request.form.get("delivery", sandbox.delivery),
        slow_outcomes=_SLOW_OUTCOMES,
        expires=datetime.fromtimestamp(session.expires_at, UTC),
        filled=request.form,
        problem=problem,
        field=field,
    ), status


def _sent(name: str, default: str = "") -> str:
    return request.form.get(name, default).strip()


def _sent_word(name: str, words: type[_Word]) -> _Word | None:
    try:
        return words(request.form[name]) if request.form.get(name) else None
    except ValueError as problem:
        raise _Incomplete(name, f"Not a choice: {problem}.") from None


def _slow_method() -> PayWith | None:
    method = _sent("method", "card")
    return PayWith(method) if method in {PayWith.BANK_DEBIT, PayWith.VOUCHER} else None


def _card(*, now: float) -> CardNumber:
    number = re.sub(r"[\s-]", "", _sent("card_number"))
    if not number:
        raise _Incomplete("card_number", "Your card number is incomplete.")
    card = next((known for known in TEST_CARDS if known.number == number), None)
    if card is None:
        raise _Incomplete(
            "card_number", "Your card number is not one of the test numbers listed below."
        )
    if "expiry" in request.form:
        _check_expiry(_sent("expiry"), now=now)
    if not re.fullmatch(r"[0-9]{3,4}", _sent("cvc", "123")):
        raise _Incomplete("cvc", "Your card's security code is incomplete.")
    return card


def _check_expiry(expiry: str, *, now: float) -> None:
    match = re.fullmatch(r"(0?[1-9]|1[0-2])\s*/\s*([0-9]{2})", expiry)
    if match is None:
        raise _Incomplete("expiry", "Your card's expiration date is incomplete.")
    today = datetime.fromtimestamp(now, UTC)
    if (2000 + int(match[2]), int(match[1])) < (today.year, today.month):
        raise _Incomplete("expiry", "Your card's expiration date is in the past.")
