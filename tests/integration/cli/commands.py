"""Commands run in this process, and what they print."""

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

Run = Callable[..., Result]

ADD = ["event", "add", "--name", "Concert", "--price", "25.00", "--capacity", "100"]


def printed(result: Result) -> Any:
    """Return the JSON on stdout of a command that succeeded."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
