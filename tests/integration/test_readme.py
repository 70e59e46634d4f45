"""The README is true: its code runs, and its calls buy a ticket from a running demo."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.ports import free_ports
from ticketing_service.cli import main
from ticketing_service.settings import PREFIX, Texts

README = (Path(__file__).parents[2] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_library_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """As it stands, with what it says it prints."""
    exec(compile(blocks("python")[0], "README.md", "exec"), {})  # noqa: S102 - our own text
    token, places_left = capsys.readouterr().out.splitlines()
    assert token
    assert places_left == "1"


def test_the_contract_example_collects_and_passes(tmp_path: Path) -> None:
    """Somebody who copies it has a test suite."""
    (tmp_path / "test_mine.py").write_text(blocks("python")[1])
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert re.search(r"\d{2} passed", run.stdout)


def test_the_three_calls_buy_a_ticket(tmp_path: Path) -> None:
    """Copied into a shell beside a running demo; only the ports are others."""
    api, storefront, sandbox = free_ports(3)
    options = ["--api-port", api, "--storefront-port", storefront, "--sandbox-port", sandbox]
    command = [sys.executable, "-m", "ticketing_service.cli", "demo", "--json", *map(str, options)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) as demo:
        try:
            said = demo.stdout
            assert said is not None
            started = "".join(iter(lambda: said.readline().decode(), "}\n")) + "}"
            token = json.loads(started)["access_token"]
            calls = blocks("sh")[1].replace(":8000", f":{api}")
            bought = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", calls],
                env={**environment, "TOKEN": token},
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
        finally:
            demo.terminate()
    answer = json.loads(bought.stdout[bought.stdout.rindex('{"detail"') :])
    assert answer["detail"] == "Payment successful"
    assert answer["qr_code_data"]


def test_the_settings_table_names_each_variable_with_its_default() -> None:
    """Neither one more nor one less than the service reads."""
    told = dict(re.findall(r"^\| `(TICKETING_\w+)` \| (.*?) \|", README, flags=re.MULTILINE))
    assert set(told) == {f"{PREFIX}{name.upper()}" for name in Texts.__annotations__}
    for name in Texts.__annotations__:
        default = getattr(Texts(), name)
        if default:
            assert told[f"{PREFIX}{name.upper()}"] == f"`{default}`"


def test_every_command_is_told() -> None:
    """The table lists what `ticketing --help` lists."""
    told = re.findall(r"^\| `ticketing (\w+)", README, flags=re.MULTILINE)
    shown = CliRunner().invoke(main, ["--help"]).output.split("Commands:")[1]
    assert sorted(told) == sorted(line.split()[0] for line in shown.splitlines() if line.strip())


def test_every_file_that_is_linked_exists() -> None:
    """No link leads nowhere."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[2] / target).exists(), target


def test_the_null_service_that_is_shown_is_the_one_that_is_measured() -> None:
    """A yardstick that anybody can read, and that stays what it was said to be."""
    root = Path(__file__).parents[2]
    shown = re.search(r"```python\n(.*?)```", (root / "docs/performance.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1] == (root / "benchmarks/null_service.py").read_text()
