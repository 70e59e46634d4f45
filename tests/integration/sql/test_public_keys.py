"""Public keys in SQL: remembered for good, and revoked for good."""

from datetime import UTC, timedelta, timezone

import pytest
from sqlalchemy import Engine, text

from ticketing_adapters.jws_admission import JwsAdmission, SigningKey
from ticketing_adapters.sql import KeyRevoked, SqlPublicKeys
from ticketing_core.signature import UnknownKey
from ticketing_core.testing.contracts.admission import CLAIMS
from ticketing_core.testing.contracts.examples import NOON

FIRST, SECOND = {"kty": "OKP", "x": "first"}, {"kty": "OKP", "x": "second"}


@pytest.fixture
def keys(engine: Engine) -> SqlPublicKeys:
    """Give a store with two keys."""
    made = SqlPublicKeys(engine)
    made.remember("first", FIRST)
    made.remember("second", SECOND)
    return made


def test_keys_are_remembered(keys: SqlPublicKeys) -> None:
    """Repeats change nothing, and no key takes the name of another."""
    keys.remember("first", FIRST)
    with pytest.raises(ValueError, match="another public key"):
        keys.remember("first", SECOND)
    assert keys.all() == {"first": FIRST, "second": SECOND}
    assert keys.revoked() == {}


def test_a_revoked_key_is_none_any_more(keys: SqlPublicKeys) -> None:
    """It stays revoked since the first time, and cannot be remembered again."""
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    keys.revoke("first", at=NOON.astimezone(kathmandu))
    for _ in range(2):
        assert keys.all() == {"second": SECOND}
        assert keys.revoked() == {"first": NOON}
        assert keys.revoked()["first"].tzinfo is UTC
        with pytest.raises(KeyRevoked):
            keys.remember("first", FIRST)
        with pytest.raises(ValueError, match="another public key"):
            keys.remember("first", SECOND)
        keys.revoke("first", at=NOON + timedelta(hours=1))


@pytest.mark.parametrize("kid", ["third", "", "FIRST", "first ", "%"])
def test_a_name_that_no_key_has_revokes_none(keys: SqlPublicKeys, kid: str) -> None:
    """It is not stored either: a key of this name may come."""
    keys.revoke(kid, at=NOON)
    assert keys.revoked() == {}
    keys.remember(kid, FIRST)
    assert kid in keys.all()


def test_a_gate_of_another_process_notices_within_a_second(engine: Engine) -> None:
    """The control: one that keeps what it once read does not. A new key is known at once."""
    leaked, new = SigningKey.generate(), SigningKey.generate()
    seconds = [0.0]
    keys = SqlPublicKeys(engine, now=lambda: seconds[0])
    keys.remember(leaked.kid, leaked.public_jwk)
    once = keys.all()
    gate = JwsAdmission(key=new, public_key=keys.recent)
    control = JwsAdmission(key=new, public_key=once.get)
    old, fresh = (JwsAdmission(key=key, public_key=once.get).sign(CLAIMS) for key in (leaked, new))
    assert gate.read(old) == control.read(old) == CLAIMS
    assert gate.read(fresh) == UnknownKey(new.kid)
    others = SqlPublicKeys(engine)
    others.revoke(leaked.kid, at=NOON)
    others.remember(new.kid, new.public_jwk)
    assert gate.read(fresh) == CLAIMS
    seconds[0] += 1.0
    assert gate.read(old) == UnknownKey(leaked.kid)
    assert control.read(old) == CLAIMS


def test_keys_of_the_version_before_are_not_revoked(engine: Engine) -> None:
    """Their rows have nothing in the new column."""
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO public_keys (kid, jwk) VALUES ('old', '{}')"))
    assert SqlPublicKeys(engine).all() == {"old": {}}
