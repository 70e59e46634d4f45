"""Files and functions stay short enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_LONGEST_FILE = 300
_LONGEST_FUNCTION = 70


def _too_long(path: str, source: str) -> Iterator[str]:
    """Yield the path if the file is too long, and path::name of each function that is."""
    if len(source.splitlines()) > _LONGEST_FILE:
        yield path
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > _LONGEST_FUNCTION:
                yield f"{path}::{node.name}"


def test_files_and_functions_are_short() -> None:
    """None is longer than the limit."""
    found = {
        long
        for folder in ("src", "tests", "benchmarks", "examples")
        for path in (_ROOT / folder).rglob("*.py")
        for long in _too_long(str(path.relative_to(_ROOT)), path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["x = 1"] * 300, []),
        (["x = 1"] * 301, ["a.py"]),
        (["def f():", *["    x = 1"] * 69], []),
        (["def f():", *["    x = 1"] * 70], ["a.py::f"]),
        (["class C:", "    async def f():", *["        x = 1"] * 70], ["a.py::f"]),
    ],
)
def test_control_one_line_more_is_caught(lines: list[str], expected: list[str]) -> None:
    """Control: the checker lets the limit through, and finds what is one line longer."""
    assert list(_too_long("a.py", "\n".join(lines))) == expected
