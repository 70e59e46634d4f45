"""The README is true: its code runs, and its calls buy a ticket from a running demo."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest
from click.testing import CliRunner

from tests.support.ports import free_ports
from tests.support.sandbox import checked_sandbox
from ticketing_service.cli import main
from ticketing_service.settings import PREFIX, Variables

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = (
    "README.md",
    "docs/architecture.md",
    "docs/deploy.md",
    "docs/operations.md",
    "docs/outbox.md",
    "docs/payment-protocol.md",
)


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_library_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what its comments say."""
    exec(compile(blocks("python")[0], "README.md", "exec"), {})  # noqa: S102 - our own text
    token, places_left = capsys.readouterr().out.splitlines()
    assert token
    assert places_left == "1"


def test_the_examples_are_typed(tmp_path: Path) -> None:
    """Each passes `mypy --strict` as it is."""
    names = []
    for number, block in enumerate(blocks("python")):
        names.append(str(tmp_path / f"example_{number}.py"))
        Path(names[-1]).write_text(block)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_shipped_adapters_example_sells_and_settles(tmp_path: Path) -> None:
    """A ticket is bought and verified, and an abandoned reservation frees its places."""
    goes_on = dedent(
        """
        import requests
        import time
        from tests.integration.cli.databases import hold_long_ago

        office = shop.box_office
        hold_long_ago(office.tickets)
        card = {"card_number": "4242424242424242"}
        requests.post(order.checkout_url, card, allow_redirects=False, timeout=30)
        ticket_id = order.ticket.ticket_id
        issued = office.verify(ticket_id=ticket_id, checkout_id=order.checkout_id, buyer="42")
        assert issued.ticket.status == "issued"
        while office.event(1).kept > 2:
            time.sleep(0.1)
        """
    )
    script = blocks("python")[1] + indent(goes_on, "    ")
    with checked_sandbox() as sandbox:
        subprocess.run(
            [sys.executable, "-c", script],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "STRIPE_SECRET_KEY": "sk_test_1",
                "STRIPE_API_BASE": sandbox.url,
            },
            cwd=tmp_path,
            timeout=60,
            check=True,
        )


def test_the_contract_example_collects_and_passes(tmp_path: Path) -> None:
    """Copied into a file it is a test suite."""
    (tmp_path / "test_mine.py").write_text(blocks("python")[2])
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
    """It has exactly the settings that the service reads."""
    listed = dict(re.findall(r"^\| `(TICKETING_\w+)` \| (.*?) \|", README, flags=re.MULTILINE))
    assert set(listed) == {f"{PREFIX}{name.upper()}" for name in Variables.__annotations__}
    for name in Variables.__annotations__:
        default = getattr(Variables(), name)
        if default:
            assert listed[f"{PREFIX}{name.upper()}"] == f"`{default}`"


def test_every_command_is_listed() -> None:
    """The table has the commands of `ticketing --help`."""
    listed = re.findall(r"^\| `ticketing (\w+)", README, flags=re.MULTILINE)
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
    shown = re.search(r"```python\n(.*?)```", (ROOT / "docs/performance.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1] == (ROOT / "benchmarks/null_service.py").read_text()
