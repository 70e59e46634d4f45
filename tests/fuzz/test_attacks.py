"""Strangers' input: never a 500, no forgery is accepted, and what is refused changes nothing."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import jwt
import pytest
from flask import request
from hypothesis import Phase
from hypothesis.strategies import binary

from tests.fuzz import running
from tests.fuzz.judging import Tally
from tests.fuzz.running import ATTACKS, attack, search
from tests.fuzz.site import Site, made, site
from ticketing_adapters import jws_admission
from ticketing_adapters.jws_admission import JwsAdmission
from ticketing_adapters.stripe_checkout import StripeNotifications
from ticketing_core.testing.contracts.examples import FREE, stored_event
from ticketing_service.http import app, bodies, callers, organizer, payments, rules

# A failure that is large is printed in full.
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")

FEW = 60
"""Less than a second for each attack. `make fuzz` tries many more."""

ENOUGH = 1000
"""For the controls, which end as soon as the bug is found."""


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Site]:
    """Give a service to attack."""
    with site(tmp_path) as started:
        yield started


def test_every_attack_is_withstood(attacked: Site) -> None:
    """The same few inputs each time; each attack is also let through now and then."""
    tally = Tally()
    for name in ATTACKS:
        attack(name, attacked, tally, number=0, inputs=FEW)
    for name in ATTACKS:
        found = {what for (each, what) in tally.counts if each == name}
        assert found & {200, "read"}, name
        assert found & {400, 401, 404, "forged"}, name


def inputs_before_and_after_an_import(folder: Path) -> list[list[bytes]]:
    """Return the inputs of one seed, twice; meanwhile a module with constants is imported."""
    found: list[list[bytes]] = [[], []]
    constants = [f"{name}{number}" for name in "ab" for number in range(500)]
    (folder / "imported_late.py").write_text(f"WORDS = {[word.encode() for word in constants]}")
    search("any", binary(), found[0].append, number=7, inputs=ENOUGH)
    spec = importlib.util.spec_from_file_location("imported_late", folder / "imported_late.py")
    assert spec is not None
    with mock.patch.dict(sys.modules, {"imported_late": importlib.util.module_from_spec(spec)}):
        search("any", binary(), found[1].append, number=7, inputs=ENOUGH)
    return found


def test_a_seed_gives_the_same_inputs(tmp_path: Path) -> None:
    """So that a failure can be repeated with the seed that is told, alone or beside others."""
    before, after = inputs_before_and_after_an_import(tmp_path)
    assert len(set(before)) > ENOUGH / 2
    assert before == after


def test_control_hypothesis_alone_draws_what_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a seed says little."""
    monkeypatch.setattr(running, "patch", mock.MagicMock())
    before, after = inputs_before_and_after_an_import(tmp_path)
    assert before != after


def is_found(name: str, attacked: Site, *, why: str) -> None:
    """Check that an attack on the service as it is now finds a bug, with its seed."""
    attacked.app = made(attacked.service)
    with (
        # That there is a failing input is enough; the smallest one takes a while to find.
        mock.patch.object(running, "PHASES", [Phase.generate]),
        pytest.raises(AssertionError, match=why) as failure,
    ):
        attack(name, attacked, Tally(), number=0, inputs=ENOUGH)
    assert f"attack {name!r} with seed 0" in failure.value.__notes__


BUG, FORGERY, CHANGE = "an internal error", "a forgery was accepted", "something has changed"


def test_control_an_unhandled_error_in_a_body(
    attacked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a conversion that forgets what numbers may look like."""
    monkeypatch.setattr(rules, "_integer", lambda value, **_: int(value))
    is_found("bodies", attacked, why=BUG)


def test_control_an_unchecked_header(attacked: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is too long for the store."""
    monkeypatch.setattr(payments, "idempotency_key", lambda: request.headers.get("Idempotency-Key"))
    is_found("headers", attacked, why=BUG)


def test_control_an_unhandled_error_in_a_path(
    attacked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id that nobody has thought of."""
    monkeypatch.setattr(app._Id, "to_python", lambda _, value: {"1": 1}[value])  # noqa: SLF001 - a control breaks it
    is_found("paths", attacked, why=BUG)


def test_control_a_refusal_that_changes_something(
    attacked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is written before the body is checked."""
    raw_body = bodies.raw_body

    def add_first(**how: bool) -> bytes:
        stored_event(attacked.service.store.events, name="Left over", price=FREE)
        return raw_body(**how)

    monkeypatch.setattr(bodies, "raw_body", add_first)
    is_found("bodies", attacked, why=CHANGE)


def test_control_an_unsigned_notification(attacked: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature is not checked."""

    def trusting(_: Any, body: bytes, __: str) -> Any:
        return bodies._value(body)  # noqa: SLF001 - as above

    monkeypatch.setattr(StripeNotifications, "_signed", trusting)
    is_found("webhooks", attacked, why=f"{FORGERY}|{BUG}")


@pytest.mark.parametrize("name", ["tokens HS256", "tokens EdDSA"])
def test_control_a_token_without_signature(
    attacked: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A token of the algorithm none is believed."""

    def decode(token: str) -> Any:
        return jwt.decode(token, options={"verify_signature": False})

    monkeypatch.setattr(callers, "decode_token", decode)
    is_found(name, attacked, why=FORGERY)


def test_control_two_texts_of_one_admission_token(
    attacked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last letter of a signature has bits that decoders ignore."""
    monkeypatch.setattr(jws_admission, "_canonical", lambda _: True)
    is_found("admission", attacked, why=FORGERY)


def test_control_an_unhandled_error_in_an_admission_token(
    attacked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims of odd types raise."""
    read = JwsAdmission.read

    def careless(signer: JwsAdmission, token: str) -> Any:
        claims = jwt.decode(token, options={"verify_signature": False})
        return claims["c"] and read(signer, token)

    monkeypatch.setattr(JwsAdmission, "read", careless)
    with pytest.raises((jwt.PyJWTError, KeyError)) as failure:
        attack("admission", attacked, Tally(), number=0, inputs=ENOUGH)
    assert failure.value.__notes__[-1] == "attack 'admission' with seed 0"


def test_control_a_wrong_value_of_an_event(attacked: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the core refuses is not named as a mistake of the caller."""
    monkeypatch.setattr(organizer, "_fields_named", nullcontext)
    is_found("organizers", attacked, why=BUG)
