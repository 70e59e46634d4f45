"""The alert rules are loaded by Prometheus' own tool, and each of them can fire and be silent."""

import json
import re
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES, TESTS, CONFIG = "ticketing.rules.yml", "ticketing.test.yml", "prometheus.yml"
OBSERVING = Path(__file__).parents[3] / "docs/observing.md"


def promtool(program: str, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run promtool in a folder."""
    return subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def copied(folder: Path, *, old: str = "", new: str = "") -> Path:
    """Copy the rules and their tests, the rules with one change."""
    for name in (RULES, TESTS, CONFIG):
        text = (DEPLOY / "prometheus" / name).read_text()
        if name == RULES:
            assert old in text
            text = text.replace(old, new, 1) if old else text
        (folder / name).write_text(text)
    return folder


def alerts() -> list[str]:
    """Return the names of all alerts."""
    return re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus" / RULES).read_text())


def test_prometheus_loads_rules_and_configuration(tmp_path: Path, promtool_program: str) -> None:
    """The control: a rule that it cannot read is refused."""
    assert (
        promtool(promtool_program, "check", "config", CONFIG, folder=copied(tmp_path)).returncode
        == 0
    )
    broken = copied(tmp_path, old="max(ticketing_strays) > 0", new="max(ticketing_strays > 0")
    assert promtool(promtool_program, "check", "config", CONFIG, folder=broken).returncode != 0


def test_each_alert_fires_and_is_silent_when_it_should(
    tmp_path: Path, promtool_program: str
) -> None:
    """For each of them there are both courses of its metrics."""
    ran = promtool(promtool_program, "test", "rules", TESTS, folder=copied(tmp_path))
    assert ran.returncode == 0, ran.stderr
    tested = re.findall(
        r'alertname="(\w+)", alertstate="firing"\}$', (tmp_path / TESTS).read_text(), re.MULTILINE
    )
    assert sorted(tested) == sorted(2 * alerts())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seconds) > 600", "seconds) > 60000"),
        ("seconds) > 600", "seconds) > 6"),
        ("database_up == 0", "database_up == 1"),
        ("> 0.2", "> 0.1"),
        ('"unknown|', '"busy|unknown|'),
        ('{outcome!~"busy|overloaded"}', '{outcome!="busy"}'),
        ('{outcome!~"busy|overloaded"}', '{outcome!="overloaded"}'),
    ],
)
def test_control_a_wrong_rule_is_found(
    tmp_path: Path, promtool_program: str, old: str, new: str
) -> None:
    """Too high or too low, or counting what is no fault: one of the two courses shows it."""
    folder = copied(tmp_path, old=old, new=new)
    assert promtool(promtool_program, "test", "rules", TESTS, folder=folder).returncode != 0


def test_the_docs_say_what_to_do_for_each_alert() -> None:
    """And for no alert that does not exist."""
    assert sorted(
        re.findall(r"^\| `(Ticketing\w+)` \|", OBSERVING.read_text(), re.MULTILINE)
    ) == sorted(alerts())


def test_the_board_is_json_whose_panels_have_queries() -> None:
    """Grafana reads it as it is; no two panels lie on each other."""
    board = json.loads((DEPLOY / "grafana/ticketing.json").read_text())
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]]
    assert len(places) == len(set(places))
    assert all(target["expr"] for panel in board["panels"] for target in panel["targets"])
