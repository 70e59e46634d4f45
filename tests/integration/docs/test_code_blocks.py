"""Every code block of the documents is run, compiled or parsed, and what it calls exists."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.code_blocks import (
    PAGES,
    ROOT,
    Block,
    blocks,
    calls_in,
    calls_in_prose,
    objection,
)
from ticketing_core import TRANSITIONS

RUN_BY = {
    "README.md": "tests/integration/test_readme.py",
    "docs/django.md": "tests/integration/docs/test_django.py",
    "docs/embedding.md": "tests/integration/docs/test_embedding.py",
    "docs/errors.md": "tests/unit/test_errors_page.py",
    "docs/events.md": "tests/integration/docs/test_pages.py",
    "docs/outbox.md": "tests/integration/test_outbox_docs.py",
    "docs/own-adapter.md": "tests/integration/docs/test_pages.py",
    "docs/performance.md": "tests/integration/test_readme.py",
    "docs/simulator.md": "tests/integration/docs/test_pages.py",
}
"""Which test runs the Python blocks of a page."""

MODULES = {"docs/embedding.md": "shop", "docs/own-adapter.md": "leases"}
"""By what name the other blocks of a page import its first one."""

COMPILED_ALONE = {"src/entrypoints/ticketing_service/sandbox/README.md"}
"""Pages whose Python is a fragment; tests/integration/sandbox does the same at length."""

UNTYPED = {"docs/django.md"}
"""Pages whose Python builds on a library without types."""

OTHERS = {
    "ini": "tests/integration/end_to_end/test_pgbouncer.py",
    "nginx": "tests/integration/deploy/test_proxies.py",
    "haproxy": "tests/integration/deploy/test_proxies.py",
    "sql": "tests/failover/cluster.py",
    "text": "tests/unit/test_errors_page.py",
    "ts": "tests/integration/demo/test_browser_frontend.py",
    "tsx": "tests/integration/demo/test_browser_frontend.py",
}
"""Which test uses what is in a block of another language."""

TEMPLATES = {"markdown", "mermaid"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def named(block: Block) -> str:
    """Return the name of a block in the output of pytest."""
    return str(block)


def test_each_language_is_checked() -> None:
    """A block in another one, or in none, needs a check of its own first. Sphinx has its own."""
    languages = {each.language for each in blocks() if not each.language.startswith("{")}
    # What is without a language is a drawing.
    assert languages == {"", "python", "sh", "json", *OTHERS, *TEMPLATES}
    assert all((ROOT / test).exists() for test in OTHERS.values())


def test_each_page_with_python_is_run() -> None:
    """By a test that names the page."""
    pages = {each.page for each in blocks("python")}
    assert pages == {*RUN_BY, *COMPILED_ALONE}
    for page, test in RUN_BY.items():
        assert page in (ROOT / test).read_text(), page


@pytest.mark.timeout(600)  # On a busy machine; else half a minute.
def test_python_is_typed(tmp_path: Path) -> None:
    """Each block passes `mypy --strict` as it is."""
    files = []
    for number, each in enumerate(blocks("python")):
        if each.page not in UNTYPED | COMPILED_ALONE:
            first = blocks("python", page=each.page)[0]
            imported = MODULES.get(each.page) if each == first else None
            files.append(tmp_path / f"{imported or f'example_{number}'}.py")
            files[-1].write_text(each.text)
    assert {f"{name}.py" for name in MODULES.values()} <= {path.name for path in files}
    command = [sys.executable, "-m", "mypy", "--strict", *map(str, files)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("block", blocks("python"), ids=named)
def test_python_compiles(block: Block) -> None:
    """This includes the blocks that are neither typed nor run."""
    compile(block.text, block.page, "exec")


@pytest.mark.parametrize("block", blocks("json"), ids=named)
def test_json_parses(block: Block) -> None:
    """It has no comments and no dots for what is left out."""
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("sh"), ids=named)
def test_shell_parses_and_calls_what_exists(block: Block) -> None:
    """Commands of `ticketing` have these options and all that they require; so has make."""
    parsed = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    assert (parsed.returncode, parsed.stderr) == (0, "")
    for arguments in calls_in(block.text):
        if arguments[:1] != ["$@"]:
            assert objection(arguments) is None, arguments
    assert set(re.findall(r"^make ([a-z][a-z-]*)", block.text, re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("page", PAGES)
def test_what_prose_calls_exists(page: str) -> None:
    """`ticketing COMMAND --option` and `make TARGET` in backticks."""
    for arguments in calls_in_prose(PAGES[page]):
        if arguments[0] == "COMMAND":  # Any of them.
            continue
        assert objection(arguments, complete=False) is None, arguments
    assert set(re.findall(r"`make ([a-z][a-z-]*)", PAGES[page])) <= TARGETS


def test_the_diagram_of_the_states_is_the_table_of_the_code() -> None:
    """docs/payment-protocol.md draws each transition, and none besides."""
    [diagram] = blocks("mermaid")
    drawn = set(re.findall(r"^ +([A-Z]+) --> ([A-Z]+):", diagram.text, re.MULTILINE))
    assert drawn == {
        (old.name, new.name) for old, following in TRANSITIONS.items() for new in following
    }


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("ticketing serve --take-over\n", []),
        ("A=1 ticketing event list; box-office doctor\n", []),
        ("cat | /opt/ticketing/bin/ticketing refund 7 \\\n    --again\n", []),
        ("ticketing sell\n", ["No such command 'sell'."]),
        ("ticketing event sell 7\n", ["No such command 'sell'."]),
        ("true && ticketing serve --take-under\n", ["No such option '--take-under'."]),
        ("ticketing migrate now\n", ["one argument too many: now"]),
        ("ticketing backup\n", ["missing: ['file']"]),
        ("# ticketing sell\necho ticketing sell\n", []),
    ],
)
def test_control_a_command_that_is_gone_is_noticed(script: str, wrong: list[str]) -> None:
    """Also behind an operator, and over two lines; not in a comment."""
    found = [objection(arguments) for arguments in calls_in(script)]
    assert [each.partition(" Did")[0] for each in found if each] == wrong


def test_control_an_option_that_is_gone_is_noticed_in_prose() -> None:
    """Alternatives count one by one."""
    calls = list(calls_in_prose("`ticketing event add|list`, `ticketing refund ID [--agian]`"))
    assert calls == [["event", "add"], ["event", "list"], ["refund", "ID", "--agian"]]
    wrong = [objection(each, complete=False) is not None for each in calls]
    assert wrong == [False, False, True]
