"""Claims: issuer and audience can be demanded, and roles are read where issuers write them."""

from typing import Any

import pytest

from tests.integration.http.services import REFUND, SECRET, Service, token
from tests.integration.http.tokens import ask, buyer_of, refused
from ticketing_service.http import AccessTokens

ISSUER, AUDIENCE = "https://login.example/", "tickets"


def strict() -> Service:
    """Return a service that demands an issuer and an audience."""
    return Service(access=AccessTokens(secret=SECRET, issuer=ISSUER, audience=AUDIENCE))


@pytest.mark.parametrize("audience", [AUDIENCE, ["account", AUDIENCE]], ids=["text", "list"])
def test_a_token_of_the_issuer_for_this_service(audience: object) -> None:
    """It is accepted, also if it is for others as well."""
    assert ask(strict(), f"Bearer {token(iss=ISSUER, aud=audience)}").status_code == 200


OTHERS: dict[str, dict[str, Any]] = {
    "neither": {},
    "no audience": {"iss": ISSUER},
    "no issuer": {"aud": AUDIENCE},
    "other audience": {"iss": ISSUER, "aud": "shop"},
    "other audiences": {"iss": ISSUER, "aud": ["shop", "account"]},
    "no audience in the list": {"iss": ISSUER, "aud": []},
    "part of the audience": {"iss": ISSUER, "aud": "ticket"},
    "other issuer": {"iss": "https://login.example", "aud": AUDIENCE},
    "audience is a number": {"iss": ISSUER, "aud": 1},
    "audience is an object": {"iss": ISSUER, "aud": {AUDIENCE: True}},
}


@pytest.mark.parametrize("claims", OTHERS.values(), ids=OTHERS)
def test_any_other_token_is_refused(claims: dict[str, Any]) -> None:
    """ID tokens and tokens for other applications, signed with the same key."""
    refused(ask(strict(), f"Bearer {token(**claims)}"))


def test_control_without_a_demand_they_are_not_looked_at(service: Service) -> None:
    """That is why a start says so."""
    for claims in ({}, {"iss": "https://elsewhere.example", "aud": ["shop"]}):
        assert ask(service, f"Bearer {token(**claims)}").status_code == 200


def is_organizer(roles_claim: str, **claims: Any) -> bool:
    """Return whether a token with these claims may refund; ticket 999 does not exist."""
    service = Service(access=AccessTokens(secret=SECRET, roles_claim=roles_claim))
    authorization = {"Authorization": f"Bearer {token(**claims)}"}
    answer = service.client.post(REFUND, json={"ticket_id": 999}, headers=authorization)
    assert answer.status_code in (403, 404)
    return answer.status_code == 404


@pytest.mark.parametrize(
    ("roles_claim", "claims"),
    [
        ("roles", {"roles": ["cashier", "organizer"]}),
        ("roles", {"roles": "organizer"}),
        ("scope", {"scope": "openid organizer profile"}),
        ("realm_access.roles", {"realm_access": {"roles": ["offline_access", "organizer"]}}),
        ("a.b.c", {"a": {"b": {"c": "organizer"}}}),
        ("https://shop.example/roles", {"https://shop.example/roles": ["organizer"]}),
    ],
)
def test_roles_are_read_where_issuers_write_them(roles_claim: str, claims: dict[str, Any]) -> None:
    """In a list or a text, in a claim or an object within, under a name with dots."""
    assert is_organizer(roles_claim, **claims)


@pytest.mark.parametrize(
    ("roles_claim", "claims"),
    [
        ("roles", {}),
        ("roles", {"scope": "organizer"}),
        ("roles", {"roles": ["openid organizer"]}),
        ("scope", {"scope": "organizers organizer:read"}),
        ("scope", {"scope": "openid\torganizer"}),
        ("roles", {"roles": {"organizer": True}}),
        ("roles", {"roles": [["organizer"], 1]}),
        ("realm_access.roles", {"realm_access": ["organizer"]}),
        ("realm_access.roles", {"realm_access": "organizer"}),
        ("realm_access.roles", {"roles": ["organizer"]}),
        ("realm_access.roles", {"realm_access": None}),
        ("realm_access", {"realm_access": {"roles": ["organizer"]}}),
    ],
)
def test_control_nothing_else_grants_a_role(roles_claim: str, claims: dict[str, Any]) -> None:
    """Another claim, another place, a part of a word, or another type."""
    assert not is_organizer(roles_claim, **claims)


def test_the_settings_for_simplejwt() -> None:
    """As docs/settings.md has them: `TICKETING_JWT_IDENTITY_CLAIM=user_id`."""
    service = Service(access=AccessTokens(secret=SECRET, identity_claim="user_id"))
    django: dict[str, Any] = {"sub": None, "user_id": 42, "token_type": "access", "jti": "f0"}
    assert buyer_of(service, f"Bearer {token(**django)}") == "42"
    refused(ask(service, f"Bearer {token(**django | {'token_type': 'refresh'})}"))


@pytest.mark.parametrize("kind", ["ID", "Refresh", "Offline"])
def test_other_tokens_of_keycloak_give_no_access(service: Service, kind: str) -> None:
    """Keycloak signs them with the same key, and names their kind in `typ`."""
    refused(ask(service, f"Bearer {token(typ=kind)}"))
    assert ask(service, f"Bearer {token(typ='Bearer')}").status_code == 200
