"""Liveness and readiness, as load balancers and operators see them."""

from tests.integration.http.services import Service, problem
from tests.integration.http.stores import AwayStore


def test_health(service: Service) -> None:
    """Liveness depends on nothing: it works without a database."""
    service.rebuild(tickets=AwayStore(), events=AwayStore())
    service.not_ready.append("The database does not answer.")
    answer = service.get("/healthz", buyer=None)
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_readiness(service: Service) -> None:
    """Readiness is a 503 that lists everything that is wrong, and 200 once nothing is."""
    assert service.get("/readyz", buyer=None).status_code == 200
    service.not_ready += ["The database does not answer.", "The clock is 9 seconds off."]
    body = problem(service.get("/readyz", buyer=None), 503)
    assert body["code"] == "not_ready"
    assert body["detail"] == "The database does not answer. The clock is 9 seconds off."


def test_what_is_degraded(service: Service) -> None:
    """It shows in the body of a 200: a load balancer goes on sending buyers."""
    service.rebuild(degraded=["The key belongs to another account."])
    answer = service.get("/readyz", buyer=None)
    assert answer.status_code == 200
    assert answer.get_json()["degraded"] == ["The key belongs to another account."]
