"""What programmers read when they point at a name of the library: its meaning, no reference."""

import inspect
import re
from collections.abc import Iterator

import pytest
from attrs import fields, frozen, has

import ticketing_core
from ticketing_core import errors, ports

OF_ANOTHER_CLASS = {"Event": "EventDraft"}
"""Classes whose docstring says that the other attributes are those of another class."""

PUBLIC = [
    each
    for module in (ticketing_core, ports, errors)
    for name in module.__all__
    if inspect.isclass(each := getattr(module, name))
]


def missing(public: type) -> Iterator[str]:
    """Yield the methods without a text of their own, and the attributes without a meaning."""
    for name, member in inspect.getmembers(public):
        method = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        if not method.__doc__ or re.match("See `", method.__doc__):
            yield f"{name}()"
    of_bases = " ".join(each.__doc__ or "" for each in public.__mro__)
    if public.__name__ in OF_ANOTHER_CLASS:
        of_bases += str(getattr(ticketing_core, OF_ANOTHER_CLASS[public.__name__]).__doc__)
    for each in fields(public) if has(public) else ():
        named = rf"\b{each.name}: |`{each.name}`"
        if not each.name.startswith("_") and not re.search(named, of_bases):
            yield each.name


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public.__name__)
def test_a_public_class_says_what_its_parts_mean(public: type) -> None:
    """Every attribute has a meaning, and no method only leads to another one."""
    assert list(missing(public)) == []


def test_control_a_reference_and_a_silent_attribute_are_found() -> None:
    """Control: both in a class of a public module."""

    @frozen
    class Bad:
        """A class.

        Attributes:
            told: With a meaning.
        """

        told: int
        silent: int

        def method(self) -> None:
            """See `Other.method`."""

    assert list(missing(Bad)) == ["method()", "silent"]
