"""Why a use case does not return its result: a closed tree of facts.

A fact has one name. `SoldOut` is what a store returns, what the use case raises, and, in snake
case, the stable code ``sold_out`` that a frontend reads. Adapters raise none of these but
`StoreUnavailable`; a port that names others in its return type returns them as values.
"""

from ticketing_core.errors.purchase import (
    EventChanged,
    IdempotencyKeyReused,
    OrderClosed,
    OverBuyerLimit,
    OverOrderLimit,
    PaymentNotStarted,
    PaymentRefused,
    PaymentsNotConfigured,
    PurchaseInProgress,
    PurchaseRefused,
    SaleClosed,
    SaleNotOpen,
    SoldOut,
    TotalTooLarge,
    TotalTooSmall,
)
from ticketing_core.errors.root import (
    TicketingError,
    code_of,
    errors_of,
    leaves,
    raises,
)
from ticketing_core.errors.ticket import (
    AlreadyPaid,
    AlreadyProcessed,
    EventNotFound,
    NotFound,
    NotIssued,
    NotYourTicket,
    OrderCancelled,
    OrderExpired,
    PaymentNotCompleted,
    PaymentNotFound,
    PaymentOpen,
    PaymentProcessing,
    Refunded,
    TicketNotFound,
)
from ticketing_core.errors.unavailable import (
    GatewayUnavailable,
    Overloaded,
    StoreUnavailable,
    Unavailable,
)

__all__ = [
    "AlreadyPaid",
    "AlreadyProcessed",
    "EventChanged",
    "EventNotFound",
    "GatewayUnavailable",
    "IdempotencyKeyReused",
    "NotFound",
    "NotIssued",
    "NotYourTicket",
    "OrderCancelled",
    "OrderClosed",
    "OrderExpired",
    "OverBuyerLimit",
    "OverOrderLimit",
    "Overloaded",
    "PaymentNotCompleted",
    "PaymentNotFound",
    "PaymentNotStarted",
    "PaymentOpen",
    "PaymentProcessing",
    "PaymentRefused",
    "PaymentsNotConfigured",
    "PurchaseInProgress",
    "PurchaseRefused",
    "Refunded",
    "SaleClosed",
    "SaleNotOpen",
    "SoldOut",
    "StoreUnavailable",
    "TicketNotFound",
    "TicketingError",
    "TotalTooLarge",
    "TotalTooSmall",
    "Unavailable",
    "code_of",
    "errors_of",
    "leaves",
    "raises",
]
