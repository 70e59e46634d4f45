"""The service's own pages for gates and organizers: what browsers let them do."""

import pytest

from tests.integration.http.services import Service

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize(
    "path",
    [
        *("/gate/", "/gate/scripts/door.js", "/gate/service_worker.js", "/gate/no-such-file"),
        *("/board/", "/board/scripts/main.js", "/board/board.css", "/board/no-such-file"),
    ],
)
def test_it_talks_to_its_own_service_alone(service: Service, path: str) -> None:
    """Nothing is loaded from elsewhere or written into it, and it is in nobody's frame."""
    answer = service.client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert {" ".join(each.split()) for each in policy.split(";")} == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
