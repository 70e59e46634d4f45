"""README and quickstart are true: their code runs, and buys a ticket from a running demo."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.code_blocks import PAGES, texts
from tests.support.ports import free_ports
from ticketing_service.cli import main
from ticketing_service.settings import PREFIX, Variables

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "docs/architecture.md",
    "docs/deploy.md",
    "docs/operations.md",
    "docs/outbox.md",
    "docs/payment-protocol.md",
)


def test_the_library_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what its comments say."""
    [example] = texts("python", page="README.md")
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own text
    token, places_left = capsys.readouterr().out.splitlines()
    assert token
    assert places_left == "1"


def test_the_three_calls_buy_a_ticket(tmp_path: Path) -> None:
    """They work in a shell beside a running demo; only the ports differ."""
    api, storefront, sandbox = free_ports(3)
    options = ["--api-port", api, "--storefront-port", storefront, "--sandbox-port", sandbox]
    command = [sys.executable, "-m", "ticketing_service.cli", "demo", "--json", *map(str, options)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) as demo:
        try:
            output = demo.stdout
            assert output is not None
            started = "".join(iter(lambda: output.readline().decode(), "}\n")) + "}"
            token = json.loads(started)["access_token"]
            calls = texts("sh", page="docs/quickstart.md")[1].replace(":8000", f":{api}")
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
    """It has exactly the settings that the service reads."""
    rows = re.findall(
        r"^\| `(TICKETING_\w+)` \| (.*?) \|", PAGES["docs/settings.md"], flags=re.MULTILINE
    )
    listed = dict(rows)
    assert set(listed) == {f"{PREFIX}{name.upper()}" for name in Variables.__annotations__}
    for name in Variables.__annotations__:
        default = getattr(Variables(), name)
        if default:
            assert listed[f"{PREFIX}{name.upper()}"] == f"`{default}`"


def test_every_command_is_listed() -> None:
    """The table has the commands of `ticketing --help`."""
    listed = re.findall(r"^\| `ticketing (\w+)", PAGES["docs/commands.md"], flags=re.MULTILINE)
    shown = CliRunner().invoke(main, ["--help"]).output.split("Commands:")[1]
    assert sorted(listed) == sorted(line.split()[0] for line in shown.splitlines() if line.strip())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_lead_to_what_exists(name: str) -> None:
    """Every linked file is there, and so is every source file or folder that is named."""
    text = (ROOT / name).read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text):
        assert ((ROOT / name).parent / target).exists(), target
    for source in re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", text):
        assert [*ROOT.glob(f"src/**/{source}"), *ROOT.glob(source)], source


def test_the_documented_null_service_is_the_measured_one() -> None:
    """The yardstick in docs/performance.md is the file that the benchmark runs."""
    [shown] = texts("python", page="docs/performance.md")
    assert shown == (ROOT / "benchmarks/null_service.py").read_text()


@pytest.mark.parametrize(("target", "lock"), [("demo", "server.txt"), ("test", "all.txt")])
def test_a_first_command_installs_what_it_needs(tmp_path: Path, target: str, lock: str) -> None:
    """A newcomer waits for the service's packages alone: the others are three times as many."""
    made = subprocess.run(
        ["make", "--dry-run", target, f"VENV={tmp_path / 'new'}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    locks = set(re.findall(r"--requirement=requirements/(\S+)", made.stdout))
    assert locks - {"build.txt", "stripe-openapi.txt"} == {lock}
