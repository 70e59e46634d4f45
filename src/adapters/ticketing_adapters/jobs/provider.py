"""What a process learns of the payment provider without asking it."""

from collections.abc import Iterator

MOST_UNANSWERED = 2
"""The tries of one call. A call that is lost alone says nothing."""

_UNAUTHORIZED = 401
_SERVER_ERROR = 500

ANOTHER_ACCOUNT = (
    "Checkouts are missing: the Stripe key belongs to another account than the one that sold, or "
    "to its other mode."
)


class ProviderWatch:
    """Remembers what came of this process's own calls of Stripe.

    Safe to use from several threads: only the last calls count, in whatever order they end.
    """

    def __init__(self) -> None:
        self._unanswered = 0
        self._refuses_key = False
        self.has_another_account = False

    def ended(self, status: int | None) -> None:
        """Note the end of a request: its HTTP status, or None if there was no answer."""
        if status is None or status >= _SERVER_ERROR:
            self._unanswered += 1
        else:
            self._unanswered = 0
            self._refuses_key = status == _UNAUTHORIZED

    def problems(self) -> Iterator[str]:
        """Yield what does not work."""
        if self._unanswered > MOST_UNANSWERED:
            yield "Stripe does not answer: nothing paid can be bought, and payments are seen late."
        if self._refuses_key:
            yield "Stripe does not accept the key."
        if self.has_another_account:
            yield ANOTHER_ACCOUNT
