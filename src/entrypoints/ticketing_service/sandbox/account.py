"""The account itself: its name, whether it may take payments, and its webhook endpoint.

See docs.stripe.com/api/accounts and docs.stripe.com/api/webhook_endpoints.
"""

from attrs import field, frozen
from attrs.validators import deep_iterable, instance_of

from ticketing_service.sandbox.refusals import Json, wrong_state
from ticketing_service.sandbox.stripe_objects import TEMPLATES
from ticketing_service.sandbox.webhooks import WebhookEndpoint


@frozen(kw_only=True)
class Account:
    """What the Dashboard's settings hold."""

    name: str | None = "Sandbox"
    charges_enabled: bool = field(default=True, validator=instance_of(bool))
    details_submitted: bool = field(default=True, validator=instance_of(bool))
    disabled_reason: str | None = None
    currently_due: tuple[str, ...] = field(
        default=(), validator=deep_iterable(instance_of(str), instance_of((tuple, list)))
    )

    def __attrs_post_init__(self) -> None:
        """Raise `TypeError` for a name or reason that is not a text."""
        for text in (self.name, self.disabled_reason):
            if not isinstance(text, str | None):
                raise TypeError(f"{text!r} is not a text")

    def check_checkout(self) -> None:
        """Raise `Refused` if the account cannot open Checkout Sessions."""
        if self.name is None:
            raise wrong_state(
                "In order to use Checkout, you must set an account or business name at "
                "https://dashboard.stripe.com/account."
            )
        if not self.charges_enabled:
            raise wrong_state(
                "Your account cannot currently make live charges. If you are a customer trying to "
                "make a purchase, please contact the owner of this site. Your transaction has not "
                "been processed."
            )


def account_object(account: Account) -> Json:
    """Return the account."""
    template = TEMPLATES["account"]
    due = list(account.currently_due)
    active = "active" if account.charges_enabled else "inactive"
    return template | {
        "business_profile": template["business_profile"] | {"name": account.name},
        "capabilities": {"card_payments": active, "transfers": active},
        "charges_enabled": account.charges_enabled,
        "details_submitted": account.details_submitted,
        "requirements": template["requirements"]
        | {
            "currently_due": due,
            "disabled_reason": account.disabled_reason,
            "eventually_due": due,
        },
        "settings": template["settings"]
        | {"dashboard": {"display_name": account.name, "timezone": "Etc/UTC"}},
    }


def webhook_endpoint_object(endpoint: WebhookEndpoint) -> Json:
    """Return a webhook endpoint. Its secret is only shown when it is made."""
    return TEMPLATES["webhook_endpoint"] | {
        "api_version": endpoint.api_version,
        "enabled_events": list(endpoint.enabled_events),
        "url": endpoint.url,
    }
