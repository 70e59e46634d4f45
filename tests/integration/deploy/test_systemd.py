"""The unit in `deploy/`: systemd finds no fault with it, and a reload hands over."""

import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.integration.servers.test_hand_over import QUICK
from tests.integration.servers.test_workers import serve_with
from tests.support.ports import free_ports
from tests.support.server import SECRET
from tests.support.systemd import Systemd, exposure, running_systemd, unavailable
from ticketing_service.serving.handover import _tell_systemd

UNIT = Path(__file__).parents[3] / "deploy/ticketing.service"
PROGRAM = "/opt/ticketing/bin/ticketing"

MOST_EXPOSURE = 2.0
"""Of 10. What is left are the network and files of others, which no file of the unit can name."""

HERE = """
[Service]
User=
Group=
StateDirectory=
# The tests' interpreter and files may be in a home or in /tmp.
ProtectHome=no
PrivateTmp=no
ReadWritePaths={folder}
StandardOutput=append:{folder}/serve.log
StandardError=inherit
"""
"""What cannot be the same in a test."""


def write_settings(folder: Path, **settings: str) -> None:
    """Write the file that the unit reads its settings from."""
    lines = {"TICKETING_JWT_SECRET": SECRET, "PATH": "/usr/bin:/bin", **settings}
    (folder / "env").write_text("".join(f"{name}={text}\n" for name, text in lines.items()))


@contextmanager
def serving(
    folder: Path, *, change: tuple[str, str] = ("", ""), **settings: str
) -> Iterator[tuple[Systemd, str]]:
    """Start the unit, after a change of its text, and give systemd and the service's address."""
    [port] = free_ports(1)
    program = folder / "ticketing"
    # Without the command's own `serve`, which the unit passes.
    command = shlex.join(serve_with(QUICK)[:-1])
    program.write_text(f'#!/bin/sh\nexec {command} "$@" --port {port}\n')
    program.chmod(0o755)
    write_settings(folder, **settings)
    text = UNIT.read_text()
    for own, replaced in (
        (PROGRAM, str(program)),
        ("/etc/ticketing/env", str(folder / "env")),
        ("/var/lib/ticketing", str(folder)),
        change,
    ):
        assert own in text
        text = text.replace(own, replaced)
    unit = folder / UNIT.name
    unit.write_text(text + HERE.format(folder=folder))
    with running_systemd(folder, unit) as systemd:
        started = systemd.run("systemctl --user start ticketing")
        assert started == (0, ""), systemd.log.read_text()
        yield systemd, f"http://127.0.0.1:{port}"


def allowed_origin(address: str) -> str | None:
    """Return which frontend the service knows."""
    asked = {"Origin": "http://localhost:5174"}
    answer = requests.get(f"{address}/healthz", headers=asked, timeout=10)
    return answer.headers.get("Access-Control-Allow-Origin")


@pytest.fixture
def needs_systemd() -> None:
    """Skip where no systemd can run."""
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.usefixtures("needs_systemd")
def test_a_reload_hands_over(tmp_path: Path) -> None:
    """Another process serves then, with the settings that the file has now; a stop ends it."""
    with serving(tmp_path) as (systemd, address):
        before = systemd.main_pid("ticketing")
        assert before
        assert allowed_origin(address) is None
        write_settings(tmp_path, TICKETING_FRONTEND_URL="http://localhost:5174")
        assert systemd.run("systemctl --user reload ticketing") == (0, "")
        assert systemd.main_pid("ticketing") not in {0, before}
        assert allowed_origin(address) == "http://localhost:5174"
        assert systemd.run(f"kill -0 {before}")[0] == 1
        assert systemd.run("systemctl --user stop ticketing") == (0, "")
        with pytest.raises(requests.ConnectionError):
            allowed_origin(address)
        assert systemd.run("systemctl --user is-failed ticketing") == (1, "inactive")


@pytest.mark.usefixtures("needs_systemd")
def test_a_reload_that_cannot_start_fails_and_changes_nothing(tmp_path: Path) -> None:
    """The old process goes on, and a later reload works."""
    with serving(tmp_path) as (systemd, address):
        before = systemd.main_pid("ticketing")
        write_settings(tmp_path, TICKETING_JWT_SECRET="short")
        assert systemd.run("systemctl --user reload ticketing")[0] == 1
        assert systemd.main_pid("ticketing") == before
        assert "TICKETING_JWT_SECRET" in (tmp_path / "serve.log").read_text()
        write_settings(tmp_path, TICKETING_FRONTEND_URL="http://localhost:5174")
        assert systemd.run("systemctl --user reload ticketing") == (0, "")
        assert allowed_origin(address) == "http://localhost:5174"


@pytest.mark.usefixtures("needs_systemd")
def test_options_are_in_the_file(tmp_path: Path) -> None:
    """Several of them in quotes, for the start and for each reload."""
    options = '"--host 127.0.0.2 --threads 8"'
    with serving(tmp_path, SERVE_OPTIONS=options) as (systemd, address):
        other = address.replace("127.0.0.1", "127.0.0.2")
        with pytest.raises(requests.ConnectionError):
            allowed_origin(address)
        assert allowed_origin(other) is None
        frontend = "http://localhost:5174"
        write_settings(tmp_path, SERVE_OPTIONS=options, TICKETING_FRONTEND_URL=frontend)
        assert systemd.run("systemctl --user reload ticketing") == (0, "")
        assert allowed_origin(other) == frontend


@pytest.mark.usefixtures("needs_systemd")
def test_control_systemd_that_hears_the_first_process_alone(tmp_path: Path) -> None:
    """Control: with the old process the whole unit ends, the new one included."""
    change = ("NotifyAccess=all", "NotifyAccess=main")
    with serving(tmp_path, change=change) as (systemd, address):
        before = systemd.main_pid("ticketing")
        systemd.run("systemctl --user reload ticketing")
        assert systemd.main_pid("ticketing") in {0, before}
        with pytest.raises(requests.ConnectionError):
            allowed_origin(address)


@pytest.mark.usefixtures("needs_systemd")
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    """Every line is one that it knows, and it exposes little of the machine."""
    assert verified(UNIT.read_text(), tmp_path) == ""
    assert exposure(UNIT) < MOST_EXPOSURE


@pytest.mark.usefixtures("needs_systemd")
def test_control_faults_of_a_unit_are_found(tmp_path: Path) -> None:
    """Control: a name that systemd does not know, and a unit without its limits."""
    text = UNIT.read_text()
    assert "ProtectSystems" in verified(text.replace("ProtectSystem", "ProtectSystems"), tmp_path)
    open_to_all = tmp_path / "open.service"
    open_to_all.write_text(text.partition("\nNoNewPrivileges")[0])
    assert exposure(open_to_all) > MOST_EXPOSURE


def verified(text: str, folder: Path) -> str:
    """Return what systemd says about a unit whose program exists."""
    unit = folder / UNIT.name
    unit.write_text(text.replace(PROGRAM, "/bin/true"))
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    return found.stdout + found.stderr


@pytest.mark.parametrize("name", ["{folder}/a@b", "@{folder}/c@d"])
def test_systemd_is_told_at_any_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Only an @ in front stands for the abstract namespace (sd_notify(3))."""
    address = name.format(folder=tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        systemd.setblocking(False)
        _tell_systemd()
        assert systemd.recv(99).startswith(b"READY=1\nMAINPID=")
