"""A demo in a real process, and the addresses that it prints."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from attrs import frozen

from tests.integration.cli.processes import TICKETING, environment, read_json, started
from tests.support.ports import free_ports

NONE: Mapping[str, str] = MappingProxyType({})


@frozen(kw_only=True)
class RunningDemo:
    """The process and its addresses. Those typed as `Any` may be None, by the options."""

    process: "subprocess.Popen[str]"
    frontend_url: str
    storefront_url: Any
    api_url: str
    sandbox_url: str
    gate_url: str
    board_url: str
    access_token: Any


def demo_command(*, storefront: bool = True) -> list[str]:
    """Return the command, with free ports."""
    api, shop, sandbox = map(str, free_ports(3))
    command = ["demo", "--api-port", api, "--sandbox-port", sandbox]
    return [*command, "--storefront-port", shop] if storefront else command


@contextmanager
def running_demo(
    cwd: Path,
    variables: Mapping[str, str] = NONE,
    program: Sequence[str] = TICKETING,
    options: Sequence[str] = (),
) -> Iterator[RunningDemo]:
    """Run a demo with no settings but these variables, in its own folder in `cwd`."""
    # Settings left over from running the service: the demo must not use them.
    env = environment(hold_minutes="nonsense", database_url="mysql://elsewhere")
    env |= {"TMPDIR": str(cwd), **variables}
    command = demo_command(storefront="--no-storefront" not in options)
    with started(*command, *options, "--json", env=env, cwd=cwd, program=program) as process:
        yield RunningDemo(process=process, **read_json(process.stdout))
