"""The service that is served bounds what one buyer may call and keep; commands and tests do not."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import jwt
import pytest

from tests.integration.cli.processes import SECRET
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
    selling, _ = bounded(service.box_office, limits, Slots(limits), pace=service.pace)
    for clock, ends_turn in ((selling.clock, True), (service.box_office.clock, False)):
        ended: list[bool] = []
        with service.pace.at_start(partial(ended.append, True)):
            assert clock.sleep(timedelta(0)) is None
            assert bool(ended) == ends_turn
