"""A scrape has the numbers of all workers, also of those that have ended."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.integration.cli.databases import hold_long_ago
from tests.integration.cli.processes import wait_until
from tests.integration.observing.scraped import CANCEL, CREATE, Watched, scrape, watched
from tests.integration.servers.test_forks import SERVERS
from tests.support.server import SECRET, WEBHOOK_PATH, WEBHOOK_SECRET, Server, access_token
from ticketing_adapters.sql import SqlInstallation, SqlTickets, engine_for

SALES = 30
DEPLOY = Path(__file__).parents[3] / "deploy"


def test_all_workers_count_together_and_dead_ones_stay_counted(
    tmp_path: Path, postgres_url: str
) -> None:
    """No sale is lost from the sum, nor does a dead worker keep anything in use."""
    with watched(tmp_path, postgres_url, workers=3) as shop:
        event = shop.event(price=0, capacity=3 * SALES)
        for number in range(SALES):
            assert shop.buy(event, buyer=f"b{number}").status == 200
        sold = {"status": "issued", "was": "new"}
        assert shop.value("ticket_changes_total", **sold) == SALES
        at_most = shop.value("now", what="connections_at_most")
        shop.server.kill_worker()
        wait_until(lambda: len(shop.server.worker_ids()) == 3, what="another worker")
        wait_until(lambda: scrape(shop.port) != {}, what="another worker answers")
        for number in range(SALES):
            assert shop.buy(event, buyer=f"c{number}").status == 200
        assert shop.value("ticket_changes_total", **sold) == 2 * SALES
        assert shop.value("purchases_total", outcome="accepted") == 2 * SALES
        shop.waits_for(at_most or 0, "now", what="connections_at_most")
        # Figures are up to five seconds old.
        shop.waits_for(2 * SALES, "event_places_sold", event_id=str(event.event_id))


def test_metrics_are_on_loopback_and_never_on_the_public_port(
    tmp_path: Path, sqlite_url: str
) -> None:
    """The control: with another setting any address of the machine will do."""
    outside = "http://127.0.0.2"
    with watched(tmp_path, sqlite_url) as shop:
        assert shop.server.get("/metrics").status == 404
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{outside}:{shop.port}/metrics", timeout=10)
    with watched(tmp_path, sqlite_url, settings={"METRICS_HOST": "0.0.0.0"}) as shop:  # noqa: S104 - the control
        assert requests.get(f"{outside}:{shop.port}/metrics", timeout=10).ok


@pytest.mark.parametrize("server", ["gunicorn", "preload-threads", "uwsgi"])
def test_behind_other_servers_it_is_the_same(
    tmp_path: Path, postgres_url: str, server: str
) -> None:
    """They fork before or after the application is loaded: each sale is one line and one count."""
    counts = tmp_path / "counts"
    counts.mkdir()
    command = f"export PROMETHEUS_MULTIPROC_DIR={counts}; {SERVERS[server]}"
    program = ["/bin/sh", "-c", command, "server"]
    with watched(tmp_path, postgres_url, workers=3, program=program) as shop:
        event = shop.event(price=0, capacity=SALES)
        for number in range(SALES):
            assert shop.buy(event, buyer=f"b{number}").status == 200
        assert shop.value("ticket_changes_total", status="issued", was="new") == SALES
        wait_until(
            lambda: shop.server.log().count("ticket issued") >= SALES, what="each sale is a line"
        )
        assert shop.server.log().count("ticket issued") == SALES
        assert "Logging error" not in shop.server.log()


def _answering(server: Server) -> int:
    """Return how many processes have said that they answer Prometheus."""
    return server.log().count("metrics at http")


def test_a_service_that_takes_over_answers_in_its_turn(tmp_path: Path, postgres_url: str) -> None:
    """As soon as the one before has ended: Prometheus misses a scrape at most."""
    with watched(tmp_path, postgres_url) as shop:
        event = shop.event(price=0)
        assert shop.buy(event).status == 200
        successor = Server(
            shop.server.url,
            shop.server.environment,
            shop.server.folder,
            program=[*shop.server.program, "--take-over"],
        )
        try:
            successor.start()
            wait_until(shop.server.has_ended, what="the end of the one before")
            wait_until(lambda: _answering(successor) == 2, what="the successor answers")
            assert shop.buy(event, buyer="43").status == 200
            shop.waits_for(1, "purchases_total", outcome="accepted")
        finally:
            successor.stop()


PLANTED = {
    "buyer": "buyer-Adelheid",
    "email": "adelheid@planted.example",
    "organizer": "boss-of-the-house",
    "address": "203.0.113.77",
    "agent": "Planted-Agent",
    "webhook secret": WEBHOOK_SECRET,
    "secret": SECRET,
    "key": "sk_test_any",
    "token": "eyJ",
    "card": "4242",
}
"""What a flow brings along that no line may have."""


def _flows(shop: Watched) -> None:
    """Let everything happen that a line could be about."""
    buyer, email = PLANTED["buyer"], PLANTED["email"]
    odd = {"X_Forwarded_For": PLANTED["address"], "User_Agent": PLANTED["agent"]}
    event = shop.event()
    shop.sell_and_refund(event, buyer=buyer, email=email)
    given_up = shop.buy(event, buyer=buyer, **odd).body
    cancel = {"ticket_id": given_up["ticket_id"]}
    assert shop.server.post(CANCEL, cancel, token=access_token(buyer)).status == 200
    assert shop.buy(shop.event(capacity=1, price=0), buyer=buyer).status == 200
    shop.server.post(CREATE, {"event_id": event.event_id}, token=access_token(buyer), **odd)
    shop.server.post(CREATE, b"{", token="eyJhbGciOiJub25lIn0.e30.", **odd)
    shop.server.post(WEBHOOK_PATH, b"{}", Stripe_Signature="t=1,v1=00", **odd)


@pytest.mark.parametrize("style", ["text", "json"])
def test_the_log_tells_what_happens_and_names_nobody(
    tmp_path: Path, sqlite_url: str, style: str
) -> None:
    """Each purchase, issue, cancellation and refund is a line with its ticket and request."""
    settings = {"LOG_FORMAT": style, "LOG_LEVEL": "debug", "STRIPE_EMAIL_CLAIM": "email"}
    with watched(tmp_path, sqlite_url, settings=settings) as shop:
        _flows(shop)
        shop.server.stop()
        text = shop.server.log()
    for status in ("reserved", "paying", "issued", "cancelled", "refunding", "refunded"):
        assert f"ticket {status}" in text, text
    for reason in ("requests refused as token_invalid", "notifications refused"):
        assert reason in text
    told = {what for what, secret in PLANTED.items() if secret in text}
    assert told == set()
    if style == "json":
        lines = [json.loads(line) for line in text.splitlines()]
        issued = [line for line in lines if line["event"] == "ticket issued"]
        assert all(line["ticket_id"] and line["request_id"] for line in issued)


def test_what_the_rules_and_the_board_ask_for_exists(tmp_path: Path, postgres_url: str) -> None:
    """Each name of a metric in both is one that a real service has."""
    with watched(tmp_path, postgres_url) as shop:
        shop.sell_and_refund(shop.event(), buyer="42")
        shop.server.get("/api/tickets/")
        engine = engine_for(postgres_url)
        SqlInstallation(engine).move_news_position(datetime.now(UTC))
        hold_long_ago(SqlTickets(engine))
        engine.dispose()
        led = {"lease": "settle"}
        wait_until(lambda: bool(shop.value("job_led_timestamp_seconds", **led)), what="a leader")
        wait_until(lambda: bool(shop.value("lease_seconds_left", **led)), what="its lease")
        there = {name for name, _ in scrape(shop.port)}
    asked = {
        name
        for file in (DEPLOY / "prometheus/ticketing.rules.yml", DEPLOY / "grafana/ticketing.json")
        for name in re.findall(r"\bticketing_\w+", file.read_text())
    }
    assert asked
    assert asked - there == set()
    # Nothing is counted that nobody is shown.
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in there} - shown == set()
