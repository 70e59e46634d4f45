"""A local, stateful stand-in for the part of Stripe that a ticket seller uses.

The real `stripe` SDK speaks to it over HTTP. It has Checkout Sessions, payment intents, charges,
refunds, idempotency keys, signed webhooks, a hosted payment page and a small dashboard. Everything
is in memory, in one process, behind one lock.

The control interface
---------------------
All of it is JSON under `/_sandbox/`; a test in the same process uses `Sandbox` instead. Every
member of a body may be left out. `delivery` is `on_time`, `lost`, `twice`, `early` (the request
ends once the event was delivered) or `late`. What cannot be done is answered with Stripe's error
body and its status.

======  ====================================  =====================================================
method  path                                  body, and what it does
======  ====================================  =====================================================
GET     /_sandbox/sessions                    all sessions, newest first
POST    /_sandbox/sessions/ID/pay             `with`: `card`, `declined_card`, `empty_card`,
                                              `expired_card` or `bank_debit`; `email`, `name`;
                                              `slow_outcome`: `succeeds` or `fails`, after
                                              `slow_seconds`; `delivery`
POST    /_sandbox/sessions/ID/end_slow_payment  `outcome`: `succeeds` or `fails`; `delivery`
POST    /_sandbox/sessions/ID/refund          `amount` in minor units, else all; `delivery`
POST    /_sandbox/sessions/ID/dispute         the buyer's bank takes the money back; `delivery`
POST    /_sandbox/refunds/ID/fail             the bank sends the refund back; `delivery`
POST    /_sandbox/clock/advance               `seconds`: sets the clock forward
POST    /_sandbox/delivery                    `delivery` of all events from now on
POST    /_sandbox/faults                      plans a `Fault`, given by its fields; `error` by the
                                              fields of a `Refusal`
GET     /_sandbox/faults                      the faults that are still to come
DELETE  /_sandbox/faults                      lets all calls go well again
GET     /_sandbox/exchanges                   all calls of the API, oldest first
GET     /_sandbox/events                      all events with their deliveries, newest first
POST    /_sandbox/events/ID/resend            delivers an event once more
POST    /_sandbox/reset                       forgets everything
======  ====================================  =====================================================

The payment page is driven by form posts to the session's `url`. Fields: `method` (`card` or
`bank_debit`), `card_number`, `expiry`, `cvc`, `name`, `email`, `delivery`, `slow_outcome`; only
`card_number`, or `method=bank_debit`, is needed. It answers 303 to `success_url`, 402 when the card
is declined, 400 when a field is wrong, 409 when the session is no longer open.
"""

from ticketing_service.sandbox.errors import Refusal, Refused
from ticketing_service.sandbox.faults import RATE_LIMITED, SERVER_ERROR, Fault
from ticketing_service.sandbox.payment_methods import Decline, PayWith, SlowOutcome
from ticketing_service.sandbox.sandbox import Exchange, Sandbox
from ticketing_service.sandbox.server import RunningSandbox, running_sandbox, serve
from ticketing_service.sandbox.web import sandbox_app
from ticketing_service.sandbox.webhooks import Delivery, WebhookEndpoint

__all__ = [
    "RATE_LIMITED",
    "SERVER_ERROR",
    "Decline",
    "Delivery",
    "Exchange",
    "Fault",
    "PayWith",
    "Refusal",
    "Refused",
    "RunningSandbox",
    "Sandbox",
    "SlowOutcome",
    "WebhookEndpoint",
    "running_sandbox",
    "sandbox_app",
    "serve",
]
