"""Idempotency keys: a repeated call gets the first response again.

See docs.stripe.com/api/idempotent_requests.
"""

import threading
from collections.abc import Callable

from attrs import evolve, frozen

from ticketing_service.sandbox.refusals import Json, Refusal, Refused, invalid

# Stripe may prune a key once it is 24 hours old; a caller must not rely on more.
_REMEMBERED_SECONDS = 24 * 3600
_LONGEST_KEY = 255


@frozen
class ApiResponse:
    """The response of a call. `saved` is whether an idempotency key keeps it.

    `limited_by` is the limit that the call exceeded, if it did.
    """

    status: int
    body: Json
    request_id: str
    saved: bool = True
    replayed: bool = False
    limited_by: str | None = None


@frozen
class _Claim:
    fingerprint: object
    claimed_at: float
    # None while the first call is in progress.
    response: ApiResponse | None = None


class IdempotencyKeys:
    """The keys of the account."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._claims: dict[str, _Claim] = {}

    def claim(self, key: str, *, fingerprint: object) -> ApiResponse | None:
        """Claim the key for a call, or return the response that is saved under it.

        The fingerprint is what must be the same in a repeated call: method, path and parameters.
        Raises `Refused` if the key was used for another call, or if its first call is in progress.
        """
        if len(key) > _LONGEST_KEY:
            raise invalid(f"Idempotency keys can be at most {_LONGEST_KEY} characters long.")
        with self._lock:
            claim = self._claims.get(key)
            if claim is None or claim.claimed_at + _REMEMBERED_SECONDS <= self._now():
                self._claims[key] = _Claim(fingerprint, self._now())
                return None
        if claim.fingerprint != fingerprint:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request."
            )
            refusal = Refusal(status=400, type="idempotency_error", message=message)
            raise Refused(refusal, saved=False)
        if claim.response is None:
            message = (
                "There is currently another in-progress request using this Idempotent Key "
                f"({key}). Please try again later."
            )
            refusal = Refusal(status=409, code="idempotency_key_in_use", message=message)
            raise Refused(refusal, saved=False)
        return evolve(claim.response, replayed=True)

    def finish(self, key: str, response: ApiResponse | None) -> None:
        """Save the response of a claimed key, or free the key if there is none to save."""
        with self._lock:
            # A reset of the sandbox may have dropped the claim.
            claim = self._claims.pop(key, None)
            if claim is not None and response is not None and response.saved:
                self._claims[key] = evolve(claim, response=response)
