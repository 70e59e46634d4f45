"""The programs of node that `make types` installs, and what the tests do with them."""

import os
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def installed(name: str) -> Path:
    """Return a folder below .venv with its packages. Without them, skip, or fail if CI is set."""
    folder = _ROOT / ".venv" / name
    if not (folder / ".installed").exists():
        missing = "run `make types` first, which installs node's packages (Debian: nodejs npm)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


def openapi_types(tools: Path, document: Path | str, target: Path, *options: str) -> Path:
    """Write the types of an API's document, which is a file or an address."""
    program = tools / "node_modules/.bin/openapi-typescript"
    subprocess.run(
        [program, str(document), *options, "--output", str(target)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return target


def problems_of(tools: Path, project: Path) -> list[str]:
    """Compile a folder with a tsconfig.json, and return what the compiler says."""
    done = subprocess.run(
        [tools / "node_modules/.bin/tsc", "--project", project, "--pretty", "false"],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert bool(done.returncode) == bool(done.stdout), done.stderr
    return done.stdout.splitlines()
