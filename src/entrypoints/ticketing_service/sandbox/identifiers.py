"""Object ids that look like Stripe's. The only randomness of the sandbox."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
# As long as the ids that Stripe gave out when this was written; none is a documented length.
_LENGTHS = {"cs_test_a1": 56, "req_": 14, "evt_1": 23}
_USUAL_LENGTH = 23


def new_id(prefix: str) -> str:
    """Return a new id that begins with the prefix, such as `cs_test_a1` or `pi_3`."""
    length = _LENGTHS.get(prefix, _USUAL_LENGTH)
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
