"""Idempotency keys: the first answer is given again (docs.stripe.com/api/idempotent_requests)."""

from collections.abc import Callable

from attrs import frozen

from ticketing_service.sandbox.errors import Json, Refusal, Refused, invalid

# Keys may be pruned once they are at least 24 hours old; a caller must not rely on more.
_REMEMBERED_SECONDS = 24 * 3600
_LONGEST_KEY = 255


@frozen
class Answer:
    """What a call was answered: the status, the body, and the id of the request."""

    status: int
    body: Json
    request_id: str


@frozen
class _Claim:
    fingerprint: object
    claimed_at: float
    # None while the first call is still at work.
    answer: Answer | None


class IdempotencyKeys:
    """The keys of one account. Not safe for threads: its owner holds a lock."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._claims: dict[str, _Claim] = {}

    def claim(self, key: str, *, fingerprint: object) -> Answer | None:
        """Return the first answer of the key, or None when the key is now the caller's to use.

        Raises `Refused` when the key was used for another request, or its first call is still at
        work. The fingerprint is all that must be the same: method, path and parameters.
        """
        if len(key) > _LONGEST_KEY:
            raise invalid(f"Idempotency keys can be at most {_LONGEST_KEY} characters long.")
        held = self._claims.get(key)
        if held is None or held.claimed_at + _REMEMBERED_SECONDS <= self._now():
            self._claims[key] = _Claim(fingerprint, self._now(), answer=None)
            return None
        if held.fingerprint != fingerprint:
            raise Refused(
                Refusal(
                    status=400,
                    type="idempotency_error",
                    message="Keys for idempotent requests can only be used with the same "
                    "parameters they were first used with. Try using a key other than "
                    f"'{key}' if you meant to execute a different request.",
                ),
                saved=False,
            )
        if held.answer is None:
            raise Refused(
                Refusal(
                    status=409,
                    code="idempotency_key_in_use",
                    message="There is currently another in-progress request using this "
                    f"Idempotent Key ({key}). Please try again later.",
                ),
                saved=False,
            )
        return held.answer

    def keep(self, key: str, answer: Answer) -> None:
        """Store the answer that every further call with this key gets."""
        claim = self._claims.get(key)
        # A reset of the sandbox may have come between.
        if claim is not None:
            self._claims[key] = _Claim(claim.fingerprint, claim.claimed_at, answer=answer)

    def give_back(self, key: str) -> None:
        """Forget the key: its call had no effect and may be made again in another way."""
        self._claims.pop(key, None)
