"""API keys: which are known, and what each may do (docs.stripe.com/keys)."""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from ticketing_service.sandbox.refusals import Refusal, Refused, invalid

_TEST_KEYS = ("sk_test_", "rk_test_")
_RESOURCES = {
    "/v1/checkout/sessions": "checkout_session",
    "/v1/payment_intents": "payment_intent",
    "/v1/charges": "charge",
    # The Dashboard has one row for "Charges and Refunds".
    "/v1/refunds": "charge",
    "/v1/disputes": "dispute",
    "/v1/events": "event",
    "/v1/radar/early_fraud_warnings": "early_fraud_warning",
    "/v1/webhook_endpoints": "webhook",
    "/v1/account": "accounts_kyc_basic",
}
_RESOURCES_OF_TYPES = {
    "payment_intent": "payment_intent",
    "charge": "charge",
    "refund": "charge",
    "list:refund": "charge",
}
RIGHTS = frozenset(
    f"{resource}_{action}" for resource in _RESOURCES.values() for action in ("read", "write")
)
"""Stripe's names of the rights, without the prefix `rak_` that they have in its errors."""


def needed_rights(*, method: str, rule: str, expanded: Iterable[str]) -> list[str]:
    """Return the rights for a call, and for the types of object that its response expands."""
    resource = max((path for path in _RESOURCES if rule.startswith(path)), key=len)
    own = f"{_RESOURCES[resource]}_{'read' if method == 'GET' else 'write'}"
    return [own, *(f"{_RESOURCES_OF_TYPES[kind]}_read" for kind in expanded)]


@frozen
class Keys:
    """The account's keys. A key with rights (None: with all of them) is registered.

    Keys that are not registered have all rights, unless `only_registered` is set.
    """

    registered: Mapping[str, frozenset[str] | None] = field(factory=dict)
    only_registered: bool = False

    def registering(self, key: str, rights: Iterable[str] | None) -> "Keys":
        """Return the keys with one more. Writing includes reading."""
        if not key.startswith(_TEST_KEYS):
            raise invalid("The key must begin with sk_test_ or rk_test_.", param="key")
        granted = None if rights is None else frozenset(rights)
        if granted and not granted <= RIGHTS:
            unknown = ", ".join(sorted(granted - RIGHTS))
            raise invalid(f"Unknown rights: {unknown}.", param="rights")
        if granted is not None:
            granted |= {right.replace("_write", "_read") for right in granted}
        return Keys({**self.registered, key: granted}, self.only_registered)

    def check_known(self, key: str | None) -> str:
        """Return the key, or raise `Refused` if it is missing or not one of these."""
        if key is None:
            message = (
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY')."
            )
        elif not key.startswith(_TEST_KEYS):
            # Never repeat the key: it may be a live one that was sent here by mistake.
            message = "Invalid API Key provided: the sandbox takes any sk_test_... key."
        elif self.only_registered and key not in self.registered:
            message = f"Invalid API Key provided: {_masked(key)}"
        else:
            return key
        raise Refused(Refusal(status=401, message=message), saved=False)

    def check_rights(self, key: str, needed: Iterable[str]) -> None:
        """Raise `Refused` if the key lacks one of these rights."""
        granted = self.registered.get(key)
        if granted is None:
            return
        for right in needed:
            if right not in granted:
                message = (
                    f"The provided key '{_masked(key)}' does not have the required permissions "
                    f"for this endpoint. Having the 'rak_{right}' permission would allow this "
                    "request to continue."
                )
                raise Refused(Refusal(status=403, message=message), saved=False)


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * max(len(key) - 12, 3)}{key[12:][-4:]}"
