"""The board, asked for as Grafana does: a real Prometheus that reads a real service."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.integration.cli.processes import answers, wait_until
from tests.integration.observing.scraped import watched
from tests.support.ports import free_ports
from ticketing_adapters.sql import SqlInstallation, engine_for
from ticketing_adapters.system import SystemClock

BOARD = Path(__file__).parents[3] / "deploy/grafana/ticketing.json"

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: ticketing, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


@contextmanager
def prometheus(program: str, folder: Path, *, reads: int) -> Iterator[str]:
    """Run a Prometheus that reads the port every second, and give its address."""
    (port,) = free_ports(1)
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(port=reads))
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/-/ready"), what="Prometheus")
        yield url
    finally:
        process.kill()
        process.wait()


def found(url: str, query: str) -> list[Mapping[str, Any]]:
    """Return the series of a query."""
    given = {"query": query.replace("$__rate_interval", "1m")}
    answer = requests.get(f"{url}/api/v1/query", params=given, timeout=10)
    series: list[Mapping[str, Any]] = answer.json()["data"]["result"]
    return series


def test_each_panel_shows_something(tmp_path: Path, sqlite_url: str, promtool_program: str) -> None:
    """Each query has data, and each series the labels of its legend. The control: a wrong label."""
    program = str(Path(promtool_program).with_name("prometheus"))
    panels = json.loads(BOARD.read_text())["panels"]
    targets = [target for panel in panels for target in panel["targets"]]
    with (
        watched(tmp_path, sqlite_url) as shop,
        prometheus(program, tmp_path, reads=shop.port) as url,
    ):
        engine = engine_for(sqlite_url)
        SqlInstallation(engine).move_news_position(SystemClock().now())
        engine.dispose()
        # A rate needs series that were there before.
        wait_until(lambda: bool(found(url, "ticketing_database_up == 1")), what="a scrape")
        event, gone = shop.event(capacity=1000), shop.event(price=0, capacity=1)

        def all_shown() -> bool:
            shop.sell_and_refund(event, buyer="42")
            shop.buy(gone)
            return all(found(url, target["expr"]) for target in targets)

        wait_until(all_shown, what="data for each panel")
        for target in targets:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert all(named <= set(each["metric"]) for each in found(url, target["expr"])), target
        assert found(url, 'ticketing_database_up{what="connections"}') == []
