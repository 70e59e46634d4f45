"""The checks of everything about Stripe: keys, addresses beside a live key, the payment page."""

import re

from ticketing_service.settings_checks.mistakes import PREFIX, Mistakes

LOCALES = frozenset(
    (
        "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv "
        "ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
    ).split()
)
"""The languages of the payment page (docs.stripe.com/api/checkout/sessions/create). A copy, since
loading the SDK takes most of a second; a test compares the two."""

LONGEST_SUFFIX = 18
"""Characters: a statement has 22, of which the account's prefix takes at least 2 and ``* `` another
2 (docs.stripe.com/get-started/account/statement-descriptors)."""

LIVE_CALLS, TEST_CALLS = 100, 25
"""Calls a second that Stripe takes from a live and from a test account, unless the seller has a
contract about more (docs.stripe.com/rate-limits)."""

_SUFFIX = re.compile(r"[ -~]*[A-Za-z][ -~]*")
_FORBIDDEN = frozenset("<>\\'\"*")


def secret(name: str, text: str, mistakes: Mistakes, *, begins: tuple[str, ...]) -> str | None:
    """Return a secret of Stripe, recognised by its beginning, or None if none is set."""
    if text and not (text.startswith(begins) and re.fullmatch("[!-~]+", text)):
        mistakes.add(name, f"must begin with {' or '.join(begins)} and hold no blanks")
    return text or None


def webhook_secret(text: str, mistakes: Mistakes, *, secret_key: str) -> str | None:
    """Return the secret of Stripe's webhooks. It needs the key: each webhook leads to a call."""
    if text and not secret_key:
        mistakes.add("STRIPE_WEBHOOK_SECRET", f"needs {PREFIX}STRIPE_SECRET_KEY beside it")
    return secret("STRIPE_WEBHOOK_SECRET", text, mistakes, begins=("whsec_",))


def check_addresses(secret_key: str, mistakes: Mistakes, **addresses: str) -> None:
    """Refuse addresses that are not encrypted beside a live key: real money depends on them.

    Args:
        secret_key: The account's key.
        mistakes: The list to add to.
        addresses: Each address, or list of them, by the name of its setting, in lower case.
    """
    if not is_live(secret_key):
        return
    for name, url in addresses.items():
        if any(each.strip().lower().startswith("http://") for each in url.split(",")):
            mistakes.add(name.upper(), "must begin with https:// because the Stripe key is live")


def is_live(secret_key: str) -> bool:
    """Return whether the key takes real money (docs.stripe.com/keys)."""
    return secret_key.startswith(("sk_live_", "rk_live_"))


def statement_suffix(text: str, mistakes: Mistakes) -> str | None:
    """Return what follows the account's prefix on a card statement, or None."""
    if not text:
        return None
    if len(text) > LONGEST_SUFFIX or not _SUFFIX.fullmatch(text) or _FORBIDDEN & set(text):
        mistakes.add(
            "STRIPE_STATEMENT_SUFFIX",
            f"must have 1 to {LONGEST_SUFFIX} ASCII characters, at least one letter, and none of "
            "< > \\ ' \" *",
        )
    return text


def locale(text: str, mistakes: Mistakes) -> str | None:
    """Return the language of the payment page, or None for that of the buyer's browser."""
    if text and text not in LOCALES:
        mistakes.add("STRIPE_LOCALE", f"must be one of {', '.join(sorted(LOCALES))}")
    return text or None


def calls_per_second(name: str, text: str, mistakes: Mistakes) -> int:
    """Return how many calls a second may be made."""
    if re.fullmatch("[1-9][0-9]{0,4}", text):
        return int(text)
    mistakes.add(name, "must be a whole number from 1 to 99999")
    return 1


def calls_in_all(text: str, mistakes: Mistakes, *, secret_key: str, api_base: str) -> int:
    """Return how many calls a second the account may make; by default, what Stripe documents."""
    at_stripe_in_test_mode = not api_base and not is_live(secret_key)
    usual = TEST_CALLS if at_stripe_in_test_mode else LIVE_CALLS
    return calls_per_second("STRIPE_CALLS_IN_ALL", text or str(usual), mistakes)
