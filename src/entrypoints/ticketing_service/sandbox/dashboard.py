"""The start page: what the seller does in Stripe's Dashboard, and what the buyer's bank does."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from attrs import evolve
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ticketing_service.sandbox.account import Account
from ticketing_service.sandbox.amounts import from_major_units, in_major_units
from ticketing_service.sandbox.dashboard_choices import (
    ACCOUNTS,
    DISPUTE_STEPS,
    DISPUTES,
    FAULTS,
    FORMS,
    LIMITS,
    REFUND_STEPS,
    REFUNDS,
    Form,
)
from ticketing_service.sandbox.disputes import FirstStatus, Move
from ticketing_service.sandbox.limits import Limits
from ticketing_service.sandbox.payment_methods import SlowOutcome
from ticketing_service.sandbox.people import RefundStep
from ticketing_service.sandbox.refusals import Refused
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.webhooks import Delivery

_Choice = TypeVar("_Choice")

_MOST_SHOWN = 50


def dashboard_blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the start page and the actions behind its buttons."""
    blueprint = Blueprint("dashboard", __name__)

    @blueprint.get("/")
    def index() -> str:
        return render_template(
            "dashboard.html",
            sandbox=sandbox,
            most_shown=_MOST_SHOWN,
            deliveries=list(Delivery),
            choices={
                "faults": _labels(FAULTS),
                "next_refund": _labels(REFUNDS),
                "account": _labels(ACCOUNTS),
                "limits": _labels(LIMITS),
                "form": _labels(FORMS),
                "disputes": DISPUTES,
            },
            refund_steps=REFUND_STEPS,
            dispute_steps=DISPUTE_STEPS,
            at=lambda seconds: datetime.fromtimestamp(seconds, UTC),
            major_units=in_major_units,
            problem=request.args.get("problem"),
        )

    _add_session_actions(blueprint, sandbox)
    _add_dispute_actions(blueprint, sandbox)
    _add_account_actions(blueprint, sandbox)
    _add_other_actions(blueprint, sandbox)

    @blueprint.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        return _back(str(refused))

    return blueprint


def _add_session_actions(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/dashboard/sessions/<session_id>/expire")
    def expire(session_id: str) -> Response:
        sandbox.expire(session_id)
        return _back()

    @blueprint.post("/dashboard/sessions/<session_id>/bank")
    def bank(session_id: str) -> Response:
        outcome = request.form.get("outcome", SlowOutcome.FAILS, type=SlowOutcome)
        sandbox.end_slow_payment(session_id, outcome)
        return _back()

    @blueprint.post("/dashboard/sessions/<session_id>/refund")
    def refund(session_id: str) -> Response:
        currency = sandbox.session(session_id).currency
        amount = from_major_units(request.form.get("amount", ""), currency)
        if amount is None:
            return _back("This is not an amount that can be refunded.")
        sandbox.refund(session_id, amount=amount)
        return _back()

    @blueprint.post("/dashboard/sessions/<session_id>/<any(yes, no):answer>")
    def authenticate(session_id: str, answer: str) -> Response:
        sandbox.authenticate(session_id, passed=answer == "yes")
        return _back()

    @blueprint.post("/dashboard/sessions/<session_id>/cancel")
    def cancel(session_id: str) -> Response:
        sandbox.cancel_payment(session_id)
        return _back()

    @blueprint.post(
        "/dashboard/refunds/<refund_id>/<any(complete, fail, name_account, cancel):step>"
    )
    def move_refund(refund_id: str, step: RefundStep) -> Response:
        sandbox.move_refund(refund_id, step)
        return _back()


def _add_dispute_actions(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/dashboard/sessions/<session_id>/dispute")
    def dispute(session_id: str) -> Response:
        status = request.form.get("status", FirstStatus.CHARGEBACK, type=FirstStatus)
        currency, sent = sandbox.session(session_id).currency, request.form.get("amount", "")
        amount = from_major_units(sent, currency)
        if sent and amount is None:
            return _back("This is not an amount that can be disputed.")
        sandbox.dispute(session_id, amount=amount, status=status)
        return _back()

    @blueprint.post("/dashboard/sessions/<session_id>/fraud_warning")
    def warn_of_fraud(session_id: str) -> Response:
        sandbox.warn_of_fraud(session_id)
        return _back()

    @blueprint.post("/dashboard/disputes/<dispute_id>")
    def move_dispute(dispute_id: str) -> Response:
        move = request.form.get("move", type=Move)
        if move is None:
            return _back("This step does not exist.")
        sandbox.move_dispute(dispute_id, move)
        return _back()


def _add_account_actions(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/dashboard/next_refund")
    def plan_refund() -> Response:
        return _choose(REFUNDS, "next_refund", sandbox.plan_refund)

    @blueprint.post("/dashboard/account")
    def set_account() -> Response:
        def change(account: Account) -> None:
            sandbox.account = account

        return _choose(ACCOUNTS, "account", change)

    @blueprint.post("/dashboard/limits")
    def set_limits() -> Response:
        def change(limits: Limits | None) -> None:
            sandbox.limits = limits

        return _choose(LIMITS, "limits", change)

    @blueprint.post("/dashboard/form")
    def set_form() -> Response:
        def change(form: Form) -> None:
            if sandbox.webhook:
                sandbox.webhook = evolve(
                    sandbox.webhook, thin=form.thin, api_version=form.api_version
                )

        return _choose(FORMS, "form", change)


def _add_other_actions(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/dashboard/events/<event_id>/resend")
    def resend(event_id: str) -> Response:
        sent = sandbox.resend(event_id)
        return _back(None if sent else "This event cannot be sent.")

    @blueprint.post("/dashboard/delivery")
    def set_delivery() -> Response:
        delivery = request.form.get("delivery", type=Delivery)
        if delivery is None:
            return _back("This delivery does not exist.")
        sandbox.delivery = delivery
        return _back()

    @blueprint.post("/dashboard/clock")
    def advance_clock() -> Response:
        minutes = request.form.get("minutes", "")
        if not minutes.isdecimal():
            return _back("The clock can be set forward by whole minutes.")
        sandbox.advance_clock(int(minutes) * 60)
        return _back()

    @blueprint.post("/dashboard/clock/return")
    def return_clock() -> Response:
        sandbox.return_clock()
        return _back()

    @blueprint.post("/dashboard/faults")
    def plan_fault() -> Response:
        planned = FAULTS.get(request.form.get("fault", ""))
        if planned is None:
            sandbox.clear_faults()
        else:
            sandbox.plan_fault(planned[1])
        return _back()


def _labels(choices: Mapping[str, tuple[str, object]]) -> dict[str, str]:
    return {name: label for name, (label, _) in choices.items()}


def _choose(
    choices: Mapping[str, tuple[str, _Choice]], field: str, take: Callable[[_Choice], object]
) -> Response:
    """Take what the field of the form names."""
    chosen = choices.get(request.form.get(field, ""))
    if chosen is None:
        return _back("This choice does not exist.")
    take(chosen[1])
    return _back()


def _back(problem: str | None = None) -> Response:
    return redirect(url_for("dashboard.index", problem=problem), code=303)
