"""The start page: what the seller does in Stripe's Dashboard, and what the buyer's bank does."""

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ticketing_service.sandbox.amounts import from_major_units, in_major_units
from ticketing_service.sandbox.faults import RATE_LIMITED, SERVER_ERROR, Fault
from ticketing_service.sandbox.payment_methods import SlowOutcome
from ticketing_service.sandbox.refusals import Refused
from ticketing_service.sandbox.sandbox import Sandbox
from ticketing_service.sandbox.webhooks import Delivery

_MOST_SHOWN = 50
# For POST calls only: in a shop, a failed look-up is hardly visible.
_FAULTS = {
    "refused": ("Fails with status 500", Fault(method="POST", error=SERVER_ERROR)),
    "too_many": ("Fails with status 429", Fault(method="POST", error=RATE_LIMITED)),
    "slow": ("Takes 8 seconds", Fault(method="POST", delay=8)),
    "unreached": ("Is lost on the way", Fault(method="POST", drop=True)),
    "response_lost": (
        "Takes effect, but the response is lost",
        Fault(method="POST", drop=True, after_effect=True),
    ),
}


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
            faults={name: label for name, (label, _) in _FAULTS.items()},
            at=lambda seconds: datetime.fromtimestamp(seconds, UTC),
            major_units=in_major_units,
            problem=request.args.get("problem"),
        )

    _add_session_actions(blueprint, sandbox)
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

    @blueprint.post("/dashboard/sessions/<session_id>/dispute")
    def dispute(session_id: str) -> Response:
        sandbox.dispute(session_id)
        return _back()

    @blueprint.post("/dashboard/refunds/<refund_id>/fail")
    def fail_refund(refund_id: str) -> Response:
        sandbox.fail_refund(refund_id)
        return _back()


def _add_other_actions(blueprint: Blueprint, sandbox: Sandbox) -> None:
    @blueprint.post("/dashboard/events/<event_id>/resend")
    def resend(event_id: str) -> Response:
        sent = sandbox.resend(event_id)
        return _back(None if sent else "This event cannot be sent.")

    @blueprint.post("/dashboard/delivery")
    def set_delivery() -> Response:
        delivery = request.form.get("delivery", type=Delivery)
        if delivery is None:
            return _back("There is no such delivery.")
        sandbox.delivery = delivery
        return _back()

    @blueprint.post("/dashboard/clock")
    def advance_clock() -> Response:
        minutes = request.form.get("minutes", "")
        if not minutes.isdecimal():
            return _back("The clock can be set forward by whole minutes.")
        sandbox.advance_clock(int(minutes) * 60)
        return _back()

    @blueprint.post("/dashboard/faults")
    def plan_fault() -> Response:
        planned = _FAULTS.get(request.form.get("fault", ""))
        if planned is None:
            sandbox.clear_faults()
        else:
            sandbox.plan_fault(planned[1])
        return _back()


def _back(problem: str | None = None) -> Response:
    return redirect(url_for("dashboard.index", problem=problem), code=303)
