"""The core imports only the standard library, attrs and itself; ports do everything else.

The import-linter contracts in pyproject.toml check the rules between this project's packages. This
is the allow-list for everything else, which those contracts cannot express.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_CORE = Path(__file__).parents[2] / "src" / "ticketing_core"

# Modules for clocks, randomness, the environment, the disk, the network, processes or threads.
_BANNED_MODULES = frozenset(
    """
    _thread asyncio concurrent ctypes fcntl fileinput getpass glob http imaplib importlib io locale
    logging mmap multiprocessing os pathlib platform poplib pwd queue random runpy sched secrets
    select selectors shelve shutil signal smtplib socket socketserver sqlite3 ssl subprocess sys
    syslog tempfile threading time tkinter urllib webbrowser xmlrpc zoneinfo
    """.split()
)
# Splitting and quoting addresses is pure, and so is a buffer in memory. The table of time zones
# is a file, but one that comes with Python or the system, as those of Unicode do.
_PURE = frozenset(
    {"io.BytesIO", "urllib.parse", "zoneinfo.ZoneInfo", "zoneinfo.available_timezones"}
)
# The simulator replays seeds and gives work to threads, and the contract suites call an adapter
# from several, and register with pytest if it runs.
_ALLOWED_IN_TESTING = frozenset({"concurrent", "queue", "random", "sys", "threading"})
_BANNED_BUILTINS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
_BANNED_MEMBERS = frozenset(
    {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "uuid.uuid1", "uuid.uuid4"}
)


def _imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of every absolute import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_allowed(name: str, *, in_testing: bool) -> bool:
    if name in _BANNED_MEMBERS:
        return False
    if any(name == pure or name.startswith(f"{pure}.") for pure in _PURE):
        return True
    top = name.partition(".")[0]
    if top in {"attrs", "ticketing_core"} or (in_testing and top in _ALLOWED_IN_TESTING):
        return True
    return top in sys.stdlib_module_names and top not in _BANNED_MODULES


def _banned_uses(tree: ast.AST) -> Iterator[str]:
    """Yield the clocks, random sources and I/O that are named, whether called or passed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in _BANNED_BUILTINS:
            yield node.id
        elif isinstance(node, ast.Attribute):
            # The last two names only: `now` of a `Clock` is allowed.
            used = ".".join(ast.unparse(node).split(".")[-2:])
            # No seed replays the generator that the whole process shares.
            is_shared_random = used.startswith("random.") and used != "random.Random"
            if used in _BANNED_MEMBERS or is_shared_random:
                yield used
        elif isinstance(node, ast.Call) and ast.unparse(node).endswith("Random()"):
            yield "Random() without a seed"


def _violations(source: str, *, in_testing: bool = False) -> list[str]:
    tree = ast.parse(source)
    imports = [name for name in _imported(tree) if not _is_allowed(name, in_testing=in_testing)]
    return [*imports, *_banned_uses(tree)]


def test_core_imports_only_stdlib_attrs_and_itself() -> None:
    """No module of the core imports or names anything that is not on the allow-list."""
    found = {
        str(path.relative_to(_CORE)): violations
        for path in sorted(_CORE.rglob("*.py"))
        if (
            violations := _violations(
                path.read_text(encoding="utf-8"),
                in_testing="testing" in path.relative_to(_CORE).parts,
            )
        )
    }
    assert found == {}


def test_the_core_is_found() -> None:
    """So the test above cannot pass because the folder has moved."""
    assert (_CORE / "__init__.py").is_file()


@pytest.mark.parametrize(
    "source",
    [
        "import flask",
        "from sqlalchemy.orm import Session",
        "def f():\n    import stripe",
        "import ticketing_adapters.sql",
        "from ticketing_service import composition",
        "import os.path",
        "import urllib.request",
        "from urllib import request",
        "from time import monotonic",
        "import random",
        "import threading",
        "import queue",
        "from io import open",
        "from uuid import uuid4",
        "import uuid\nnew_code = uuid.uuid4",
        "from datetime import datetime, UTC\nnow = datetime.now(UTC)",
        "import datetime\nnow = datetime.datetime.utcnow",
        "from datetime import date\ntoday = date.today()",
        "print('sold')",
        "read = open",
    ],
)
def test_control_a_broken_core_is_detected(source: str) -> None:
    """Control: code that breaks the rule in any of these ways is detected."""
    assert _violations(source)


@pytest.mark.parametrize(
    "source",
    [
        "import random\nchosen = random.choice([1, 2])",
        "from random import Random\nsource = Random()",
        "import time",
        "import pytest",
    ],
)
def test_control_a_broken_testing_kit_is_detected(source: str) -> None:
    """Control: unseeded randomness, a real clock and test frameworks are detected there too."""
    assert _violations(source, in_testing=True)


@pytest.mark.parametrize(
    "source",
    [
        "from attrs import frozen, field\nfrom datetime import datetime, timedelta, UTC",
        "from ticketing_core.ports import Clock\n\ndef f(*, clock: Clock):\n    return clock.now()",
        "from . import money",
        "from urllib.parse import quote",
        "import uuid\ncode = uuid.UUID('6e40a178-b56f-42e2-8264-77af31d21c3d')",
    ],
)
def test_pure_code_is_allowed(source: str) -> None:
    """The rule does not reject what the core needs."""
    assert _violations(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from concurrent.futures import ThreadPoolExecutor",
        "import threading",
        "import random\nsource = random.Random(seed)",
    ],
)
def test_the_testing_kit_may_use_threads_and_a_seed(source: str) -> None:
    """The rest of the core may not."""
    assert _violations(source, in_testing=True) == []
    assert _violations(source)
