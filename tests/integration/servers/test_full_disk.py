"""A disk without room for the database: buyers, balancers and operators are told."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.processes import environment, run
from tests.support.postgres import running_postgres
from tests.support.server import SECRET
from ticketing_adapters.jws_admission import SigningKey

# In a process of its own, whose error output is a pipe: a limit holds for all of its files.
_SCRIPT = """
import json, resource, sys, time
from pathlib import Path
from ticketing_adapters.sql import schema
from ticketing_service import composition
from ticketing_service.http import readiness
from tests.support.server import access_token
from ticketing_service.wsgi import application

readiness.MAX_AGE_SECONDS = 0.0
if "reads only" in sys.argv:
    composition.condition.try_to_write = lambda _: None
if "needs no room" in sys.argv:
    schema._NEED_ROOM = ()
client = application().test_client()
found = []

def look(most=1):
    # What there is has room for some more.
    for number in range(most):
        # Another buyer each time: one alone would be refused for calling too often.
        bearer = {"Authorization": f"Bearer {access_token(f'buyer-{number}')}"}
        order = {"event_id": 1, "quantity": 1}
        bought = client.post("/api/payments/create-payment-intent/", json=order, headers=bearer)
        if bought.status_code != 200:
            break
    for _ in range(3):
        ready = client.get("/readyz")
    code = bought.get_json(force=True).get("code", "bought")
    found.append([code, ready.status_code, ready.get_json(force=True).get("detail")])

look()
FILL
look(most=500)
EMPTY
look()
print(json.dumps(found))
"""

# Lets the kernel refuse all that would make SQLite's log longer, as a full disk does.
_LIMIT = {
    "FILL": """
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
size = Path("ticketing.db-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
""",
    "EMPTY": "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))",
}

# Takes all the room of a small disk, unbuffered, and returns it.
_BALLAST = {
    "FILL": """
with open(sys.argv[1], "wb", buffering=0) as ballast:
    try:
        while True:
            ballast.write(bytes(4096))
    except OSError:
        pass
""",
    "EMPTY": "Path(sys.argv[1]).unlink()",
}

_DISK_SIZE = "400m"
"""An empty server with its programs takes 71 MB of it."""

Found = list[list[object]]


def seen_on_a_full_disk(
    folder: Path, *arguments: str, how: dict[str, str], **settings: str
) -> tuple[Found, str]:
    """Return what a buyer and a balancer see before, during and after it, and the log."""
    env = environment(jwt_secret=SECRET, **settings)
    assert run("migrate", env=env, cwd=folder).returncode == 0
    add = ["event", "add", "--name", "Concert", "--price", "0", "--capacity", "1000"]
    assert run(*add, env=env, cwd=folder).returncode == 0
    script = _SCRIPT
    for name, lines in how.items():
        script = script.replace(name, lines)
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=env | {"PYTHONPATH": root},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def reported_with_its_cause(found: Found, log: str, *, cause: str) -> None:
    """Check that buyers, balancers and operators were told, and that all goes on with room."""
    before, during, after = found
    assert before == ["bought", 200, None]
    assert during[:2] == ["store_unavailable", 503]
    assert "takes no changes" in str(during[2])
    assert cause in str(during[2])
    assert after == ["bought", 200, None]
    assert "requests failed because of the database: 1" in log
    assert log.count(cause) >= 2
    assert log.count("not ready: The database takes no changes") == 1
    assert "ready again" in log


def test_a_full_disk_is_reported_with_its_cause(tmp_path: Path) -> None:
    """To balancers by 503, and to operators in the log; once there is room all goes on."""
    found, log = seen_on_a_full_disk(tmp_path, how=_LIMIT)
    reported_with_its_cause(found, log, cause="disk")


def test_a_check_that_only_reads_is_the_control(tmp_path: Path) -> None:
    """It would find the service ready while no purchase succeeds."""
    (_, during, _), _ = seen_on_a_full_disk(tmp_path, "reads only", how=_LIMIT)
    assert during[:2] == ["store_unavailable", 200]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Give a folder on a small disk of its own, in memory."""
    # Not in the folder of the test, which is private: PostgreSQL runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="ticketing-disk-", dir="/tmp"))
    folder.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_SIZE}", "tmpfs", str(folder)]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
        if not mounted:
            pytest.skip("a disk can be filled only if root may mount a small one here")
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    finally:
        folder.rmdir()


def seen_on_a_full_disk_of_postgresql(
    disk: Path, folder: Path, *arguments: str
) -> tuple[Found, str]:
    """Return the same with a PostgreSQL whose data are on a small disk."""
    SigningKey.generate().save_new(folder / "signing.pem")
    with running_postgres(place=disk) as server:
        return seen_on_a_full_disk(
            folder,
            str(disk / "ballast"),
            *arguments,
            how=_BALLAST,
            database_url=server.create_database(),
            signing_key_file="signing.pem",
        )


def test_a_full_disk_of_postgresql(small_disk: Path, tmp_path: Path) -> None:
    """The same holds, although it still changes rows in place."""
    found, log = seen_on_a_full_disk_of_postgresql(small_disk, tmp_path)
    reported_with_its_cause(found, log, cause="No space left on device")


def test_control_a_check_that_needs_no_room(small_disk: Path, tmp_path: Path) -> None:
    """It changes a row in place and finds the service ready while no purchase succeeds."""
    (_, during, _), _ = seen_on_a_full_disk_of_postgresql(small_disk, tmp_path, "needs no room")
    assert during[:2] == ["store_unavailable", 200]
