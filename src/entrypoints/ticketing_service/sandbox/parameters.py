"""The one table of the parameters that each call of the API takes."""

from ticketing_service.sandbox.shapes import (
    Choice,
    Currency,
    Email,
    Fields,
    Flag,
    Integer,
    Many,
    Metadata,
    Period,
    Shape,
    Text,
    Url,
)

_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt "
    "nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
# docs.stripe.com/api/expanding_objects: up to four levels, and a handful of paths is plenty.
_EXPAND = Many(Text(), most=20)
_ENABLED = Fields({"enabled": Flag()}, required="enabled")
_NOTE = Fields({"message": Text(longest=1200)}, required="message")

_PRODUCT = Fields(
    {
        "name": Text(),
        "description": Text(longest=40_000),
        "images": Many(Url(), most=8),
        "metadata": Metadata(),
        "tax_code": Text(),
        "unit_label": Text(longest=12),
    },
    required="name",
)
_PRICE = Fields(
    {
        "currency": Currency(),
        "product_data": _PRODUCT,
        "tax_behavior": Choice("exclusive inclusive unspecified"),
        "unit_amount": Integer(least=0),
    },
    required="currency product_data unit_amount",
)
_LINE_ITEM = Fields(
    {"price_data": _PRICE, "quantity": Integer(least=1, most=999_999), "metadata": Metadata()},
    required="price_data quantity",
)

# docs.stripe.com/api/checkout/sessions/create, of which a seller of one-time payments on the
# hosted page needs this much. `payment_method_types` is gone since API version 2026-09-30.
CREATE_SESSION = Fields(
    {
        "adaptive_pricing": Fields({"enabled": Flag()}),
        "allow_promotion_codes": Flag(),
        "allowed_payment_method_types": Many(Text(longest=50)),
        "automatic_tax": _ENABLED,
        "billing_address_collection": Choice("auto required"),
        "cancel_url": Url(),
        "client_reference_id": Text(longest=200),
        "custom_text": Fields({"after_submit": _NOTE, "submit": _NOTE}),
        "customer_creation": Choice("always if_required"),
        "customer_email": Email(),
        "excluded_payment_method_types": Many(Text(longest=50)),
        "expand": _EXPAND,
        "expires_at": Integer(),
        "line_items": Many(_LINE_ITEM),
        "locale": Choice(_LOCALES),
        "metadata": Metadata(),
        "mode": Choice("payment"),
        "payment_intent_data": Fields(
            {
                "description": Text(longest=1000),
                "metadata": Metadata(),
                "receipt_email": Email(),
                "statement_descriptor": Text(longest=22),
                "statement_descriptor_suffix": Text(longest=22),
            }
        ),
        "phone_number_collection": _ENABLED,
        "submit_type": Choice("auto book donate pay"),
        "success_url": Url(),
        "ui_mode": Choice("hosted_page"),
    },
    required="mode line_items success_url",
)
EXPAND_ONLY = Fields({"expand": _EXPAND})

_PAGING: dict[str, Shape] = {
    "created": Period(),
    "ending_before": Text(),
    "expand": _EXPAND,
    "limit": Integer(least=1, most=100),
    "starting_after": Text(),
}
LIST_SESSIONS = Fields(
    {**_PAGING, "payment_intent": Text(), "status": Choice("complete expired open")}
)
LIST_PAYMENT_INTENTS = Fields(_PAGING)
LIST_REFUNDS = Fields({**_PAGING, "charge": Text(), "payment_intent": Text()})

CREATE_REFUND = Fields(
    {
        "amount": Integer(least=1),
        "charge": Text(),
        "expand": _EXPAND,
        "metadata": Metadata(),
        "payment_intent": Text(),
        "reason": Choice("duplicate fraudulent requested_by_customer"),
    }
)
