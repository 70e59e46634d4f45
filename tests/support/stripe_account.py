"""A server with the calls of Stripe's API that show an account, and nothing else."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field

LISTS = frozenset(
    f"/v1/{name}"
    for name in (
        "checkout/sessions",
        "payment_intents",
        "charges",
        "refunds",
        "disputes",
        "events",
        "webhook_endpoints",
    )
)
PERMISSION = (
    "The provided key 'rk_test_***' does not have the required permissions for this endpoint on "
    "account 'acct_1'. Having the 'rak_charge_read' permission would allow this request to "
    "continue."
)


def _account() -> dict[str, Any]:
    return {
        "id": "acct_1",
        "object": "account",
        "charges_enabled": True,
        "business_profile": {"name": "Summer Nights Ltd"},
        "requirements": {"disabled_reason": None},
    }


@define
class StripeAccount:
    """What the server shows.

    Attributes:
        account: The account.
        endpoints: Its webhook endpoints.
        refused: What is refused with 403, by its path.
        key_is_valid: Whether the key is accepted at all.
        ahead: How far its clock is ahead.
        asked: The paths of all calls so far.
    """

    account: dict[str, Any] = field(factory=_account)
    endpoints: list[dict[str, Any]] = field(factory=list)
    refused: set[str] = field(factory=set)
    key_is_valid: bool = True
    ahead: timedelta = timedelta(0)
    asked: list[str] = field(factory=list)

    def add_endpoint(self, *events: str, **changes: Any) -> None:
        """Add a webhook endpoint at our path."""
        url = "https://api.example/api/payments/webhook/"
        usual = {"url": url, "status": "enabled", "enabled_events": list(events)}
        number = len(self.endpoints)
        self.endpoints.append(
            {"id": f"we_{number}", "object": "webhook_endpoint"} | usual | changes
        )

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of a response."""
        self.asked.append(path)
        if not self.key_is_valid:
            return 401, _error("Invalid API Key provided: sk_test_***.")
        if path in self.refused:
            return 403, _error(PERMISSION)
        if path == "/v1/account":
            return 200, self.account
        if path not in LISTS:
            return 404, _error(f"Unrecognized request URL (GET: {path}).")
        data = self.endpoints if path.endswith("webhook_endpoints") else []
        return 200, {"object": "list", "url": path, "has_more": False, "data": data}


def _error(message: str) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "message": message}}


@contextmanager
def running_account(account: StripeAccount) -> Iterator[str]:
    """Serve the account until the context ends; give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = account.answer(self.path.partition("?")[0])
            written = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.send_header("Request-Id", "req_1")
            self.end_headers()
            self.wfile.write(written)

        def date_time_string(self, timestamp: float | None = None) -> str:
            del timestamp
            return format_datetime(datetime.now(UTC) + account.ahead, usegmt=True)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
