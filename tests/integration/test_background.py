"""Background work begins in each process that serves, and in no other."""

import subprocess
import sys

# Forks in a process of its own, since pytest's has threads. Prints where the job was started, by
# position in the family, and what became of a child's request.
_SCRIPT = """
import os
from ticketing_service.background import Background, ForkedWhileServing

def start():
    print("job in", "parent" if os.getpid() == parent else "child", flush=True)

def request():
    try:
        list(app({}, None))
    except ForkedWhileServing as refused:
        print("refused:", refused, flush=True)

def fork():
    if os.fork() == 0:
        request()
        request()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0

parent = os.getpid()
app = Background([start]).around(lambda environ, start_response: [])
"""


def printed(then: str) -> list[str]:
    """Run the script with these last lines, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT + then],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def test_each_forked_process_starts_it_once() -> None:
    """With its first request. The process that only loads the application starts nothing."""
    assert printed("fork()\nfork()") == ["job in child", "job in child"]


def test_a_process_forked_from_one_that_serves_is_refused() -> None:
    """Threads of its parent may have held locks; the error says what to do."""
    first, *refused = printed("request()\nfork()\nrequest()")
    assert first == "job in parent"
    assert len(refused) == 2
    assert all("fork before the first request" in line for line in refused)
