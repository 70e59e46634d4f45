"""The service that is served bounds what one buyer may call and keep; commands and tests do not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import jwt
import pytest
from attrs import evolve

from tests.integration.cli.processes import SECRET
from ticketing_core.payment import CheckoutState, Missing, Unknown
from ticketing_core.testing import FakeGateway
from ticketing_service.capacity.limits import Limits
from ticketing_service.capacity.rates import AT_ONCE
from ticketing_service.capacity.slots import Slots
from ticketing_service.composition import Service, build, migrate_database
from ticketing_service.composition.web import bounded
from ticketing_service.settings import PREFIX, load_settings


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Give a service over an empty database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"{PREFIX}JWT_SECRET", SECRET)
    settings = load_settings(access=True, signing_key=True)
    migrate_database(settings)
    with closing(build(settings)) as made:
        yield made


@pytest.mark.parametrize(
    ("limits", "statuses"), [(Limits(4), {400, 429}), (None, {400})], ids=["served", "control"]
)
def test_one_buyer_is_bounded(service: Service, limits: Limits | None, statuses: set[int]) -> None:
    """Far more calls at a moment than the clock allows during them. The control has no bound."""
    claims = {"sub": "42", "exp": datetime.now(UTC) + timedelta(hours=1)}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}
    client = service.wsgi(limits=limits).test_client()
    answers = [
        client.post("/api/payments/verify/", json={}, headers=headers) for _ in range(20 * AT_ONCE)
    ]
    assert {answer.status_code for answer in answers} == statuses


def test_a_repeat_that_waits_keeps_no_turn(service: Service) -> None:
    """A repeat that waits for the first purchase under a key lets the next one out of the line.

    The clock without bounds, which ends no turn, is the control.
    """
    limits = Limits(4)
    selling, *_ = bounded(service.box_office, limits, Slots(limits), pace=service.pace)
    for clock, ends_turn in ((selling.clock, True), (service.box_office.clock, False)):
        ended: list[bool] = []
        with service.pace.at_start(partial(ended.append, True)):
            assert clock.sleep(timedelta(0)) is None
            assert bool(ended) == ends_turn


def test_a_gate_waits_for_the_provider_no_longer_than_its_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a look hangs, gates of the served service hear that nothing is known.

    What sells is the control: it waits.
    """
    monkeypatch.setattr("ticketing_service.composition.web.GATE_SECONDS", 0.01)
    goes_on = Event()

    class Hangs(FakeGateway):
        def look_up(self, checkout_id: str) -> CheckoutState:
            assert goes_on.wait(10)
            return super().look_up(checkout_id)

    limits = Limits(4)
    office = evolve(service.box_office, gateway=Hangs(clock=service.box_office.clock))
    selling, _, at_gates = bounded(office, limits, Slots(limits), pace=service.pace)
    try:
        with ThreadPoolExecutor(1) as pool:
            assert isinstance(at_gates.gateway.look_up("co_1"), Unknown)
            buyer = pool.submit(selling.gateway.look_up, "co_2")
            with pytest.raises(StillWaiting):
                buyer.result(0.1)
            goes_on.set()
            assert buyer.result(10) == Missing()
    finally:
        goes_on.set()
