"""The demo as a process: one command that needs no settings and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.integration.cli.processes import (
    call,
    children,
    environment,
    listens,
    lives,
    read_json,
    run,
    started,
    wait_until,
)
from tests.integration.demo.running import RunningDemo, demo_command, running_demo


def ports_of(demo: RunningDemo) -> list[int]:
    """Return its three ports."""
    urls = (demo.api_url, demo.storefront_url, demo.sandbox_url)
    return [urlsplit(url).port or 0 for url in urls]


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    return [each for child in children(pid) for each in (child, *descendants(child))]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_demo(tmp_path: Path, end: signal.Signals) -> None:
    """However it ends, its processes end too and its ports are free again."""
    with running_demo(tmp_path) as demo:
        started_by_it = descendants(demo.process.pid)
        assert len(started_by_it) >= 3
        assert all(listens(port) for port in ports_of(demo))
        demo.process.send_signal(end)
        status = demo.process.wait(timeout=30)
    assert status == (0 if end is not signal.SIGKILL else -signal.SIGKILL)
    wait_until(lambda: not any(map(lives, started_by_it)), what="all of its processes end")
    assert not any(listens(port) for port in ports_of(demo))
    if end is not signal.SIGKILL:
        assert list(tmp_path.iterdir()) == [], "its folder is deleted too"


def test_the_printed_commands_work(tmp_path: Path) -> None:
    """Copied into a shell they list events, buy a ticket, and list it."""
    with started(*demo_command(), env=environment(), cwd=tmp_path) as process:
        assert process.stdout is not None
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        script = "\n".join(re.findall(r"^(?:TOKEN=|curl ).*", printed, flags=re.MULTILINE))
        done = subprocess.run(
            ["bash", "-e", "-c", script], capture_output=True, text=True, check=True, timeout=30
        )
    assert script.count("curl ") == 3
    listed, bought, mine = done.stdout.replace("}{", "}\n{", 2).splitlines()
    assert "Summer Night Concert" in listed
    assert "checkout_url" in bought
    assert '"status":"paying"' in mine


@pytest.mark.parametrize("option", ["--api-port", "--storefront-port", "--sandbox-port"])
def test_a_busy_port_is_reported_with_its_option(tmp_path: Path, option: str) -> None:
    """The message names the option that helps, and nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = demo_command()
        command[command.index(option) + 1] = str(other.getsockname()[1])
        result = run(*command, env=environment(), cwd=tmp_path)
    assert result.returncode == 1
    assert f"is in use. Choose another port with {option}." in result.stderr
    assert result.stdout == ""


def test_all_busy_ports_are_reported_at_once(tmp_path: Path) -> None:
    """One line for each, and how to choose others with make."""
    with ExitStack() as stack:
        busy = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        api, shop = (str(each.getsockname()[1]) for each in busy)
        command = demo_command()
        command[command.index("--api-port") + 1] = api
        command[command.index("--storefront-port") + 1] = shop
        result = run(*command, env=environment(), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"Error: 127.0.0.1:{api} is in use. Choose another port with --api-port.",
        f"127.0.0.1:{shop} is in use. Choose another port with --storefront-port.",
        "With make: make demo DEMO='--api-port PORT --storefront-port PORT'",
    ]


def test_a_folder_keeps_what_was_sold(tmp_path: Path) -> None:
    """With --dir a second demo continues with the events and tickets of the first.

    Its stand-in for Stripe does not know the first one's checkouts.
    """
    tickets = []
    for _ in range(2):
        command = [*demo_command(), "--dir", str(tmp_path / "kept"), "--json"]
        with started(*command, env=environment(), cwd=tmp_path) as process:
            printed = read_json(process.stdout)
            url, bearer = printed["api_url"], printed["access_token"]
            assert len(call(f"{url}/api/events/")[1]["events"]) == 6
            for event_id in (1, 2):
                one = {"event_id": event_id, "quantity": 1}
                answer = call(f"{url}/api/payments/create-payment-intent/", token=bearer, body=one)
                assert answer[0] == 200
            tickets.append(len(call(f"{url}/api/tickets/", token=bearer)[1]["tickets"]))
    assert tickets == [2, 4]


def test_end_of_the_api_ends_the_demo(tmp_path: Path) -> None:
    """The command fails and says so: a storefront without a service is useless."""
    with running_demo(tmp_path) as demo:
        [supervisor] = children(demo.process.pid)
        [api] = [pid for pid in children(supervisor) if children(pid)]
        os.kill(api, signal.SIGKILL)
        _, log = demo.process.communicate(timeout=30)
    assert demo.process.returncode == 1
    assert "The API stopped unexpectedly" in log


def test_the_storefront_is_only_at_its_own_name(demo: RunningDemo) -> None:
    """Under any other name it redirects to its own and does not hand out the token."""
    port = urlsplit(demo.storefront_url).port
    answer = requests.get(
        f"http://127.0.0.1:{port}/session.json?x=1", allow_redirects=False, timeout=10
    )
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"{demo.storefront_url}/session.json?x=1"
    assert demo.access_token.partition(".")[0] not in answer.text
    at_home = requests.get(f"{demo.storefront_url}/session.json", timeout=10)
    assert at_home.json()["api_url"] == demo.api_url
    assert "Access-Control-Allow-Origin" not in at_home.headers


def test_the_samples_are_in_every_state_of_sale(demo: RunningDemo) -> None:
    """Each has a date and a place; one begins soon, one is sold out, and one is cancelled."""
    events = call(f"{demo.api_url}/api/events/")[1]["events"]
    assert all(each["starts_at"] > each["server_now"] and each["venue"] for each in events)
    states = {
        each["name"]: (
            each["opens_at"] is not None and each["opens_at"] > each["server_now"],
            each["places_left"] == 0,
            each["cancelled_at"] is not None,
        )
        for each in events
    }
    assert states == {
        "Summer Night Concert": (False, False, False),
        "Open Rehearsal": (False, False, False),
        "Rooftop Session": (False, False, False),
        "Midwinter Jazz": (True, False, False),
        "Kitchen Concert": (False, True, False),
        "Harbour Stroll": (False, False, True),
    }


def test_each_buyer_has_tickets_of_their_own(demo: RunningDemo) -> None:
    """The shop plays several buyers; without a known name it plays the one of the printed token."""
    sessions = {
        name: requests.get(
            f"{demo.storefront_url}/session.json", params={"buyer": name}, timeout=10
        ).json()
        for name in ("Ada", "Ben", "Chloé", "nobody")
    }
    order = {"event_id": 2, "quantity": 1}
    create = f"{demo.api_url}/api/payments/create-payment-intent/"
    assert call(create, token=sessions["Ben"]["access_token"], body=order)[0] == 200
    bought = {
        name: len(call(f"{demo.api_url}/api/tickets/", token=each["access_token"])[1]["tickets"])
        for name, each in sessions.items()
    }
    assert bought == {"Ada": 0, "Ben": 1, "Chloé": 0, "nobody": 0}
    assert sessions["nobody"]["buyer"] == "Ada"
    assert sessions["Ben"]["buyers"] == ["Ada", "Ben", "Chloé"]
