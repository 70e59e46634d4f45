"""A local, stateful stand-in for the part of Stripe that a ticket seller uses.

The real `stripe` SDK calls it over HTTP. README.md describes what it imitates, and its interfaces.
"""

from ticketing_service.sandbox.account import Account
from ticketing_service.sandbox.disputes import FirstStatus, Move
from ticketing_service.sandbox.faults import RATE_LIMITED, SERVER_ERROR, Fault
from ticketing_service.sandbox.limits import LIVE, TEST, Limits
from ticketing_service.sandbox.payment_methods import Decline, PayWith, SlowOutcome
from ticketing_service.sandbox.refund_plan import RefundPlan
from ticketing_service.sandbox.refusals import Refusal, Refused
from ticketing_service.sandbox.sandbox import Exchange, Sandbox
from ticketing_service.sandbox.serving import RunningSandbox, running_sandbox, sandbox_app, serve
from ticketing_service.sandbox.unsettled import Unsettled
from ticketing_service.sandbox.webhooks import Delivery, WebhookEndpoint

__all__ = [
    "LIVE",
    "RATE_LIMITED",
    "SERVER_ERROR",
    "TEST",
    "Account",
    "Decline",
    "Delivery",
    "Exchange",
    "Fault",
    "FirstStatus",
    "Limits",
    "Move",
    "PayWith",
    "RefundPlan",
    "Refusal",
    "Refused",
    "RunningSandbox",
    "Sandbox",
    "SlowOutcome",
    "Unsettled",
    "WebhookEndpoint",
    "running_sandbox",
    "sandbox_app",
    "serve",
]
