"""`docs/errors.md` agrees with the classes: the tree, the attributes, what may be tried again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import fields, has

from ticketing_core import BoxOffice, errors
from ticketing_core.errors import SoldOut, TicketingError, leaves

PAGE = (Path(__file__).parents[2] / "docs/errors.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)`(?:: (.+?))? \| (.+?) \| (yes|no|perhaps) \| .+ \|$", re.MULTILINE)


def tree(error: type[TicketingError], depth: int = 0) -> Iterator[str]:
    """Yield a line for the class and each one below it, in the order of `leaves`."""
    yield "  " * depth + error.__name__
    exported = [getattr(errors, name) for name in errors.__all__]
    below = [each for each in exported if isinstance(each, type) and error in each.__bases__]
    for each in sorted(below, key=lambda found: leaves().index(leaves(found)[0])):
        yield from tree(each, depth + 1)


def row(error: type[TicketingError]) -> tuple[str, str, str, str]:
    """Return what the page has to say of an error."""
    own = [each.name for each in fields(error)] if has(error) else []
    public = [name for name in own if not name.startswith("_")]
    # Where it is the same for all, it is an attribute of the class instead of a property.
    always: object = error.retryable
    again = "yes" if always is True else "no"
    return (
        error.__name__,
        ", ".join(f"`{name}`" for name in public),
        (error.__doc__ or "").splitlines()[0],
        "perhaps" if "retryable" in public else again,
    )


def test_the_tree_is_that_of_the_classes() -> None:
    """No class is missing, and none is in another place."""
    shown = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1].splitlines() == list(tree(TicketingError))


def test_each_error_has_a_row() -> None:
    """With its attributes, its meaning, and whether to try again."""
    assert ROW.findall(PAGE) == [row(error) for error in leaves()]


def test_control_a_change_of_a_class_is_noticed() -> None:
    """Control: a row that lacks an attribute, or says that nothing helps, differs."""
    name, attributes, meaning, again = row(SoldOut)
    assert (name, attributes, again) == ("SoldOut", "`places_left`, `retryable`", "perhaps")
    assert ROW.findall(f"| `{name}`: `places_left` | {meaning} | {again} | Wait |") != [
        row(SoldOut)
    ]


def test_the_example_answers_a_buyer() -> None:
    """It shows how many places are left."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "docs/errors.md", "exec"), names)  # noqa: S102 - our own text

    class Office:
        def purchase(self, **_: object) -> BoxOffice:
            raise SoldOut(3)

    buy = names["buy"]
    assert callable(buy)
    assert buy(Office(), 5, "42", "k") == "Only 3 are left."


@pytest.mark.parametrize("name", sorted({"open_shop", "restore", "refund", "cancel"}))
def test_what_it_advises_exists(name: str) -> None:
    """It names methods of the box office, and the builder."""
    assert f"`{name}`" in PAGE
    assert name == "open_shop" or hasattr(BoxOffice, name)
