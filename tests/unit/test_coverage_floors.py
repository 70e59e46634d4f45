"""The coverage of each package is added up from its files, and compared with its floor."""

import pytest

from tests.support.coverage_floors import floors, percentages, table


def file(*, lines: int, of_lines: int, branches: int, of_branches: int) -> dict[str, object]:
    """What coverage.py reports of one file."""
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": of_lines,
            "covered_branches": branches,
            "num_branches": of_branches,
        }
    }


def test_lines_and_branches_of_a_package_are_added_up() -> None:
    """Over all its files, and rounded down: 20 of 23 are 86.9 per cent, not 87."""
    report = {
        "files": {
            "src/core/a.py": file(lines=9, of_lines=10, branches=1, of_branches=3),
            "src/core/sub/b.py": file(lines=10, of_lines=10, branches=0, of_branches=0),
            "src/adapters/shop/c.py": file(lines=1, of_lines=2, branches=0, of_branches=0),
        }
    }
    assert percentages(report, {"core", "shop"}) == {"core": 86.9, "shop": 50.0}


@pytest.mark.parametrize(("measured", "reached"), [(97.0, True), (96.9, False)])
def test_control_a_tenth_below_the_floor_is_caught(*, measured: float, reached: bool) -> None:
    """Control: the floor itself is let through, and less is not."""
    lines, all_reached = table({"core": measured}, {"core": 97.0})
    assert all_reached is reached
    assert ("below its floor" in lines[1]) is not reached


def test_every_package_has_a_floor() -> None:
    """None is left out of the comparison."""
    assert floors().keys() == {"ticketing_core", "ticketing_adapters", "ticketing_service"}
