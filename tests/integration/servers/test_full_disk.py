"""A disk without room for the database: buyers, balancers and operators are told."""

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.cli.processes import environment, run
from tests.support.server import SECRET

# Lets the kernel refuse all that would make SQLite's log longer, as a full disk does. A process of
# its own, since this holds for all of its files. Its error output is a pipe.
_SCRIPT = """
import json, resource, sys, time
from pathlib import Path
from ticketing_service import composition
from ticketing_service.http import readiness
from tests.support.server import access_token
from ticketing_service.wsgi import application

readiness.MAX_AGE_SECONDS = 0.0
if "control" in sys.argv:
    composition.service.try_to_write = lambda _: None
client = application().test_client()
bearer = {"Authorization": f"Bearer {access_token()}"}
found = []

def look(times=1):
    for _ in range(times):
        order = {"event_id": 1, "quantity": 1}
        bought = client.post("/api/payments/create-payment-intent/", json=order, headers=bearer)
    ready = client.get("/readyz")
    found.append([bought.status_code, ready.status_code, ready.get_json(force=True).get("detail")])

look()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
size = Path("ticketing.db-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
look()
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
look()
print(json.dumps(found))
"""


def seen_on_a_full_disk(folder: Path, *variant: str) -> tuple[list[list[object]], str]:
    """Return what a buyer and a balancer see before, during and after it, and the log."""
    env = environment(jwt_secret=SECRET)
    assert run("migrate", env=env, cwd=folder).returncode == 0
    add = ["event", "add", "--name", "Concert", "--price", "0", "--capacity", "10"]
    assert run(*add, env=env, cwd=folder).returncode == 0
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *variant],
        env=env | {"PYTHONPATH": root},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_full_disk_is_reported_with_its_cause(tmp_path: Path) -> None:
    """To balancers by 503, and to operators in the log; once there is room all goes on."""
    (before, during, after), log = seen_on_a_full_disk(tmp_path)
    assert before == [200, 200, None]
    assert during[:2] == [503, 503]
    assert "takes no changes" in str(during[2])
    assert "disk" in str(during[2])
    assert after == [200, 200, None]
    assert "requests failed because of the database: 1" in log
    assert log.count("disk") >= 2
    assert "not ready: The database takes no changes" in log
    assert "ready again" in log


def test_a_check_that_only_reads_is_the_control(tmp_path: Path) -> None:
    """It would find the service ready while no purchase succeeds."""
    (_, during, _), _ = seen_on_a_full_disk(tmp_path, "control")
    assert during[:2] == [503, 200]
