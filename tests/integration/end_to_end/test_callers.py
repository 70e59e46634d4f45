"""Access tokens at the endpoints of the payment API of a real server."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from attrs import evolve

from tests.integration.end_to_end.conftest import CANCEL, CREATE, VERIFY, Shop
from tests.support.server import access_token

NOW = datetime.now(UTC)
CLAIMS = {"sub": "42", "exp": NOW + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("nonsense", "token_invalid"),
        (access_token(exp=NOW - timedelta(minutes=1)), "token_expired"),
        (access_token(exp=None), "token_invalid"),
        (access_token(None), "token_invalid"),
        (access_token(type="refresh"), "token_invalid"),
        (access_token(token_type="refresh"), "token_invalid"),
        (
            jwt.encode(CLAIMS, "another secret, and one that is long enough", "HS256"),
            "token_invalid",
        ),
        (jwt.encode(CLAIMS, "x" * 64, "HS512"), "token_invalid"),
        (jwt.encode(CLAIMS, "", "none"), "token_invalid"),
    ],
    ids="none empty malformed expired endless nobody refresh simplejwt secret alg unsigned".split(),
)
def test_a_bad_token_is_a_401(shop: Shop, token: str | None, code: str) -> None:
    """At each endpoint, before the body is read."""
    for path in (CREATE, VERIFY, CANCEL):
        answer = shop.server.post(path, b"not even json", token=token)
        answer.problem(401, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_both_schemes_and_both_forms_of_an_identity_are_one_buyer(shop: Shop) -> None:
    """``Bearer`` and ``JWT``, 42 and "42"."""
    order = evolve(shop, buyer="42").bought(shop.event(price=0))
    path = f"/api/tickets/{order['ticket_id']}/"
    for scheme in ("Bearer", "JWT"):
        for buyer in (42, "42"):
            header = f"{scheme} {access_token(buyer)}"
            assert shop.server.get(path, Authorization=header).status == 200
