"""The example of a frontend calls the API as its document has it."""

import shutil
from pathlib import Path

import pytest

from tests.support.node import installed, openapi_types, problems_of

EXAMPLE = Path(__file__).parents[2] / "examples/frontend"
DOCUMENT = EXAMPLE.parents[1] / "docs/openapi.json"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a copy of the example, as it is after its two commands."""
    tools = installed("frontend")
    shutil.copytree(EXAMPLE / "src", tmp_path / "src")
    shutil.copy(EXAMPLE / "tsconfig.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(tools / "node_modules")
    openapi_types(tools, DOCUMENT, tmp_path / "src/openapi.d.ts")
    return tmp_path


def test_the_example_compiles(project: Path) -> None:
    """Its types are those of the document, all of its rules are strict."""
    assert problems_of(installed("frontend"), project) == []


MISTAKES = [
    ("main.tsx", "page.events", "page.items"),
    ("main.tsx", "/payments/verify/", "/payments/verify"),
    ("main.tsx", "quantity },", "number: quantity },"),
    ("main.tsx", '"Idempotency-Key"', '"Idempotency"'),
    ("main.tsx", "body: { ticket_id }", "body: { ticket: ticket_id }"),
    ("main.tsx", "event.max_per_order", "event.limit"),
    ("main.tsx", '("checkout_url" in order)', "(order.checkout_url)"),
    ("api.ts", "detail, retryable", "message, retryable"),
    ("main.tsx", '"order_closed"', '"order_close"'),
    ("main.tsx", "{ status }", "{ state }"),
]


def test_control_a_wrong_example_does_not_compile(project: Path) -> None:
    """Control: of the same frontend with mistakes, each of these is found, by its line."""
    wrong_lines = []
    for module, right, wrong in MISTAKES:
        file = project / "src" / module
        text = file.read_text(encoding="utf-8")
        assert text.count(right) == 1, right
        file.write_text(text.replace(right, wrong), encoding="utf-8")
        line = text[: text.index(right)].count("\n") + 1
        wrong_lines.append(f"src/{module}({line},")
    found = "\n".join(problems_of(installed("frontend"), project))
    assert [line for line in wrong_lines if line not in found] == [], found
