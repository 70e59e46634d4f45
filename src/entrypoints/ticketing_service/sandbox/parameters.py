"""The parameters of each API call, as one table."""

from ticketing_service.sandbox.parameter_types import (
    ParameterType,
    choice,
    currency,
    email,
    fields,
    flag,
    integer,
    many,
    metadata,
    period,
    text,
    url,
)

_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt "
    "nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
# docs.stripe.com/api/expanding_objects sets no limit on the number of paths; 20 are plenty.
_EXPAND = many(text(), most=20)
_ENABLED = fields("enabled", enabled=flag)
_NOTE = fields("message", message=text(1200))

_PRODUCT = fields(
    "name",
    name=text(),
    description=text(40_000),
    images=many(url, most=8),
    metadata=metadata,
    tax_code=text(),
    unit_label=text(12),
)
_PRICE = fields(
    "currency product_data unit_amount",
    currency=currency,
    product_data=_PRODUCT,
    tax_behavior=choice("exclusive inclusive unspecified"),
    unit_amount=integer(least=0),
)
_LINE_ITEM = fields(
    "price_data quantity",
    price_data=_PRICE,
    quantity=integer(least=1, most=999_999),
    metadata=metadata,
)

# The part of docs.stripe.com/api/checkout/sessions/create that a seller of one-time payments on
# the hosted page needs. Stripe removed `payment_method_types` in API version 2026-09-30.
CREATE_SESSION = fields(
    "mode line_items success_url",
    adaptive_pricing=fields(enabled=flag),
    allow_promotion_codes=flag,
    allowed_payment_method_types=many(text(50)),
    automatic_tax=_ENABLED,
    billing_address_collection=choice("auto required"),
    cancel_url=url,
    client_reference_id=text(200),
    consent_collection=fields(terms_of_service=choice("none required")),
    custom_text=fields(after_submit=_NOTE, submit=_NOTE),
    customer_creation=choice("always if_required"),
    customer_email=email,
    excluded_payment_method_types=many(text(50)),
    expand=_EXPAND,
    expires_at=integer(),
    line_items=many(_LINE_ITEM),
    locale=choice(_LOCALES),
    metadata=metadata,
    mode=choice("payment"),
    payment_intent_data=fields(
        description=text(1000),
        metadata=metadata,
        receipt_email=email,
        statement_descriptor=text(22),
        statement_descriptor_suffix=text(22),
    ),
    phone_number_collection=_ENABLED,
    submit_type=choice("auto book donate pay"),
    success_url=url,
    ui_mode=choice("hosted_page"),
)
EXPAND_ONLY = fields(expand=_EXPAND)

# What all lists take. Any other parameter of a list is a filter: the field of that name must have
# that value.
PAGING: dict[str, ParameterType] = {
    "created": period,
    "ending_before": text(),
    "expand": _EXPAND,
    "limit": integer(least=1, most=100),
    "starting_after": text(),
}
LIST_SESSIONS = fields(**PAGING, payment_intent=text(), status=choice("complete expired open"))
LIST_PAYMENT_INTENTS = fields(**PAGING)
LIST_WEBHOOK_ENDPOINTS = fields(
    **{name: kind for name, kind in PAGING.items() if name != "created"}
)
LIST_CHARGES = fields(**PAGING, payment_intent=text())
# Refunds, disputes and early fraud warnings.
LIST_OF_PAYMENT = fields(**PAGING, charge=text(), payment_intent=text())
# docs.stripe.com/api/events/list: "up to 20 strings"
LIST_EVENTS = fields(**PAGING, type=text(), types=many(text(), most=20))

CREATE_REFUND = fields(
    amount=integer(least=1),
    charge=text(),
    expand=_EXPAND,
    metadata=metadata,
    payment_intent=text(),
    reason=choice("duplicate fraudulent requested_by_customer"),
)
CANCEL_INTENT = fields(
    cancellation_reason=choice("abandoned duplicate fraudulent requested_by_customer"),
    expand=_EXPAND,
)

# The texts of docs.stripe.com/api/disputes/update; the sandbox takes no files.
_LONG_EVIDENCE = """access_activity_log cancellation_policy_disclosure cancellation_rebuttal
    duplicate_charge_explanation product_description refund_policy_disclosure
    refund_refusal_explanation uncategorized_text"""
_SHORT_EVIDENCE = """billing_address customer_email_address customer_name customer_purchase_ip
    duplicate_charge_id service_date shipping_address shipping_carrier shipping_date
    shipping_tracking_number"""
UPDATE_DISPUTE = fields(
    evidence=fields(
        **dict.fromkeys(_LONG_EVIDENCE.split(), text(20_000)),
        **dict.fromkeys(_SHORT_EVIDENCE.split(), text()),
    ),
    expand=_EXPAND,
    metadata=metadata,
    submit=flag,
)
