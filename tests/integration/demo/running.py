"""A demo in a real process, and the addresses that it prints."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from attrs import frozen

from tests.integration.cli.processes import TICKETING, environment, read_json, started
from tests.support.ports import free_ports

NONE: Mapping[str, str] = MappingProxyType({})


@frozen(kw_only=True)
class RunningDemo:
    """The process and its addresses."""

    process: "subprocess.Popen[str]"
    storefront_url: str
    api_url: str
    sandbox_url: str
    gate_url: str
    board_url: str
    access_token: str


def demo_command() -> list[str]:
    """Return the command, with free ports."""
    api, storefront, sandbox = map(str, free_ports(3))
    ports = ["--api-port", api, "--storefront-port", storefront, "--sandbox-port", sandbox]
    return ["demo", *ports]


@contextmanager
def running_demo(
    cwd: Path, variables: Mapping[str, str] = NONE, program: Sequence[str] = TICKETING
) -> Iterator[RunningDemo]:
    """Run a demo without settings, but with other variables, in its own folder in `cwd`."""
    # Settings left over from running the service: the demo must not use them.
    env = environment(hold_minutes="nonsense", database_url="mysql://elsewhere")
    env |= {"TMPDIR": str(cwd), **variables}
    with started(*demo_command(), "--json", env=env, cwd=cwd, program=program) as process:
        yield RunningDemo(process=process, **read_json(process.stdout))
