"""The settings of log and metrics: a bad one is named at start like any other."""

import os
import socket
from pathlib import Path

import pytest

from tests.integration.cli.processes import environment, run
from tests.integration.cli.test_settings import SECRET, load, refused
from tests.support.ports import free_ports
from ticketing_service.observing.metrics import FOLDER
from ticketing_service.settings import PREFIX
from ticketing_service.wsgi import application


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start each test in an empty folder and without settings."""
    for name in [name for name in os.environ if name.startswith((PREFIX, "PROMETHEUS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


BAD = {
    "log_format": ["yaml", "JSON", "text json"],
    "log_level": ["LOUD", "10", "TRACE"],
    "metrics_port": ["0", "65536", "-1", "9464/tcp", "tcp://10.0.0.1:9464", "1" * 5000],
    "metrics_host": ["localhost", "0.0.0.0:9464", "[::1]", "256.0.0.1"],
}


@pytest.mark.parametrize(
    ("name", "text"), [(n, text) for n, texts in BAD.items() for text in texts]
)
def test_a_bad_one_is_named(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """By its variable."""
    assert refused(monkeypatch, jwt_secret=SECRET, **{name: text}) == [name.upper()]


def test_control_good_ones_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level in small letters, too. Without any, there are no metrics and text for people."""
    observing = load(monkeypatch, jwt_secret=SECRET).observing
    assert (observing.log_format, observing.log_level) == ("text", "INFO")
    assert (observing.metrics_port, observing.metrics_host) == (None, "127.0.0.1")
    good = {"log_format": "json", "log_level": "debug", "metrics_port": "9464"}
    observing = load(monkeypatch, metrics_host="::", **good).observing
    assert (observing.log_format, observing.log_level) == ("json", "DEBUG")
    assert (observing.metrics_port, observing.metrics_host) == (9464, "::")


@pytest.mark.parametrize("folder", ["", "/nowhere/at/all"])
def test_another_server_has_to_name_the_folder_of_its_processes(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Otherwise each scrape would have the numbers of one process or of none, and not say so."""
    monkeypatch.setenv(FOLDER, folder)
    monkeypatch.setenv(f"{PREFIX}JWT_SECRET", SECRET)
    monkeypatch.setenv(f"{PREFIX}METRICS_PORT", "9464")
    with pytest.raises(Exception, match=FOLDER):
        application()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Otherwise the workers would wait for it for ever. The service's own port is one, too."""
    own, free = free_ports(2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        env = environment(jwt_secret=SECRET, metrics_port=str(taken))
        ended = run("serve", "--port", str(free), env=env, cwd=tmp_path)
    assert ended.returncode == 1
    assert f"{PREFIX}METRICS_PORT" in ended.stderr
    env = environment(jwt_secret=SECRET, metrics_port=str(own))
    ended = run("serve", "--port", str(own), env=env, cwd=tmp_path)
    assert ended.returncode == 1
    assert f"{PREFIX}METRICS_PORT" in ended.stderr


def test_serve_names_what_is_wrong(tmp_path: Path) -> None:
    """Before anything is made or logged."""
    ended = run("serve", env=environment(jwt_secret=SECRET, log_level="LOUD"), cwd=tmp_path)
    assert ended.returncode == 1
    assert f"{PREFIX}LOG_LEVEL" in ended.stderr
    assert not list(tmp_path.iterdir())
